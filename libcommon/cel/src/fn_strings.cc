// Strings: the standard library's functions and the extension's.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "functions.h"
#include "regular.h"
#include "source.h"

namespace weir::cel {
namespace {

using Values = absl::Span<const Value>;

Value NoOverload() { return Value::Error("no such overload"); }

// A string of what was made, if there may be that much.
Value Made(std::string text, Meter& meter) {
  if (!meter.ChargeBytes(text.size())) {
    return Value::Error("evaluation makes too much data");
  }
  return Value::String(std::move(text));
}

std::u32string Points(const Value& value, Meter& meter) {
  meter.Charge(value.AsString().size() / 16);
  return ToPoints(value.AsString());
}

Value OutOfRange(int64_t index) {
  return Value::Error(absl::StrCat("index out of range: ", index));
}

bool AreStrings(Values v) {
  return v[0].Is(Kind::kString) && v[1].Is(Kind::kString);
}

Value Contains(Values v, Meter& meter) {
  if (!AreStrings(v)) return NoOverload();
  meter.Charge(v[0].AsString().size() / 16);
  return Value::Bool(absl::StrContains(v[0].AsString(), v[1].AsString()));
}

Value EndsWith(Values v, Meter&) {
  if (!AreStrings(v)) return NoOverload();
  return Value::Bool(absl::EndsWith(v[0].AsString(), v[1].AsString()));
}

Value StartsWith(Values v, Meter&) {
  if (!AreStrings(v)) return NoOverload();
  return Value::Bool(absl::StartsWith(v[0].AsString(), v[1].AsString()));
}

Value Matches(Values v, Meter& meter) {
  if (!v[1].Is(Kind::kString)) return NoOverload();
  meter.Charge(v[1].AsString().size() + v[0].AsString().size() / 4);
  std::string error;
  const auto pattern = CompileRegular(v[1].AsString(), error);
  if (pattern == nullptr) return Value::Error(error);
  return Value::Bool(pattern->Matches(v[0].AsString()));
}

Value CharAt(Values v, Meter& meter) {
  const std::u32string points = Points(v[0], meter);
  const int64_t index = v[1].AsInt();
  if (index < 0 || index > static_cast<int64_t>(points.size())) {
    return OutOfRange(index);
  }
  return Value::String(ToUtf8(points.substr(index, 1)));
}

Value IndexOf(Values v, Meter& meter) {
  const int64_t offset = v.size() > 2 ? v[2].AsInt() : 0;
  if (v[1].AsString().empty()) return Value::Int(offset);
  if (offset < 0) return OutOfRange(offset);
  const std::u32string points = Points(v[0], meter);
  if (offset >= static_cast<int64_t>(points.size())) return Value::Int(-1);
  const size_t found = points.find(Points(v[1], meter), offset);
  return Value::Int(
      found == std::u32string::npos ? -1 : static_cast<int64_t>(found));
}

Value LastIndexOf(Values v, Meter& meter) {
  const std::u32string points = Points(v[0], meter);
  const std::u32string part = Points(v[1], meter);
  const int64_t size = static_cast<int64_t>(points.size());
  const int64_t offset = v.size() > 2 ? v[2].AsInt() : size - 1;
  if (part.empty()) return Value::Int(v.size() > 2 ? offset : size);
  if (v.size() == 2 && v[0].AsString().size() < v[1].AsString().size()) {
    return Value::Int(-1);
  }
  if (offset < 0) return OutOfRange(offset);
  if (offset >= size) return Value::Int(-1);
  const size_t found = points.rfind(part, offset);
  return Value::Int(
      found == std::u32string::npos ? -1 : static_cast<int64_t>(found));
}

template <bool is_upper>
Value InCase(Values v, Meter& meter) {
  // Go reads and writes code points, so that broken ones are replaced.
  std::u32string points = Points(v[0], meter);
  for (char32_t& c : points) {
    if (is_upper && c >= 'a' && c <= 'z') c -= 'a' - 'A';
    if (!is_upper && c >= 'A' && c <= 'Z') c += 'a' - 'A';
  }
  return Made(ToUtf8(points), meter);
}

// Go's strings.Replace: an empty `old` is between all code points.
Value Replace(Values v, Meter& meter) {
  const std::string& text = v[0].AsString();
  const std::string& old = v[1].AsString();
  const std::string& with = v[2].AsString();
  int64_t left = v.size() > 3 ? v[3].AsInt() : -1;
  std::string out;
  size_t at = 0;
  meter.Charge(text.size() / 8);
  const auto charge = [&] { return meter.ChargeBytes(with.size() + 1); };
  while (left != 0 && old != with && charge()) {
    if (old.empty()) {
      out += with;
      if (at >= text.size()) break;
      size_t next = at + 1;
      while (next < text.size() && (text[next] & 0xC0) == 0x80) ++next;
      out.append(text, at, next - at);
      at = next;
    } else {
      const size_t found = text.find(old, at);
      if (found == std::string::npos) break;
      out.append(text, at, found - at);
      out += with;
      at = found + old.size();
    }
    if (left > 0) --left;
  }
  if (at < text.size()) out.append(text, at);
  return Made(std::move(out), meter);
}

// Go's strings.SplitN.
Value Split(Values v, Meter& meter) {
  const std::string& text = v[0].AsString();
  const std::string& separator = v[1].AsString();
  const int64_t most = v.size() > 2 ? v[2].AsInt() : -1;
  std::vector<Value> parts;
  if (most == 0) return Value::OfElements({});
  if (!meter.ChargeBytes(text.size() * 2)) return Value();
  const auto is_full = [&] {
    return most > 0 && static_cast<int64_t>(parts.size()) == most - 1;
  };
  size_t at = 0;
  if (separator.empty()) {
    const std::u32string points = ToPoints(text);
    for (size_t i = 0; i < points.size(); ++i) {
      if (!meter.ChargeBytes(sizeof(Value))) break;
      const bool is_last = is_full();
      parts.push_back(Value::String(
          ToUtf8(points.substr(i, is_last ? std::u32string::npos : 1))));
      if (is_last) break;
    }
    return Value::OfElements(std::move(parts));
  }
  while (!is_full() && meter.ChargeBytes(sizeof(Value))) {
    const size_t found = text.find(separator, at);
    if (found == std::string::npos) break;
    parts.push_back(Value::String(text.substr(at, found - at)));
    at = found + separator.size();
  }
  parts.push_back(Value::String(text.substr(at)));
  return Value::OfElements(std::move(parts));
}

Value Substring(Values v, Meter& meter) {
  const std::u32string points = Points(v[0], meter);
  const int64_t size = static_cast<int64_t>(points.size());
  const int64_t start = v[1].AsInt();
  const int64_t end = v.size() > 2 ? v[2].AsInt() : size;
  if (v.size() > 2 && start > end) {
    return Value::Error(absl::StrCat("invalid substring range. start: ", start,
                                     ", end: ", end));
  }
  if (start < 0 || start > size) return OutOfRange(start);
  if (end < 0 || end > size) return OutOfRange(end);
  return Made(ToUtf8(points.substr(start, end - start)), meter);
}

// Unicode's White_Space.
bool IsSpace(char32_t c) {
  return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

Value Trim(Values v, Meter& meter) {
  const std::u32string points = Points(v[0], meter);
  size_t begin = 0;
  size_t end = points.size();
  while (begin < end && IsSpace(points[begin])) ++begin;
  while (end > begin && IsSpace(points[end - 1])) --end;
  return Made(ToUtf8(points.substr(begin, end - begin)), meter);
}

Value Reverse(Values v, Meter& meter) {
  std::u32string points = Points(v[0], meter);
  std::reverse(points.begin(), points.end());
  return Made(ToUtf8(points), meter);
}

Value Join(Values v, Meter& meter) {
  const List& list = v[0].AsList();
  const std::string separator = v.size() > 1 ? v[1].AsString() : "";
  std::string out;
  for (size_t i = 0; i < list.size(); ++i) {
    const Value element = list.At(i);
    if (!element.Is(Kind::kString)) {
      return Value::Error(
          absl::StrCat("join: invalid input: ", MessageText(element)));
    }
    if (!meter.ChargeBytes(separator.size() + element.AsString().size())) {
      return Value();
    }
    absl::StrAppend(&out, i == 0 ? "" : separator, element.AsString());
  }
  return Value::String(std::move(out));
}

Value Quote(Values v, Meter& meter) {
  static constexpr std::pair<char, const char*> kEscapes[] = {
      {'\a', "\\a"}, {'\b', "\\b"},  {'\f', "\\f"},
      {'\n', "\\n"}, {'\r', "\\r"},  {'\t', "\\t"},
      {'\v', "\\v"}, {'\\', "\\\\"}, {'"', "\\\""}};
  std::string out = "\"";
  for (const char c : ToUtf8(Points(v[0], meter))) {
    const auto* escape =
        std::find_if(std::begin(kEscapes), std::end(kEscapes),
                     [&](const auto& e) { return e.first == c; });
    if (escape == std::end(kEscapes)) {
      out += c;
    } else {
      out += escape->second;
    }
  }
  return Made(out + "\"", meter);
}

constexpr auto kGlobal = Overload::Style::kGlobal;
constexpr auto kMember = Overload::Style::kMember;

constexpr Row kRows[] = {
    {"contains", "contains_string", kMember, "string, string", "bool",
     Contains},
    {"endsWith", "ends_with_string", kMember, "string, string", "bool",
     EndsWith},
    {"startsWith", "starts_with_string", kMember, "string, string", "bool",
     StartsWith},
    {"matches", "matches", kGlobal, "string, string", "bool", nullptr},
    {"matches", "matches_string", kMember, "string, string", "bool", nullptr},
    {"charAt", "string_char_at_int", kMember, "string, int", "string", CharAt},
    {"indexOf", "string_index_of_string", kMember, "string, string", "int",
     IndexOf},
    {"indexOf", "string_index_of_string_int", kMember, "string, string, int",
     "int", IndexOf},
    {"lastIndexOf", "string_last_index_of_string", kMember, "string, string",
     "int", LastIndexOf},
    {"lastIndexOf", "string_last_index_of_string_int", kMember,
     "string, string, int", "int", LastIndexOf},
    {"lowerAscii", "string_lower_ascii", kMember, "string", "string",
     InCase<false>},
    {"upperAscii", "string_upper_ascii", kMember, "string", "string",
     InCase<true>},
    {"replace", "string_replace_string_string", kMember,
     "string, string, string", "string", Replace},
    {"replace", "string_replace_string_string_int", kMember,
     "string, string, string, int", "string", Replace},
    {"split", "string_split_string", kMember, "string, string", "list(string)",
     Split},
    {"split", "string_split_string_int", kMember, "string, string, int",
     "list(string)", Split},
    {"substring", "string_substring_int", kMember, "string, int", "string",
     Substring},
    {"substring", "string_substring_int_int", kMember, "string, int, int",
     "string", Substring},
    {"trim", "string_trim", kMember, "string", "string", Trim},
    {"reverse", "string_reverse", kMember, "string", "string", Reverse},
    {"join", "list_join", kMember, "list(string)", "string", Join},
    {"join", "list_join_string", kMember, "list(string), string", "string",
     Join},
    {"strings.quote", "strings_quote", kGlobal, "string", "string", Quote},
};

constexpr SharedRow kShared[] = {
    {"matches", 2, kMatcher, Matches},
};

}  // namespace

absl::Span<const Row> StringRows() { return kRows; }
absl::Span<const SharedRow> StringShared() { return kShared; }

}  // namespace weir::cel
