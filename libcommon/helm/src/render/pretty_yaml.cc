// YAML as go-yaml 3 writes Go values: lists indented under their keys, floats
// as %g.
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "src/render/yaml_text.h"
#include "weir/value/yaml.h"
#include "weir/value/yaml_node.h"

namespace weir::helm {

using gotmpl::Any;
using gotmpl::Kind;

namespace {

constexpr int kMaxDepth = 1000;
constexpr size_t kMostBytes = size_t{32} << 20;

std::string WithoutNewline(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

struct Key {
  std::string text;  // As it is written.
  const Any* value;
};

// Keys in the order and the form in which the writer of whole values has them:
// it is asked to write them with their numbers.
std::vector<Key> KeysInOrder(const gotmpl::Dict& dict) {
  std::vector<const Any*> values;
  Value::Object numbered;
  for (const auto& [key, value] : dict) {
    numbered.emplace_back(std::string(key.view()),
                          Value(static_cast<int64_t>(values.size())));
    values.push_back(&value);
  }
  const std::string text = FormatKyaml(Value::FromMembers(std::move(numbered)));
  std::vector<Key> keys;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const size_t colon = line.rfind(": ");
    size_t number = 0;
    if (colon == absl::string_view::npos ||
        !absl::SimpleAtoi(line.substr(colon + 2), &number) ||
        number >= values.size()) {
      continue;
    }
    keys.push_back({std::string(line.substr(0, colon)), values[number]});
  }
  return keys;
}

class PrettyWriter {
 public:
  absl::StatusOr<std::string> Write(const Any& value) {
    if (IsStruct(value)) {
      Struct(value, 0, false);
    } else if (IsFilledMap(value)) {
      Map(value, 0, false);
    } else if (IsFilledList(value)) {
      List(value, 0, false);
    } else {
      out_ = Scalar(value, 0) + "\n";
    }
    if (!status_.ok()) return status_;
    // What is shared is written as often as it is held.
    if (out_.size() > kMostBytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("yaml: text of more than ", kMostBytes, " bytes"));
    }
    return WithoutNewline(std::move(out_));
  }

 private:
  static bool IsFilledMap(const Any& value) {
    return value.is_dict() && value.size() > 0;
  }
  static bool IsFilledList(const Any& value) {
    return value.is_list() && value.size() > 0;
  }
  // Written by its fields.
  static bool IsStruct(const Any& value) {
    return (value.kind() == Kind::kStruct || value.kind() == Kind::kPtr) &&
           !value.is_nil() && !value.type()->fields.empty() &&
           (!value.type()->text || value.type()->is_text_of_pointer);
  }

  std::string Scalar(const Any& value, int indent) {
    if (value.is_dict()) return "{}";
    if (value.is_list()) return "[]";
    if (value.kind() == Kind::kFloat64) return FormatYamlFloat(value.AsFloat());
    if (value.kind() == Kind::kComplex128 && status_.ok()) {
      status_ = absl::InvalidArgumentError("cannot marshal type: complex128");
    }
    const absl::StatusOr<Value> plain = gotmpl::ToValue(value);
    if (!plain.ok()) return "null";
    return Indented(WithoutNewline(FormatKyaml(*plain)), indent);
  }

  // Lines after the first, but for empty ones, have the indentation besides.
  static std::string Indented(absl::string_view text, int indent) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
      out.push_back(text[i]);
      const bool is_before_line =
          text[i] == '\n' && i + 1 < text.size() && text[i + 1] != '\n';
      if (is_before_line) out.append(indent, ' ');
    }
    return out;
  }

  // `is_inline`: the first line has begun already.
  void Map(const Any& map, int indent, bool is_inline) {
    if (indent > 2 * kMaxDepth) return;
    for (const Key& key : KeysInOrder(*map.AsDict())) {
      if (out_.size() > kMostBytes) return;
      if (!is_inline) out_.append(indent, ' ');
      is_inline = false;
      Member(key.text, *key.value, indent);
    }
  }

  void Member(absl::string_view key, const Any& value, int indent) {
    absl::StrAppend(&out_, key, ":");
    if (IsStruct(value)) {
      out_.push_back('\n');
      Struct(value, indent + 2, false);
    } else if (IsFilledMap(value)) {
      out_.push_back('\n');
      Map(value, indent + 2, false);
    } else if (IsFilledList(value)) {
      out_.push_back('\n');
      List(value, indent + 2, false);
    } else {
      absl::StrAppend(&out_, " ", Scalar(value, indent), "\n");
    }
  }

  // Exported fields in their order, by their names in lower case.
  void Struct(const Any& value, int indent, bool is_inline) {
    if (indent > 2 * kMaxDepth) return;
    const std::vector<gotmpl::Type::Field>& fields = value.type()->fields;
    for (size_t i = 0; i < fields.size(); ++i) {
      if (!absl::ascii_isupper(fields[i].name[0])) continue;
      if (!is_inline) out_.append(indent, ' ');
      is_inline = false;
      Member(absl::AsciiStrToLower(fields[i].name),
             value.AsObject()->GetField(i), indent);
    }
  }

  void List(const Any& list, int indent, bool is_inline) {
    if (indent > 2 * kMaxDepth) return;
    for (size_t i = 0; i < list.size() && out_.size() <= kMostBytes; ++i) {
      if (!is_inline) out_.append(indent, ' ');
      is_inline = false;
      const Any item = list.At(i);
      out_ += "- ";
      if (IsStruct(item)) {
        Struct(item, indent + 2, true);
      } else if (IsFilledMap(item)) {
        Map(item, indent + 2, true);
      } else if (IsFilledList(item)) {
        List(item, indent + 2, true);
      } else {
        absl::StrAppend(&out_, Scalar(item, indent), "\n");
      }
    }
  }

  std::string out_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<std::string> ToPrettyYaml(const Any& value) {
  return PrettyWriter().Write(value);
}

}  // namespace weir::helm
