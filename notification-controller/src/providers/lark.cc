// lark: the webhook of a bot in a chat of Lark or Feishu.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/providers/messages.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

absl::Status Check(const Settings& settings) {
  // Upstream says Slack here.
  return CheckAddress(settings.address, "invalid Slack hook URL $0");
}

Value Text(const char* tag, const std::string& content) {
  return Value::MakeObject({{"tag", tag}, {"content", content}});
}

Value Card(const Event& event) {
  std::string content = absl::StrCat("**", event.message, "**\n\n");
  for (const auto& [key, value] : event.metadata) {
    absl::StrAppend(&content, key, ": ", value, "\n");
  }
  Value element =
      Value::MakeObject({{"tag", "div"}, {"text", Text("lark_md", content)}});
  Value header = Value::MakeObject(
      {{"title", Text("plain_text", absl::StrCat(Emoji(event), " ",
                                                 ObjectName(event.object)))},
       {"template", event.is_error() ? "red" : "turquoise"}});
  return Value::MakeObject(
      {{"config", Value::MakeObject({{"wide_screen_mode", true}})},
       {"header", header},
       {"elements", Value::Array{element}}});
}

absl::StatusOr<Requests> Make(const Event& event, const Settings& settings) {
  WEIR_ASSIGN_OR_RETURN(
      http::Request request,
      PostValue(settings.address,
                Value::MakeObject(
                    {{"msg_type", "interactive"}, {"card", Card(event)}})));
  return Requests{std::move(request)};
}

}  // namespace

const ProviderType kLark = {
    .name = "lark",
    .check = Check,
    .make = Make,
    .failure = "",
};

}  // namespace weir::notification_controller
