#include "src/receivers/media_type.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

bool IsTokenCharacter(char c) {
  return c > 0x20 && c < 0x7f &&
         absl::string_view("()<>@,;:\\\"/[]?=").find(c) ==
             absl::string_view::npos;
}

// Takes a token off the front; empty when there is none.
absl::string_view TakeToken(absl::string_view* rest) {
  size_t size = 0;
  while (size < rest->size() && IsTokenCharacter((*rest)[size])) ++size;
  const absl::string_view token = rest->substr(0, size);
  rest->remove_prefix(size);
  return token;
}

// Takes a token or a quoted text off the front.
bool TakeValue(absl::string_view* rest) {
  if (!absl::ConsumePrefix(rest, "\"")) return !TakeToken(rest).empty();
  while (!rest->empty()) {
    const char c = rest->front();
    rest->remove_prefix(1);
    if (c == '"') return true;
    if (c == '\r' || c == '\n') return false;
    if (c == '\\' && !rest->empty()) rest->remove_prefix(1);
  }
  return false;
}

bool AreParameters(absl::string_view rest) {
  std::set<std::string> names;
  while (true) {
    rest = absl::StripLeadingAsciiWhitespace(rest);
    if (rest.empty()) return true;
    if (!absl::ConsumePrefix(&rest, ";")) return false;
    rest = absl::StripLeadingAsciiWhitespace(rest);
    if (rest.empty()) return true;  // A semicolon at the end.
    const std::string name = absl::AsciiStrToLower(TakeToken(&rest));
    rest = absl::StripLeadingAsciiWhitespace(rest);
    if (name.empty() || !absl::ConsumePrefix(&rest, "=")) return false;
    rest = absl::StripLeadingAsciiWhitespace(rest);
    if (!TakeValue(&rest) || !names.insert(name).second) return false;
  }
}

}  // namespace

absl::StatusOr<std::string> ParseMediaType(absl::string_view text) {
  const size_t end = std::min(text.find(';'), text.size());
  const std::string type =
      absl::AsciiStrToLower(absl::StripAsciiWhitespace(text.substr(0, end)));
  absl::string_view rest = type;
  if (TakeToken(&rest).empty()) {
    return absl::InvalidArgumentError("mime: no media type");
  }
  if (absl::ConsumePrefix(&rest, "/") && TakeToken(&rest).empty()) {
    return absl::InvalidArgumentError("mime: expected token after slash");
  }
  if (!rest.empty()) {
    return absl::InvalidArgumentError(
        "mime: unexpected content after media subtype");
  }
  if (!AreParameters(text.substr(end))) {
    return absl::InvalidArgumentError("mime: invalid media parameter");
  }
  return type;
}

bool IsJson(absl::string_view content_type) {
  for (const absl::string_view one : absl::StrSplit(content_type, ',')) {
    const absl::StatusOr<std::string> type = ParseMediaType(one);
    if (!type.ok()) return false;
    if (*type == "application/json") return true;
  }
  return false;
}

}  // namespace weir::notification_controller
