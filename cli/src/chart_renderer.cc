#include "chart_renderer.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "helm_flags.h"
#include "kube_namespace.h"
#include "output.h"
#include "weir/base/status.h"
#include "weir/helm/capabilities.h"
#include "weir/helm/dependencies.h"
#include "weir/helm/load.h"
#include "weir/helm/release.h"
#include "weir/helm/render.h"
#include "weir/helm/values.h"

namespace weir::cli {
namespace {

constexpr int kMaxDepth = 100;

// Reads a folder's files into memory, bounded as a chart is.
class TreeReader {
 public:
  TreeReader(const kustomize::FileSystem& files,
             const helm::LoadOptions& options)
      : files_(files), options_(options) {}

  absl::Status Read(const std::string& folder, const std::string& name,
                    int depth) {
    if (depth > kMaxDepth) {
      return absl::ResourceExhaustedError(
          absl::StrCat("folders are nested too deeply at ", name));
    }
    WEIR_ASSIGN_OR_RETURN(const auto entries, files_.List(folder));
    for (const kustomize::FileSystem::Entry& entry : entries) {
      const std::string path = absl::StrCat(folder, "/", entry.name);
      const std::string own =
          name.empty() ? entry.name : absl::StrCat(name, "/", entry.name);
      if (entry.is_directory || files_.IsDirectory(path)) {
        WEIR_RETURN_IF_ERROR(Read(path, own, depth + 1));
        continue;
      }
      WEIR_ASSIGN_OR_RETURN(std::string text, files_.ReadFile(path));
      total_ += static_cast<int64_t>(text.size());
      if (static_cast<int64_t>(text.size()) > options_.max_file_bytes ||
          total_ > options_.max_folder_bytes ||
          static_cast<int64_t>(out_.size()) >= options_.max_files) {
        return absl::ResourceExhaustedError(
            absl::StrCat("the chart has too many or too large files, at ",
                         files_.DisplayPath(path)));
      }
      out_.push_back({own, std::move(text)});
    }
    return absl::OkStatus();
  }
  std::vector<helm::File> Take() { return std::move(out_); }

 private:
  const kustomize::FileSystem& files_;
  const helm::LoadOptions& options_;
  std::vector<helm::File> out_;
  int64_t total_ = 0;
};

absl::StatusOr<helm::Chart> ReadChart(const kustomize::FileSystem& files,
                                      const std::string& folder) {
  const helm::LoadOptions options;
  TreeReader reader(files, options);
  WEIR_RETURN_IF_ERROR(reader.Read(folder, "", 0));
  WEIR_ASSIGN_OR_RETURN(helm::Chart chart,
                        helm::LoadChartTree(reader.Take(), options));
  WEIR_RETURN_IF_ERROR(helm::CheckInstallable(chart));
  WEIR_RETURN_IF_ERROR(
      helm::CheckDependencies(chart),
      "an error occurred while checking for chart dependencies. You may need "
      "to run 'helm dependency build' to fetch missing dependencies");
  return chart;
}

absl::StatusOr<helm::Release> ReleaseOf(
    const kustomize::ChartRequest& request) {
  helm::Release release;
  release.name =
      request.release_name.empty() ? "release-name" : request.release_name;
  if (!request.name_template.empty()) {
    if (!request.release_name.empty()) {
      return absl::InvalidArgumentError(
          "cannot set --name-template and also specify a name");
    }
    WEIR_ASSIGN_OR_RETURN(release.name,
                          helm::RenderName(request.name_template));
  }
  release.name_space = request.name_space;
  if (release.name_space.empty()) {
    release.name_space = EnvironmentOr("HELM_NAMESPACE", "");
  }
  if (release.name_space.empty()) release.name_space = KubeNamespace("", "");
  return release;
}

}  // namespace

absl::StatusOr<std::string> LocalCharts::Render(
    const Context& ctx, const kustomize::FileSystem& files,
    const kustomize::ChartRequest& request) {
  helm::Capabilities capabilities = helm::DefaultCapabilities();
  if (!request.kube_version.empty()) {
    WEIR_ASSIGN_OR_RETURN(capabilities.kube_version,
                          helm::ParseKubeVersion(request.kube_version),
                          "invalid kube version '", request.kube_version, "'");
  }
  capabilities.api_versions.insert(capabilities.api_versions.end(),
                                   request.api_versions.begin(),
                                   request.api_versions.end());
  WEIR_ASSIGN_OR_RETURN(const helm::Release release, ReleaseOf(request));
  Value values = Value::MakeObject();
  for (const std::string& text : request.values) {
    WEIR_ASSIGN_OR_RETURN(const Value one, helm::ParseValues(text),
                          "failed to parse values");
    values = helm::MergeMaps(values, one);
  }
  WEIR_ASSIGN_OR_RETURN(helm::Chart chart, ReadChart(files, request.folder));
  helm::RenderOptions options;
  options.on_warning = [](absl::string_view text) { PrintWarning(text); };
  options.load_schema = [&](const std::string& url) {
    return LoadSchema(ctx, url);
  };
  WEIR_ASSIGN_OR_RETURN(const helm::RenderedRelease rendered,
                        helm::RenderRelease(std::move(chart), values, release,
                                            capabilities, options));
  helm::PrintOptions print;
  print.include_crds = request.include_crds;
  print.skip_tests = request.skip_tests;
  print.no_hooks = request.skip_hooks;
  return helm::FormatRelease(rendered, print);
}

absl::Status LocalCharts::Pull(const Context&,
                               const kustomize::ChartPull& pull) {
  was_asked_ = true;
  return absl::UnimplementedError(absl::StrCat("fetching chart ", pull.name));
}

absl::StatusOr<std::string> LocalCharts::LoadSchema(const Context&,
                                                    const std::string& url) {
  was_asked_ = true;
  return absl::UnimplementedError(url);
}

}  // namespace weir::cli
