#include "weir/notification_controller/test_message.h"

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "src/http_sender.h"
#include "src/provider.h"
#include "src/static_objects.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

// Headers whose values are shown.
bool IsShown(absl::string_view name) {
  for (const char* shown : {"Content-Type", "Accept", "gotk-component"}) {
    if (absl::EqualsIgnoreCase(name, shown)) return true;
  }
  return false;
}

// Keeps what goes over it.
class RecordingSender : public Sender {
 public:
  RecordingSender(Sender& sender, const Settings& settings)
      : sender_(sender), settings_(settings) {}

  absl::StatusOr<http::Response> Send(const Context& ctx,
                                      http::Request request) override {
    TestExchange exchange;
    exchange.request = MaskSecrets(
        absl::StrCat(request.method, " ", RedactUrl(request.url)), settings_);
    for (const auto& [name, value] : request.headers) {
      exchange.headers.emplace_back(name, IsShown(name) ? value : "*****");
    }
    exchange.body = MaskSecrets(request.body, settings_);
    absl::StatusOr<http::Response> answer =
        sender_.Send(ctx, std::move(request));
    if (answer.ok()) {
      exchange.code = answer->code;
      exchange.answer = MaskSecrets(answer->body, settings_);
    }
    exchanges_.push_back(std::move(exchange));
    return answer;
  }

  std::vector<TestExchange> Take() { return std::move(exchanges_); }

 private:
  Sender& sender_;
  const Settings& settings_;
  std::vector<TestExchange> exchanges_;
};

Event MakeEvent(const Provider& provider, const TestMessage& message) {
  Event event;
  event.object.kind = ProviderKind().kind;
  event.object.api_version = "notification.toolkit.fluxcd.io/v1beta3";
  event.object.name_space = provider.key.name_space;
  event.object.name = provider.key.name;
  event.object.uid = provider.uid;
  event.severity =
      std::string(message.is_error ? kSeverityError : kSeverityInfo);
  event.timestamp = absl::Now();
  event.message = message.message;
  event.reason = "TestMessage";
  if (!message.revision.empty()) event.metadata["revision"] = message.revision;
  if (!message.change_request.empty()) {
    event.metadata["change_request"] = message.change_request;
  }
  event.reporting_controller = "notification-controller";
  return event;
}

absl::Status CheckEnough(const ProviderType& type, const TestMessage& message) {
  if (type.family == Family::kCommitStatus && message.revision.empty()) {
    return absl::InvalidArgumentError(
        "a commit status needs the revision of a commit");
  }
  if (type.family == Family::kChangeRequest && message.change_request.empty()) {
    return absl::InvalidArgumentError(
        "a comment needs the number of a change request");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TestResult> SendTestMessage(const Context& ctx,
                                           const kube::Client& client,
                                           const TestMessage& message) {
  WEIR_ASSIGN_OR_RETURN(const Value object,
                        client.Get(ctx, {ProviderKind(), message.provider}));
  const std::shared_ptr<const Provider> provider = Provider::Parse(object);
  WEIR_ASSIGN_OR_RETURN(
      Settings settings,
      ReadSettings(
          *provider,
          [&](const std::string& name)
              -> absl::StatusOr<std::shared_ptr<const kube::SecretData>> {
            WEIR_ASSIGN_OR_RETURN(
                kube::SecretData data,
                kube::GetSecretData(ctx, client, message.provider.name_space,
                                    name));
            return std::make_shared<const kube::SecretData>(std::move(data));
          }));
  WEIR_RETURN_IF_ERROR(CheckEnough(*provider->type, message));
  const Event event = MakeEvent(*provider, message);
  Alert alert;
  alert.key = {provider->key.name_space, "test"};
  settings.alert_name_space = alert.key.name_space;
  settings.alert_name = alert.key.name;
  if (provider->type->family == Family::kCommitStatus) {
    WEIR_ASSIGN_OR_RETURN(settings.commit_status,
                          CommitStatusOf(*provider, alert, event));
  }
  http::Client http;
  SenderOptions options;
  options.proxies = message.proxies;
  HttpSender sender(http, options, settings, provider->type->has_proxy,
                    provider->type->has_tls);
  RecordingSender recording(sender, settings);
  TokenCache tokens(0, absl::ZeroDuration());
  TestResult result;
  const absl::Status status =
      Deliver(ctx.WithTimeout(provider->timeout), *provider->type,
              {event, settings, recording, tokens, Clock::Real()});
  result.status = absl::Status(
      status.code(), MaskSecrets(std::string(status.message()), settings));
  result.exchanges = recording.Take();
  return result;
}

}  // namespace weir::notification_controller
