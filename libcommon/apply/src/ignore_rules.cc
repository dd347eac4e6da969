#include "weir/apply/ignore_rules.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"
#include "weir/kube/selector.h"
#include "weir/kube/types.h"
#include "weir/text/regex.h"
#include "weir/value/patch.h"

namespace weir::apply {

struct ObjectSelector::Impl {
  struct Field {
    text::Regex pattern;
    std::string (*get)(const Value& object);
  };
  std::vector<Field> fields;
  std::optional<kube::LabelSelector> labels;
  std::optional<kube::LabelSelector> annotations;
};

namespace {

struct FieldGetter {
  const char* name;
  std::string (*get)(const Value& object);
};

constexpr FieldGetter kGetters[] = {
    {"group", [](const Value& o) { return kube::GroupVersionKindOf(o).group; }},
    {"version",
     [](const Value& o) { return kube::GroupVersionKindOf(o).version; }},
    {"kind", [](const Value& o) { return kube::GroupVersionKindOf(o).kind; }},
    {"name",
     [](const Value& o) {
       return std::string(o["metadata"].GetString("name"));
     }},
    {"namespace",
     [](const Value& o) {
       return std::string(o["metadata"].GetString("namespace"));
     }},
};

// Whether a FieldsV1 set owns the field at `path` or one below it.
bool OwnsPath(const Value& fields, const std::vector<std::string>& path) {
  const Value* node = &fields;
  for (const std::string& token : path) {
    const Value* next = node->Find(absl::StrCat("f:", token));
    // List items are named by their keys; their owner counts as the list's.
    if (next == nullptr) return node != &fields && node->empty();
    node = next;
  }
  return true;
}

bool OtherApplierOwns(const Value& live, const std::string& field_manager,
                      const std::vector<std::string>& path) {
  for (const Value& entry : live["metadata"]["managedFields"].array()) {
    if (entry.GetString("operation") == "Apply" &&
        entry.GetString("manager") != field_manager &&
        OwnsPath(entry["fieldsV1"], path)) {
      return true;
    }
  }
  return false;
}

}  // namespace

absl::StatusOr<ObjectSelector> ObjectSelector::FromValue(const Value& target) {
  ObjectSelector selector;
  if (!target.is_object() || target.empty()) return selector;
  auto impl = std::make_shared<Impl>();
  for (const FieldGetter& getter : kGetters) {
    const absl::string_view pattern = target.GetString(getter.name);
    if (pattern.empty()) continue;
    WEIR_ASSIGN_OR_RETURN(
        text::Regex regex,
        text::Regex::Compile(absl::StrCat("^(?:", pattern, ")$")),
        "selector field ", getter.name);
    impl->fields.push_back({std::move(regex), getter.get});
  }
  if (target.Has("labelSelector")) {
    WEIR_ASSIGN_OR_RETURN(impl->labels, kube::LabelSelector::Parse(
                                            target.GetString("labelSelector")));
  }
  if (target.Has("annotationSelector")) {
    WEIR_ASSIGN_OR_RETURN(
        impl->annotations,
        kube::LabelSelector::Parse(target.GetString("annotationSelector")));
  }
  selector.impl_ = std::move(impl);
  return selector;
}

bool ObjectSelector::Matches(const Value& object) const {
  if (impl_ == nullptr) return true;
  for (const Impl::Field& field : impl_->fields) {
    if (!field.pattern.Matches(field.get(object))) return false;
  }
  const Value& metadata = object["metadata"];
  if (impl_->labels && !impl_->labels->Matches(metadata["labels"])) {
    return false;
  }
  return !impl_->annotations ||
         impl_->annotations->Matches(metadata["annotations"]);
}

absl::StatusOr<IgnoreRules> IgnoreRules::FromValue(const Value& rules) {
  IgnoreRules parsed;
  for (size_t i = 0; i < rules.size(); ++i) {
    Rule rule;
    WEIR_ASSIGN_OR_RETURN(rule.selector,
                          ObjectSelector::FromValue(rules[i]["target"]),
                          "ignore rule ", i);
    for (const Value& path : rules[i]["paths"].array()) {
      if (!path.is_string()) continue;
      WEIR_ASSIGN_OR_RETURN(std::vector<std::string> tokens,
                            ParseJsonPointer(path.AsString()), "ignore rule ",
                            i);
      rule.paths.push_back(std::move(tokens));
    }
    parsed.rules_.push_back(std::move(rule));
  }
  return parsed;
}

std::vector<std::vector<std::string>> IgnoreRules::PathsFor(
    const Value& object) const {
  std::vector<std::vector<std::string>> paths;
  for (const Rule& rule : rules_) {
    if (!rule.selector.Matches(object)) continue;
    paths.insert(paths.end(), rule.paths.begin(), rule.paths.end());
  }
  return paths;
}

void AdoptIgnoredPaths(const std::vector<std::vector<std::string>>& paths,
                       const Value& live, const std::string& field_manager,
                       Value& desired) {
  for (const std::vector<std::string>& path : paths) {
    const Value* wanted = FindByPointer(desired, path);
    const Value* present = FindByPointer(live, path);
    if (present == nullptr) continue;
    if (wanted != nullptr && *wanted == *present) continue;
    if (wanted == nullptr) continue;  // Not ours to send.
    if (OtherApplierOwns(live, field_manager, path)) {
      EraseByPointer(desired, path);
    } else if (!SetByPointer(desired, path, *present).ok()) {
      EraseByPointer(desired, path);
    }
  }
}

bool DiffersBeyond(const std::vector<std::vector<std::string>>& paths, Value a,
                   Value b) {
  for (Value* object : {&a, &b}) {
    for (const std::vector<std::string>& path : paths) {
      EraseByPointer(*object, path);
    }
    const Value& metadata = (*object)["metadata"];
    Value kept = Value::MakeObject({{"labels", metadata["labels"]},
                                    {"annotations", metadata["annotations"]}});
    object->Set("metadata", std::move(kept));
    object->Erase("status");
  }
  return !(a == b);
}

}  // namespace weir::apply
