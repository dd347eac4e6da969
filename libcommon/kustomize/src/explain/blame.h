// Blame is the tree of who wrote each field of an object, newest first.
//
// Touches: nothing.
// Threads: pure functions and value types.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "weir/kustomize/explain.h"
#include "weir/value/value.h"
#include "weir/value/yaml_outline.h"

namespace weir::kustomize {

struct Blame {
  struct Child;

  std::vector<Explanation::Mark> marks;
  // Of a map: by key. Of a list: in order, with empty keys.
  std::vector<Child> children;

  const Blame* Find(absl::string_view key) const;
};

struct Blame::Child {
  std::string key;
  Blame blame;
};

// The blame after a source made `after` of `before`. `outline`: where the
// source's file has the fields; may be null.
Blame UpdateBlame(const Blame& blame, const Value& before, const Value& after,
                  int source, const YamlOutline* outline);

}  // namespace weir::kustomize
