// SendTestMessage says something harmless by a Provider, by the code that
// notifies, and tells what was said and answered.
//
// Touches: network (the API server, the Provider's address).
// Threads: safe to call from several.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/base/context.h"
#include "weir/http/proxy.h"
#include "weir/kube/client.h"
#include "weir/kube/types.h"

namespace weir::notification_controller {

struct TestMessage {
  kube::ObjectKey provider;
  bool is_error = false;
  std::string message = "This is a test message.";
  // "main@sha1:<hex>": what commit statuses need.
  std::string revision;
  // A number: what comments of change requests need.
  std::string change_request;
  http::ProxySettings proxies;
};

// Secrets in all texts are "*****".
struct TestExchange {
  std::string request;  // "POST https://example.com/hook"
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  int code = 0;  // 0: there was no answer.
  std::string answer;
};

struct TestResult {
  // What went over HTTP, in order; nothing for other protocols.
  std::vector<TestExchange> exchanges;
  absl::Status status;
};

// Errors: the client's; kInvalidArgument when the Provider cannot work.
absl::StatusOr<TestResult> SendTestMessage(const Context& ctx,
                                           const kube::Client& client,
                                           const TestMessage& message);

}  // namespace weir::notification_controller
