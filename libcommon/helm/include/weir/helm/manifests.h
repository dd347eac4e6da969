// Manifests are the objects that rendered files hold, in the order in which
// they are installed, and apart from them the hooks.
//
// Touches: nothing.
// Threads: pure functions and value types.
// Source: Helm v4.2.4, pkg/release/v1/util.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::helm {

struct Manifest {
  std::string path;     // Of the template.
  std::string content;  // One document.
  std::string api_version;
  std::string kind;
};

struct Hook {
  std::string name;
  std::string kind;
  std::string path;
  std::string content;
  std::vector<std::string> events;  // "pre-install", ..., "test"
  int weight = 0;
  std::vector<std::string> delete_policies;
  std::vector<std::string> output_log_policies;

  bool is_test() const;
};

struct Manifests {
  std::vector<Hook> hooks;
  std::vector<Manifest> objects;
};

// The documents of a text, without those that are blank.
std::vector<std::string> SplitManifests(absl::string_view text);

// Errors: kInvalidArgument "YAML parse error on FILE: ...".
absl::StatusOr<Manifests> SortManifests(
    const std::map<std::string, std::string>& files);

// Kinds in the order in which they are installed, and in which they go.
const std::vector<absl::string_view>& InstallOrder();
const std::vector<absl::string_view>& UninstallOrder();
// Stable; kinds that are not listed come last, by name.
void SortByKind(std::vector<Manifest>& manifests,
                const std::vector<absl::string_view>& order);

}  // namespace weir::helm
