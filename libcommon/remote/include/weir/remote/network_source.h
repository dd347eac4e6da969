// NetworkSource fetches what kustomizations name by URL: files over HTTP, and
// Git repositories.
//
// Touches: network; files (temporary folders, the ssh folder); process (the
// git program, where that is allowed).
// Threads: safe to share between threads.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "weir/base/context.h"
#include "weir/http/client.h"
#include "weir/http/proxy.h"
#include "weir/kustomize/remote.h"

namespace weir::remote {

struct NetworkOptions {
  http::ProxySettings proxies;
  // Where a user's keys and known hosts are, "~/.ssh".
  std::string ssh_folder;
  // Repositories of this machine, "file:///path".
  bool allow_local = false;
  // Where our own client gets no answer: the user's git may know a way, by a
  // credential helper or an agent.
  bool try_git_program = false;
  // What the server of a repository may send; with the git program, also how
  // large a file of its work tree may be.
  size_t max_repository_bytes = size_t{1} << 30;
};

class NetworkSource : public kustomize::RemoteSource {
 public:
  explicit NetworkSource(NetworkOptions options)
      : options_(std::move(options)) {}

  absl::StatusOr<Page> Get(const Context& ctx, const std::string& url) override;
  absl::StatusOr<std::shared_ptr<const kustomize::FileSystem>> Clone(
      const Context& ctx, const Repository& repository) override;

 private:
  const NetworkOptions options_;
  http::Client client_;
};

}  // namespace weir::remote
