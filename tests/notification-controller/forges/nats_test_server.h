// NatsTestServer takes one connection at a time on loopback and answers lines
// as a test says.
//
// Touches: process (a thread), network (one loopback socket).
// Threads: safe to share.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/certificates.h"
#include "weir/base/mutex.h"
#include "weir/base/thread_group.h"

namespace weir::notification_controller {

struct NatsScript {
  // What it begins with.
  std::string greeting = "INFO {\"server_id\":\"x\",\"max_payload\":65536}\r\n";
  // After the greeting; null: it stays in the clear.
  const test::KeyPair* tls = nullptr;
  bool stalls = false;  // Says nothing after the greeting.
  // What it answers to a line; "PING" is answered unless this answers.
  std::function<std::string(const std::string& line)> answer;
};

class NatsTestServer {
 public:
  explicit NatsTestServer(NatsScript script);
  ~NatsTestServer();

  std::string address() const;  // "127.0.0.1:4222"
  // What came, line by line.
  std::vector<std::string> lines() const;

 private:
  absl::Status Run(const Context& ctx);
  void Serve(const Context& ctx, int connection);

  // Constant after construction.
  const NatsScript script_;
  int listener_ = -1;
  int port_ = 0;
  mutable Mutex mu_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mu_);
  ThreadGroup threads_;
};

}  // namespace weir::notification_controller
