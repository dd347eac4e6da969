// Remote is one conversation with a git server: its references, then a fetch.
//
// Touches: network (HTTP through the given client, or SSH); local repositories
// when allowed.
// Threads: one object belongs to one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/context.h"
#include "weir/base/secret.h"
#include "weir/git/repository.h"

namespace weir::http {
class Client;
struct TlsOptions;
}  // namespace weir::http

namespace weir::git {

struct RemoteOptions {
  // "http://", "https://" or "ssh://". User and password in it are used where
  // the fields below are empty.
  std::string url;
  // Also takes "file://" URLs and absolute paths of local repositories.
  bool allow_local = false;

  // HTTP.
  http::Client* http_client = nullptr;
  std::shared_ptr<const http::TlsOptions> tls;  // Null: the defaults.
  std::string proxy;                            // Empty: none.
  std::string username;
  Secret password;
  Secret bearer_token;

  // SSH. The user is the URL's, or "git".
  Secret ssh_private_key;
  Secret ssh_passphrase;
  std::string ssh_known_hosts;
  // Override what is negotiated; empty: the defaults, and host key algorithms
  // by the known hosts.
  std::vector<std::string> ssh_kex_algorithms;
  std::vector<std::string> ssh_host_key_algorithms;

  std::string user_agent = "git/2.0 (weir/0.1.0)";

  // Of the pack that a fetch brings; 0: no limit.
  size_t max_pack_bytes = 0;
};

// Whether a URL has the form that a connection needs.
// Errors: kInvalidArgument.
absl::Status CheckUrl(absl::string_view url);

struct RemoteRef {
  std::string name;  // "refs/heads/main", "HEAD"
  Oid oid;
  std::optional<Oid> peeled;  // What an annotated tag points to.

  // The peeled object, or the object.
  const Oid& target() const { return peeled.has_value() ? *peeled : oid; }
};

// Messages are those that users know from Flux: "repository not found: ...",
// "authentication required: ...". None holds a credential.
class Remote {
 public:
  // Connects and lists the references.
  // Errors: kNotFound without such a repository; kUnauthenticated;
  // kPermissionDenied; kInvalidArgument for a URL or key that cannot be used;
  // kUnavailable; the context's. A host key that does not match is
  // kUnauthenticated.
  static absl::StatusOr<std::unique_ptr<Remote>> Connect(const Context& ctx,
                                                         RemoteOptions options);
  ~Remote();

  // In the server's order. None in an empty repository.
  const std::vector<RemoteRef>& refs() const;
  // Null when there is none.
  const RemoteRef* Find(absl::string_view name) const;
  // The branch HEAD points to, "refs/heads/main"; "" when not told.
  const std::string& head_target() const;

  // Brings `wants` into the store: commits, or tags with their commits.
  // Objects of what was fetched into the store before are not sent again.
  // With depth 1 the history stays behind, where the server can do that.
  // Call it once.
  // Errors: kNotFound when the server will not give an object that no
  // reference points at; kResourceExhausted above max_pack_bytes; as Connect
  // besides.
  absl::Status Fetch(const Context& ctx, const std::vector<Oid>& wants,
                     int depth, Repository* into);

  // Whether Fetch can ask for commits that no reference points at.
  bool CanFetchAnyCommit() const;

 private:
  struct Impl;
  explicit Remote(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::git
