#include "src/model/scalar.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/model/resource.h"
#include "weir/base/status.h"
#include "weir/value/go_error.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

using Style = Value::Style;

Value Resolve(absl::string_view text) {
  return PlainYamlScalar(text, YamlParseOptions::Schema::kYaml12);
}

Value StringOf(Style style, absl::string_view text) {
  Value value(text);
  value.set_style(style);
  return value;
}

// The values of what should be a date or base64 and is none.
constexpr absl::string_view kTimestampTag = "!!timestamp";
constexpr absl::string_view kBinaryTag = "!!binary";

// What is written as a merge key, and is a string wherever it is a value,
// whatever text it gets.
bool IsMerge(const Value& value) { return value.AsString() == "<<"; }

// A plain date, or what should be one.
bool IsTimestamp(const Value& value) {
  if (!value.is_string() || value.written() == nullptr || IsMerge(value)) {
    return false;
  }
  if (value.AsString() == kTimestampTag) return true;
  const Value read = Resolve(*value.written());
  return read.written() != nullptr && read == value;
}

// What has a tag of its own beside quotes that are not its own. It is what its
// text looks like, but a string once it is written.
bool HasHiddenTag(const Value& value) {
  return value.is_string() && IsQuoted(value) && value.written() != nullptr &&
         *value.written() == value.AsString();
}

Value WithHiddenTag(absl::string_view text, Style style) {
  Value value = Value::Written(Value(text), std::string(text));
  value.set_style(style);
  return value;
}

bool IsBinary(const Value& value) {
  if (!value.is_string() || value.written() == nullptr || IsMerge(value)) {
    return false;
  }
  return value.AsString() == kBinaryTag ||
         (*value.written() != value.AsString() && !IsTimestamp(value));
}

Value BinaryOf(absl::string_view text) {
  absl::StatusOr<Value> read =
      ParseYaml(absl::StrCat("!!binary ", FormatJson(Value(text))));
  return Value::Written(read.ok() ? *std::move(read) : Value(kBinaryTag),
                        std::string(text));
}

// Also to older readers of YAML.
bool LooksLikeText(absl::string_view text) {
  return text.empty() || absl::StrContains(text, "\n") ||
         PlainYamlScalar(text, YamlParseOptions::Schema::kYaml11).is_string();
}

bool SameType(const Value& a, const Value& b) {
  const auto is_integer = [](const Value& value) {
    return value.is_int() || value.kind() == Value::Kind::kUint;
  };
  return a.kind() == b.kind() || (is_integer(a) && is_integer(b));
}

// How many bytes are looked at at once: without a branch among them, compilers
// do it with vectors.
constexpr size_t kBlock = 64;

bool AreBelowDel(const char* bytes) {
  uint8_t others = 0;
  for (size_t i = 0; i < kBlock; ++i) {
    others |= static_cast<uint8_t>(static_cast<uint8_t>(bytes[i]) >= 0x7f);
  }
  return others == 0;
}

// DEL, those from U+0080 to U+009F but the line break U+0085, and the two that
// are no characters are not for YAML.
bool StartsUnwritable(absl::string_view text) {
  if (text[0] == '\x7f') return true;
  if (text[0] == '\xc2') {
    return text.size() > 1 && text[1] != '\x85' &&
           static_cast<unsigned char>(text[1]) < 0xa0;
  }
  return absl::StartsWith(text, "\xef\xbf\xbe") ||
         absl::StartsWith(text, "\xef\xbf\xbf");
}

bool IsWritableText(absl::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    if (text.size() - i >= kBlock && AreBelowDel(text.data() + i)) {
      i += kBlock;
      continue;
    }
    const size_t stop = std::min(i + kBlock, text.size());
    for (; i < stop; ++i) {
      if (static_cast<unsigned char>(text[i]) >= 0x7f &&
          StartsUnwritable(text.substr(i))) {
        return false;
      }
    }
  }
  return true;
}

// Whether YAML takes all texts as JSON has them, which escapes no control
// characters but those below the blank.
bool IsWritable(const Value& value) {
  if (value.is_string()) return IsWritableText(value.AsString());
  for (const Value& item : value.array()) {
    if (!IsWritable(item)) return false;
  }
  for (const Value::Member& member : value.object()) {
    if (!IsWritableText(member.key) || !IsWritable(member.value)) return false;
  }
  return true;
}

// The line break that JSON does not escape.
constexpr absl::string_view kNextLine = "\xc2\x85";
// Keys that YAML looks for the end of within 1,024 characters, with quotes and
// escapes.
constexpr size_t kShortKey = 150;

// Whether YAML reads all of it as it is in JSON, but for control characters.
bool IsSameInYaml(const Value& value) {
  if (value.is_string()) return !absl::StrContains(value.AsString(), kNextLine);
  for (const Value& item : value.array()) {
    if (!IsSameInYaml(item)) return false;
  }
  for (const Value::Member& member : value.object()) {
    if (member.key.size() > kShortKey ||
        absl::StrContains(member.key, kNextLine) ||
        !IsSameInYaml(member.value)) {
      return false;
    }
  }
  return true;
}

// Of the note at a map that has keys twice.
constexpr absl::string_view kWhy = "why";
constexpr absl::string_view kLater = "later";

absl::string_view TagOf(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return "!!null";
    case Value::Kind::kBool:
      return "!!bool";
    case Value::Kind::kInt:
    case Value::Kind::kUint:
      return "!!int";
    case Value::Kind::kDouble:
      return "!!float";
    default:
      return "!!str";
  }
}

}  // namespace

std::string ScalarText(const Value& value) {
  if (value.is_null()) {
    return value.style() == Style::kUntagged ? NodeText(value) : "";
  }
  if (value.written() != nullptr) return *value.written();
  switch (value.kind()) {
    case Value::Kind::kString:
      return value.AsString();
    case Value::Kind::kBool:
    case Value::Kind::kInt:
    case Value::Kind::kUint:
    case Value::Kind::kDouble:
      return FormatJson(value);
    default:
      return "";
  }
}

std::string NodeText(const Value& value) {
  if (!value.is_null()) return ScalarText(value);
  if (value.written() != nullptr) return *value.written();
  return value.is_omitted_null() ? "" : "null";
}

bool IsTaggedNull(const Value& value) {
  return value.is_null() && value.style() != Style::kUntagged;
}

bool IsQuoted(const Value& value) {
  return value.style() > Style::kUntagged && value.style() < Style::kFlow &&
         !value.is_null();
}

bool IsText(const Value& value) {
  if (value.style() == Style::kUntagged) return true;
  return value.is_string() && (IsQuoted(value) || value.written() == nullptr);
}

bool IsSameAnyhow(const Value& value) {
  if (!value.is_string() || value.written() != nullptr ||
      value.style() == Style::kUntagged) {
    return false;
  }
  const std::string& text = value.AsString();
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isprint(static_cast<unsigned char>(c));
  });
}

Value UntaggedScalar(absl::string_view text) {
  // More than one line is written as a block.
  Value value = absl::StrContains(text, "\n") ? Value(text) : Resolve(text);
  value.set_style(Style::kUntagged);
  return value;
}

Value QuotedWhereOdd(const Value& value) {
  const bool is_plain_string = value.is_string() &&
                               value.written() == nullptr &&
                               value.style() == Style::kPlain;
  if (!is_plain_string && value.style() != Style::kUntagged) return value;
  const std::string text = NodeText(value);
  return LooksLikeText(text) ? value : StringOf(Style::kDoubleQuoted, text);
}

Value StringInPlaceOf(const Value& old, absl::string_view text) {
  return StringOf(IsQuoted(old) ? old.style() : Style::kPlain, text);
}

Value UntaggedInPlaceOf(const Value& old, absl::string_view text) {
  return IsQuoted(old) ? StringOf(old.style(), text) : UntaggedScalar(text);
}

Value InQuotes(const Value& value, Style style) {
  const std::string text = NodeText(value);
  if (IsText(value)) return StringOf(style, text);
  const Value read = Resolve(text);
  const bool keeps_tag =
      value.is_string() ? IsBinary(value) : !SameType(value, read);
  if (!keeps_tag) return WithHiddenTag(text, style);
  Value tagged = value;
  tagged.set_style(style);
  return tagged;
}

void SetUntagged(Value& map, absl::string_view key, absl::string_view text) {
  if (Value* old = map.FindMutable(key)) {
    *old = UntaggedInPlaceOf(*old, text);
    return;
  }
  map.Set(key, LooksLikeText(text) ? UntaggedScalar(text)
                                   : StringOf(Style::kDoubleQuoted, text));
}

Value StringFromJson(const Value& value) {
  const std::string& text = value.AsString();
  // Unquoted, and then no string.
  if (text == "<<") return Value::Written(text, text);
  if (absl::StrContains(text, "\n")) return StringOf(Style::kLiteral, text);
  if (text.empty() || !LooksLikeText(text)) {
    return StringOf(Style::kDoubleQuoted, text);
  }
  if (value.style() == Style::kPlain && value.written() == nullptr) {
    return value;
  }
  Value read(text);
  const bool is_plain = FormatYaml(read) == absl::StrCat(text, "\n");
  if (!is_plain) read.set_style(Style::kSingleQuoted);
  return read;
}

Value WithText(const Value& old, absl::string_view text) {
  if (HasHiddenTag(old)) {
    Value shown = WithText(Resolve(*old.written()), text);
    return shown == Resolve(text) ? WithHiddenTag(text, old.style()) : shown;
  }
  if (IsBinary(old)) return BinaryOf(text);
  if (IsQuoted(old) && old.is_string()) return StringOf(old.style(), text);
  if (old.style() == Style::kUntagged) return UntaggedScalar(text);
  Value read = Resolve(text);
  if (IsTimestamp(old)) {
    return IsTimestamp(read)
               ? read
               : Value::Written(Value(kTimestampTag), std::string(text));
  }
  if (old.is_string()) return Value(text);
  if (SameType(old, read)) return read;
  if (old.kind() == Value::Kind::kDouble && read.is_number()) {
    return KeepYamlText(Value(read.AsDouble()), text);
  }
  Value unfit = old.is_bool()                        ? Value(false)
                : old.is_null()                      ? Value()
                : old.kind() == Value::Kind::kDouble ? Value(0.0)
                                                     : Value(0);
  return Value::Written(std::move(unfit), std::string(text));
}

void NoteRepeatedKeys(absl::string_view why, Value* tree) {
  if (tree->is_array()) {
    for (Value& item : tree->MutableArray()) NoteRepeatedKeys(why, &item);
  }
  if (!tree->is_object()) return;
  for (Value::Member& member : tree->MutableObject()) {
    if (member.key == kRepeatedKeys) {
      Value note = Value::MakeObject();
      note.Set(kWhy, Value(why));
      note.Set(kLater, std::move(member.value));
      member.value = std::move(note);
    } else {
      NoteRepeatedKeys(why, &member.value);
    }
  }
}

const Value* RepeatedKeys(const Value& map) {
  const Value* note = map.Find(kRepeatedKeys);
  return note == nullptr ? nullptr : note->Find(kLater);
}

absl::Status CheckScalars(const Value& tree) {
  if (const Value* note = tree.Find(kRepeatedKeys)) {
    return BuildError(ScalarText((*note)[kWhy]));
  }
  for (const Value& item : tree.array()) {
    WEIR_RETURN_IF_ERROR(CheckScalars(item));
  }
  for (const Value::Member& member : tree.object()) {
    WEIR_RETURN_IF_ERROR(CheckScalars(member.value));
  }
  if (tree.written() == nullptr) return absl::OkStatus();
  if (tree.is_string() && tree.AsString() == kBinaryTag) {
    return BuildError("yaml: !!binary value contains invalid base64 data");
  }
  const bool is_date = tree.is_string() && tree.AsString() == kTimestampTag;
  if (tree.is_string() && !is_date) return absl::OkStatus();
  const Value read = Resolve(*tree.written());
  const bool is_fit =
      is_date ? IsTimestamp(read)
              : SameType(tree, read) ||
                    (tree.kind() == Value::Kind::kDouble && read.is_number());
  if (is_fit) return absl::OkStatus();
  return BuildError(absl::StrCat("yaml: cannot decode ", TagOf(read), " `",
                                 *tree.written(), "` as a ",
                                 is_date ? kTimestampTag : TagOf(tree)));
}

absl::Status WriteAndRead(Value* tree) {
  if (const Value* why = tree->Find(kUnreadable)) {
    return BuildError(why->AsString());
  }
  const absl::Status rewritten = RewriteYaml(tree);
  if (!rewritten.ok()) return BuildError(GoError(rewritten));
  return CheckScalars(*tree);
}

absl::Status ReadFromJson(Value* value) {
  if (!IsWritable(*value)) {
    return BuildError("yaml: control characters are not allowed");
  }
  if (IsSameInYaml(*value)) return absl::OkStatus();
  JsonFormatOptions as_go;
  as_go.escape_html = true;
  absl::StatusOr<Value> read = ParseYaml(FormatJson(*value, as_go));
  if (!read.ok()) {
    if (absl::IsResourceExhausted(read.status())) return read.status();
    return BuildError(absl::StrCat("yaml: ", GoYamlError(read.status())));
  }
  *value = *std::move(read);
  return absl::OkStatus();
}

namespace {

Value InBrackets(const Value& value) {
  if (value.is_string()) {
    return StringOf(Style::kDoubleQuoted, value.AsString());
  }
  if (value.is_array()) {
    Value::Array items;
    items.reserve(value.size());
    for (const Value& item : value.array()) items.push_back(InBrackets(item));
    Value list(std::move(items));
    list.set_style(Style::kFlow);
    return list;
  }
  if (value.is_object()) {
    Value::Object members;
    members.reserve(value.size());
    for (const Value::Member& member : value.object()) {
      members.emplace_back(member.key, InBrackets(member.value));
    }
    Value map = Value::FromMembers(std::move(members));
    map.set_style(Style::kFlow);
    return map;
  }
  return value.is_null() ? Value() : Resolve(FormatJson(value));
}

}  // namespace

Value AsJsonText(const Value& value) {
  Value read = value;
  // What cannot be read is an error when it is written once more.
  const bool is_read = ReadFromJson(&read).ok();
  return InBrackets(is_read ? read : value);
}

}  // namespace weir::kustomize
