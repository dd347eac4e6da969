#include "weir/gotmpl/format.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "formatter.h"
#include "go_strconv.h"
#include "unicode.h"

namespace weir::gotmpl {
namespace {

constexpr int kMaxDepth = 1000;
constexpr int kMaxWidth = 1'000'000;

class Printer {
 public:
  Printer(std::string& out, size_t most)
      : out_(out), start_(out.size()), most_(most), fmt_(out) {}

  void Print(const Any& arg, Rune verb);
  void Printf(absl::string_view format, absl::Span<const Any> args);
  void ClearFlags() { fmt_.flags = FormatFlags(); }

 private:
  // The place in a format string.
  struct Cursor {
    absl::string_view format;
    absl::Span<const Any> args;
    size_t i = 0;
    size_t arg = 0;
    bool good_index = true, reordered = false, after_index = false;
    bool at_end() const { return i >= format.size(); }
    char peek() const { return at_end() ? '\0' : format[i]; }
  };

  void PrintValue(const Any& value, Rune verb, int depth);
  bool PrintByMethod(const Any& value, Rune verb);
  void PrintBool(const Any& value, Rune verb);
  void PrintInteger(const Any& value, Rune verb);
  void PrintFloat(double number, Rune verb);
  void PrintComplex(const Any& value, Rune verb);
  void PrintString(absl::string_view text, const Any& value, Rune verb);
  void PrintBytes(const Any& value, Rune verb, int depth);
  void PrintMap(const Any& value, Rune verb, int depth);
  void PrintList(const Any& value, Rune verb, int depth);
  void PrintStruct(const Any& value, Rune verb, int depth);
  void PrintElement(const Any& value, const Type* type, Rune verb, int depth);
  void PrintPointer(const Any& value, Rune verb, int depth);
  void BadVerb(const Any& value, Rune verb);

  bool TakeFlags(Cursor& at);
  void TakeIndex(Cursor& at);
  void TakeWidth(Cursor& at);
  void TakePrecision(Cursor& at);
  bool TakeNumber(Cursor& at, int* number);
  bool TakeArgument(Cursor& at, int* number);
  void TakeVerb(Cursor& at);
  void PrintExtra(const Cursor& at);
  void Complain(Rune verb, absl::string_view what);

  std::string& out_;
  const size_t start_, most_;
  Formatter fmt_;
  bool is_erroring_ = false;
};

void Printer::Complain(Rune verb, absl::string_view what) {
  out_.append("%!");
  AppendRune(verb, &out_);
  absl::StrAppend(&out_, what);
}

void Printer::BadVerb(const Any& value, Rune verb) {
  is_erroring_ = true;
  Complain(verb, "(");
  if (value.is_nothing()) {
    out_.append("<nil>");
  } else {
    absl::StrAppend(&out_, value.type_name(), "=");
    Print(value, 'v');
  }
  out_.push_back(')');
  is_erroring_ = false;
}

bool Printer::PrintByMethod(const Any& value, Rune verb) {
  const Type* type = value.type();
  if (is_erroring_ || !type->text || type->is_text_of_pointer ||
      fmt_.flags.sharp_v) {
    return false;
  }
  if (verb != 'v' && verb != 's' && verb != 'x' && verb != 'X' && verb != 'q') {
    return false;
  }
  PrintString(type->text(value), value, verb);
  return true;
}

void Printer::Print(const Any& arg, Rune verb) {
  if (arg.is_nothing()) {
    if (verb == 'T' || verb == 'v') {
      fmt_.Pad("<nil>");
    } else {
      BadVerb(arg, verb);
    }
    return;
  }
  if (verb == 'w') {
    BadVerb(arg, verb);
    return;
  }
  if (verb == 'T') {
    fmt_.String(arg.type_name());
    return;
  }
  if (verb == 'p') {
    PrintPointer(arg, verb, 0);
    return;
  }
  if (PrintByMethod(arg, verb)) return;
  PrintValue(arg, verb, 0);
}

void Printer::PrintValue(const Any& value, Rune verb, int depth) {
  if (depth > kMaxDepth || out_.size() - start_ > most_) {
    out_.append("...");
    return;
  }
  if (value.is_nothing()) {
    out_.append("<nil>");
    return;
  }
  if (depth > 0 && PrintByMethod(value, verb)) return;
  if (value.is_signed() || value.is_unsigned()) {
    PrintInteger(value, verb);
    return;
  }
  switch (value.kind()) {
    case Kind::kBool:
      return PrintBool(value, verb);
    case Kind::kFloat64:
      return PrintFloat(value.AsFloat(), verb);
    case Kind::kComplex128:
      return PrintComplex(value, verb);
    case Kind::kString:
      return PrintString(value.AsString(), value, verb);
    case Kind::kMap:
      return PrintMap(value, verb, depth);
    case Kind::kSlice:
      if (value.type()->elem == types::Uint8()) {
        return PrintBytes(value, verb, depth);
      }
      return PrintList(value, verb, depth);
    case Kind::kStruct:
      return PrintStruct(value, verb, depth);
    default:
      return PrintPointer(value, verb, depth);
  }
}

void Printer::PrintBool(const Any& value, Rune verb) {
  if (verb == 't' || verb == 'v') {
    fmt_.Boolean(value.AsBool());
  } else {
    BadVerb(value, verb);
  }
}

void Printer::PrintInteger(const Any& value, Rune verb) {
  const uint64_t bits = value.AsUint();
  const bool is_signed = value.is_signed();
  switch (verb) {
    case 'v':
      if (fmt_.flags.sharp_v && !is_signed) {
        const bool sharp = std::exchange(fmt_.flags.sharp, true);
        fmt_.Integer(bits, 16, false, 'v');
        fmt_.flags.sharp = sharp;
        return;
      }
      return fmt_.Integer(bits, 10, is_signed, verb);
    case 'd':
      return fmt_.Integer(bits, 10, is_signed, verb);
    case 'b':
      return fmt_.Integer(bits, 2, is_signed, verb);
    case 'o':
    case 'O':
      return fmt_.Integer(bits, 8, is_signed, verb);
    case 'x':
    case 'X':
      return fmt_.Integer(bits, 16, is_signed, verb, verb == 'X');
    case 'c':
      return fmt_.Character(bits);
    case 'q':
      return fmt_.QuotedCharacter(bits);
    case 'U':
      return fmt_.Unicode(bits);
    default:
      BadVerb(value, verb);
  }
}

void Printer::PrintFloat(double number, Rune verb) {
  switch (verb) {
    case 'v':
      return fmt_.Float(number, 'g', -1);
    case 'b':
    case 'g':
    case 'G':
    case 'x':
    case 'X':
      return fmt_.Float(number, verb, -1);
    case 'f':
    case 'e':
    case 'E':
      return fmt_.Float(number, verb, 6);
    case 'F':
      return fmt_.Float(number, 'f', 6);
    default:
      BadVerb(Any::Float64(number), verb);
  }
}

void Printer::PrintComplex(const Any& value, Rune verb) {
  switch (verb) {
    case 'v':
    case 'b':
    case 'g':
    case 'G':
    case 'x':
    case 'X':
    case 'f':
    case 'F':
    case 'e':
    case 'E': {
      const std::complex<double> number = value.AsComplex();
      out_.push_back('(');
      PrintFloat(number.real(), verb);
      const bool plus = std::exchange(fmt_.flags.plus, true);
      PrintFloat(number.imag(), verb);
      out_.append("i)");
      fmt_.flags.plus = plus;
      return;
    }
    default:
      BadVerb(value, verb);
  }
}

void Printer::PrintString(absl::string_view text, const Any& value, Rune verb) {
  switch (verb) {
    case 'v':
      return fmt_.flags.sharp_v ? fmt_.Quoted(text) : fmt_.String(text);
    case 's':
      return fmt_.String(text);
    case 'x':
    case 'X':
      return fmt_.Hex(text.substr(0, most_ / 2 + 1), verb == 'X');
    case 'q':
      return fmt_.Quoted(text);
    default:
      BadVerb(value, verb);
  }
}

void Printer::PrintBytes(const Any& value, Rune verb, int depth) {
  const absl::string_view bytes = value.AsString();
  switch (verb) {
    case 's':
      return fmt_.String(bytes);
    case 'x':
    case 'X':
      return fmt_.Hex(bytes.substr(0, most_ / 2 + 1), verb == 'X');
    case 'q':
      return fmt_.Quoted(bytes);
    case 'v':
      if (!fmt_.flags.sharp_v || depth > 0) break;
      if (value.is_nil()) {
        out_.append("[]byte(nil)");
        return;
      }
      out_.append("[]byte{");
      for (size_t i = 0; i < bytes.size(); ++i) {
        if (i > 0) out_.append(", ");
        PrintValue(value.At(i), 'v', depth + 1);
      }
      out_.push_back('}');
      return;
    default:
      break;
  }
  PrintList(value, verb, depth);
}

void Printer::PrintElement(const Any& value, const Type* type, Rune verb,
                           int depth) {
  if (value.is_nothing() && fmt_.flags.sharp_v) {
    absl::StrAppend(&out_, type->name, "(nil)");
    return;
  }
  PrintValue(value, verb, depth);
}

void Printer::PrintMap(const Any& value, Rune verb, int depth) {
  const Type* type = value.type();
  const bool is_go = fmt_.flags.sharp_v;
  if (is_go) {
    absl::StrAppend(&out_, type->name);
    if (value.is_nil()) {
      out_.append("(nil)");
      return;
    }
  }
  absl::StrAppend(&out_, is_go ? "{" : "map[");
  bool is_first = true;
  if (const Dict* dict = value.AsDict()) {
    for (const auto& [key, member] : *dict) {
      if (!is_first) absl::StrAppend(&out_, is_go ? ", " : " ");
      is_first = false;
      PrintString(key.view(), key.ToAny(), verb);
      out_.push_back(':');
      PrintElement(member, type->elem, verb, depth + 1);
      if (out_.size() - start_ > most_) break;
    }
  }
  out_.push_back(is_go ? '}' : ']');
}

void Printer::PrintList(const Any& value, Rune verb, int depth) {
  const Type* type = value.type();
  const bool is_go = fmt_.flags.sharp_v;
  if (is_go) {
    absl::StrAppend(&out_, type->name);
    if (value.is_nil()) {
      out_.append("(nil)");
      return;
    }
  }
  out_.push_back(is_go ? '{' : '[');
  for (size_t i = 0; i < value.size(); ++i) {
    if (i > 0) absl::StrAppend(&out_, is_go ? ", " : " ");
    Any element = value.At(i);
    PrintElement(element, type->elem, verb, depth + 1);
    if (out_.size() - start_ > most_) break;
  }
  out_.push_back(is_go ? '}' : ']');
}

void Printer::PrintStruct(const Any& value, Rune verb, int depth) {
  const Type* type = value.type();
  const bool is_go = fmt_.flags.sharp_v;
  if (is_go && type->kind == Kind::kStruct) absl::StrAppend(&out_, type->name);
  out_.push_back('{');
  for (size_t i = 0; i < type->fields.size(); ++i) {
    if (i > 0) absl::StrAppend(&out_, is_go ? ", " : " ");
    if (fmt_.flags.plus_v || is_go) {
      absl::StrAppend(&out_, type->fields[i].name, ":");
    }
    PrintElement(value.AsObject()->GetField(i), type->fields[i].type, verb,
                 depth + 1);
  }
  out_.push_back('}');
}

void Printer::PrintPointer(const Any& value, Rune verb, int depth) {
  if (value.kind() == Kind::kPtr && depth == 0 && !value.is_nil() &&
      verb != 'p') {
    out_.push_back('&');
    PrintStruct(value, verb, depth);
    return;
  }
  const bool has_address =
      value.kind() == Kind::kPtr || value.kind() == Kind::kFunc ||
      value.kind() == Kind::kMap || value.kind() == Kind::kSlice;
  if (!has_address || (verb != 'p' && verb != 'v')) {
    BadVerb(value, verb);
  } else if (value.is_nil() && verb == 'v') {
    fmt_.Pad("<nil>");
  } else {
    // An address has no meaning here; Go's changes from run to run.
    fmt_.Pad("0xc000000000");
  }
}

bool Printer::TakeFlags(Cursor& at) {
  for (; !at.at_end(); ++at.i) {
    const char c = at.peek();
    switch (c) {
      case '#':
        fmt_.flags.sharp = true;
        continue;
      case '0':
        fmt_.flags.zero = true;
        continue;
      case '+':
        fmt_.flags.plus = true;
        continue;
      case '-':
        fmt_.flags.minus = true;
        continue;
      case ' ':
        fmt_.flags.space = true;
        continue;
      default:
        break;
    }
    return true;
  }
  return false;
}

// Digits; false when there are none or they are far too many.
bool Printer::TakeNumber(Cursor& at, int* number) {
  bool is_number = false;
  *number = 0;
  while (!at.at_end() && at.peek() >= '0' && at.peek() <= '9') {
    if (*number > kMaxWidth) {
      *number = 0;
      at.i = at.format.size();
      return false;
    }
    *number = *number * 10 + (at.peek() - '0');
    is_number = true;
    ++at.i;
  }
  return is_number;
}

void Printer::TakeIndex(Cursor& at) {
  at.after_index = false;
  if (at.peek() != '[') return;
  at.reordered = true;
  const absl::string_view rest = at.format.substr(at.i);
  const size_t close = rest.find(']');
  if (rest.size() < 3 || close == absl::string_view::npos) {
    at.good_index = false;
    ++at.i;
    return;
  }
  Cursor inner{rest.substr(1, close - 1), {}};
  int number = 0;
  const bool ok = TakeNumber(inner, &number) && inner.at_end();
  at.i += close + 1;
  if (ok && number >= 1 && static_cast<size_t>(number) <= at.args.size()) {
    at.arg = static_cast<size_t>(number) - 1;
    at.after_index = true;
  } else {
    at.good_index = false;
    at.after_index = ok;
  }
}

// The number that "*" stands for.
bool Printer::TakeArgument(Cursor& at, int* number) {
  *number = 0;
  if (at.arg >= at.args.size()) return false;
  const Any& value = at.args[at.arg++];
  if (!value.is_signed() && !value.is_unsigned()) return false;
  const int64_t n = value.AsInt();
  if (n > kMaxWidth || n < -kMaxWidth) return false;
  *number = static_cast<int>(n);
  return true;
}

void Printer::TakeWidth(Cursor& at) {
  FormatFlags& flags = fmt_.flags;
  if (at.peek() == '*') {
    ++at.i;
    flags.has_width = TakeArgument(at, &flags.width);
    if (!flags.has_width) out_.append("%!(BADWIDTH)");
    if (flags.width < 0) {
      flags.width = -flags.width;
      flags.minus = true;
      flags.zero = false;
    }
    at.after_index = false;
    return;
  }
  flags.has_width = TakeNumber(at, &flags.width);
  if (at.after_index && flags.has_width) at.good_index = false;
}

void Printer::TakePrecision(Cursor& at) {
  FormatFlags& flags = fmt_.flags;
  if (at.i + 1 >= at.format.size() || at.peek() != '.') return;
  ++at.i;
  if (at.after_index) at.good_index = false;
  TakeIndex(at);
  if (at.peek() == '*') {
    ++at.i;
    flags.has_precision = TakeArgument(at, &flags.precision);
    if (flags.precision < 0) {
      flags.precision = 0;
      flags.has_precision = false;
    }
    if (!flags.has_precision) out_.append("%!(BADPREC)");
    at.after_index = false;
    return;
  }
  if (!TakeNumber(at, &flags.precision)) flags.precision = 0;
  flags.has_precision = true;
}

void Printer::TakeVerb(Cursor& at) {
  size_t size = 1;
  const Rune verb = DecodeRune(at.format.substr(at.i), &size);
  at.i += size;
  if (verb == '%') {
    out_.push_back('%');
  } else if (!at.good_index) {
    Complain(verb, "(BADINDEX)");
  } else if (at.arg >= at.args.size()) {
    Complain(verb, "(MISSING)");
  } else {
    if (verb == 'v' || verb == 'w') {
      fmt_.flags.sharp_v = std::exchange(fmt_.flags.sharp, false);
      fmt_.flags.plus_v = std::exchange(fmt_.flags.plus, false);
    }
    Print(at.args[at.arg++], verb);
  }
}

void Printer::PrintExtra(const Cursor& at) {
  ClearFlags();
  out_.append("%!(EXTRA ");
  for (size_t i = at.arg; i < at.args.size(); ++i) {
    if (i > at.arg) out_.append(", ");
    if (at.args[i].is_nothing()) {
      out_.append("<nil>");
    } else {
      absl::StrAppend(&out_, at.args[i].type_name(), "=");
      Print(at.args[i], 'v');
    }
  }
  out_.push_back(')');
}

void Printer::Printf(absl::string_view format, absl::Span<const Any> args) {
  Cursor at{format, args};
  while (!at.at_end()) {
    if (out_.size() - start_ > most_) return;
    at.good_index = true;
    const size_t percent = std::min(format.find('%', at.i), format.size());
    absl::StrAppend(&out_, format.substr(at.i, percent - at.i));
    at.i = percent;
    if (at.at_end()) break;
    ++at.i;
    ClearFlags();
    if (TakeFlags(at)) {
      const char c = at.peek();
      if (c >= 'a' && c <= 'z' && at.arg < args.size()) {
        TakeVerb(at);
        at.after_index = false;
        continue;
      }
    }
    TakeIndex(at);
    TakeWidth(at);
    TakePrecision(at);
    if (!at.after_index) TakeIndex(at);
    if (at.at_end()) {
      out_.append("%!(NOVERB)");
      break;
    }
    TakeVerb(at);
  }
  if (!at.reordered && at.arg < args.size()) PrintExtra(at);
}

}  // namespace

std::string Sprint(absl::Span<const Any> values, size_t most) {
  std::string out;
  Printer printer(out, most);
  bool previous_is_string = false;
  for (size_t i = 0; i < values.size(); ++i) {
    const bool is_string = values[i].is_string();
    if (i > 0 && !is_string && !previous_is_string) out.push_back(' ');
    printer.Print(values[i], 'v');
    previous_is_string = is_string;
  }
  return out;
}

std::string Sprintln(absl::Span<const Any> values, size_t most) {
  std::string out;
  Printer printer(out, most);
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out.push_back(' ');
    printer.Print(values[i], 'v');
  }
  out.push_back('\n');
  return out;
}

std::string Sprintf(absl::string_view format, absl::Span<const Any> values,
                    size_t most) {
  std::string out;
  Printer(out, most).Printf(format, values);
  return out;
}

void AppendFormatted(const Any& value, std::string& out, size_t most) {
  Printer(out, most).Print(value, 'v');
}

std::string FormatValue(const Any& value) {
  std::string out;
  AppendFormatted(value, out);
  return out;
}

std::string ToText(const Any& value, size_t most) {
  if (value.is_nothing()) return "<nil>";
  if (value.type() == types::String() || value.type() == types::Bytes()) {
    return std::string(value.AsString());
  }
  if (value.type()->text && !value.type()->is_text_of_pointer) {
    return value.type()->text(value);
  }
  std::string out;
  AppendFormatted(value, out, most);
  return out;
}

std::string Quote(absl::string_view text) {
  std::string out;
  AppendQuoted(text, false, &out);
  return out;
}

}  // namespace weir::gotmpl
