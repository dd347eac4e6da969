#include "src/explain/blame.h"

#include <string>
#include <utility>
#include <vector>

#include "src/model/resource.h"
#include "src/model/scalar.h"

namespace weir::kustomize {
namespace {

// Fields by which people tell the elements of a list apart.
constexpr absl::string_view kIdentities[] = {
    "name", "key",  "containerPort", "port", "mountPath",
    "ip",   "type", "topologyKey",   "uid",  "devicePath"};

// The field and text that identify a list's element; empty when nothing does.
std::pair<absl::string_view, std::string> IdentityOf(const Value& element) {
  for (absl::string_view field : kIdentities) {
    const Value* found = element.Find(field);
    if (found == nullptr || found->is_object() || found->is_array()) continue;
    return {field, ScalarText(*found)};
  }
  return {};
}

// The element of an outlined list that is meant by an element at an index.
const YamlOutline* FindElement(const YamlOutline* list, const Value& element,
                               size_t index) {
  if (list == nullptr || list->kind != YamlOutline::Kind::kList) return nullptr;
  const auto [field, text] = IdentityOf(element);
  for (const auto& [key, child] : list->children) {
    const YamlOutline* found = field.empty() ? nullptr : child.Find(field);
    if (found != nullptr && found->text == text) return &child;
    if (element.is_string() && child.text == element.AsString()) return &child;
  }
  return index < list->children.size() && field.empty()
             ? &list->children[index].value
             : nullptr;
}

class BlameUpdate {
 public:
  explicit BlameUpdate(int source) : source_(source) {}

  Blame Update(const Blame& blame, const Value& before, const Value& after,
               const YamlOutline* outline, int line) const {
    if (after == before) return blame;
    if (outline != nullptr) line = outline->line;
    if (after.is_object() && before.is_object()) {
      return UpdateMap(blame, before, after, outline, line);
    }
    if (after.is_array() && before.is_array()) {
      return UpdateList(blame, before, after, outline, line);
    }
    Blame made = Make(after, outline, line);
    made.marks.insert(made.marks.end(), blame.marks.begin(), blame.marks.end());
    return made;
  }

  // All of it is new.
  Blame Make(const Value& value, const YamlOutline* outline, int line) const {
    if (outline != nullptr) line = outline->line;
    Blame blame;
    blame.marks.push_back({source_, line});
    for (const Value::Member& member : value.object()) {
      blame.children.push_back(
          {member.key,
           Make(member.value,
                outline == nullptr ? nullptr : outline->Find(member.key),
                line)});
    }
    for (size_t i = 0; i < value.array().size(); ++i) {
      const Value& element = value[i];
      blame.children.push_back(
          {"", Make(element, FindElement(outline, element, i), line)});
    }
    return blame;
  }

 private:
  Blame UpdateMap(const Blame& blame, const Value& before, const Value& after,
                  const YamlOutline* outline, int line) const {
    Blame made;
    made.marks = blame.marks;
    for (const Value::Member& member : after.object()) {
      const YamlOutline* place =
          outline == nullptr ? nullptr : outline->Find(member.key);
      const Value* was = before.Find(member.key);
      const Blame* old = blame.Find(member.key);
      made.children.push_back(
          {member.key, was == nullptr || old == nullptr
                           ? Make(member.value, place, line)
                           : Update(*old, *was, member.value, place, line)});
    }
    return made;
  }

  Blame UpdateList(const Blame& blame, const Value& before, const Value& after,
                   const YamlOutline* outline, int line) const {
    Blame made;
    made.marks = blame.marks;
    const std::vector<size_t> matches = MatchElements(before, after);
    for (size_t i = 0; i < after.size(); ++i) {
      const YamlOutline* place = FindElement(outline, after[i], i);
      const size_t match = matches[i];
      made.children.push_back(
          {"", match >= blame.children.size()
                   ? Make(after[i], place, line)
                   : Update(blame.children[match].blame, before[match],
                            after[i], place, line)});
    }
    return made;
  }

  // For each element, the one that it was; before.size() for a new one.
  static std::vector<size_t> MatchElements(const Value& before,
                                           const Value& after) {
    const size_t none = before.size();
    std::vector<bool> used(before.size(), false);
    std::vector<size_t> matches(after.size(), none);
    const auto match = [&](auto is_same) {
      for (size_t i = 0; i < after.size(); ++i) {
        for (size_t j = 0; j < before.size() && matches[i] == none; ++j) {
          if (used[j] || !is_same(i, j)) continue;
          used[j] = true;
          matches[i] = j;
        }
      }
    };
    match([&](size_t i, size_t j) { return after[i] == before[j]; });
    match([&](size_t i, size_t j) {
      const auto identity = IdentityOf(after[i]);
      return !identity.first.empty() && identity == IdentityOf(before[j]);
    });
    if (before.size() == after.size()) {
      match([&](size_t i, size_t j) { return i == j; });
    }
    return matches;
  }

  const int source_;
};

}  // namespace

const Blame* Blame::Find(absl::string_view key) const {
  for (const auto& [name, child] : children) {
    if (name == key) return &child;
  }
  return nullptr;
}

Blame UpdateBlame(const Blame& blame, const Value& before, const Value& after,
                  int source, const YamlOutline* outline) {
  const BlameUpdate update(source);
  if (before.is_null()) return update.Make(after, outline, 0);
  return update.Update(blame, before, after, outline, 0);
}

}  // namespace weir::kustomize
