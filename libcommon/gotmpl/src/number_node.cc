// What a number in a template stands for: all of Go's types that can hold it.
#include "number_node.h"

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "go_strconv.h"

namespace weir::gotmpl {
namespace {

std::string Quoted(absl::string_view text) {
  std::string out;
  AppendQuoted(text, false, &out);
  return out;
}

bool ParseComplex(absl::string_view text, NumberNode* number) {
  if (!text.empty() && text.back() == 'i') text.remove_suffix(1);
  const size_t sign = text.find_last_of("+-");
  if (sign == absl::string_view::npos || sign == 0) return false;
  size_t split = sign;
  if (absl::StrContains("eEpP", text[sign - 1])) {
    split = text.substr(0, sign).find_last_of("+-");
    if (split == absl::string_view::npos || split == 0) return false;
  }
  const auto real = ParseFloat(text.substr(0, split));
  const auto imaginary = ParseFloat(text.substr(split));
  if (!real || !imaginary) return false;
  number->complex128 = {*real, *imaginary};
  return true;
}

void TakeIntegersOf(double value, NumberNode* number) {
  if (value >= -9223372036854775808.0 && value < 9223372036854775808.0 &&
      std::trunc(value) == value) {
    number->is_int = true;
    number->int64 = static_cast<int64_t>(value);
  }
  if (value >= 0 && value < 18446744073709551616.0 &&
      std::trunc(value) == value) {
    number->is_uint = true;
    number->uint64 = static_cast<uint64_t>(value);
  }
}

void SimplifyComplex(NumberNode* number) {
  number->is_complex = true;
  number->is_float = number->complex128.imag() == 0;
  if (!number->is_float) return;
  number->float64 = number->complex128.real();
  TakeIntegersOf(number->float64, number);
}

// Empty when all went well.
std::string ParseCharConstant(absl::string_view text, NumberNode* number) {
  absl::string_view tail;
  bool is_byte = false;
  const std::optional<Rune> rune =
      UnquoteChar(text.substr(1), '\'', &tail, &is_byte);
  if (!rune) return "invalid syntax";
  if (tail != "'") {
    return absl::StrCat("malformed character constant: ", text);
  }
  // A byte that is no UTF-8 reads as U+FFFD.
  number->int64 = is_byte && text[1] != '\\' ? kRuneError : *rune;
  number->uint64 = static_cast<uint64_t>(number->int64);
  number->float64 = static_cast<double>(number->int64);
  number->is_int = number->is_uint = number->is_float = true;
  return "";
}

std::string ParsePlainNumber(absl::string_view text, NumberNode* number) {
  const std::optional<uint64_t> unsigned_value = ParseUint(text, 0);
  const std::optional<int64_t> value = ParseInt(text, 0);
  if (unsigned_value) {
    number->is_uint = true;
    number->uint64 = *unsigned_value;
  }
  if (value) {
    number->is_int = true;
    number->int64 = *value;
    if (*value == 0) number->is_uint = true;
    number->is_float = true;
    number->float64 = static_cast<double>(*value);
  } else if (unsigned_value) {
    number->is_float = true;
    number->float64 = static_cast<double>(*unsigned_value);
  } else if (const std::optional<double> f = ParseFloat(text)) {
    if (text.find_first_of(".eEpP") == absl::string_view::npos) {
      return absl::StrCat("integer overflow: ", Quoted(text));
    }
    number->is_float = true;
    number->float64 = *f;
    TakeIntegersOf(*f, number);
  }
  if (!number->is_int && !number->is_uint && !number->is_float) {
    return absl::StrCat("illegal number syntax: ", Quoted(text));
  }
  return "";
}

}  // namespace

std::string ParseNumber(const Token& token, NumberNode* number) {
  number->text = token.text;
  if (token.type == TokenType::kCharConstant) {
    return ParseCharConstant(token.text, number);
  }
  if (token.type == TokenType::kComplex) {
    if (!ParseComplex(token.text, number))
      return "syntax error scanning complex number";
    SimplifyComplex(number);
    return "";
  }
  if (!token.text.empty() && token.text.back() == 'i') {
    const std::optional<double> imaginary =
        ParseFloat(token.text.substr(0, token.text.size() - 1));
    if (imaginary) {
      number->complex128 = {0, *imaginary};
      SimplifyComplex(number);
      return "";
    }
  }
  return ParsePlainNumber(token.text, number);
}

}  // namespace weir::gotmpl
