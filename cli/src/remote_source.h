// NetworkSource fetches what kustomizations name by URL, for builds on a
// user's machine: over HTTP, and from Git servers.
//
// Touches: network; files (temporary folders, the ssh folder); process (the
// environment's proxies, and the git program where our own client gets no
// answer).
// Threads: safe to share between threads.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/context.h"
#include "weir/http/client.h"
#include "weir/kustomize/remote.h"

namespace weir::cli {

class NetworkSource : public kustomize::RemoteSource {
 public:
  // `ssh_folder`: where the user's keys and known hosts are, "~/.ssh".
  explicit NetworkSource(std::string ssh_folder)
      : ssh_folder_(std::move(ssh_folder)) {}

  absl::StatusOr<Page> Get(const Context& ctx, const std::string& url) override;
  absl::StatusOr<std::shared_ptr<const kustomize::FileSystem>> Clone(
      const Context& ctx, const Repository& repository) override;

 private:
  const std::string ssh_folder_;
  http::Client client_;
};

// "user@host:path" as a URL; other texts as they are.
std::string UrlOfScp(absl::string_view repository);
// The URL of a submodule, which may be relative to its repository's.
std::string ResolveSubmoduleUrl(absl::string_view parent,
                                absl::string_view url);

}  // namespace weir::cli
