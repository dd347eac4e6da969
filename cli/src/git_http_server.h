// GitHttpServer serves one local repository over Git's smart HTTP protocol,
// read-only and on loopback, so that `weir up --git PATH` follows it by the
// very code that follows a remote one. The work is done by `git upload-pack`.
//
// Touches: network (one loopback socket), files of the repository, process
// (runs git).
// Threads: safe to share.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "weir/base/context.h"
#include "weir/base/log.h"

namespace weir::http {
class Server;
}

namespace weir::cli {

class GitHttpServer {
 public:
  // `path`: a repository, bare or with a work tree.
  // `port`: 0 is a free one; a fixed one keeps URLs stable over restarts.
  // Errors: kInvalidArgument when it is no repository; kUnavailable.
  static absl::StatusOr<std::unique_ptr<GitHttpServer>> Start(
      const std::string& path, int port, Logger logger);
  ~GitHttpServer();

  // "http://127.0.0.1:40123/repository.git"
  std::string url() const;
  // The folder that holds the references: what to watch for pushes.
  const std::string& git_dir() const { return git_dir_; }

 private:
  GitHttpServer(std::unique_ptr<http::Server> server, std::string git_dir);
  std::unique_ptr<http::Server> server_;
  std::string git_dir_;
};

// The branch that HEAD of the repository at `path` names; "main" when it
// names none.
std::string HeadBranch(const Context& ctx, const std::string& path);

}  // namespace weir::cli
