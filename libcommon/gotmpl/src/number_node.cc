// What a number in a template stands for: all of Go's types that can hold it.
#include "number_node.h"

#include <cmath>
#include <string>

#include "absl/strings/ascii.h"
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

bool TakeOneOf(absl::string_view runes, absl::string_view* text) {
  if (text->empty() || !absl::StrContains(runes, text->front())) return false;
  text->remove_prefix(1);
  return true;
}

// A part of a complex number as fmt scans it, which looks at its digits later.
absl::string_view TakeFloatToken(absl::string_view* text) {
  constexpr absl::string_view kDigits = "0123456789_";
  const absl::string_view all = *text;
  TakeOneOf("+-", text);
  TakeOneOf("iI", text);  // Of an infinity, which is in no template.
  const bool is_hexadecimal = TakeOneOf("0", text) && TakeOneOf("xX", text);
  const absl::string_view digits =
      is_hexadecimal ? "0123456789aAbBcCdDeEfF_" : kDigits;
  while (TakeOneOf(digits, text)) {
  }
  if (TakeOneOf(".", text)) {
    while (TakeOneOf(digits, text)) {
    }
  }
  if (TakeOneOf(is_hexadecimal ? "pP" : "eEpP", text)) {
    TakeOneOf("+-", text);
    while (TakeOneOf(kDigits, text)) {
    }
  }
  return all.substr(0, all.size() - text->size());
}

// What strconv.ParseFloat says of a text that it does not take.
std::string FloatProblem(absl::string_view text) {
  const bool is_hexadecimal = absl::StrContains(text, 'x');
  const size_t exponent = text.find_first_of(is_hexadecimal ? "pP" : "eE");
  const bool is_number =
      exponent != absl::string_view::npos &&
      absl::ascii_isdigit(static_cast<unsigned char>(text.back())) &&
      ParseFloat(absl::StrCat(text.substr(0, exponent + 1), "0"));
  return absl::StrCat("strconv.ParseFloat: parsing ", Quoted(text), ": ",
                      is_number ? "value out of range" : "invalid syntax");
}

// Empty when all went well.
std::string ParseComplex(absl::string_view text, NumberNode* number) {
  constexpr char kWrong[] = "syntax error scanning complex number";
  const absl::string_view real_text = TakeFloatToken(&text);
  const absl::string_view sign = text.substr(0, 1);
  if (!TakeOneOf("+-", &text)) return kWrong;
  const std::string imaginary_text = absl::StrCat(sign, TakeFloatToken(&text));
  if (!TakeOneOf("i", &text)) return kWrong;
  const auto real = ParseFloat(real_text);
  if (!real) return FloatProblem(real_text);
  const auto imaginary = ParseFloat(imaginary_text);
  if (!imaginary) return FloatProblem(imaginary_text);
  number->complex128 = {*real, *imaginary};
  return "";
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
    std::string problem = ParseComplex(token.text, number);
    if (problem.empty()) SimplifyComplex(number);
    return problem;
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
