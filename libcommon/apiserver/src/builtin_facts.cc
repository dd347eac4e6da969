// Reads the embedded facts into Schema nodes. Names are views into the
// embedded text, so that they cost nothing.
#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "schema.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

extern "C" {
extern const char weir_kubernetes_facts[];
extern const char weir_kubernetes_facts_end[];
}

namespace weir::apiserver {
namespace {

class FactReader {
 public:
  FactReader();
  const Schema* FindType(absl::string_view name) const {
    auto it = types_.find(name);
    return it == types_.end() ? nullptr : it->second;
  }
  const std::vector<BuiltinKindFacts>& kinds() const { return kinds_; }

 private:
  void ReadKind(absl::string_view line);
  void ReadType(absl::string_view line);
  void ReadField(absl::string_view line);
  Schema* NamedType(absl::string_view name);
  // The shared node of a type expression without attributes.
  const Schema* Node(absl::string_view type);
  void Fill(absl::string_view type, Schema& schema);
  static void SetAttribute(absl::string_view attribute, Schema& schema);
  static void FinishList(Schema& schema);

  SchemaArena arena_;
  absl::flat_hash_map<absl::string_view, Schema*> types_;
  absl::flat_hash_map<absl::string_view, const Schema*> plain_;
  std::vector<BuiltinKindFacts> kinds_;
  Schema* current_ = nullptr;
};

// Takes the next word off a line.
absl::string_view NextWord(absl::string_view& line) {
  size_t end = line.find(' ');
  absl::string_view word = line.substr(0, end);
  line = end == line.npos ? "" : line.substr(end + 1);
  return word;
}

// Takes a word of one letter off a line, when it is this one.
bool TakeFlag(char flag, absl::string_view& line) {
  if (line.empty() || line[0] != flag) return false;
  if (line.size() > 1 && line[1] != ' ') return false;
  line.remove_prefix(std::min<size_t>(line.size(), 2));
  return true;
}

std::vector<std::string> SplitList(absl::string_view text) {
  if (text == "-") return {};
  return absl::StrSplit(text, ',');
}

FactReader::FactReader() {
  absl::string_view text(
      weir_kubernetes_facts,
      static_cast<size_t>(weir_kubernetes_facts_end - weir_kubernetes_facts));
  while (!text.empty()) {
    size_t end = text.find('\n');
    absl::string_view line = text.substr(0, end);
    text = end == text.npos ? "" : text.substr(end + 1);
    if (absl::ConsumePrefix(&line, "K ")) {
      ReadKind(line);
    } else if (absl::ConsumePrefix(&line, "T ")) {
      ReadType(line);
    } else if (absl::ConsumePrefix(&line, "F ")) {
      ReadField(line);
    }
  }
}

void FactReader::ReadKind(absl::string_view line) {
  BuiltinKindFacts& kind = kinds_.emplace_back();
  kind.group = NextWord(line);
  if (kind.group == "-") kind.group = "";
  kind.version = NextWord(line);
  kind.kind = NextWord(line);
  kind.plural = NextWord(line);
  kind.singular = NextWord(line);
  kind.is_namespaced = NextWord(line) == "N";
  kind.short_names = SplitList(NextWord(line));
  kind.categories = SplitList(NextWord(line));
  kind.verbs = SplitList(NextWord(line));
  kind.subresources = SplitList(NextWord(line));
  kind.schema = NamedType(NextWord(line));
}

Schema* FactReader::NamedType(absl::string_view name) {
  Schema*& node = types_[name];
  if (node == nullptr) {
    node = &arena_.New();
    node->type = SchemaType::kObject;
    node->name = name;
    node->is_nullable = true;
  }
  return node;
}

void FactReader::ReadType(absl::string_view line) {
  current_ = NamedType(NextWord(line));
  while (!line.empty()) SetAttribute(NextWord(line), *current_);
}

void FactReader::ReadField(absl::string_view line) {
  Schema::Field field;
  field.name = NextWord(line);
  absl::string_view type = NextWord(line);
  field.is_required = TakeFlag('r', line);
  field.is_pointer = TakeFlag('p', line);
  field.is_written = TakeFlag('w', line);
  if (line.empty()) {
    field.schema = Node(type);
  } else {
    Schema& node = arena_.New();
    Fill(type, node);
    // Defaults may hold spaces, and nothing but values follows them.
    while (!line.empty()) {
      absl::string_view word = NextWord(line);
      if (absl::StartsWith(word, "D=") && !line.empty() &&
          !absl::StartsWith(line, "E=")) {
        word = absl::string_view(word.data(), word.size() + 1 + line.size());
        line = "";
      }
      SetAttribute(word, node);
    }
    FinishList(node);
    field.schema = &node;
  }
  current_->fields.push_back(field);
}

const Schema* FactReader::Node(absl::string_view type) {
  if (type[0] == '@') return NamedType(type.substr(1));
  const Schema*& node = plain_[type];
  if (node == nullptr) {
    Schema& made = arena_.New();
    plain_[type] = &made;  // `node` may move below.
    Fill(type, made);
    return &made;
  }
  return node;
}

void FactReader::Fill(absl::string_view type, Schema& schema) {
  schema.is_nullable = true;
  switch (type[0]) {
    case 's':
    case 'd':
    case 'y':
      schema.type = SchemaType::kString;
      schema.is_date_time = type[0] == 'd';
      schema.is_base64 = type[0] == 'y';
      return;
    case 'i':
    case 'l':
      schema.type = SchemaType::kInteger;
      schema.is_int32 = type[0] == 'i';
      return;
    case 'n':
      schema.type = SchemaType::kNumber;
      return;
    case 'b':
      schema.type = SchemaType::kBoolean;
      return;
    case 'x':
      schema.type = SchemaType::kIntOrString;
      return;
    case 'u':
      schema.type = SchemaType::kQuantity;
      return;
    case 'a':
      schema.is_atomic = true;
      schema.preserves_unknown = true;
      return;
    case 'o':
      schema.type = SchemaType::kObject;
      schema.preserves_unknown = true;
      return;
    case '[':
      schema.type = SchemaType::kArray;
      schema.items = Node(type.substr(1, type.size() - 2));
      return;
    case '{':
      schema.type = SchemaType::kObject;
      schema.items = Node(type.substr(1, type.size() - 2));
      return;
    default: {
      // A named type with attributes of its own: a node that shares its
      // fields by `items`, resolved when all types are known.
      schema.type = SchemaType::kObject;
      schema.name = type.substr(1);
    }
  }
}

void FactReader::SetAttribute(absl::string_view attribute, Schema& schema) {
  if (attribute.size() < 2 || attribute[1] != '=') return;
  absl::string_view value = attribute.substr(2);
  switch (attribute[0]) {
    case 'L':
      schema.list_type = value == "map"   ? ListType::kMap
                         : value == "set" ? ListType::kSet
                                          : ListType::kAtomic;
      schema.is_atomic = value == "atomic";
      break;
    case 'K':
      schema.MutableConstraints().list_keys = absl::StrSplit(value, ',');
      break;
    case 'M':
      schema.is_atomic = value == "atomic";
      break;
    case 'P':
      schema.MutableConstraints().patch_strategy = value;
      break;
    case 'G':
      schema.MutableConstraints().patch_merge_key = value;
      break;
    case 'D':
      if (auto json = ParseJson(value); json.ok()) {
        schema.MutableConstraints().fallback = *json;
      }
      break;
    case 'E':
      for (absl::string_view v : absl::StrSplit(value, ',')) {
        schema.MutableConstraints().enum_values.push_back(Value(v));
      }
      break;
    default:
      break;
  }
}

// Without a list type, merging lists are maps by their merge key, or sets.
void FactReader::FinishList(Schema& schema) {
  if (schema.type != SchemaType::kArray || schema.is_atomic ||
      schema.list_type != ListType::kAtomic || schema.constraints == nullptr ||
      !absl::StrContains(schema.constraints->patch_strategy, "merge")) {
    return;
  }
  SchemaConstraints& constraints = *schema.constraints;
  if (constraints.patch_merge_key.empty()) {
    schema.list_type = ListType::kSet;
  } else {
    schema.list_type = ListType::kMap;
    constraints.list_keys = {constraints.patch_merge_key};
  }
}

// Nodes that stand for a named type with attributes get its fields once all
// types are read.
void ShareFields(Schema& node, const Schema& type) {
  node.fields = type.fields;
  node.items = type.items;
  node.preserves_unknown = type.preserves_unknown;
  node.is_atomic = node.is_atomic || type.is_atomic;
}

class FactTable {
 public:
  FactTable() {
    for (const BuiltinKindFacts& kind : reader_.kinds()) Finish(*kind.schema);
    meta_ = reader_.FindType("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
    WEIR_CHECK(meta_ != nullptr);
  }
  const FactReader& reader() const { return reader_; }
  const Schema& meta() const { return *meta_; }

 private:
  void Finish(const Schema& schema) {
    if (!done_.insert(&schema).second) return;
    if (!schema.name.empty()) {
      const Schema* type = reader_.FindType(schema.name);
      if (type != nullptr && type != &schema) {
        // Nodes belong to the reader's arena, which is not const.
        ShareFields(const_cast<Schema&>(schema), *type);
      }
    }
    for (const Schema::Field& field : schema.fields) Finish(*field.schema);
    if (schema.items != nullptr) Finish(*schema.items);
  }

  FactReader reader_;
  absl::flat_hash_set<const Schema*> done_;
  const Schema* meta_ = nullptr;
};

const FactTable& Facts() {
  static const FactTable& table = *new FactTable;
  return table;
}

}  // namespace

const Schema* FindBuiltinType(absl::string_view name) {
  return Facts().reader().FindType(name);
}

const Schema& ObjectMetaSchema() { return Facts().meta(); }

const std::vector<BuiltinKindFacts>& BuiltinFacts() {
  return Facts().reader().kinds();
}

}  // namespace weir::apiserver
