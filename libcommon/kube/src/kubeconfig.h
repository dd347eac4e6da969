// Kubeconfig is one or more kubeconfig files, read and merged.
//
// Touches: nothing.
// Threads: values and pure functions.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/kube/config.h"
#include "weir/value/value.h"

namespace weir::kube {

// YAML or JSON of a configuration file as a tree.
// Errors: kInvalidArgument with line; kResourceExhausted when it is too large
// or nested too deeply.
absl::StatusOr<Value> ReadConfigYaml(absl::string_view text);

class Kubeconfig {
 public:
  // Adds a file's entries, but for those that an earlier file has.
  // `file` is for messages; relative paths in it start at its folder.
  // Errors: kInvalidArgument with file and field.
  absl::Status Merge(absl::string_view text, const std::string& file);

  // Whether there is any context at all.
  bool empty() const { return contexts_.empty() && clusters_.empty(); }

  // `context` empty: the current one.
  // Errors: kNotFound without a current context; kInvalidArgument.
  absl::StatusOr<Config> Resolve(const std::string& context,
                                 const KubeconfigRules& rules) const;

 private:
  struct Entry {
    Value value;
    std::string file;
  };
  using Entries = std::map<std::string, Entry>;
  static absl::Status MergeEntries(const Value& list, absl::string_view key,
                                   const std::string& file, Entries* entries);

  Entries clusters_, users_, contexts_;
  std::string current_context_;
};

}  // namespace weir::kube
