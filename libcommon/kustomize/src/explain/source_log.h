// SourceLog numbers what makes and changes fields during a build that is to
// be explained.
//
// Touches: nothing.
// Threads: one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "weir/kustomize/explain.h"
#include "weir/value/yaml_outline.h"

namespace weir::kustomize {

class SourceLog {
 public:
  using Outlines = std::shared_ptr<const std::vector<YamlOutline>>;

  struct Entry {
    Explanation::Source source;
    // Of the document that the fields are from; null: not known.
    Outlines outlines;
    const YamlOutline* outline = nullptr;
  };

  // Null for a text that is no YAML.
  static Outlines Outline(absl::string_view text);
  // The document that an object of this kind and name is in.
  static const YamlOutline* FindObject(const Outlines& outlines,
                                       absl::string_view kind,
                                       absl::string_view name);

  int Add(Entry entry) {
    entries_.push_back(std::move(entry));
    return static_cast<int>(entries_.size()) - 1;
  }
  int AddStep(absl::string_view what) {
    return Add({{"", 0, std::string(what)}, nullptr, nullptr});
  }
  const Entry& entry(int index) const { return entries_[index]; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace weir::kustomize
