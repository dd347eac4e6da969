#include "src/go_number.h"

#include <charconv>
#include <cmath>

#include "absl/strings/string_view.h"

namespace weir {
namespace {

template <typename T>
std::string ToChars(T number, std::chars_format format) {
  char buffer[400];
  const auto result =
      std::to_chars(buffer, buffer + sizeof(buffer), number, format);
  return std::string(buffer, result.ptr);
}

template <typename T>
std::string FormatG(T number) {
  if (std::isnan(number)) return ".nan";
  if (std::isinf(number)) return number > 0 ? ".inf" : "-.inf";
  if (number == 0) return std::signbit(number) ? "-0" : "0";
  std::string text = ToChars(number, std::chars_format::scientific);
  // 'g' with the shortest precision takes an exponent below -4, and from 6 up.
  const int exponent = std::stoi(text.substr(text.find('e') + 1));
  return exponent >= -4 && exponent < 6
             ? ToChars(number, std::chars_format::fixed)
             : text;
}

}  // namespace

void AppendGoJsonDouble(double number, std::string& out) {
  const double size = std::fabs(number);
  if (size == 0 || (size >= 1e-6 && size < 1e15)) {
    out += ToChars(number, std::chars_format::fixed);
    return;
  }
  std::string text = ToChars(number, std::chars_format::scientific);
  if (size >= 1e15 && size < 1e21) {
    // Go pads the shortest digits with zeros; to_chars prints exact ones.
    const size_t e = text.find('e');
    auto places = static_cast<size_t>(std::stoi(text.substr(e + 1)));
    text.resize(e);
    const size_t start = text[0] == '-' ? 1 : 0;
    if (text.size() > start + 1) text.erase(start + 1, 1);
    if (text.size() < start + 1 + places) {
      text.resize(start + 1 + places, '0');
    } else if (text.size() > start + 1 + places) {
      text.insert(start + 1 + places, ".");
    }
    out += text;
    return;
  }
  // e-09 is written e-9.
  const size_t n = text.size();
  if (n >= 4 && absl::string_view(text).substr(n - 4, 3) == "e-0") {
    text.erase(n - 2, 1);
  }
  out += text;
}

std::string FormatGoYamlDouble(double number) { return FormatG(number); }
std::string FormatGoYamlKey(double number) {
  constexpr double kMax = 3.4028235677973366e38;  // Rounds to infinity.
  if (std::fabs(number) >= kMax) return number > 0 ? ".inf" : "-.inf";
  return FormatG(static_cast<float>(number));
}

}  // namespace weir
