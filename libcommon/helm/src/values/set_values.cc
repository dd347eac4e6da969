#include "weir/helm/set_values.h"

#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "src/values/set_parser.h"
#include "weir/base/status.h"

namespace weir::helm {
namespace {

// Whole numbers without a leading zero are integers.
Value TypedValue(std::string text) {
  if (absl::EqualsIgnoreCase(text, "true")) return true;
  if (absl::EqualsIgnoreCase(text, "false")) return false;
  if (absl::EqualsIgnoreCase(text, "null")) return nullptr;
  if (text == "0") return int64_t{0};
  if (text.empty() || text[0] == '0') return text;
  const char* start = text.data();
  const char* end = start + text.size();
  if (*start == '+' && text.size() > 1 && absl::ascii_isdigit(text[1])) ++start;
  int64_t number = 0;
  const auto result = std::from_chars(start, end, number);
  if (result.ec == std::errc() && result.ptr == end) return number;
  return text;
}

}  // namespace

absl::Status SetTyped(absl::string_view text, Value& values) {
  SetParser parser(text, SetParser::Values::kText,
                   [](std::string value) -> absl::StatusOr<Value> {
                     return TypedValue(std::move(value));
                   });
  return parser.Parse(values);
}

absl::Status SetText(absl::string_view text, Value& values) {
  SetParser parser(text, SetParser::Values::kText,
                   [](std::string value) -> absl::StatusOr<Value> {
                     return Value(std::move(value));
                   });
  return parser.Parse(values);
}

absl::Status SetJson(absl::string_view text, Value& values) {
  return SetParser(text, SetParser::Values::kJson).Parse(values);
}

absl::Status SetFile(
    absl::string_view text,
    const std::function<absl::StatusOr<std::string>(const std::string&)>& read,
    Value& values) {
  SetParser parser(text, SetParser::Values::kText,
                   [&read](std::string name) -> absl::StatusOr<Value> {
                     WEIR_ASSIGN_OR_RETURN(std::string contents, read(name));
                     return Value(std::move(contents));
                   });
  return parser.Parse(values);
}

absl::Status SetLiteral(absl::string_view text, Value& values) {
  return SetParser(text, SetParser::Values::kLiteral).Parse(values);
}

}  // namespace weir::helm
