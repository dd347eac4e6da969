// One operand of Go's fmt: flags, width, precision, and scalars under them.
//
// Touches: nothing.
// Threads: one thread each.
#pragma once

#include <complex>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "unicode.h"

namespace weir::gotmpl {

struct FormatFlags {
  bool has_width = false, has_precision = false;
  bool minus = false, plus = false, sharp = false, space = false, zero = false;
  // %+v and %#v.
  bool plus_v = false, sharp_v = false;
  int width = 0, precision = 0;
};

class Formatter {
 public:
  explicit Formatter(std::string& out) : out_(out) {}

  FormatFlags flags;

  void Pad(absl::string_view text);
  void Boolean(bool value) { Pad(value ? "true" : "false"); }
  void String(absl::string_view text);
  void Hex(absl::string_view bytes, bool upper);
  void Quoted(absl::string_view text);
  void Character(uint64_t code);
  void QuotedCharacter(uint64_t code);
  void Unicode(uint64_t code);
  void Integer(uint64_t value, int base, bool is_signed, Rune verb,
               bool upper = false);
  void Float(double value, Rune verb, int precision);

 private:
  void WritePadding(int count);
  absl::string_view Truncated(absl::string_view text) const;
  // Pads without zeros.
  void PadWithSpaces(absl::string_view text);
  void KeepPoint(Rune verb, int precision, std::string* number) const;

  std::string& out_;
};

}  // namespace weir::gotmpl
