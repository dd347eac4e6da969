// FakeSender answers requests of providers as a test says, and keeps them.
//
// Touches: nothing.
// Threads: used by one thread.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "src/provider_type.h"
#include "weir/value/value.h"

namespace weir::notification_controller {

class FakeSender : public Sender {
 public:
  // Answers the next request whose "METHOD url" holds `pattern`, once; those
  // that nothing was said of get 404.
  void Answer(const std::string& pattern, int code, const std::string& body);

  absl::StatusOr<http::Response> Send(const Context& ctx,
                                      http::Request request) override;

  // What was sent, in order.
  const std::vector<http::Request>& requests() const { return requests_; }

 private:
  struct Rule {
    std::string pattern;
    int code;
    std::string body;
  };
  std::deque<Rule> rules_;
  std::vector<http::Request> requests_;
};

// An event as kustomize-controller sends it: an info event of the
// Kustomization flux-system/app at main@sha1:111... .
Event SampleEvent();
// The same with severity error and reason BuildFailed.
Event SampleError();

// The JSON of a request's body; null when it is none.
Value BodyOf(const http::Request& request);

}  // namespace weir::notification_controller
