// What kyaml does to a tree between reading it and decoding it.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "src/yaml_parser.h"
#include "src/yaml_tree.h"

namespace weir::yaml {

// Replaces aliases by copies of what they name and merges what is to be
// merged, in place.
class Deanchorer {
 public:
  // At most `max_copies` nodes are made for aliases and merge keys.
  Deanchorer(Tree* tree, size_t max_copies)
      : tree_(tree), copies_left_(max_copies) {}

  // Null on an error.
  Node* Run(Node* root);
  const std::string& problem() const { return problem_; }
  const Mark& problem_mark() const { return problem_mark_; }
  bool is_limit() const { return is_limit_; }

 private:
  // The entries of a mapping under way.
  struct Entries {
    std::vector<Node*> list;  // Key, value, key, value.
    // Where in the list the first key of a text is.
    absl::flat_hash_map<absl::string_view, size_t> places;
  };

  Node* Visit(Node* node);
  bool Fail(const Node* node, std::string problem);
  Node* Copy(const Node* node, bool counts);
  bool MergeAll(Node* node);
  bool FindMergeValue(const Node* node, Node** value);
  bool CollectSources(Node* value, std::vector<Node*>* sources);
  bool SetEntry(Node* key, Node* value, bool copies, Entries* entries);
  bool SetEntries(absl::Span<Node* const> from, bool copies, Entries* entries);
  bool CheckSelfReference(Node* node);
  static void MarkTargets(Node* node);
  static bool FindTargets(Node* node);

  Tree* const tree_;
  size_t copies_left_;
  std::string problem_;
  Mark problem_mark_;
  bool is_limit_ = false;
};

// Passes the annotations of an object through a map of strings: they come last
// in its metadata, sorted, in new nodes.
void RenewAnnotations(Node* root, Tree* tree);

// Makes one map of an object's annotations that are there more than once, as
// far as kustomize does.
void JoinAnnotations(Node* root, Tree* tree);

// Whether writing the tree and reading it again gives what decoding it at once
// gives, so that neither has to be done. False when in doubt.
bool IsSteady(const Document& document);

// Whether kyaml takes the document for an empty one.
bool IsEmptyDocument(const Node& root);

}  // namespace weir::yaml
