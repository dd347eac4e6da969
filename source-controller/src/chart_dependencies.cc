#include "src/chart_dependencies.h"

#include <sys/stat.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/helm_access.h"
#include "weir/archive/secure_join.h"
#include "weir/archive/stream.h"
#include "weir/base/status.h"
#include "weir/helm/url.h"
#include "weir/text/semver.h"

namespace weir::source {
namespace {

constexpr size_t kMaxDependencies = 1000;

bool IsLocal(const helm::Dependency& wanted) {
  return wanted.repository.empty() ||
         absl::StartsWith(wanted.repository, "file://");
}

const std::string& NameOf(const helm::Dependency& wanted) {
  return wanted.alias.empty() ? wanted.name : wanted.alias;
}

// By the name that each has within the chart.
std::map<std::string, const helm::Dependency*> FindMissing(
    const helm::Chart& chart, const std::vector<helm::Dependency>& wanted) {
  std::map<std::string, const helm::Dependency*> missing;
  if (chart.dependencies.size() == wanted.size()) return missing;
  for (const helm::Dependency& one : wanted) missing[NameOf(one)] = &one;
  for (const helm::Chart& one : chart.dependencies) missing.erase(one.name());
  return missing;
}

// A lock says nothing of aliases, Chart.yaml does.
std::vector<helm::Dependency> Wanted(const helm::Chart& chart) {
  if (!chart.lock.has_value()) return chart.metadata.dependencies;
  std::vector<helm::Dependency> out = chart.lock->dependencies;
  std::vector<bool> is_used(chart.metadata.dependencies.size());
  for (helm::Dependency& locked : out) {
    for (size_t i = 0; i < is_used.size(); ++i) {
      const helm::Dependency& listed = chart.metadata.dependencies[i];
      if (is_used[i] || listed.name != locked.name) continue;
      is_used[i] = true;
      locked.alias = listed.alias;
      break;
    }
  }
  return out;
}

absl::Status CheckUrl(const std::string& url) {
  if (IsOciUrl(url) || absl::StartsWith(url, "https://") ||
      absl::StartsWith(url, "http://")) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(absl::StartsWith(url, "@")
                       ? "aliased repository dependency is not supported: "
                       : "invalid dependency repository URL: ",
                   url));
}

class Adder {
 public:
  Adder(const Context& ctx, const std::string& root, const ChartOrder& order,
        const RepositoryOf& repository_of)
      : ctx_(ctx), root_(root), order_(order), repository_of_(repository_of) {}

  absl::StatusOr<helm::Chart> Get(const helm::Dependency& wanted) {
    WEIR_RETURN_IF_ERROR(ctx_.status());
    const bool is_local = IsLocal(wanted);
    absl::StatusOr<helm::Chart> chart =
        is_local ? GetLocal(wanted) : GetRemote(wanted);
    if (!chart.ok()) {
      return Annotate(
          chart.status(),
          absl::StrCat("failed to add ", is_local ? "local" : "remote",
                       " dependency '", NameOf(wanted), "'"));
    }
    if (!wanted.alias.empty()) chart->metadata.name = wanted.alias;
    return chart;
  }

 private:
  // The reference is relative to the chart; it may not leave the source.
  absl::StatusOr<std::string> LocalPath(const helm::Dependency& wanted) {
    if (wanted.repository.empty()) {
      return archive::SecureJoin(
          root_, absl::StrCat(order_.chart, "/charts/", wanted.name));
    }
    WEIR_ASSIGN_OR_RETURN(const helm::Url url,
                          helm::ParseUrl(wanted.repository),
                          "failed to parse alleged local chart reference");
    return archive::SecureJoin(
        root_,
        helm::CleanPath(absl::StrCat(order_.chart, "/", url.host, url.path)));
  }

  absl::StatusOr<helm::Chart> GetLocal(const helm::Dependency& wanted) {
    WEIR_ASSIGN_OR_RETURN(const std::string path, LocalPath(wanted));
    const std::string shown = path.substr(root_.size());
    struct stat info;
    if (stat(path.c_str(), &info) != 0) {
      return absl::NotFoundError(absl::StrCat("no chart found at '", shown,
                                              "' (reference '",
                                              wanted.repository, "')"));
    }
    const absl::StatusOr<text::VersionRange> range =
        text::VersionRange::Parse(wanted.version);
    if (!range.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("invalid version/constraint format '", wanted.version,
                       "': ", range.status().message()));
    }
    WEIR_ASSIGN_OR_RETURN(helm::Chart chart, helm::LoadChart(path, order_.load),
                          "failed to load chart from '", shown,
                          "' (reference '", wanted.repository, "')");
    WEIR_ASSIGN_OR_RETURN(const text::Version version,
                          text::ParseVersion(chart.metadata.version));
    if (range->Contains(version)) return chart;
    return absl::NotFoundError(absl::StrCat(
        "can't get a valid version for constraint '", wanted.version, "'"));
  }

  absl::StatusOr<ChartRepository*> Repository(const std::string& given) {
    WEIR_ASSIGN_OR_RETURN(const std::string url, NormalizeUrl(given));
    WEIR_RETURN_IF_ERROR(CheckUrl(url));
    std::unique_ptr<ChartRepository>& known = repositories_[url];
    if (known == nullptr) {
      WEIR_ASSIGN_OR_RETURN(known, repository_of_(ctx_, url),
                            "failed to get chart repository for URL '", url,
                            "'");
    }
    return known.get();
  }

  absl::StatusOr<helm::Chart> GetRemote(const helm::Dependency& wanted) {
    WEIR_ASSIGN_OR_RETURN(ChartRepository * repository,
                          Repository(wanted.repository));
    WEIR_ASSIGN_OR_RETURN(const FoundVersion found,
                          repository->Find(ctx_, wanted.name, wanted.version),
                          "failed to get chart '", wanted.name, "' version '",
                          wanted.version, "' from '", wanted.repository, "'");
    const std::string path =
        absl::StrCat(order_.folder, "/dependency-", downloads_++, ".tgz");
    WEIR_RETURN_IF_ERROR(repository->Download(ctx_, found, path),
                         "chart download of version '", found.version,
                         "' failed");
    WEIR_ASSIGN_OR_RETURN(archive::Source source, archive::FileSource(path));
    WEIR_ASSIGN_OR_RETURN(
        helm::Chart chart,
        helm::LoadChartArchive(std::move(source), order_.load),
        "failed to load downloaded archive of version '", found.version, "'");
    return chart;
  }

  const Context& ctx_;
  const std::string& root_;
  const ChartOrder& order_;
  const RepositoryOf& repository_of_;
  std::map<std::string, std::unique_ptr<ChartRepository>> repositories_;
  int downloads_ = 0;
};

}  // namespace

absl::StatusOr<int> AddDependencies(const Context& ctx, const std::string& root,
                                    const ChartOrder& order,
                                    const RepositoryOf& repository_of,
                                    helm::Chart* chart) {
  const std::vector<helm::Dependency> wanted = Wanted(*chart);
  if (wanted.size() > kMaxDependencies) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the chart has more than ", kMaxDependencies, " dependencies"));
  }
  const auto missing = FindMissing(*chart, wanted);
  Adder adder(ctx, root, order, repository_of);
  for (const auto& [name, one] : missing) {
    WEIR_ASSIGN_OR_RETURN(helm::Chart added, adder.Get(*one));
    chart->dependencies.push_back(std::move(added));
  }
  return static_cast<int>(missing.size());
}

}  // namespace weir::source
