// Selector picks objects by regular expressions and label selectors.
//
// Touches: nothing.
// Threads: immutable once compiled.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/model/label_selector.h"
#include "src/model/resource.h"

namespace weir::kustomize {

// As written in a kustomization file.
struct SelectorSpec {
  std::string group;
  std::string version;
  std::string kind;
  std::string name;
  std::string ns;
  std::string annotation_selector;
  std::string label_selector;

  bool HasId() const {
    return !group.empty() || !version.empty() || !kind.empty() ||
           !name.empty() || !ns.empty();
  }
};

// A pattern that must match all of a text; empty matches everything. Plain
// names are compared without the regular expression engine.
class Pattern {
 public:
  // Errors: kFailedPrecondition when it is no RE2 expression.
  static absl::StatusOr<Pattern> Compile(const std::string& text);
  bool Matches(absl::string_view text) const;
  bool is_literal() const { return is_literal_; }

  // Hides RE2 from those who include this.
  struct Regex;

 private:
  std::string literal_;
  bool is_literal_ = true;
  std::shared_ptr<const Regex> regex_;
};

// Searches anywhere in the text, as Go's regexp.MatchString.
class SearchPattern {
 public:
  static absl::StatusOr<SearchPattern> Compile(const std::string& text);
  bool Matches(absl::string_view text) const;

 private:
  std::shared_ptr<const Pattern::Regex> regex_;
};

class Selector {
 public:
  static absl::StatusOr<Selector> Compile(const SelectorSpec& spec);

  // As patches select: names and namespaces are the original or the current
  // ones, group, version and kind the current ones.
  // Errors: kFailedPrecondition when a label selector is none.
  absl::StatusOr<bool> Matches(const Resource& resource) const;
  // The steps that a look at one object takes beside a comparison.
  size_t cost() const;
  // As replacements select: one id with all parts.
  bool MatchesId(const Gvk& group_version, absl::string_view kind,
                 absl::string_view name, absl::string_view ns) const;
  absl::StatusOr<bool> MatchesMetadata(const Resource& resource) const;

 private:
  Pattern group_, version_, kind_, name_, ns_;
  LabelSelector annotations_, labels_;
};

}  // namespace weir::kustomize
