#include "src/go_number.h"

#include <charconv>
#include <cmath>

namespace weir {
namespace {

std::string ToChars(double number, std::chars_format format) {
  char buffer[400];
  const auto result =
      std::to_chars(buffer, buffer + sizeof(buffer), number, format);
  return std::string(buffer, result.ptr);
}

}  // namespace

void AppendGoJsonDouble(double number, std::string& out) {
  const double size = std::fabs(number);
  if (size == 0 || (size >= 1e-6 && size < 1e21)) {
    out += ToChars(number, std::chars_format::fixed);
    return;
  }
  std::string text = ToChars(number, std::chars_format::scientific);
  // e-09 is written e-9.
  const size_t n = text.size();
  if (n >= 4 && text[n - 4] == 'e' && text[n - 3] == '-' &&
      text[n - 2] == '0') {
    text.erase(n - 2, 1);
  }
  out += text;
}

std::string FormatGoYamlDouble(double number) {
  if (std::isnan(number)) return ".nan";
  if (std::isinf(number)) return number > 0 ? ".inf" : "-.inf";
  if (number == 0) return std::signbit(number) ? "-0" : "0";
  std::string text = ToChars(number, std::chars_format::scientific);
  // 'g' with the shortest precision uses an exponent below -4 and from 21 up.
  const int exponent = std::stoi(text.substr(text.find('e') + 1));
  if (exponent >= -4 && exponent < 21) {
    return ToChars(number, std::chars_format::fixed);
  }
  return text;
}

}  // namespace weir
