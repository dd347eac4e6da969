#include "tests/notification-controller/receivers/harness.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "weir/value/json.h"
#include "weir/value/patch.h"

namespace weir::notification_controller {

Harness::Harness() {
  options_.address = "127.0.0.1:0";
  options_.min_retry_delay = absl::Milliseconds(50);
  options_.workers = 4;
}

void Harness::Prepare(reconcile::ManagerOptions& options) {
  LogOptions log;
  log.level = LogLevel::kTrace;
  log.sink = [this](absl::string_view line) {
    MutexLock lock(logs_mu_);
    absl::StrAppend(&logs_, line);
  };
  options.logger = Logger(std::move(log));
}

std::string Harness::TakeLogs() {
  MutexLock lock(logs_mu_);
  return std::exchange(logs_, "");
}

void Harness::StartController(reconcile::Manager& manager) {
  running_ = &manager;
  auto receivers = Receivers::Create(manager, options_);
  ASSERT_TRUE(receivers.ok()) << receivers.status();
  receivers_ = *std::move(receivers);
}

void Harness::ApplySecret(const std::string& token, const std::string& name) {
  Apply(absl::StrCat("{apiVersion: v1, kind: Secret, metadata: {name: ", name,
                     ", labels: {reconcile.fluxcd.io/watch: Enabled}}, "
                     "stringData: {token: '",
                     token, "'}}"));
}

void Harness::ApplyRepository(const std::string& name,
                              const std::string& labels) {
  Apply(absl::StrCat(
      "{apiVersion: source.toolkit.fluxcd.io/v1, kind: GitRepository, "
      "metadata: {name: ",
      name, ", labels: ", labels,
      "}, spec: {interval: 10m, url: 'https://git.example/app'}}"));
}

void Harness::ApplyReceiver(const std::string& name, const std::string& spec) {
  Value object = MustParse(R"(
apiVersion: notification.toolkit.fluxcd.io/v1
kind: Receiver
metadata: {}
spec:
  type: generic
  secretRef: {name: tok}
  resources: [{kind: GitRepository, name: app}]
)");
  object.Mutable("metadata").Set("name", name);
  object.Set("spec", ApplyMergePatch(object["spec"], MustParse(spec)));
  Apply(FormatJson(object));
}

std::string Harness::Ready(const std::string& spec, const std::string& token) {
  ApplySecret(token);
  ApplyRepository("app");
  ApplyReceiver("hook", spec);
  WaitReady(ReceiverRef(), "True");
  const std::string path = PathOf();
  // Until the server knows it as well, and what it is for.
  for (int i = 0; i < 1000 && Send(path, "", {}, "POST").code == 404; ++i) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  return path;
}

std::string Harness::PathOf(const std::string& name) const {
  return std::string(Get(ReceiverRef(name))["status"].GetString("webhookPath"));
}

std::string Harness::RequestedAt(const std::string& repository) const {
  return std::string(
      Get(RepositoryRef(repository))["metadata"]["annotations"].GetString(
          "reconcile.fluxcd.io/requestedAt"));
}

http::Response Harness::Send(const std::string& path, const std::string& body,
                             const Fields& headers, const std::string& method) {
  http::Request request;
  request.method = method;
  request.url = absl::StrCat("http://", receivers_->address(), path);
  request.body = body;
  for (const auto& [name, value] : headers) request.headers.Add(name, value);
  const auto response = http_.SendAndWait(
      Context().WithTimeout(absl::Seconds(20)), std::move(request));
  EXPECT_TRUE(response.ok()) << response.status();
  return response.value_or(http::Response());
}

int Harness::Post(const std::string& path, const std::string& body,
                  const Fields& headers, const std::string& method) {
  const http::Response response = Send(path, body, headers, method);
  EXPECT_EQ(response.body, "");
  return response.code;
}

void Harness::WaitForCode(const std::string& path, int code,
                          const std::string& body, const Fields& headers) {
  int last = 0;
  for (int i = 0; i < 1000 && last != code; ++i) {
    last = Send(path, body, headers, "POST").code;
    if (last != code) absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_EQ(last, code);
}

}  // namespace weir::notification_controller
