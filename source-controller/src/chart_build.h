// How a HelmChart becomes a file: fetched from a repository, or made from the
// files of another source.
//
// Touches: network (repositories); files of the given folders.
// Threads: an object belongs to one thread.
// Source: source.md, section 10; fluxcd/source-controller, internal/helm.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/context.h"
#include "weir/helm/chart.h"
#include "weir/helm/load.h"

namespace weir::source {

// What is wrong when a build fails. Errors of builds are marked with one.
enum class BuildProblem {
  kReference,
  kPull,
  kMetadata,
  kValues,
  kDependencies,
  kPackage,
  kUnknown,
};
absl::Status MarkProblem(BuildProblem problem, const absl::Status& error);
BuildProblem ProblemOf(const absl::Status& error);

// A version of a chart, and where it is.
struct FoundVersion {
  std::string name;
  std::string version;
  std::string url;  // As the repository has it; empty: nowhere.
};

// Where charts come from.
class ChartRepository {
 public:
  virtual ~ChartRepository() = default;
  // Errors: marked kReference when the repository has no such chart or version,
  // kPull when it cannot be asked.
  virtual absl::StatusOr<FoundVersion> Find(const Context& ctx,
                                            const std::string& name,
                                            const std::string& version) = 0;
  // Writes the archive to `path`, a new file.
  virtual absl::Status Download(const Context& ctx, const FoundVersion& found,
                                const std::string& path) = 0;
};

// What is to be built.
struct ChartOrder {
  std::string chart;    // A name, or a path below the source's root.
  std::string version;  // Of a repository.
  // As the object has them.
  std::vector<std::string> values_files;
  bool ignore_missing_values_files = false;
  std::string version_metadata;  // "11e1e69a53df.3"; empty: none.
  // What the object has now, unless it has to be built anew.
  bool may_reuse = false;
  std::string current_name, current_version;
  std::vector<std::string> current_values_files;

  std::string folder;  // Of this build alone, and empty.
  int64_t max_chart_bytes = 0;
  helm::LoadOptions load;

  // None when they are only values.yaml.
  const std::vector<std::string>& merged_files() const;
  bool is_packaged() const {
    return !merged_files().empty() || !version_metadata.empty();
  }
};

struct ChartBuild {
  std::string name;
  std::string version;
  std::vector<std::string> values_files;
  int resolved_dependencies = 0;
  bool is_packaged = false;  // Else the file is as it was found.
  bool is_reused = false;    // The object has it already.
  std::string file;          // In the order's folder.

  // "packaged 'demo' chart with version '1.0.0'"
  std::string Summary() const;
};

// Errors of both: marked with a problem.
absl::StatusOr<ChartBuild> BuildFromRepository(const Context& ctx,
                                               ChartRepository& repository,
                                               const ChartOrder& order);

// `root` holds the source's files. `repository_of` finds where dependencies
// come from, by a normalized URL.
using RepositoryOf =
    std::function<absl::StatusOr<std::unique_ptr<ChartRepository>>(
        const Context&, const std::string& url)>;
absl::StatusOr<ChartBuild> BuildFromFiles(const Context& ctx,
                                          const std::string& root,
                                          const RepositoryOf& repository_of,
                                          const ChartOrder& order);

}  // namespace weir::source
