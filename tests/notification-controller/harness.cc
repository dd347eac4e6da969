#include "tests/notification-controller/harness.h"

#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "src/controller_maker.h"
#include "tests/notification-controller/fake_sender.h"
#include "weir/value/json.h"

namespace weir::notification_controller {

NotificationHarness::NotificationHarness() : ControllerHarness("flux-system") {
  options_.common.events_addr = "127.0.0.1:0";
  options_.common.min_retry_delay = absl::Milliseconds(50);
  options_.receiver_address.clear();
  deliveries_.sender.min_pause = absl::ZeroDuration();
  deliveries_.sender.max_pause = absl::ZeroDuration();
}

void NotificationHarness::Start() {
  ControllerHarness::Start();
  int code = 503;
  for (int i = 0; i < 2000 && code == 503; ++i) {
    absl::SleepFor(absl::Milliseconds(5));
    code = PostRaw("{}").code;
  }
  EXPECT_EQ(code, 202);
}

void NotificationHarness::Prepare(reconcile::ManagerOptions& manager) {
  manager.clock = clock_;
  LogOptions log;
  log.level = LogLevel::kDebug;
  log.sink = [this](absl::string_view line) {
    MutexLock lock(log_mu_);
    log_.append(line.data(), line.size());
  };
  manager.logger = Logger(std::move(log));
}

void NotificationHarness::StartController(reconcile::Manager& manager) {
  manager_ = &manager;
  auto controller = ControllerMaker::Make(manager, options_, deliveries_);
  ASSERT_TRUE(controller.ok()) << controller.status();
  controller_ = *std::move(controller);
}

void NotificationHarness::ApplyProvider(const std::string& name,
                                        const std::string& spec) {
  Value object = MustParse(R"(
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: {}
)");
  object.Mutable("metadata").Set("name", name);
  Value parsed = MustParse("{" + spec + "}");
  if (parsed["type"].is_null()) parsed.Set("type", "generic");
  object.Set("spec", std::move(parsed));
  Apply(FormatJson(object));
}

void NotificationHarness::ApplyAlert(const std::string& name,
                                     const std::string& spec) {
  Value object = MustParse(R"(
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: {}
)");
  object.Mutable("metadata").Set("name", name);
  Value parsed = MustParse("{" + spec + "}");
  if (parsed["providerRef"].is_null()) {
    parsed.Set("providerRef", Value::MakeObject({{"name", "p"}}));
  }
  if (parsed["eventSources"].is_null()) {
    parsed.Set("eventSources", MustParse("[{kind: Kustomization, name: app}]"));
  }
  object.Set("spec", std::move(parsed));
  Apply(FormatJson(object));
}

void NotificationHarness::ApplySecret(
    const std::string& name, const std::map<std::string, std::string>& data,
    const std::string& type) {
  Value encoded = Value::MakeObject();
  for (const auto& [key, value] : data) {
    encoded.Set(key, absl::Base64Escape(value));
  }
  Apply(FormatJson(
      Value::MakeObject({{"apiVersion", "v1"},
                         {"kind", "Secret"},
                         {"type", type},
                         {"metadata", Value::MakeObject({{"name", name}})},
                         {"data", std::move(encoded)}})));
}

// Changes of a kind are seen in order, so who knows the newest knows all.
void NotificationHarness::Settle() {
  const std::string mark = absl::StrCat("probe-", ++probes_);
  ApplyProvider("probe",
                absl::StrCat("address: '", probe_.url(), "/", mark, "'"));
  // An Alert that is known sooner would tell that its Provider is missing.
  WaitFor(ProviderRef("probe"), [](const Value& provider) {
    return !provider["metadata"]["finalizers"].array().empty();
  });
  ApplyAlert("probe", absl::StrCat("providerRef: {name: probe}, eventMetadata: "
                                   "{mark: ",
                                   mark,
                                   "}, eventSources: [{kind: Bucket, name: "
                                   "probe}]"));
  Event event = MakeEvent("");
  event.object.kind = "Bucket";
  event.object.name = "probe";
  const auto is_known = [&] {
    for (const http::ServerRequest& request : probe_.With(mark)) {
      if (request.path == "/" + mark) return true;
    }
    return false;
  };
  for (int i = 0; i < 1000 && !is_known(); ++i) {
    event.message = absl::StrCat(mark, " try ", i);
    event.metadata.clear();
    Post(event);
    for (int k = 0; k < 5 && !is_known(); ++k) {
      absl::SleepFor(absl::Milliseconds(2));
    }
  }
  EXPECT_TRUE(is_known());
}

Event NotificationHarness::MakeEvent(const std::string& message) const {
  Event event = SampleEvent();
  event.message = message;
  event.metadata = {{"kustomize.toolkit.fluxcd.io/revision",
                     "main@sha1:1111111111111111111111111111111111111111"}};
  return event;
}

void NotificationHarness::Post(const Event& event) {
  EXPECT_EQ(PostRaw(ToJson(event)).code, 202);
}

http::Response NotificationHarness::PostRaw(const std::string& body,
                                            const std::string& path,
                                            const std::string& method) {
  http::Request request;
  request.method = method;
  request.url = absl::StrCat("http://", events_address(), path);
  request.body = body;
  const auto response = http_.SendAndWait(
      Context().WithTimeout(absl::Seconds(20)), std::move(request));
  EXPECT_TRUE(response.ok()) << response.status();
  return response.value_or(http::Response());
}

std::string NotificationHarness::WaitForWarning(const std::string& reason) {
  const EventText event =
      WaitForEvent(testing::AllOf(testing::Field(&EventText::severity, "error"),
                                  testing::Field(&EventText::reason, reason)));
  return event.message;
}

Value NotificationHarness::WaitForKubeEvent(const std::string& reason) {
  for (int i = 0; i < 2000; ++i) {
    const auto list =
        client().List(Context(), {"", "v1", "Event"}, name_space(), {});
    EXPECT_TRUE(list.ok()) << list.status();
    if (!list.ok()) return Value();
    for (const Value& event : (*list)["items"].array()) {
      if (event.GetString("reason") == reason) return event;
    }
    absl::SleepFor(absl::Milliseconds(5));
  }
  ADD_FAILURE() << "no Event of reason " << reason;
  return Value();
}

void NotificationHarness::ClearLogs() {
  MutexLock lock(log_mu_);
  log_.clear();
}

std::string NotificationHarness::Logs() const {
  MutexLock lock(log_mu_);
  return log_;
}

}  // namespace weir::notification_controller
