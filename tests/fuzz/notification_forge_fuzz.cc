// Input: a Provider's type, address, channel, token and revision, a line each.
// The provider checks them, and speaks to a server that answers with the rest.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "notification-controller/src/provider_type.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

constexpr char kPassword[] = "hidden-password";
constexpr size_t kLines = 6;

class AnsweringSender : public Sender {
 public:
  explicit AnsweringSender(std::string body) : body_(std::move(body)) {}
  absl::StatusOr<http::Response> Send(const Context& /*ctx*/,
                                      http::Request request) override {
    WEIR_CHECK(absl::StartsWith(request.url, "http://") ||
               absl::StartsWith(request.url, "https://"));
    urls.push_back(std::move(request.url));
    http::Response response;
    response.code = urls.size() % 7 == 0 ? 500 : 200;
    response.body = body_;
    return response;
  }

  std::vector<std::string> urls;

 private:
  const std::string body_;
};

void Run(absl::string_view text) {
  std::vector<std::string> lines =
      absl::StrSplit(text, absl::MaxSplits('\n', kLines - 1));
  lines.resize(kLines);
  const ProviderType* const type = FindProviderType(lines[0]);
  if (type == nullptr || type->check == nullptr) return;
  Settings settings;
  settings.type = lines[0];
  settings.uid = "1";
  settings.address = lines[1];
  settings.channel = lines[2];
  settings.token = Secret(lines[3]);
  settings.username = "user";
  settings.password = Secret(kPassword);
  settings.commit_status = "kustomization/app/1";
  const absl::Status checked = type->check(settings);
  WEIR_CHECK(!absl::StrContains(checked.message(), kPassword));
  // NATS does not go through the sender.
  if (!checked.ok() || type->notify == nullptr || lines[0] == "nats") return;
  Event event;
  event.severity = "error";
  event.metadata = {{"revision", lines[4]}, {"change_request", "7"}};
  AnsweringSender sender(lines[5]);
  TokenCache tokens(1, absl::Hours(1));
  const absl::Status status =
      type->notify(Context(), {event, settings, sender, tokens, Clock::Real()});
  WEIR_CHECK(!absl::StrContains(status.message(), kPassword));
  if (type->family == Family::kMessage) return;
  // Whatever the address is, no request leaves the API of a forge.
  for (const std::string& url : sender.urls) {
    WEIR_CHECK(!absl::StrContains(url, "/../"));
    WEIR_CHECK(!absl::EndsWith(url, "/.."));
  }
}

}  // namespace
}  // namespace weir::notification_controller

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::notification_controller::Run(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
