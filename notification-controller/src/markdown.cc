#include "src/markdown.h"

#include "absl/strings/str_cat.h"

namespace weir::notification_controller {

std::string FormatMarkdown(const Event& event) {
  std::string text = absl::StrCat(
      "## Flux Status\n\n", event.is_error() ? "⚠️" : "ℹ️", " ",
      event.object.ToString(), "\n\n", event.message, "\n\nMetadata:\n");
  for (const auto& [key, value] : event.metadata) {
    if (key == "change_request") continue;
    absl::StrAppend(&text, "* `", key, "`: ", value, "\n");
  }
  return text;
}

}  // namespace weir::notification_controller
