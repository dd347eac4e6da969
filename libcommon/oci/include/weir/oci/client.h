// Client reads from OCI registries: tags, manifests, blobs, referrers.
//
// It logs in as the registry asks (Basic, or a token from where the registry
// points), keeps tokens until they end, repeats what failed for a while, and
// checks digest and size of all that it returns.
//
// Touches: network, clock.
// Threads: safe to share.
// Source: OCI distribution specification 1.1; retries and realms as oras-go
// v2.6.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/http/client.h"
#include "weir/http/proxy.h"
#include "weir/oci/credentials.h"
#include "weir/oci/manifest.h"
#include "weir/oci/reference.h"

namespace weir::oci {

struct ClientOptions {
  FindCredentials credentials;  // Null: anonymous.
  std::shared_ptr<const http::TlsOptions> tls;
  bool plain_http = false;
  // Http where https cannot connect: for registries on loopback and in private
  // networks, or for all.
  bool plain_http_for_private_hosts = false;
  bool plain_http_fallback = false;
  http::ProxySettings proxies;
  std::string user_agent = "weir/0.1.0";

  // 408, 429, 5xx and broken connections; the wait doubles from the first to
  // the last. Retry-After is obeyed up to its own limit.
  int max_attempts = 6;
  absl::Duration first_wait = absl::Milliseconds(250);
  absl::Duration max_wait = absl::Seconds(3);
  absl::Duration max_retry_after = absl::Seconds(60);

  int64_t max_manifest_bytes = 4 << 20;
  int64_t max_blob_bytes = int64_t{4} << 30;  // As manifests announce them.
  int max_tags = 1'000'000;
  int tags_page = 0;  // 0: as many as the registry likes.
};

// What a registry answered, where an error tells of that.
struct RegistryAnswer {
  std::string method;
  std::string url;  // Without credentials.
  int code = 0;
  std::string body;  // Its start.
};
std::optional<RegistryAnswer> AnswerOf(const absl::Status& error);

// Errors of all calls: kInvalidArgument for references that name nothing;
// kUnauthenticated, kPermissionDenied and kNotFound as the registry says;
// kFailedPrecondition for its other refusals, and for content that is not what
// its digest says; kResourceExhausted above a limit; kUnavailable otherwise;
// those of http::Client. No message holds a credential.
class Client {
 public:
  // `http` must outlive this client.
  Client(http::Client& http, ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // All tags, in the registry's order.
  absl::StatusOr<std::vector<std::string>> ListTags(const Context& ctx,
                                                    const Reference& where);

  // What the reference's digest or tag stands for; "latest" without either.
  absl::StatusOr<Descriptor> Resolve(const Context& ctx, const Reference& what);
  absl::StatusOr<Manifest> GetManifest(const Context& ctx,
                                       const Reference& what);

  // Streams a blob of the repository. `sink` has had all bytes, and they were
  // right, only when this returns OK.
  absl::Status FetchBlob(
      const Context& ctx, const Reference& where, const Descriptor& blob,
      const std::function<absl::Status(absl::string_view)>& sink);
  absl::StatusOr<std::string> GetBlob(const Context& ctx,
                                      const Reference& where,
                                      const Descriptor& blob,
                                      int64_t max_bytes = 100 << 20);

  // What refers to a manifest (signatures and the like), of a type or, if that
  // is empty, of any. Registries without that API are asked for the fallback
  // tag.
  absl::StatusOr<std::vector<Descriptor>> ListReferrers(
      const Context& ctx, const Reference& where, absl::string_view digest,
      absl::string_view artifact_type = "");

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::oci
