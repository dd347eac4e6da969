// The front of `weir`: a small program that builds kustomizations and renders
// local charts itself, so that it starts in a few milliseconds, and hands every
// other command to the program with all of them.
//
// Touches: files and process, as those commands do; replaces this process.
// Threads: one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "weir/base/context.h"
#include "weir/kustomize/remote.h"

namespace weir::cli {

// Fetches nothing, and remembers that something was to be fetched.
class NoNetwork : public kustomize::RemoteSource {
 public:
  absl::StatusOr<Page> Get(const Context& ctx, const std::string& url) override;
  absl::StatusOr<std::shared_ptr<const kustomize::FileSystem>> Clone(
      const Context& ctx, const Repository& repository) override;

  bool was_asked() const { return was_asked_; }

 private:
  bool was_asked_ = false;
};

// Whether the command line may be one for this program.
bool IsForFront(int argc, char** argv);
// Builds or renders. Nothing when the other program has to: the network, a
// cluster or another program is needed, or the command line is not understood
// here.
std::optional<int> RunInFront(const Context& ctx, int argc, char** argv);
// Becomes the program with all commands. Returns an exit code only when that
// cannot be started.
int RunAllCommands(char** argv);

}  // namespace weir::cli
