// Chart is a Helm chart in memory: metadata, templates, values, files and the
// charts below it.
//
// Touches: nothing (pure value types).
// Threads: as values.
// Source: Helm v4's chart model, apiVersion v1 and v2.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir::helm {

// The bytes of a file, which copies share.
class FileData {
 public:
  FileData() = default;
  FileData(std::string bytes);                                 // NOLINT
  FileData(const char* text) : FileData(std::string(text)) {}  // NOLINT
  // Bytes that are there as long as `owner`.
  FileData(std::shared_ptr<const void> owner, absl::string_view bytes)
      : owner_(std::move(owner)), view_(bytes) {}

  absl::string_view view() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return view_; }
  operator absl::string_view() const ABSL_ATTRIBUTE_LIFETIME_BOUND {  // NOLINT
    return view_;
  }
  size_t size() const { return view_.size(); }
  void RemovePrefix(size_t bytes) { view_.remove_prefix(bytes); }
  friend bool operator==(const FileData& a, absl::string_view b) {
    return a.view_ == b;
  }

 private:
  std::shared_ptr<const void> owner_;
  absl::string_view view_;
};

struct File {
  std::string name;  // From the chart's root: "templates/service.yaml".
  FileData data;
};

struct Maintainer {
  std::string name;
  std::string email;
  std::string url;
};

struct Dependency {
  std::string name;
  std::string version;  // A range.
  std::string repository;
  std::string condition;  // "a.enabled,b.enabled": the first that is there.
  std::vector<std::string> tags;
  bool enabled = false;
  // As written; once dependencies are processed, maps of `child` and `parent`.
  std::vector<Value> import_values;
  std::string alias;
};

struct Metadata {
  std::string name;
  std::string home;
  std::vector<std::string> sources;
  std::string version;
  std::string description;
  std::vector<std::string> keywords;
  std::vector<Maintainer> maintainers;
  std::string icon;
  std::string api_version;
  std::string condition;
  std::string tags;
  std::string app_version;
  bool deprecated = false;
  std::map<std::string, std::string> annotations;
  bool has_annotations = false;  // Says so, if only none.
  std::string kube_version;      // A range; empty: any.
  std::vector<Dependency> dependencies;
  bool lists_dependencies = false;  // Says so, if only none.
  std::string type;                 // "", "application" or "library".
};

struct Lock {
  std::string generated;
  std::string digest;
  std::vector<Dependency> dependencies;
};

struct Chart {
  Metadata metadata;
  std::optional<Lock> lock;
  std::vector<File> templates;
  Value values;  // An object, or null when there is no values.yaml.
  // values.yaml itself, when LoadOptions ask for it.
  std::optional<std::string> values_text;
  std::optional<std::string> schema;  // values.schema.json
  std::vector<File> files;            // All others, crds/ too.
  std::vector<Chart> dependencies;
  // "root/charts/sub". Aliases are in it once dependencies are processed.
  std::string full_path;
  bool is_root = true;

  const std::string& name() const { return metadata.name; }
  // A library gives its partials only.
  bool is_library() const;
};

// Custom resource definitions in crds/, of the chart and then of those below.
struct Crd {
  std::string path;  // "root/crds/a.yaml"
  const File* file;  // Within the chart.
};
std::vector<Crd> ListCrds(const Chart& chart);

}  // namespace weir::helm
