#include "src/schema/schema_text.h"

#include <charconv>
#include <cmath>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "src/go_text.h"

namespace weir::helm {
namespace {

// Commas between groups of three digits.
std::string Grouped(std::string digits) {
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

// 1.5×10⁰⁶
std::string Scientific(absl::string_view text) {
  const size_t e = text.find('e');
  std::string out = absl::StrCat(text.substr(0, e),
                                 "\u00D7"
                                 "10");
  constexpr const char* kSuperscript[] = {
      "\u2070", "\u00B9", "\u00B2", "\u00B3", "\u2074",
      "\u2075", "\u2076", "\u2077", "\u2078", "\u2079"};
  absl::string_view exponent = text.substr(e + 1);
  if (exponent[0] == '-') out += "\u207B";
  exponent.remove_prefix(1);
  for (char digit : exponent) out += kSuperscript[digit - '0'];
  return out;
}

// A number that is not written as a whole one, as most write it: Helm shows it
// as it stands in the schema.
std::string Written(double number) {
  if (std::fabs(number) >= 1e21) return GoFormatFloat(number, 64);
  char text[64];
  const auto end = std::to_chars(text, text + sizeof(text), number,
                                 std::chars_format::fixed);
  const absl::string_view digits(text, static_cast<size_t>(end.ptr - text));
  return absl::StrCat(digits, absl::StrContains(digits, '.') ? "" : ".0");
}

}  // namespace

std::string SchemaQuote(absl::string_view text) {
  std::string quoted = GoQuote(text);
  quoted = quoted.substr(1, quoted.size() - 2);
  absl::StrReplaceAll({{"\\\"", "\""}, {"'", "\\'"}}, &quoted);
  return absl::StrCat("'", quoted, "'");
}

std::string JoinQuoted(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) {
    absl::StrAppend(&out, out.empty() ? "" : ", ", SchemaQuote(text));
  }
  return out;
}

std::string DisplayValue(const Value& value) {
  if (value.is_string()) return SchemaQuote(value.AsString());
  if (value.is_array() || value.is_object()) return "value";
  if (value.kind() == Value::Kind::kDouble) return Written(value.AsDouble());
  return GoPrint(value);
}

std::string LocalCount(size_t count) { return Grouped(absl::StrCat(count)); }

std::string LocalNumber(double number) {
  const std::string text = GoFormatFloat(number, 64);
  const size_t e = text.find('e');
  if (e != std::string::npos) return Scientific(text);
  const size_t start = number < 0 ? 1 : 0;
  const size_t dot = std::min(text.find('.'), text.size());
  return absl::StrCat(text.substr(0, start),
                      Grouped(text.substr(start, dot - start)),
                      text.substr(dot));
}

std::string PointerOf(const std::vector<std::string>& tokens) {
  std::string out;
  for (const std::string& token : tokens) {
    absl::StrAppend(&out, "/",
                    absl::StrReplaceAll(token, {{"~", "~0"}, {"/", "~1"}}));
  }
  return out;
}

}  // namespace weir::helm
