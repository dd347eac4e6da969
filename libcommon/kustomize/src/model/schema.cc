#include "src/model/schema.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

constexpr char kTable[] =
#include "src/model/schema_table.inc"
    ;

// "#/definitions/io.k8s.X" names X's definition.
absl::string_view RefName(const Value& schema) {
  return absl::StripPrefix(schema.GetString("$ref"), "#/definitions/");
}

bool IsMergeStrategy(absl::string_view strategies) {
  for (absl::string_view strategy : absl::StrSplit(strategies, ',')) {
    if (strategy == "merge") return true;
  }
  return false;
}

std::vector<std::string> MergeKeys(const Value& schema) {
  std::vector<std::string> keys;
  const Value& list = schema["x-kubernetes-list-map-keys"];
  for (const Value& key : list.array()) {
    if (key.is_string()) keys.push_back(key.AsString());
  }
  if (!list.is_array()) {
    const absl::string_view key =
        schema.GetString("x-kubernetes-patch-merge-key");
    if (!key.empty()) keys.emplace_back(key);
  }
  return keys;
}

// Compiles the definitions of a swagger document.
class SwaggerCompiler {
 public:
  using Lookup = std::function<const SchemaType*(absl::string_view)>;

  // `first` and `last` know types beside the document's.
  SwaggerCompiler(const Value& definitions, Lookup first, Lookup last,
                  std::deque<SchemaType>* types,
                  absl::flat_hash_map<std::string, SchemaType*>* by_name)
      : definitions_(definitions),
        first_(std::move(first)),
        last_(std::move(last)),
        types_(*types),
        by_name_(*by_name) {}

  const SchemaType* Named(absl::string_view name) {
    const SchemaType* known = first_(name);
    if (known != nullptr) return known;
    auto [slot, added] = by_name_.try_emplace(std::string(name), nullptr);
    if (!added && slot->second != nullptr) return slot->second;
    const Value* definition = definitions_.Find(name);
    if (definition == nullptr) return last_(name);
    types_.emplace_back();
    SchemaType* type = &types_.back();
    by_name_[std::string(name)] = type;
    Fill(*definition, type, 0);
    return type;
  }

 private:
  static constexpr int kMaxDepth = 200;

  const SchemaType* TypeOf(const Value& schema, int depth) {
    const absl::string_view ref = RefName(schema);
    if (!ref.empty()) return Named(ref);
    if (depth > kMaxDepth) return nullptr;
    types_.emplace_back();
    SchemaType* type = &types_.back();
    Fill(schema, type, depth + 1);
    return type;
  }

  void Fill(const Value& schema, SchemaType* type, int depth) {
    for (const Value::Member& member : schema["properties"].object()) {
      SchemaField field;
      const Value& property = member.value;
      if (property.GetString("type") == "array") {
        field.merges =
            IsMergeStrategy(property.GetString("x-kubernetes-patch-strategy"));
        if (field.merges) field.keys = MergeKeys(property);
        field.type = TypeOf(property["items"], depth);
      } else {
        field.type = TypeOf(property, depth);
      }
      type->fields.emplace(member.key, std::move(field));
    }
    const Value& values = schema["additionalProperties"];
    if (values.is_object()) type->values = TypeOf(values, depth);
  }

  const Value& definitions_;
  const Lookup first_;
  const Lookup last_;
  std::deque<SchemaType>& types_;
  absl::flat_hash_map<std::string, SchemaType*>& by_name_;
};

// The table has many lines, and each build reads it.
void SplitWords(absl::string_view line, std::vector<absl::string_view>* words) {
  words->clear();
  while (true) {
    const size_t start = line.find_first_not_of(' ');
    if (start == absl::string_view::npos) return;
    line.remove_prefix(start);
    const size_t end = std::min(line.find(' '), line.size());
    words->push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

}  // namespace

const Schema& Schema::Builtin() {
  static const Schema& schema = *[] {
    auto* made = new Schema();
    made->ParseTable(kTable);
    return made;
  }();
  return schema;
}

void Schema::ParseTable(absl::string_view table) {
  auto named = [this](absl::string_view name) -> SchemaType* {
    auto [slot, added] = by_name_.try_emplace(std::string(name), nullptr);
    if (added) {
      types_.emplace_back();
      slot->second = &types_.back();
    }
    return slot->second;
  };
  SchemaType* current = nullptr;
  std::vector<absl::string_view> words;
  for (absl::string_view line :
       absl::StrSplit(table, '\n', absl::SkipEmpty())) {
    SplitWords(line, &words);
    if (words.empty()) continue;
    if (line[0] == ' ') {
      SchemaField field;
      field.type = named(words.back());
      if (words.size() == 3) {
        field.merges = true;
        absl::string_view keys = words[1].substr(1, words[1].size() - 2);
        field.keys = absl::StrSplit(keys, ',', absl::SkipEmpty());
      }
      current->fields.emplace(words[0], std::move(field));
    } else if (words[0] == "type") {
      current = named(words[1]);
    } else {
      kinds_[absl::StrCat(words[1], " ", words[2])] = {named(words[4]),
                                                       words[3] == "cluster"};
    }
  }
}

// The table's names are the last three parts of the definition's.
const SchemaType* Schema::BuiltinType(absl::string_view definition) const {
  if (!absl::StartsWith(definition, "io.k8s.")) return nullptr;
  size_t at = definition.size();
  for (int dots = 0; dots < 3; ++dots) at = definition.rfind('.', at - 1);
  const auto found = by_name_.find(definition.substr(at + 1));
  return found == by_name_.end() ? nullptr : found->second;
}

absl::StatusOr<std::shared_ptr<const Schema>> Schema::FromSwagger(
    const Value& document, BuiltinUse builtin) {
  auto schema = std::make_shared<Schema>();
  if (builtin != BuiltinUse::kNone) schema->base_ = &Builtin();
  schema->base_first_ = builtin == BuiltinUse::kAbove;
  const auto of_builtin = [](absl::string_view name) {
    return Builtin().BuiltinType(name);
  };
  const auto none = [](absl::string_view) -> const SchemaType* {
    return nullptr;
  };
  const auto lookup = [&](BuiltinUse use) -> SwaggerCompiler::Lookup {
    if (builtin == use) return of_builtin;
    return none;
  };
  const Value& definitions = document["definitions"];
  if (!document.is_object()) {
    return absl::FailedPreconditionError(
        "schema file is not an OpenAPI (swagger) document");
  }
  SwaggerCompiler compiler(definitions, lookup(BuiltinUse::kAbove),
                           lookup(BuiltinUse::kBelow), &schema->types_,
                           &schema->by_name_);
  for (const Value::Member& definition : definitions.object()) {
    const Value& kinds = definition.value["x-kubernetes-group-version-kind"];
    for (const Value& kind : kinds.array()) {
      Gvk gvk{std::string(kind.GetString("group")),
              std::string(kind.GetString("version")),
              std::string(kind.GetString("kind"))};
      schema->kinds_[absl::StrCat(gvk.ApiVersion(), " ", gvk.kind)].type =
          compiler.Named(definition.key);
    }
  }
  // A kind with a path that names no {namespace} has none.
  absl::flat_hash_map<std::string, bool> namespaced;
  for (const Value::Member& path : document["paths"].object()) {
    const Value& gvk = path.value["get"]["x-kubernetes-group-version-kind"];
    if (!gvk.is_object()) continue;
    Gvk id{std::string(gvk.GetString("group")),
           std::string(gvk.GetString("version")),
           std::string(gvk.GetString("kind"))};
    bool& known = namespaced[absl::StrCat(id.ApiVersion(), " ", id.kind)];
    known = known || absl::StrContains(path.key, "namespaces/{namespace}");
  }
  for (const auto& [kind, is_namespaced] : namespaced) {
    schema->kinds_[kind].cluster_scoped = !is_namespaced;
  }
  return std::shared_ptr<const Schema>(std::move(schema));
}

const SchemaType* Schema::Find(absl::string_view api_version,
                               absl::string_view kind) const {
  if (base_ == &Builtin() && kinds_.empty()) {
    builtin_use_ = BuiltinUse::kBelow;
  }
  if (base_first_) {
    const SchemaType* type = base_->Find(api_version, kind);
    if (type != nullptr) return type;
  }
  auto found = kinds_.find(absl::StrCat(api_version, " ", kind));
  if (found != kinds_.end() && found->second.type != nullptr) {
    return found->second.type;
  }
  return base_ == nullptr ? nullptr : base_->Find(api_version, kind);
}

bool Schema::IsClusterScoped(absl::string_view api_version,
                             absl::string_view kind) const {
  // What upstream knows of the builtin kinds no schema changes.
  const Schema& builtin = Builtin();
  const std::string key = absl::StrCat(api_version, " ", kind);
  auto found = builtin.kinds_.find(key);
  if (found != builtin.kinds_.end()) return found->second.cluster_scoped;
  if (this == &builtin) return false;
  if (base_ == &builtin && kinds_.empty() &&
      builtin_use_ == BuiltinUse::kNone) {
    builtin_use_ = BuiltinUse::kAbove;
  }
  found = kinds_.find(key);
  if (found != kinds_.end()) return found->second.cluster_scoped;
  return base_ != nullptr && base_->IsClusterScoped(api_version, kind);
}

}  // namespace weir::kustomize
