#include "src/render/toml.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "src/go_text.h"
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

std::string KeyText(absl::string_view key) {
  for (char c : key) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '-') {
      return QuotedText(key);
    }
  }
  return key.empty() ? "\"\"" : std::string(key);
}

std::string FloatText(double number) {
  std::string text = GoFormatFloat(number, 64);
  if (text == "NaN") return "nan";
  if (text == "+Inf") return "inf";
  if (text == "-Inf") return "-inf";
  const bool has_point = text.find_first_of("e.") != std::string::npos;
  return has_point ? text : text + ".0";
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

  static bool HasText(const Any& value) {
    return value.type()->text && !value.type()->is_text_of_pointer;
  }

  // Of a map, or exported fields of a struct.
  static std::vector<std::pair<std::string, Any>> MembersOf(const Any& table) {
    std::vector<std::pair<std::string, Any>> members;
    if (table.is_dict()) {
      for (const auto& [key, value] : *table.AsDict()) {
        members.emplace_back(std::string(key.view()), value);
      }
      return members;
    }
    const std::vector<gotmpl::Type::Field>& fields = table.type()->fields;
    for (size_t i = 0; i < fields.size(); ++i) {
      if (!absl::ascii_isupper(fields[i].name[0])) continue;
      members.emplace_back(fields[i].name, table.AsObject()->GetField(i));
    }
    return members;
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
      case Kind::kStruct:
      case Kind::kPtr:
        if (value.is_nil()) return Shape::kNothing;
        return HasText(value) ? Shape::kScalar : Shape::kTable;
      default:
        return Shape::kScalar;
    }
  }

  Shape ShapeOfList(const Any& list) {
    bool are_tables =
        list.size() > 0 && list.type()->elem->kind != Kind::kUint8;
    ++depth_;
    are_tables = are_tables && GoesOn();
    for (size_t i = 0; are_tables && i < list.size(); ++i) {
      const Shape shape = ShapeOf(list.At(i));
      if (shape == Shape::kNothing) {
        Fail("toml: cannot encode array with nil element");
      }
      are_tables = shape == Shape::kTable;
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
      absl::StrAppend(&out, out.empty() ? "" : ".", KeyText(key));
    }
    return out;
  }

  void Encode(const Any& value) {
    if (path_.size() > kMaxDepth) return Fail("toml: nested too deeply");
    if (!GoesOn()) return;
    switch (ShapeOf(value)) {
      case Shape::kNothing:
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
    absl::StrAppend(&out_, Indent(), KeyText(path_.back()), " = ");
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
      for (const auto& [key, value] : members) {
        const Shape shape = ShapeOf(value);
        const bool is_table = shape == Shape::kTable || shape == Shape::kTables;
        if (is_table != tables || shape == Shape::kNothing) continue;
        path_.push_back(key);
        Encode(value);
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
    if (value.is_signed()) {
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
    bool is_first = true;
    const auto members = MembersOf(table);
    for (const bool tables : {false, true}) {
      for (const auto& [key, value] : members) {
        const Shape shape = ShapeOf(value);
        const bool is_table = shape == Shape::kTable || shape == Shape::kTables;
        if (is_table != tables || shape == Shape::kNothing) continue;
        if (!GoesOn()) break;
        absl::StrAppend(&out_, is_first ? "" : ", ", KeyText(key), " = ");
        is_first = false;
        Element(value);
      }
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

absl::StatusOr<std::string> MarshalToml(const Any& value) {
  if (value.is_nothing()) {
    return absl::InvalidArgumentError(
        "reflect: call of reflect.Value.Type on zero Value");
  }
  return Writer().Write(value);
}

}  // namespace weir::helm
