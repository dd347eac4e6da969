// GrpcCall calls any method of a gRPC server with serialised messages, so that
// tests see what a client in another language would.
//
// Touches: network.
// Threads: Cancel from any thread; the rest from one.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"

namespace weir::test {

class GrpcCall {
 public:
  // `method`: "/package.Service/Method". Ends after ten seconds at the latest.
  GrpcCall(const std::string& address, const std::string& method,
           const std::string& request);
  ~GrpcCall();

  // The next message; nothing at the end.
  std::optional<std::string> Read();
  void Cancel();
  // After Read gave nothing.
  absl::Status Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::test
