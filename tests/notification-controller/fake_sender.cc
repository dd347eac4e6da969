#include "tests/notification-controller/fake_sender.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"
#include "weir/value/json.h"

namespace weir::notification_controller {

void FakeSender::Answer(const std::string& pattern, int code,
                        const std::string& body) {
  rules_.push_back({pattern, code, body});
}

absl::StatusOr<http::Response> FakeSender::Send(const Context& /*ctx*/,
                                                http::Request request) {
  const std::string line = absl::StrCat(request.method, " ", request.url);
  requests_.push_back(std::move(request));
  http::Response response;
  response.code = 404;
  const auto rule =
      std::find_if(rules_.begin(), rules_.end(), [&line](const Rule& one) {
        return absl::StrContains(line, one.pattern);
      });
  if (rule == rules_.end()) return response;
  response.code = rule->code;
  response.body = rule->body;
  rules_.erase(rule);
  return response;
}

Event SampleEvent() {
  Event event;
  event.object.kind = "Kustomization";
  event.object.name_space = "flux-system";
  event.object.name = "app";
  event.object.uid = "11111111-2222-3333-4444-555555555555";
  event.object.api_version = "kustomize.toolkit.fluxcd.io/v1";
  event.severity = "info";
  event.timestamp = *ParseKubeTime("2020-01-01T00:00:00Z");
  event.message = "applied";
  event.reason = "ReconciliationSucceeded";
  event.metadata["revision"] =
      "main@sha1:1111111111111111111111111111111111111111";
  event.reporting_controller = "kustomize-controller";
  event.reporting_instance = "kustomize-controller-0";
  return event;
}

Event SampleError() {
  Event event = SampleEvent();
  event.severity = "error";
  event.message = "failed <&> \"quoted\"";
  event.reason = "BuildFailed";
  return event;
}

Value BodyOf(const http::Request& request) {
  return ParseJson(request.body).value_or(Value());
}

}  // namespace weir::notification_controller
