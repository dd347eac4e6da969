#include "cycles.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace weir::gotmpl {
namespace {

bool IsContainer(const Any& value) {
  if (value.identity() == nullptr) return false;
  return value.is_dict() ||
         (value.is_list() && value.type()->elem != types::Uint8());
}

// Calls `visit` with each container that a container holds.
template <typename Visit>
void ForEachChild(const Any& container, Visit visit) {
  if (container.is_dict()) {
    for (const auto& [key, value] : *container.AsDict()) {
      if (IsContainer(value)) visit(value);
    }
    return;
  }
  for (size_t i = 0; i < container.size(); ++i) {
    Any item = container.At(i);
    if (IsContainer(item)) visit(item);
  }
}

// False only when `from` surely does not lead to `to`: small values are
// looked through, large ones are not.
bool MayReach(const Any& from, const Dict& to) {
  constexpr size_t kMostLooks = 64;
  size_t looks = 0;
  std::vector<Any> waiting = {from};
  while (!waiting.empty()) {
    const Any container = std::move(waiting.back());
    waiting.pop_back();
    if (container.identity() == &to) return true;
    looks += 1 + container.size();
    if (looks > kMostLooks) return true;
    ForEachChild(container,
                 [&](const Any& child) { waiting.push_back(child); });
  }
  return false;
}

// The strongly connected components of what some dicts reach (Tarjan), with
// a stack of its own: values may be nested deeply.
class Components {
 public:
  void Visit(const Any& root) {
    if (nodes_.contains(root.identity())) return;
    Enter(root);
    while (!frames_.empty()) {
      Frame& frame = frames_.back();
      if (frame.children.empty()) {
        Leave();
        continue;
      }
      const Any child = std::move(frame.children.back());
      frame.children.pop_back();
      const auto found = nodes_.find(child.identity());
      if (found == nodes_.end()) {
        Enter(child);
      } else if (found->second.component == 0) {
        Lower(frame.value, found->second.order);
      }
    }
  }

  // Whether there is a way back from `value`, which `holder` holds.
  bool AreTogether(const Dict& holder, const Any& value) const {
    return IsContainer(value) && nodes_.at(&holder).component ==
                                     nodes_.at(value.identity()).component;
  }

 private:
  struct Node {
    size_t order = 0, lowest = 0;
    size_t component = 0;  // Not known yet: it is on `open_`.
  };
  struct Frame {
    Any value;
    std::vector<Any> children;
  };

  void Enter(const Any& value) {
    const size_t order = nodes_.size() + 1;
    nodes_.emplace(value.identity(), Node{order, order, 0});
    open_.push_back(value.identity());
    Frame frame{value, {}};
    ForEachChild(value,
                 [&](const Any& child) { frame.children.push_back(child); });
    frames_.push_back(std::move(frame));
  }

  void Lower(const Any& value, size_t order) {
    size_t& lowest = nodes_.at(value.identity()).lowest;
    lowest = std::min(lowest, order);
  }

  void Leave() {
    const Any value = std::move(frames_.back().value);
    frames_.pop_back();
    const Node node = nodes_.at(value.identity());
    if (!frames_.empty()) Lower(frames_.back().value, node.lowest);
    if (node.lowest != node.order) return;
    const void* member = nullptr;
    do {
      member = open_.back();
      open_.pop_back();
      nodes_.at(member).component = node.order;
    } while (member != value.identity());
  }

  absl::flat_hash_map<const void*, Node> nodes_;
  std::vector<const void*> open_;
  std::vector<Frame> frames_;
};

}  // namespace

void CycleWatch::Written(Dict& into, const Any& value) {
  if (into.watched_link_ != nullptr || !IsContainer(value) ||
      !MayReach(value, into)) {
    return;
  }
  into.watched_next_ = first_;
  into.watched_link_ = &first_;
  if (first_ != nullptr) first_->watched_link_ = &into.watched_next_;
  first_ = &into;
}

void CycleWatch::Cut() {
  std::vector<Dict*> watched;
  while (first_ != nullptr) {
    Dict* dict = first_;
    watched.push_back(dict);
    first_ = std::exchange(dict->watched_next_, nullptr);
    dict->watched_link_ = nullptr;
  }
  if (watched.empty()) return;
  Components components;
  for (Dict* dict : watched) {
    dict->Retain();
    components.Visit(Any::OfDict(dict));
  }
  // Freed last: they may be all that holds another of the dicts.
  std::vector<Any> cut;
  for (Dict* dict : watched) {
    for (auto& [key, value] : dict->members_) {
      if (!components.AreTogether(*dict, value)) continue;
      cut.emplace_back();
      cut.back().swap(value);
    }
  }
}

}  // namespace weir::gotmpl
