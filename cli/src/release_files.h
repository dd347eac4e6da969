// HelmReleases in files, with the objects and the folders that they refer to.
//
// Touches: files, as the user names them; process (standard input).
// Threads: one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/base/context.h"
#include "weir/helm/chart.h"
#include "weir/helm_controller/preview.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::cli {

struct ReleaseFiles {
  std::vector<Value> releases;  // In the order of the files.
  // All other objects.
  std::map<kube::ObjectRef, Value> objects;

  // A ConfigMap or Secret. Errors: kNotFound.
  absl::StatusOr<Value> Find(const kube::ObjectRef& ref) const;
};

// Reads files of YAML documents; "-" is standard input, and of a folder all
// its .yaml and .yml files, those of folders below it too. Objects without a
// namespace are in `name_space`.
// Errors: those of reading; kInvalidArgument naming the file.
absl::StatusOr<ReleaseFiles> ReadReleaseFiles(
    const std::vector<std::string>& paths, const std::string& name_space);

// Of those named `name`, or of all when it is empty.
// Errors: kNotFound when there is none.
absl::StatusOr<std::vector<Value>> PickReleases(const ReleaseFiles& files,
                                                const std::string& name);

// Folders that stand for sources: what --source says.
class LocalSources {
 public:
  // Each "[KIND/[NAMESPACE/]NAME|URL=]FOLDER", several separated by commas.
  // Errors: kInvalidArgument; kNotFound for a folder that is not there.
  static absl::StatusOr<LocalSources> Parse(
      const std::vector<std::string>& given);

  // The chart that the HelmRelease asks for, if a folder stands for its source;
  // `files` tell what a HelmChart that it names is made of.
  // Errors: those of building the chart.
  absl::StatusOr<std::optional<helm::Chart>> FindChart(
      const Context& ctx, const Value& release,
      const ReleaseFiles& files) const;

 private:
  const std::string* FolderOf(const artifact::SourceKey& source) const;

  std::map<std::string, std::string> folders_;  // By what stands before "=".
};

// "GitRepository/flux-system/app"
std::string NameSource(const artifact::SourceKey& source);

}  // namespace weir::cli
