#include "weir/source/local_chart.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "src/chart_build.h"
#include "src/file_io.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/helm/index.h"
#include "weir/text/semver.h"

namespace weir::source {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxChartBytes = 10 << 20;  // The controller's default.
constexpr char kAnyVersion[] = "*";

bool IsFile(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

ChartOrder OrderFor(const std::string& folder) {
  ChartOrder order;
  order.folder = folder;
  order.max_chart_bytes = kMaxChartBytes;
  order.load.keep_values_text = true;
  return order;
}

// A URL as it is compared.
std::string Plain(absl::string_view url) {
  while (absl::ConsumeSuffix(&url, "/")) {
  }
  return std::string(url);
}

RepositoryOf FoldersFor(const std::map<std::string, std::string>& repositories,
                        const std::string& folder);

// The charts that a folder holds.
class FolderRepository : public ChartRepository {
 public:
  FolderRepository(std::string root, RepositoryOf dependencies,
                   std::string folder)
      : root_(std::move(root)),
        dependencies_(std::move(dependencies)),
        folder_(std::move(folder)) {}

  absl::StatusOr<FoundVersion> Find(const Context&, const std::string& name,
                                    const std::string& version) override {
    std::vector<helm::ChartVersion> known = List(name);
    if (known.empty()) {
      return MarkProblem(BuildProblem::kReference,
                         absl::NotFoundError(absl::StrCat(
                             "there is no chart '", name, "' in ", root_)));
    }
    const absl::StatusOr<const helm::ChartVersion*> found =
        helm::FindChartVersion(known, version.empty() ? kAnyVersion : version);
    if (!found.ok()) {
      return MarkProblem(
          BuildProblem::kReference,
          Annotate(found.status(),
                   absl::StrCat("no version of '", name, "' in ", root_,
                                " matches '", version, "'")));
    }
    return FoundVersion{name, (*found)->metadata.version, (*found)->urls[0]};
  }

  absl::Status Download(const Context& ctx, const FoundVersion& found,
                        const std::string& path) override {
    std::string archive = found.url;
    if (!IsFile(archive)) {
      const std::string folder =
          absl::StrCat(folder_, "/", found.name, "-", found.version);
      WEIR_RETURN_IF_ERROR(MakeDirectories(folder));
      ChartOrder order = OrderFor(folder);
      order.chart = fs::path(found.url).lexically_relative(root_).string();
      WEIR_ASSIGN_OR_RETURN(const ChartBuild build,
                            BuildFromFiles(ctx, root_, dependencies_, order));
      archive = build.file;
    }
    FileSink file;
    WEIR_RETURN_IF_ERROR(file.Open(path));
    WEIR_RETURN_IF_ERROR(CopyFile(archive, [&file](absl::string_view bytes) {
      return file.Write(bytes);
    }));
    return file.Close();
  }

 private:
  // The versions of a chart, newest first.
  std::vector<helm::ChartVersion> List(const std::string& name) const {
    std::vector<std::string> paths = {root_};
    std::error_code error;
    for (const fs::directory_entry& entry :
         fs::directory_iterator(root_, error)) {
      const std::string path = entry.path().string();
      const std::string file = entry.path().filename().string();
      const bool is_archive = absl::EndsWith(file, ".tgz") &&
                              absl::StartsWith(file, absl::StrCat(name, "-"));
      if (is_archive || IsFile(path + "/Chart.yaml")) paths.push_back(path);
    }
    std::sort(paths.begin(), paths.end());
    std::vector<helm::ChartVersion> out;
    for (const std::string& path : paths) {
      absl::StatusOr<helm::Metadata> metadata = helm::LoadMetadata(path);
      if (!metadata.ok() || metadata->name != name) continue;
      helm::ChartVersion version;
      version.metadata = *std::move(metadata);
      version.urls = {path};
      out.push_back(std::move(version));
    }
    std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
      const auto left = text::ParseVersion(a.metadata.version);
      const auto right = text::ParseVersion(b.metadata.version);
      if (!left.ok() || !right.ok()) return left.ok() && !right.ok();
      return text::CompareVersions(*left, *right) > 0;
    });
    return out;
  }

  const std::string root_;
  const RepositoryOf dependencies_;
  const std::string folder_;
};

RepositoryOf FoldersFor(const std::map<std::string, std::string>& repositories,
                        const std::string& folder) {
  return [repositories, folder](const Context&, const std::string& url)
             -> absl::StatusOr<std::unique_ptr<ChartRepository>> {
    for (const auto& [known, root] : repositories) {
      if (Plain(known) != Plain(url)) continue;
      return std::make_unique<FolderRepository>(
          root, FoldersFor(repositories, folder), folder);
    }
    return absl::NotFoundError(absl::StrCat(
        "no folder stands for the repository ", url,
        "; name one, or fill charts/ with `helm dependency build`"));
  };
}

}  // namespace

absl::StatusOr<std::string> BuildLocalChart(const Context& ctx,
                                            const LocalChartOrder& order,
                                            const std::string& folder) {
  const std::string parts = absl::StrCat(folder, "/parts");
  WEIR_RETURN_IF_ERROR(MakeDirectories(parts));
  const RepositoryOf dependencies = FoldersFor(order.repositories, parts);
  ChartOrder wanted = OrderFor(folder);
  wanted.chart = order.chart;
  wanted.version = order.version;
  wanted.values_files = order.values_files;
  wanted.ignore_missing_values_files = order.ignore_missing_values_files;
  if (order.is_repository) {
    FolderRepository repository(order.root, dependencies, parts);
    WEIR_ASSIGN_OR_RETURN(const ChartBuild build,
                          BuildFromRepository(ctx, repository, wanted));
    return build.file;
  }
  WEIR_ASSIGN_OR_RETURN(const ChartBuild build,
                        BuildFromFiles(ctx, order.root, dependencies, wanted));
  return build.file;
}

}  // namespace weir::source
