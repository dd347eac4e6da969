// Strategic merge patch.
// Source: apimachinery, package strategicpatch.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "kinds.h"
#include "schema.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

constexpr absl::string_view kDirective = "$patch";
constexpr absl::string_view kRetainKeys = "$retainKeys";
constexpr absl::string_view kDeletePrefix = "$deleteFromPrimitiveList/";
constexpr absl::string_view kOrderPrefix = "$setElementOrder/";

absl::Status Refusal(int code, absl::string_view reason,
                     absl::string_view message) {
  Value status = Value::MakeObject({{"apiVersion", "v1"},
                                    {"kind", "Status"},
                                    {"metadata", Value::MakeObject()},
                                    {"status", "Failure"},
                                    {"message", message},
                                    {"code", code}});
  if (!reason.empty()) status.Set("reason", reason);
  return kube::MakeApiError(code, status);
}

absl::Status BadPatch(absl::string_view message) {
  return Refusal(400, "BadRequest", message);
}

// How a field is merged.
struct MergeRule {
  const Schema* schema = &Schema::Any();  // Of the value, or of an item.
  absl::string_view merge_key;
  bool replaces = false;  // Objects.
  bool merges = false;    // Lists.
};

MergeRule RuleOf(const Schema& parent, absl::string_view key) {
  MergeRule rule;
  const Schema* member = parent.Member(key);
  if (member == nullptr) return rule;
  if (const SchemaConstraints* c = member->constraints.get(); c != nullptr) {
    rule.merge_key = c->patch_merge_key;
    for (absl::string_view strategy : absl::StrSplit(c->patch_strategy, ',')) {
      if (strategy == "replace") rule.replaces = true;
      if (strategy == "merge") rule.merges = true;
    }
  }
  rule.schema = member;
  if (member->type == SchemaType::kArray && member->items != nullptr) {
    rule.schema = member->items;
  }
  return rule;
}

// Whether an item of a list is this one: of the same key, or equal.
bool IsSameItem(const Value& a, const Value& b, absl::string_view merge_key) {
  if (merge_key.empty() || !a.is_object() || !b.is_object()) return a == b;
  const Value* x = a.Find(merge_key);
  const Value* y = b.Find(merge_key);
  return x != nullptr && y != nullptr && *x == *y;
}

int IndexOf(const Value::Array& list, const Value& item,
            absl::string_view merge_key) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (IsSameItem(list[i], item, merge_key)) return static_cast<int>(i);
  }
  return -1;
}

void SortBy(const Value::Array& order, absl::string_view merge_key,
            Value::Array& items) {
  std::stable_sort(
      items.begin(), items.end(), [&](const Value& a, const Value& b) {
        return IndexOf(order, a, merge_key) < IndexOf(order, b, merge_key);
      });
}

// Items of the patch in the patch's order, the server's own items in the
// server's, both interleaved as the server had them.
Value::Array Arrange(const Value::Array& merged,
                     const Value::Array& patch_order,
                     const Value::Array& server_order,
                     absl::string_view merge_key) {
  Value::Array patch, server, out;
  for (const Value& item : merged) {
    bool is_patch = IndexOf(patch_order, item, merge_key) >= 0;
    (is_patch ? patch : server).push_back(item);
  }
  SortBy(patch_order, merge_key, patch);
  SortBy(server_order, merge_key, server);
  size_t i = 0, j = 0;
  while (i < server.size() || j < patch.size()) {
    bool take_server = j >= patch.size();
    if (i < server.size() && j < patch.size()) {
      int a = IndexOf(server_order, server[i], merge_key);
      int b = IndexOf(server_order, patch[j], merge_key);
      take_server = a >= 0 && b >= 0 && a < b;
    }
    out.push_back(take_server ? server[i++] : patch[j++]);
  }
  return out;
}

// A patch's value that has no counterpart: without directives and nulls.
Value Plain(const Value& patch) {
  if (patch.is_array()) {
    Value::Array out;
    for (const Value& item : patch.array()) {
      if (item.is_object() && item.Has(kDirective)) continue;
      out.push_back(Plain(item));
    }
    return out;
  }
  if (!patch.is_object()) return patch;
  Value::Object out;
  for (const Value::Member& member : patch.object()) {
    if (member.value.is_null() || member.key == kDirective ||
        member.key == kRetainKeys ||
        absl::StartsWith(member.key, kDeletePrefix) ||
        absl::StartsWith(member.key, kOrderPrefix)) {
      continue;
    }
    out.emplace_back(member.key, Plain(member.value));
  }
  return Value::FromMembers(std::move(out));
}

absl::StatusOr<Value> MergeObject(const Value& original, Value patch,
                                  const Schema& schema);

// Upstream tells of this as of a fault of its own.
absl::Status NoMergeKey(const Value& item, absl::string_view key) {
  return Refusal(500, "",
                 absl::StrCat("map: ", FormatJson(item),
                              " does not contain declared merge key: ", key));
}

// Takes the items with directives out of a patch, and obeys them.
absl::Status ObeyDirectives(absl::string_view merge_key, Value::Array& original,
                            Value::Array& patch) {
  Value::Array plain;
  bool replaces = false;
  for (const Value& item : patch) {
    const Value* directive = item.Find(kDirective);
    if (directive == nullptr) {
      plain.push_back(item);
    } else if (*directive == Value("delete")) {
      if (!item.Has(merge_key)) return NoMergeKey(item, merge_key);
      original.erase(std::remove_if(original.begin(), original.end(),
                                    [&](const Value& v) {
                                      return IsSameItem(v, item, merge_key);
                                    }),
                     original.end());
    } else if (*directive == Value("replace")) {
      replaces = true;
    } else if (*directive == Value("merge")) {
      return Refusal(422, "Invalid",
                     "merging lists cannot yet be specified in the patch");
    } else {
      return BadPatch(
          absl::StrCat("unknown patch type: ", FormatJson(*directive)));
    }
  }
  if (replaces) {
    original = std::move(plain);
    patch.clear();
  } else {
    patch = std::move(plain);
  }
  return absl::OkStatus();
}

absl::StatusOr<Value> MergeList(Value::Array original, Value::Array patch,
                                const MergeRule& rule, bool deletes) {
  if (original.empty() && patch.empty()) return Value(std::move(original));
  const Value& sample = original.empty() ? patch[0] : original[0];
  Value::Array merged;
  if (!sample.is_object()) {
    for (const Value& item : original) {
      if (deletes && IndexOf(patch, item, "") >= 0) continue;
      if (deletes || IndexOf(merged, item, "") < 0) merged.push_back(item);
    }
    if (deletes) return Value(std::move(merged));
    for (const Value& item : patch) {
      if (IndexOf(merged, item, "") < 0) merged.push_back(item);
    }
    return Value(Arrange(merged, patch, original, ""));
  }
  if (rule.merge_key.empty()) {
    return Refusal(500, "", "cannot merge lists without merge key");
  }
  WEIR_RETURN_IF_ERROR(ObeyDirectives(rule.merge_key, original, patch));
  merged = original;
  for (const Value& item : patch) {
    if (!item.is_object() || !item.Has(rule.merge_key)) {
      return NoMergeKey(item, rule.merge_key);
    }
    int at = IndexOf(merged, item, rule.merge_key);
    if (at < 0) {
      merged.push_back(Plain(item));
      continue;
    }
    WEIR_ASSIGN_OR_RETURN(
        merged[static_cast<size_t>(at)],
        MergeObject(merged[static_cast<size_t>(at)], item, *rule.schema));
  }
  return Value(Arrange(merged, patch, original, rule.merge_key));
}

absl::Status RetainKeys(Value& original, Value& patch) {
  const Value* keys = patch.Find(kRetainKeys);
  if (keys == nullptr) return absl::OkStatus();
  if (!keys->is_array()) return BadPatch("invalid patch format of retainKeys");
  const Value list = *keys;
  patch.Erase(kRetainKeys);
  auto is_kept = [&](const std::string& key) {
    return IndexOf(list.array(), Value(key), "") >= 0;
  };
  for (const Value::Member& member : patch.object()) {
    if (member.value.is_null() || absl::StartsWith(member.key, kDeletePrefix) ||
        absl::StartsWith(member.key, kOrderPrefix)) {
      continue;
    }
    if (!is_kept(member.key)) {
      return BadPatch("patch content doesn't match retainKeys list");
    }
  }
  const Value before = original;
  for (const Value::Member& member : before.object()) {
    if (!is_kept(member.key)) original.Erase(member.key);
  }
  return absl::OkStatus();
}

// Whether the patch's items stand in the order that it asks for.
bool FollowsOrder(const Value::Array& patch, const Value::Array& order,
                  absl::string_view merge_key) {
  size_t at = 0;
  for (const Value& item : patch) {
    if (item.is_object() && item.Has(kDirective)) continue;
    while (at < order.size() && !IsSameItem(order[at], item, merge_key)) ++at;
    if (at == order.size()) return false;
    ++at;
  }
  return true;
}

// Merges the lists whose order the patch gives, and takes them off the patch.
absl::Status MergeOrdered(const Schema& schema, Value& original, Value& patch) {
  const Value before = patch;
  for (const Value::Member& member : before.object()) {
    absl::string_view key = member.key;
    if (!absl::ConsumePrefix(&key, kOrderPrefix)) continue;
    patch.Erase(member.key);
    const Value& order = member.value;
    const Value live = original[key];
    const Value wanted = before[key];
    if (!order.is_array() || (!live.is_null() && !live.is_array()) ||
        (!wanted.is_null() && !wanted.is_array())) {
      return BadPatch("invalid patch format of setElementOrder list");
    }
    bool has_live = original.Has(key), has_patch = before.Has(key);
    if (!has_live && !has_patch) continue;
    MergeRule rule = RuleOf(schema, key);
    if (!FollowsOrder(wanted.array(), order.array(), rule.merge_key)) {
      return BadPatch(absl::StrCat("The order in patch list:\n",
                                   FormatJson(wanted),
                                   "\n doesn't match $setElementOrder list:\n",
                                   FormatJson(order), "\n"));
    }
    Value merged = live;
    if (!has_live) {
      merged = Plain(wanted);
    } else if (has_patch && !rule.merges) {
      merged = wanted;
    } else if (has_patch) {
      WEIR_ASSIGN_OR_RETURN(
          merged, MergeList(live.array(), wanted.array(), rule, false));
    }
    original.Set(key, Value(Arrange(merged.array(), order.array(), live.array(),
                                    rule.merge_key)));
    patch.Erase(key);
  }
  return absl::OkStatus();
}

absl::Status MergeMember(const Schema& schema, absl::string_view key,
                         const Value& patch, Value& original) {
  bool deletes = absl::ConsumePrefix(&key, kDeletePrefix);
  if (patch.is_null()) {
    original.Erase(key);
    return absl::OkStatus();
  }
  const Value* live = original.Find(key);
  bool same_kind =
      live != nullptr && ((live->is_object() && patch.is_object()) ||
                          (live->is_array() && patch.is_array()));
  if (!same_kind) {
    if (!deletes) original.Set(key, Plain(patch));
    return absl::OkStatus();
  }
  MergeRule rule = RuleOf(schema, key);
  Value merged = patch;
  if (live->is_object() && !rule.replaces) {
    WEIR_ASSIGN_OR_RETURN(merged, MergeObject(*live, patch, *rule.schema));
  } else if (live->is_array() && (rule.merges || deletes)) {
    WEIR_ASSIGN_OR_RETURN(
        merged, MergeList(live->array(), patch.array(), rule, deletes));
  }
  original.Set(key, std::move(merged));
  return absl::OkStatus();
}

absl::StatusOr<Value> MergeObject(const Value& original, Value patch,
                                  const Schema& schema) {
  if (const Value* directive = patch.Find(kDirective); directive != nullptr) {
    const Value kind = *directive;
    patch.Erase(kDirective);
    if (kind == Value("replace")) return patch;
    if (kind == Value("delete")) return Value::MakeObject();
    if (kind != Value("merge")) {
      return BadPatch(absl::StrCat("unknown patch type: ", FormatJson(kind)));
    }
  }
  Value out = original.is_object() ? original : Value::MakeObject();
  WEIR_RETURN_IF_ERROR(RetainKeys(out, patch));
  WEIR_RETURN_IF_ERROR(MergeOrdered(schema, out, patch));
  for (const Value::Member& member : patch.object()) {
    WEIR_RETURN_IF_ERROR(MergeMember(schema, member.key, member.value, out));
  }
  return out;
}

}  // namespace

absl::StatusOr<Value> ApplyStrategicMerge(const KindInfo& kind,
                                          const Value& object,
                                          const Value& patch) {
  if (!patch.is_object()) {
    return BadPatch(
        "error decoding patch: json: cannot unmarshal into Go "
        "value of type map[string]interface {}");
  }
  return MergeObject(object, patch, *kind.schema);
}

}  // namespace weir::apiserver
