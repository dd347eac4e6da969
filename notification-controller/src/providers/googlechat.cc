// googlechat: the webhook of a space.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/providers/messages.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

absl::Status Check(const Settings& settings) {
  return CheckAddress(settings.address, "invalid Google Chat hook URL $0");
}

Value Section(Value::Array widgets) {
  return Value::MakeObject({{"header", ""}, {"widgets", std::move(widgets)}});
}

Value Card(const Event& event) {
  const std::string text =
      event.is_error()
          ? absl::StrCat("<font color=\"#ff0000\">", event.message, "</font>")
          : event.message;
  Value paragraph =
      Value::MakeObject({{"textParagraph", Value::MakeObject({{"text", text}})},
                         {"keyValue", nullptr}});
  Value::Array sections = {Section({paragraph})};
  Value::Array widgets;
  for (const auto& [key, value] : event.metadata) {
    Value pair = Value::MakeObject({{"topLabel", key},
                                    {"content", value},
                                    {"contentMultiline", false},
                                    {"bottomLabel", nullptr},
                                    {"icon", nullptr}});
    widgets.push_back(
        Value::MakeObject({{"textParagraph", nullptr}, {"keyValue", pair}}));
  }
  if (!widgets.empty()) sections.push_back(Section(std::move(widgets)));
  Value header = Value::MakeObject({{"title", ObjectName(event.object)},
                                    {"subtitle", event.reporting_controller},
                                    {"imageUrl", nullptr},
                                    {"imageStyle", nullptr}});
  return Value::MakeObject({{"header", header}, {"sections", sections}});
}

absl::StatusOr<Requests> Make(const Event& event, const Settings& settings) {
  WEIR_ASSIGN_OR_RETURN(
      http::Request request,
      PostValue(settings.address,
                Value::MakeObject({{"cards", Value::Array{Card(event)}}})));
  return Requests{std::move(request)};
}

}  // namespace

const ProviderType kGoogleChat = {
    .name = "googlechat",
    .has_proxy = true,
    .check = Check,
    .make = Make,
};

}  // namespace weir::notification_controller
