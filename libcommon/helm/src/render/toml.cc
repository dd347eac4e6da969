#include "src/render/toml.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "src/go_text.h"
#include "src/render/toml_tables.h"
#include "weir/gotmpl/time_value.h"

namespace weir::helm {

using gotmpl::Any;
using gotmpl::Kind;

namespace {

constexpr int kMaxDepth = 200;
constexpr size_t kMostBytes = size_t{32} << 20;

enum class Shape { kNothing, kScalar, kList, kTable, kTables };

std::string QuotedText(absl::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    constexpr absl::string_view kEscaped = "\b\t\n\f\r\"\\";
    constexpr absl::string_view kNames = "btnfr\"\\";
    const size_t at = kEscaped.find(c);
    const auto byte = static_cast<unsigned char>(c);
    if (at != absl::string_view::npos) {
      out.push_back('\\');
      out.push_back(kNames[at]);
    } else if (byte < 0x20 || byte == 0x7F) {
      absl::StrAppendFormat(&out, "\\u%04x", byte);
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

std::string FloatText(double number) {
  std::string text = GoFormatFloat(number, 64);
  if (text == "NaN") return std::signbit(number) ? "-nan" : "nan";
  if (text == "+Inf") return "inf";
  if (text == "-Inf") return "-inf";
  const bool has_point = text.find_first_of("e.") != std::string::npos;
  return has_point ? text : text + ".0";
}

// Types with a MarshalText.
bool HasText(const Any& value) {
  return gotmpl::IsTimeValue(value) ||
         absl::StripPrefix(value.type_name(), "*") == "semver.Version";
}

// Writes as the package does: what is no table first, then tables, each level
// indented.
class Writer {
 public:
  absl::StatusOr<std::string> Write(const Any& value) {
    Encode(value);
    if (!status_.ok()) return status_;
    return std::move(out_);
  }

 private:
  void Fail(absl::string_view message) {
    if (status_.ok()) status_ = absl::InvalidArgumentError(message);
  }
  // Whether to go on: what is shared is written as often as it is held.
  bool GoesOn() {
    if (depth_ > kMaxDepth) Fail("toml: nested too deeply");
    if (out_.size() > kMostBytes && status_.ok()) {
      status_ = absl::ResourceExhaustedError(
          absl::StrCat("toml: text of more than ", kMostBytes, " bytes"));
    }
    return status_.ok();
  }

  struct Member {
    std::string key;
    Any value;
    size_t index;  // Among all fields of a struct.
  };

  // Of a map, or exported fields of a struct.
  static std::vector<Member> MembersOf(const Any& table) {
    std::vector<Member> members;
    if (table.is_dict()) {
      for (const auto& [key, value] : *table.AsDict()) {
        members.push_back({std::string(key.view()), value, members.size()});
      }
      return members;
    }
    const std::vector<gotmpl::Type::Field>& fields = table.type()->fields;
    for (size_t i = 0; i < fields.size(); ++i) {
      if (!absl::ascii_isupper(fields[i].name[0])) continue;
      members.push_back({fields[i].name, table.AsObject()->GetField(i), i});
    }
    return members;
  }

  static bool IsNothing(const Any& value) {
    return value.is_nothing() || value.is_nil();
  }

  Shape ShapeOf(const Any& value) {
    switch (value.kind()) {
      case Kind::kInvalid:
        return Shape::kNothing;
      case Kind::kMap:
        return value.is_nil() ? Shape::kNothing : Shape::kTable;
      case Kind::kSlice:
        if (value.is_nil()) return Shape::kNothing;
        return ShapeOfList(value);
      case Kind::kComplex128:
      case Kind::kFunc:
        Fail(absl::StrCat("unsupported type: ", KindName(value.kind())));
        return Shape::kNothing;
      case Kind::kStruct:
      case Kind::kPtr:
        if (value.is_nil()) return Shape::kNothing;
        return HasText(value) ? Shape::kScalar : Shape::kTable;
      default:
        return Shape::kScalar;
    }
  }

  Shape ShapeOfList(const Any& list) {
    if (list.type()->elem->kind == Kind::kUint8) return Shape::kList;
    bool are_tables = list.size() > 0;
    ++depth_;
    // To its end, whatever comes first: nothing is an error wherever it is.
    for (size_t i = 0; i < list.size() && GoesOn(); ++i) {
      const Shape shape = ShapeOf(list.At(i));
      if (shape == Shape::kNothing) {
        Fail("toml: cannot encode array with nil element");
      }
      are_tables = are_tables && shape == Shape::kTable;
    }
    --depth_;
    return are_tables ? Shape::kTables : Shape::kList;
  }

  void Newline() {
    if (!out_.empty()) out_.push_back('\n');
  }
  std::string Indent() const {
    return std::string(2 * (path_.size() - 1), ' ');
  }
  std::string Path() const {
    std::string out;
    for (const std::string& key : path_) {
      absl::StrAppend(&out, out.empty() ? "" : ".", TomlKeyText(key));
    }
    return out;
  }

  void Encode(const Any& value) {
    if (path_.size() > kMaxDepth) return Fail("toml: nested too deeply");
    if (!GoesOn()) return;
    if (path_.empty() && value.kind() == Kind::kComplex128) {
      return Fail("unsupported type for key '': complex128");
    }
    switch (ShapeOf(value)) {
      case Shape::kNothing:
        // A list that is nil has no members, but is one.
        if (value.is_list()) Element(value);
        return;
      case Shape::kTable:
        if (path_.size() == 1) Newline();
        if (!path_.empty()) {
          absl::StrAppend(&out_, Indent(), "[", Path(), "]");
          Newline();
        }
        return EncodeMembers(value);
      case Shape::kTables:
        return EncodeTables(value);
      default:
        return EncodeKeyValue(value);
    }
  }

  void EncodeKeyValue(const Any& value) {
    if (path_.empty()) return Element(value);
    absl::StrAppend(&out_, Indent(), TomlKeyText(path_.back()), " = ");
    Element(value);
    Newline();
  }

  void EncodeTables(const Any& list) {
    if (path_.empty())
      return Fail("toml: top-level values must be Go maps or structs");
    for (size_t i = 0; i < list.size(); ++i) {
      const Any table = list.At(i);
      if (table.is_nil()) continue;
      Newline();
      absl::StrAppend(&out_, Indent(), "[[", Path(), "]]");
      Newline();
      EncodeMembers(table);
    }
  }

  void EncodeMembers(const Any& table) {
    const auto members = MembersOf(table);
    for (const bool tables : {false, true}) {
      for (const Member& member : members) {
        const Shape shape = ShapeOf(member.value);
        const bool is_table = shape == Shape::kTable || shape == Shape::kTables;
        if (is_table != tables || shape == Shape::kNothing) continue;
        path_.push_back(member.key);
        Encode(member.value);
        path_.pop_back();
        if (!status_.ok()) return;
      }
    }
  }

  void TimeElement(const Any& time) {
    const std::string zone = gotmpl::ZoneOfTimeValue(time);
    const bool is_date = zone == kLocalDate || zone == kLocalDateTime;
    const bool is_time = zone == kLocalTime || zone == kLocalDateTime;
    const bool is_local = is_date || is_time;
    std::string layout;
    if (is_date || !is_local) layout = "2006-01-02";
    if (is_date == is_time) layout += "T";
    if (is_time || !is_local) layout += "15:04:05.999999999";
    if (!is_local) layout += "Z07:00";
    out_ += gotmpl::FormatTimeValue(time, layout, is_local);
  }

  void Element(const Any& value) {
    switch (value.kind()) {
      case Kind::kString:
        absl::StrAppend(&out_, QuotedText(value.AsString()));
        return;
      case Kind::kBool:
        absl::StrAppend(&out_, value.AsBool() ? "true" : "false");
        return;
      case Kind::kFloat64:
        absl::StrAppend(&out_, FloatText(value.AsFloat()));
        return;
      case Kind::kSlice:
        return ListElement(value);
      case Kind::kMap:
        return TableElement(value);
      case Kind::kStruct:
      case Kind::kPtr:
        if (!HasText(value)) return TableElement(value);
        if (gotmpl::IsTimeValue(value)) return TimeElement(value);
        absl::StrAppend(&out_, QuotedText(value.type()->text(value)));
        return;
      default:
        break;
    }
    if (value.type_name() == "time.Duration") {
      absl::StrAppend(&out_, QuotedText(value.type()->text(value)));
    } else if (value.is_signed()) {
      absl::StrAppend(&out_, value.AsInt());
    } else if (value.is_unsigned()) {
      absl::StrAppend(&out_, value.AsUint());
    } else {
      Fail(absl::StrCat("unexpected type: ", value.type_name()));
    }
  }

  void ListElement(const Any& list) {
    ++depth_;
    out_.push_back('[');
    for (size_t i = 0; i < list.size() && GoesOn(); ++i) {
      if (i > 0) out_ += ", ";
      Element(list.At(i));
    }
    out_.push_back(']');
    --depth_;
  }

  void TableElement(const Any& table) {
    ++depth_;
    out_.push_back('{');
    const auto members = MembersOf(table);
    std::vector<const Member*> in_order, tables;
    for (const Member& member : members) {
      const Shape shape = ShapeOf(member.value);
      const bool is_table = shape == Shape::kTable || shape == Shape::kTables;
      (is_table ? tables : in_order).push_back(&member);
    }
    in_order.insert(in_order.end(), tables.begin(), tables.end());
    for (size_t i = 0; i < in_order.size() && GoesOn(); ++i) {
      const Member& member = *in_order[i];
      if (IsNothing(member.value)) continue;
      absl::StrAppend(&out_, TomlKeyText(member.key), " = ");
      Element(member.value);
      // The package counts what it leaves out, and of a struct the fields as
      // they are declared.
      const size_t at = table.is_dict() ? i : member.index;
      if (at + 1 != in_order.size()) out_ += ", ";
    }
    out_.push_back('}');
    --depth_;
  }

  std::string out_;
  // Of lists and tables within lists.
  int depth_ = 0;
  std::vector<std::string> path_;
  absl::Status status_;
};

}  // namespace

std::string TomlKeyText(absl::string_view part) {
  for (char c : part) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '-') {
      return QuotedText(part);
    }
  }
  return part.empty() ? "\"\"" : std::string(part);
}

absl::StatusOr<std::string> MarshalToml(const Any& value) {
  return Writer().Write(value);
}

}  // namespace weir::helm
