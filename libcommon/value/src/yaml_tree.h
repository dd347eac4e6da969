// A YAML document as a tree of what it says and how it says it.
//
// Touches: nothing.
// Threads: plain values; a tree is used by one thread while it is changed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "src/yaml_token.h"

namespace weir::yaml {

struct Comments {
  std::string head;
  std::string line;
  std::string foot;
  bool empty() const { return head.empty() && line.empty() && foot.empty(); }
};

enum class NodeKind : uint8_t { kScalar, kSequence, kMapping, kAlias };

struct Node {
  NodeKind kind = NodeKind::kScalar;
  ScalarStyle style = ScalarStyle::kPlain;
  bool is_flow = false;
  bool is_open = false;  // While what it holds is decoded.
  // Whether an alias names this or anything below.
  bool has_target = false;
  // Whether go-yaml 2 resolves a scalar by what it looks like.
  bool is_implicit = false;
  Mark start;
  absl::string_view text;  // A scalar's value, an alias's name.
  absl::string_view tag;   // In full, "tag:yaml.org,2002:int"; empty: none.
  // What a scalar without a tag is taken for, "!!int", where its text would say
  // otherwise; empty: what its text says.
  absl::string_view implied;
  absl::string_view anchor;
  std::string* owned = nullptr;  // Holds `text`, and nobody else has it.
  Node* target = nullptr;        // Of an alias.
  absl::Span<Node*> children;    // Of a mapping: key, value, key, value.
  const Comments* comments = nullptr;
};

// Owns nodes and the texts that they view.
class Tree {
 public:
  Node* NewNode() {
    if (next_ == end_) TakeBlock();
    *next_ = Node();
    return next_++;
  }
  // The nodes from `first` on leave `stack` and become one span.
  absl::Span<Node*> TakeChildren(std::vector<Node*>& stack, size_t first);
  const Comments* NewComments(Comments comments) {
    return &comments_.emplace_back(std::move(comments));
  }
  Texts& texts() { return texts_; }
  // These let go of all nodes, but not of texts, for what was read ahead;
  // ClearNodes keeps the memory for the next nodes.
  void FreeNodes() {
    ClearNodes();
    blocks_.clear();
  }
  void ClearNodes() {
    block_ = 0;
    next_ = end_ = nullptr;
    comments_.clear();
    spans_.clear();
    span_left_ = 0;
  }

 private:
  // Points next_ and end_ to a block of nodes.
  void TakeBlock() {
    constexpr size_t kFirst = 16;
    constexpr size_t kDoublings = 6;
    const size_t size = kFirst << std::min(block_, kDoublings);
    if (block_ == blocks_.size()) {
      blocks_.push_back(std::make_unique<Node[]>(size));
    }
    next_ = blocks_[block_++].get();
    end_ = next_ + size;
  }

  std::vector<std::unique_ptr<Node[]>> blocks_;  // Each larger, up to a limit.
  size_t block_ = 0;                             // How many of them are in use.
  Node* next_ = nullptr;
  Node* end_ = nullptr;
  std::deque<Comments> comments_;
  std::vector<std::unique_ptr<Node*[]>> spans_;
  Node** span_ = nullptr;  // Free places of the last of spans_.
  size_t span_left_ = 0;
  Texts texts_;
};

}  // namespace weir::yaml
