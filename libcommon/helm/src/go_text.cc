#include "src/go_text.h"

#include <charconv>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace weir::helm {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

int LengthOfLead(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

// Neither a surrogate, nor too large, nor longer than needed.
bool IsValidRune(char32_t rune, int length) {
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  return rune >= kLeast[length] && rune <= 0x10FFFF &&
         (rune < 0xD800 || rune > 0xDFFF);
}

void AppendQuotedRune(char32_t rune, std::string* out) {
  if (rune == '\'' || rune == '\\') {
    out->push_back('\\');
    out->push_back(static_cast<char>(rune));
    return;
  }
  if (IsPrintRune(rune)) {
    AppendRune(rune, out);
    return;
  }
  constexpr absl::string_view kShort = "abtnvfr";  // From 7 to 13.
  constexpr char32_t kOrder[] = {7, 8, 9, 10, 11, 12, 13};
  for (size_t i = 0; i < kShort.size(); ++i) {
    if (rune == kOrder[i]) {
      out->push_back('\\');
      out->push_back(kShort[i]);
      return;
    }
  }
  if (rune < 0x20 || rune == 0x7F) {
    absl::StrAppendFormat(out, "\\x%02x", static_cast<unsigned>(rune));
  } else if (rune < 0x10000) {
    absl::StrAppendFormat(out, "\\u%04x", static_cast<unsigned>(rune));
  } else {
    absl::StrAppendFormat(out, "\\U%08x", static_cast<unsigned>(rune));
  }
}

}  // namespace

char32_t RuneAt(absl::string_view text, size_t offset, size_t* length) {
  const auto lead = static_cast<unsigned char>(text[offset]);
  const int wanted = LengthOfLead(lead);
  *length = 1;
  if (wanted == 1) return lead;
  if (wanted == 0 || offset + wanted > text.size()) return kReplacement;
  char32_t rune = lead & (0xFF >> (wanted + 1));
  for (int i = 1; i < wanted; ++i) {
    const auto next = static_cast<unsigned char>(text[offset + i]);
    if ((next & 0xC0) != 0x80) return kReplacement;
    rune = (rune << 6) | (next & 0x3F);
  }
  if (!IsValidRune(rune, wanted)) return kReplacement;
  *length = wanted;
  return rune;
}

void AppendRune(char32_t rune, std::string* out) {
  if (rune < 0x80) {
    out->push_back(static_cast<char>(rune));
  } else if (rune < 0x800) {
    out->push_back(static_cast<char>(0xC0 | (rune >> 6)));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3F)));
  } else if (rune < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | (rune >> 12)));
    out->push_back(static_cast<char>(0x80 | ((rune >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xF0 | (rune >> 18)));
    out->push_back(static_cast<char>(0x80 | ((rune >> 12) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | ((rune >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3F)));
  }
}

bool IsSpaceRune(char32_t rune) {
  return (rune >= 9 && rune <= 13) || rune == ' ' || rune == 0x85 ||
         rune == 0xA0 || rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200A) ||
         rune == 0x2028 || rune == 0x2029 || rune == 0x202F || rune == 0x205F ||
         rune == 0x3000;
}

bool IsPrintRune(char32_t rune) {
  if (rune < 0x20 || (rune >= 0x7F && rune <= 0xA0)) return false;
  if (rune == 0xAD || rune == 0xFEFF) return false;
  if (rune >= 0x2000 && rune <= 0x200F) return false;
  if (rune >= 0x2028 && rune <= 0x202F) return false;
  if (rune >= 0x205F && rune <= 0x206F) return false;
  if (rune == 0x3000 || rune == 0x1680) return false;
  return (rune < 0xE000 || rune > 0xF8FF) && (rune & 0xFFFE) != 0xFFFE;
}

absl::string_view TrimLeftSpace(absl::string_view text) {
  size_t start = 0;
  while (start < text.size()) {
    size_t length = 0;
    if (!IsSpaceRune(RuneAt(text, start, &length))) break;
    start += length;
  }
  return text.substr(start);
}

absl::string_view TrimSpace(absl::string_view text) {
  text = TrimLeftSpace(text);
  while (!text.empty()) {
    size_t start = text.size() - 1;
    while (start > 0 && text.size() - start < 4 &&
           (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) {
      --start;
    }
    size_t length = 0;
    const char32_t rune = RuneAt(text, start, &length);
    if (start + length != text.size() || !IsSpaceRune(rune)) break;
    text.remove_suffix(length);
  }
  return text;
}

std::string GoQuoteRunes(absl::string_view text) {
  std::string out = "[";
  for (size_t i = 0; i < text.size();) {
    size_t length = 0;
    const char32_t rune = RuneAt(text, i, &length);
    if (i > 0) out.push_back(' ');
    out.push_back('\'');
    AppendQuotedRune(rune, &out);
    out.push_back('\'');
    i += length;
  }
  out.push_back(']');
  return out;
}

std::string GoTypeName(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return "nil";
    case Value::Kind::kBool:
      return "bool";
    case Value::Kind::kInt:
      return "int64";
    case Value::Kind::kUint:
    case Value::Kind::kDouble:
      return "float64";
    case Value::Kind::kString:
      return "string";
    case Value::Kind::kArray:
      return "[]interface {}";
    case Value::Kind::kObject:
      return "map[string]interface {}";
  }
  return "";
}

std::string GoPrint(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return "<nil>";
    case Value::Kind::kBool:
      return value.AsBool() ? "true" : "false";
    case Value::Kind::kInt:
      return absl::StrCat(value.AsInt());
    case Value::Kind::kUint:
    case Value::Kind::kDouble:
      return GoFormatFloat(value.AsDouble(), 64);
    case Value::Kind::kString:
      return value.AsString();
    case Value::Kind::kArray: {
      std::string out = "[";
      for (const Value& item : value.array()) {
        absl::StrAppend(&out, out.size() > 1 ? " " : "", GoPrint(item));
      }
      return out + "]";
    }
    case Value::Kind::kObject: {
      std::string out = "map[";
      for (const Value::Member& member : value.object()) {
        absl::StrAppend(&out, out.size() > 4 ? " " : "", member.key, ":",
                        GoPrint(member.value));
      }
      return out + "]";
    }
  }
  return "";
}

std::string GoPrintBool(const Value& value) {
  const auto inner = [](const Value& one) {
    return one.is_null() ? "<nil>" : GoPrintBool(one);
  };
  switch (value.kind()) {
    case Value::Kind::kNull:
      return "%!t(<nil>)";
    case Value::Kind::kBool:
      return value.AsBool() ? "true" : "false";
    case Value::Kind::kArray: {
      std::string out = "[";
      for (const Value& item : value.array()) {
        absl::StrAppend(&out, out.size() > 1 ? " " : "", inner(item));
      }
      return out + "]";
    }
    case Value::Kind::kObject: {
      std::string out = "map[";
      for (const Value::Member& member : value.object()) {
        absl::StrAppend(&out, out.size() > 4 ? " " : "",
                        GoPrintBool(member.key), ":", inner(member.value));
      }
      return out + "]";
    }
    default:
      return absl::StrCat("%!t(", GoTypeName(value), "=", GoPrint(value), ")");
  }
}

std::string GoFormatFloat(double number, int bits) {
  // A number that is too large for 32 bits is infinite there.
  if (bits == 32) number = static_cast<float>(number);
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
  char digits[64];
  const auto end = bits == 32
                       ? std::to_chars(digits, digits + sizeof(digits),
                                       static_cast<float>(number),
                                       std::chars_format::scientific)
                       : std::to_chars(digits, digits + sizeof(digits), number,
                                       std::chars_format::scientific);
  const absl::string_view text(digits, end.ptr - digits);
  const size_t e = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1),
                  text.data() + text.size(), exponent);
  std::string mantissa(text.substr(0, e));
  const bool is_negative = mantissa[0] == '-';
  if (is_negative) mantissa.erase(0, 1);
  if (exponent < -4 || exponent >= 6) {
    return absl::StrFormat("%s%se%c%02d", is_negative ? "-" : "", mantissa,
                           exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  std::string all = mantissa;
  if (const size_t dot = all.find('.'); dot != std::string::npos) {
    all.erase(dot, 1);
  }
  std::string out;
  if (exponent < 0) {
    out = absl::StrCat("0.", std::string(-exponent - 1, '0'), all);
  } else if (all.size() <= static_cast<size_t>(exponent) + 1) {
    out = all + std::string(exponent + 1 - all.size(), '0');
  } else {
    out = absl::StrCat(all.substr(0, exponent + 1), ".",
                       all.substr(exponent + 1));
  }
  return is_negative ? "-" + out : out;
}

}  // namespace weir::helm
