// FileServer hands out the storage's files over plain HTTP, as Flux's
// source-controller does: GET and HEAD, ranges, conditions, folder listings.
//
// Touches: network (one listening socket), files under the storage's root.
// Threads: safe to share.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/base/log.h"

namespace weir::http {
class Server;
}

namespace weir::artifact {

struct FileServerOptions {
  std::string root;
  std::string address = ":9090";  // "host:port"; port 0: any.
  Logger logger;
};

// Names that begin with a dot are not served: they are caches, not artifacts.
class FileServer {
 public:
  // Errors: kInvalidArgument for a bad address; kUnavailable when it is taken.
  static absl::StatusOr<std::unique_ptr<FileServer>> Start(
      FileServerOptions options);
  ~FileServer();

  const std::string& address() const;
  int port() const;
  void Stop(absl::Duration grace);

 private:
  explicit FileServer(std::unique_ptr<http::Server> server);
  std::unique_ptr<http::Server> server_;
};

}  // namespace weir::artifact
