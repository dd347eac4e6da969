// Sprig's dict.go; merging as mergo 1.0.1 does it.
#include <set>

#include "rows.h"
#include "text_ops.h"
#include "weir/base/status.h"
#include "weir/gotmpl/format.h"

namespace weir::gotmpl {
namespace {

constexpr int kMaxDepth = 1000;

const Any* Lookup(const Any& dict, absl::string_view key) {
  const Dict* members = dict.AsDict();
  return members == nullptr ? nullptr : members->Find(key);
}

Result Get(Call& call) {
  const Any* found = Lookup(call.args[0], call.args[1].AsString());
  return found == nullptr ? Any::String("") : *found;
}

Result Set(Call& call) {
  if (call.args[0].is_nil()) {
    return GoError("assignment to entry in nil map");
  }
  WEIR_RETURN_IF_ERROR(
      call.execution.Charge(call.args[1].AsString().size() + sizeof(Any)));
  call.args[0].AsDict()->Set(call.args[1].AsString(), call.args[2]);
  call.execution.Wrote(call.args[0], call.args[2]);
  return call.args[0];
}

Result Unset(Call& call) {
  if (!call.args[0].is_nil()) {
    call.args[0].AsDict()->Erase(call.args[1].AsString());
  }
  return call.args[0];
}

Result Pluck(Call& call) {
  std::vector<Any> found;
  for (const Any& dict : call.args.subspan(1)) {
    if (const Any* value = Lookup(dict, call.args[0].AsString())) {
      found.push_back(*value);
    }
  }
  return Any::List(std::move(found));
}

// In byte order, where Go's order is random.
Result Keys(Call& call) {
  std::vector<Any> keys;
  for (const Any& dict : call.args) {
    if (dict.is_nil()) continue;
    WEIR_RETURN_IF_ERROR(call.execution.Charge(dict.size() * sizeof(Any)));
    for (const auto& [key, value] : *dict.AsDict()) {
      keys.push_back(key.ToAny());
    }
  }
  return Any::List(std::move(keys), types::StringList());
}

Result Values(Call& call) {
  std::vector<Any> values;
  if (!call.args[0].is_nil()) {
    WEIR_RETURN_IF_ERROR(
        call.execution.Charge(call.args[0].size() * sizeof(Any)));
    for (const auto& [key, value] : *call.args[0].AsDict()) {
      values.push_back(value);
    }
  }
  return Any::List(std::move(values));
}

Result Pick(Call& call) {
  Any picked = Any::NewDict();
  for (const Any& key : call.args.subspan(1)) {
    if (const Any* value = Lookup(call.args[0], key.AsString())) {
      picked.AsDict()->Set(key.AsString(), *value);
    }
  }
  return picked;
}

Result Omit(Call& call) {
  std::set<std::string> omitted;
  for (const Any& key : call.args.subspan(1)) {
    omitted.insert(std::string(key.AsString()));
  }
  Any kept = Any::NewDict();
  if (call.args[0].is_nil()) return kept;
  WEIR_RETURN_IF_ERROR(call.execution.Step(call.args[0].size()));
  for (const auto& [key, value] : *call.args[0].AsDict()) {
    if (omitted.count(std::string(key.view())) == 0) {
      kept.AsDict()->Set(key.view(), value);
    }
  }
  return kept;
}

Result NewDict(Call& call) {
  WEIR_RETURN_IF_ERROR(
      call.execution.Charge(call.args.size() * 2 * sizeof(Any)));
  Any dict = Any::NewDict();
  for (size_t i = 0; i < call.args.size(); i += 2) {
    const std::string key = ToText(call.args[i]);
    dict.AsDict()->Set(
        key, i + 1 < call.args.size() ? call.args[i + 1] : Any::String(""));
  }
  return dict;
}

// mergo's isEmptyValue: a struct is never empty, nothing always is.
bool IsUnset(const Any* value) {
  if (value == nullptr || value->is_nothing()) return true;
  return value->kind() != Kind::kStruct && value->kind() != Kind::kComplex128 &&
         IsEmpty(*value);
}

class Merger {
 public:
  Merger(Call& call, bool overwrites) : call_(call), overwrites_(overwrites) {}

  absl::Status Merge(const Any& into, const Any& from, int depth);

 private:
  absl::Status MergeMember(const Any& into, absl::string_view key,
                           const Any& value, int depth);
  void Put(const Any& into, absl::string_view key, const Any& value) {
    into.AsDict()->Set(key, value);
    call_.execution.Wrote(into, value);
  }

  Call& call_;
  const bool overwrites_;
};

absl::Status Merger::MergeMember(const Any& into, absl::string_view key,
                                 const Any& value, int depth) {
  const Any* found = into.AsDict()->Find(key);
  if (value.is_nothing()) {
    if (overwrites_) Put(into, key, value);
    return absl::OkStatus();
  }
  if (value.is_nil() && !value.is_dict() && !value.is_list()) {
    return absl::OkStatus();
  }
  const bool both_dicts =
      found != nullptr && found->is_dict() && value.is_dict();
  if (both_dicts && found->AsDict() != nullptr && value.AsDict() != nullptr) {
    const Any target = *found;
    WEIR_RETURN_IF_ERROR(Merge(target, value, depth + 1));
    found = into.AsDict()->Find(key);
  }
  if (!IsUnset(found) && both_dicts) return absl::OkStatus();
  if (overwrites_ || IsUnset(found)) Put(into, key, value);
  return absl::OkStatus();
}

absl::Status Merger::Merge(const Any& into, const Any& from, int depth) {
  if (into.identity() == from.identity()) return absl::OkStatus();
  if (depth > kMaxDepth) {
    return absl::ResourceExhaustedError("merge: too many levels");
  }
  WEIR_RETURN_IF_ERROR(call_.execution.Step(from.size() * 4));
  // What is merged may hold what it is merged into.
  const std::vector<std::pair<Dict::Key, Any>> members(from.AsDict()->begin(),
                                                       from.AsDict()->end());
  for (const auto& [key, value] : members) {
    WEIR_RETURN_IF_ERROR(MergeMember(into, key.view(), value, depth));
  }
  return absl::OkStatus();
}

Result MergeAll(Call& call, bool overwrites) {
  Any into = call.args[0];
  for (const Any& from : call.args.subspan(1)) {
    if (from.is_nil()) continue;
    if (into.is_nil()) into = Any::NewDict();
    WEIR_RETURN_IF_ERROR(Merger(call, overwrites).Merge(into, from, 0));
  }
  return into;
}

Result Merge(Call& call) { return MergeAll(call, false); }
Result MergeOverwrite(Call& call) { return MergeAll(call, true); }

class Copier {
 public:
  explicit Copier(Call& call) : call_(call) {}
  Result Copy(const Any& value, int depth);

 private:
  Call& call_;
};

Result Copier::Copy(const Any& value, int depth) {
  WEIR_RETURN_IF_ERROR(call_.execution.Step(2));
  if (depth > kMaxDepth) {
    return absl::ResourceExhaustedError("deepCopy: too many levels");
  }
  if (value.is_nil() || (!value.is_dict() && !value.is_list()) ||
      value.type()->elem == types::Uint8()) {
    return value;
  }
  // Shared parts are copied as often as they are held.
  WEIR_RETURN_IF_ERROR(call_.execution.Charge(value.size() * sizeof(Any)));
  if (value.is_list()) {
    std::vector<Any> items;
    items.reserve(value.size());
    for (size_t i = 0; i < value.size(); ++i) {
      WEIR_ASSIGN_OR_RETURN(Any item, Copy(value.At(i), depth + 1));
      items.push_back(std::move(item));
    }
    return Any::List(std::move(items), value.type());
  }
  Any dict = Any::NewDict(value.type());
  for (const auto& [key, member] : *value.AsDict()) {
    WEIR_ASSIGN_OR_RETURN(Any copy, Copy(member, depth + 1));
    dict.AsDict()->Set(key.view(), std::move(copy));
  }
  return dict;
}

Result DeepCopy(Call& call) {
  if (call.args[0].is_nothing()) {
    return GoError("reflect: call of reflect.Value.Type on zero Value");
  }
  return Copier(call).Copy(call.args[0], 0);
}

absl::Status NotA(const Any& value, absl::string_view wanted) {
  return GoError("interface conversion: interface {} is ",
                 value.is_nothing() ? "nil" : value.type_name(), ", not ",
                 wanted);
}

Result Dig(Call& call) {
  if (call.args.size() < 3)
    return GoError("dig needs at least three arguments");
  const Type* wanted = types::Dict();
  const size_t keys = call.args.size() - 2;
  Any at = call.args.back();
  if (at.type() != wanted) return NotA(at, wanted->name);
  for (size_t i = 0; i < keys; ++i) {
    if (call.args[i].type() != types::String()) {
      return NotA(call.args[i], "string");
    }
  }
  for (size_t i = 0; i < keys; ++i) {
    if (at.type() != wanted) return NotA(at, wanted->name);
    const Any* next = Lookup(at, call.args[i].AsString());
    if (next == nullptr) return call.args[keys];
    at = Any(*next);
  }
  return at;
}

constexpr absl::string_view kMerge =
    "func(map[string]interface {}, ...map[string]interface {}) interface {}";
constexpr absl::string_view kChoose =
    "func(map[string]interface {}, ...string) map[string]interface {}";

constexpr Row kRows[] = {
    {"dict", "func(...interface {}) map[string]interface {}", NewDict},
    {"get", "func(map[string]interface {}, string) interface {}", Get},
    {"set",
     "func(map[string]interface {}, string, interface {}) "
     "map[string]interface {}",
     Set},
    {"unset", "func(map[string]interface {}, string) map[string]interface {}",
     Unset},
    {"hasKey", "func(map[string]interface {}, string) bool",
     [](Call& call) -> Result {
       return Any::Bool(Lookup(call.args[0], call.args[1].AsString()) !=
                        nullptr);
     }},
    {"pluck", "func(string, ...map[string]interface {}) []interface {}", Pluck},
    {"keys", "func(...map[string]interface {}) []string", Keys},
    {"values", "func(map[string]interface {}) []interface {}", Values},
    {"pick", kChoose, Pick},
    {"omit", kChoose, Omit},
    {"merge", kMerge, Merge},
    {"mustMerge", kMerge, Merge},
    {"mergeOverwrite", kMerge, MergeOverwrite},
    {"mustMergeOverwrite", kMerge, MergeOverwrite},
    {"deepCopy", "func(interface {}) interface {}", DeepCopy},
    {"mustDeepCopy", "func(interface {}) (interface {}, error)", DeepCopy},
    {"dig", "func(...interface {}) (interface {}, error)", Dig},
};

}  // namespace

void AddDicts(FunctionTable& table) { AddRows(kRows, table); }

}  // namespace weir::gotmpl
