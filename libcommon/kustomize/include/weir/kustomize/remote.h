// RemoteSource fetches what a kustomization names by URL: files over HTTP, and
// Git repositories.
//
// Touches: nothing itself; implementations touch the network.
// Threads: implementations are safe to share between threads.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/context.h"
#include "weir/kustomize/file_system.h"

namespace weir::kustomize {

class RemoteSource {
 public:
  struct Page {
    int code = 0;        // Of the last answer, after redirects.
    std::string reason;  // "Not Found"
    std::string body;
  };
  struct Repository {
    // "https://host/path", "ssh://user@host/path", "user@host:path" or
    // "file:///path".
    std::string url;
    std::string ref;  // Branch, tag or commit; empty: HEAD.
    bool submodules = true;
  };

  virtual ~RemoteSource() = default;

  // Errors: when there is no answer. An answer of any code is a page.
  virtual absl::StatusOr<Page> Get(const Context& ctx,
                                   const std::string& url) = 0;
  // The files of one commit; its DisplayPath is what error messages show.
  // Errors: when the repository or the reference cannot be read.
  virtual absl::StatusOr<std::shared_ptr<const FileSystem>> Clone(
      const Context& ctx, const Repository& repository) = 0;
};

// Whether a path names a folder of a Git repository, by upstream's grammar.
bool NamesRepository(absl::string_view path);

}  // namespace weir::kustomize
