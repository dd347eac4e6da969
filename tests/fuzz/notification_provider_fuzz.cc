// Input: a provider's type, address, channel and token, an event in JSON, each
// but the last ended by a zero byte. What is made of it can be sent.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "notification-controller/src/provider_type.h"
#include "weir/base/status.h"
#include "weir/http/client.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

absl::string_view Take(absl::string_view& input) {
  const size_t end = std::min(input.find('\0'), input.size());
  const absl::string_view part = input.substr(0, end);
  input.remove_prefix(std::min(end + 1, input.size()));
  return part;
}

void Check(const http::Request& request) {
  WEIR_CHECK(std::none_of(request.url.begin(), request.url.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
  }));
  if (request.headers.Get("Content-Type") == "application/json") {
    WEIR_CHECK(ParseJson(request.body).ok());
  }
}

void Run(absl::string_view input) {
  const ProviderType* type = FindProviderType(Take(input));
  if (type == nullptr || type->make == nullptr) return;
  Settings settings;
  settings.type = type->name;
  settings.address = std::string(Take(input));
  settings.channel = std::string(Take(input));
  settings.token = Secret(std::string(Take(input)));
  settings.username = settings.channel;
  settings.password = settings.token;
  if (type->check != nullptr && !type->check(settings).ok()) return;
  const auto event = ParseEvent(input);
  if (!event.ok()) return;
  const auto requests = type->make(*event, settings);
  if (!requests.ok()) return;
  for (const http::Request& request : *requests) Check(request);
}

}  // namespace
}  // namespace weir::notification_controller

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::notification_controller::Run(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
