// JSON text of values: structs keep the order of their fields.
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "weir/base/status.h"
#include "weir/gotmpl/json.h"
#include "weir/gotmpl/template.h"
#include "weir/value/json.h"

namespace weir::gotmpl {
namespace {

// Whether an object in what `value` becomes is in another order than that of
// its keys. `value` is no cycle.
bool HasStruct(const Any& value) {
  switch (value.kind()) {
    case Kind::kStruct:
    case Kind::kPtr:
      return !value.is_nil();
    case Kind::kSlice:
      if (value.type() == types::Bytes()) return false;
      for (size_t i = 0; i < value.size(); ++i) {
        if (HasStruct(value.At(i))) return true;
      }
      return false;
    case Kind::kMap:
      if (value.is_nil()) return false;
      for (const auto& [key, member] : *value.AsDict()) {
        if (HasStruct(member)) return true;
      }
      return false;
    default:
      return false;
  }
}

class Writer {
 public:
  explicit Writer(const JsonFormatOptions& options) : options_(options) {}

  // `tree` is what ToValue made of `value`.
  void Write(const Any& value, const Value& tree, int depth) {
    if (tree.is_array() && value.is_list()) {
      WriteItems('[', ']', tree.size(), depth,
                 [&](size_t i) { Write(value.At(i), tree[i], depth + 1); });
    } else if (tree.is_object() && value.is_dict() && !value.type()->json) {
      auto member = value.AsDict()->begin();
      WriteItems('{', '}', tree.size(), depth, [&](size_t i) {
        WriteKey(tree.object()[i].key);
        Write((member++)->second, tree.object()[i].value, depth + 1);
      });
    } else if (tree.is_object()) {
      WriteStruct(value, tree, depth);
    } else {
      AppendJson(tree, &out_, options_);
    }
  }
  std::string Take() { return std::move(out_); }

 private:
  void WriteStruct(const Any& value, const Value& tree, int depth) {
    const Type& type = *value.type();
    std::vector<std::string> names = type.json_order;
    if (!type.json) {
      for (const Type::Field& field : type.fields) names.push_back(field.name);
    }
    std::erase_if(names, [&](const std::string& name) {
      return tree.Find(name) == nullptr;
    });
    WriteItems('{', '}', names.size(), depth, [&](size_t i) {
      WriteKey(names[i]);
      const Any field = type.json ? Any() : value.AsObject()->GetField(i);
      Write(field, tree[names[i]], depth + 1);
    });
  }

  void WriteKey(const std::string& key) {
    AppendJson(Value(key), &out_, options_);
    out_ += options_.indent == 0 ? ":" : ": ";
  }

  template <typename WriteItem>
  void WriteItems(char open, char close, size_t count, int depth,
                  WriteItem write) {
    out_.push_back(open);
    for (size_t i = 0; i < count; ++i) {
      if (i > 0) out_.push_back(',');
      Break(depth + 1);
      write(i);
    }
    if (count > 0) Break(depth);
    out_.push_back(close);
  }

  void Break(int depth) {
    if (options_.indent == 0) return;
    out_.push_back('\n');
    out_.append(static_cast<size_t>(depth * options_.indent), ' ');
  }

  const JsonFormatOptions& options_;
  std::string out_;
};

std::string Format(const Any& value, const Value& tree,
                   const MarshalOptions& options) {
  JsonFormatOptions format;
  format.indent = options.indent;
  format.escape_html = options.escape_html;
  std::string text;
  if (HasStruct(value)) {
    Writer writer(format);
    writer.Write(value, tree, 0);
    text = writer.Take();
  } else {
    text = FormatJson(tree, format);
  }
  if (!options.escape_html) {
    // encoding/json escapes these two all the same.
    absl::StrReplaceAll(
        {{"\xE2\x80\xA8", "\\u2028"}, {"\xE2\x80\xA9", "\\u2029"}}, &text);
  }
  return text;
}

}  // namespace

absl::StatusOr<std::string> MarshalJson(const Any& value,
                                        const MarshalOptions& options) {
  WEIR_ASSIGN_OR_RETURN(const Value tree, ToValue(value));
  return Format(value, tree, options);
}

absl::StatusOr<std::string> MarshalJson(Call& call, const Any& value,
                                        const MarshalOptions& options) {
  WEIR_ASSIGN_OR_RETURN(const Value tree, ToValue(call, value));
  return Format(value, tree, options);
}

}  // namespace weir::gotmpl
