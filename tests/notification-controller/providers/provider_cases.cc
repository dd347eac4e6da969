#include "tests/notification-controller/providers/provider_cases.h"

#include <gtest/gtest.h>

#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tests/notification-controller/fake_sender.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

// In one form when it is JSON.
std::string Canonical(const std::string& body) {
  const absl::StatusOr<Value> value = ParseJson(body);
  return value.ok() ? FormatJson(*value, {.indent = 2}) : body;
}

template <typename Fields>
std::map<std::string, std::string> LowerNames(const Fields& fields) {
  std::map<std::string, std::string> lower;
  for (const auto& [name, value] : fields) {
    lower[absl::AsciiStrToLower(name)] = value;
  }
  return lower;
}

Event WithMetadata(Event event) {
  event.metadata = {
      {"env", "prod"}, {"revision", "main@sha1:1"}, {"summary", "the summary"}};
  return event;
}

}  // namespace

std::vector<std::string> MessageTypes() {
  return {"generic", "generic-hmac", "slack",   "discord",      "rocket",
          "msteams", "googlechat",   "webex",   "telegram",     "lark",
          "matrix",  "opsgenie",     "grafana", "alertmanager", "pagerduty",
          "datadog", "zulip",        "zoom",    "incident.io"};
}

Settings SettingsOf(const std::string& type) {
  Settings settings;
  settings.type = type;
  settings.uid = "provider-uid";
  settings.address = "http://sink.test/hook";
  settings.channel = "general";
  settings.token = Secret("s3cret");
  if (type == "telegram") settings.channel = "-100:7";
  if (type == "matrix") settings.channel = "!room:example.com";
  if (type == "zulip") {
    settings.channel = "stream/topic/x";
    settings.username = "bot";
    settings.password = Secret("pa55");
  }
  return settings;
}

Settings WithAddress(const std::string& type, const std::string& address) {
  Settings settings = SettingsOf(type);
  settings.address = address;
  return settings;
}

Event InfoEvent() {
  Event event = WithMetadata(SampleEvent());
  event.message = "applied\nConfigMap/a/b created";
  return event;
}

Event ErrorEvent() { return WithMetadata(SampleError()); }

absl::StatusOr<std::vector<http::Request>> RequestsOf(const Settings& settings,
                                                      const Event& event) {
  const ProviderType* type = FindProviderType(settings.type);
  if (type == nullptr) return absl::NotFoundError(settings.type);
  if (type->check != nullptr) WEIR_RETURN_IF_ERROR(type->check(settings));
  return type->make(event, settings);
}

absl::Status MeaningOf(const Settings& settings, int code,
                       const std::string& body) {
  http::Response response;
  response.code = code;
  response.body = body;
  const ProviderType* type = FindProviderType(settings.type);
  return type->check_answer != nullptr ? type->check_answer(settings, response)
                                       : CheckAnswer(response);
}

void ExpectRequests(const absl::StatusOr<std::vector<http::Request>>& got,
                    const std::vector<WantRequest>& want) {
  ASSERT_TRUE(got.ok()) << got.status();
  ASSERT_EQ(got->size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    const http::Request& request = (*got)[i];
    EXPECT_EQ(absl::StrCat(request.method, " ", request.url), want[i].line);
    std::map<std::string, std::string> headers = LowerNames(want[i].headers);
    headers.emplace("content-type", "application/json");
    EXPECT_EQ(LowerNames(request.headers), headers);
    EXPECT_EQ(request.headers.size(), headers.size());
    EXPECT_EQ(Canonical(request.body), Canonical(want[i].body));
  }
}

}  // namespace weir::notification_controller
