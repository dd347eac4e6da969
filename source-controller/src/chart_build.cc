#include "src/chart_build.h"

#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "src/chart_dependencies.h"
#include "src/file_io.h"
#include "weir/archive/gzip.h"
#include "weir/archive/secure_join.h"
#include "weir/archive/tar_reader.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/helm/package.h"
#include "weir/helm/url.h"
#include "weir/helm/values.h"
#include "weir/text/regex.h"
#include "weir/text/semver.h"
#include "weir/value/yaml.h"

namespace weir::source {
namespace {

constexpr char kProblem[] = "weir.dev/build-problem";
constexpr char kValuesFile[] = "values.yaml";

absl::Status CheckName(const std::string& name) {
  static const auto* const pattern =
      new text::Regex(*text::Regex::Compile("^([-a-z0-9]+/?\\.?)+$"));
  if (name.empty()) {
    return absl::InvalidArgumentError("no name set for remote chart reference");
  }
  if (pattern->Matches(name)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "invalid chart name '", name,
      "': a valid name must be lower case letters and numbers and MAY be "
      "separated with dashes (-), slashes (/) or periods (.)"));
}

absl::Status CheckPath(const std::string& path) {
  if (path.empty()) {
    return absl::InvalidArgumentError("no path set for local chart reference");
  }
  if (path[0] == '/') {
    return absl::InvalidArgumentError(
        "local chart reference path is expected to be relative");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> WithMetadata(const std::string& version,
                                         const std::string& metadata) {
  if (metadata.empty()) return version;
  WEIR_ASSIGN_OR_RETURN(text::Version parsed, text::ParseVersion(version),
                        "failed to parse version from chart metadata as "
                        "SemVer");
  parsed.metadata = metadata;
  return parsed.ToString();
}

// The build that the object has already, if it is the one that is wanted.
std::optional<ChartBuild> Reused(const ChartOrder& order,
                                 const std::string& name,
                                 const std::string& version, bool is_packaged) {
  if (!order.may_reuse || order.current_name != name ||
      order.current_version != version) {
    return std::nullopt;
  }
  ChartBuild build;
  build.name = name;
  build.version = version;
  build.values_files = order.current_values_files.empty()
                           ? order.merged_files()
                           : order.current_values_files;
  build.is_packaged = is_packaged;
  build.is_reused = true;
  return build;
}

// Makes `merged` the chart's default values; false when they are as they were.
absl::StatusOr<bool> ReplaceValues(const Value& merged, helm::Chart& chart) {
  if (!chart.values_text.has_value()) {
    return absl::NotFoundError(
        absl::StrCat("failed to locate values file: ", kValuesFile));
  }
  std::string text = merged.empty() ? "" : FormatYaml(merged);
  if (text == *chart.values_text) return false;
  chart.values_text = std::move(text);
  chart.values = merged;
  return true;
}

struct MergedValues {
  Value values = Value::MakeObject();
  std::vector<std::string> files;

  absl::Status AddText(const std::string& path, absl::string_view text) {
    WEIR_ASSIGN_OR_RETURN(const Value one, helm::ParseValues(text),
                          "unmarshaling values from '", path, "' failed");
    Add(path, one);
    return absl::OkStatus();
  }
  void Add(const std::string& path, const Value& one) {
    values = helm::MergeMaps(values, one);
    files.push_back(path);
  }
};

// Of files within the chart; values.yaml is the chart's defaults.
absl::StatusOr<MergedValues> MergeChartFiles(const helm::Chart& chart,
                                             const ChartOrder& order) {
  MergedValues out;
  for (const std::string& path : order.values_files) {
    const std::string clean = helm::CleanPath(path);
    if (clean == kValuesFile) {
      out.Add(path,
              chart.values.is_object() ? chart.values : Value::MakeObject());
      continue;
    }
    const helm::File* found = nullptr;
    for (const helm::File& file : chart.files) {
      if (file.name == clean) found = &file;
    }
    if (found != nullptr) {
      WEIR_RETURN_IF_ERROR(out.AddText(path, found->data));
    } else if (!order.ignore_missing_values_files) {
      return absl::NotFoundError(
          absl::StrCat("no values file found at path '", path, "'"));
    }
  }
  return out;
}

// Of files below the source's root.
absl::StatusOr<MergedValues> MergeSourceFiles(const std::string& root,
                                              const ChartOrder& order) {
  MergedValues out;
  for (const std::string& path : order.values_files) {
    WEIR_ASSIGN_OR_RETURN(const std::string full,
                          archive::SecureJoin(root, path));
    struct stat info;
    const bool is_there = stat(full.c_str(), &info) == 0;
    if (!is_there && errno == ENOENT && order.ignore_missing_values_files) {
      continue;
    }
    if (!is_there || !S_ISREG(info.st_mode)) {
      return absl::NotFoundError(absl::StrCat("no values file found at path '",
                                              full.substr(root.size()),
                                              "' (reference '", path, "')"));
    }
    WEIR_ASSIGN_OR_RETURN(
        const std::string text,
        ReadFile(full, static_cast<size_t>(order.load.max_file_bytes)),
        "could not read values from file '", path, "'");
    WEIR_RETURN_IF_ERROR(out.AddText(path, text));
  }
  return out;
}

absl::Status Package(const helm::Chart& chart, absl::Time modified,
                     const std::string& path) {
  FileSink file;
  WEIR_RETURN_IF_ERROR(file.Open(path));
  WEIR_RETURN_IF_ERROR(helm::PackageChart(chart, modified,
                                          [&file](absl::string_view bytes) {
                                            return file.Write(bytes);
                                          }),
                       "failed to package chart");
  return file.Close();
}

// Times within an archive are those of when it was packaged.
absl::Time TimeOf(const std::string& archive) {
  absl::StatusOr<archive::Source> source = archive::FileSource(archive);
  if (!source.ok()) return absl::UnixEpoch();
  archive::TarReader tar(archive::GunzipSource(*std::move(source)));
  const auto entry = tar.Next();
  return entry.ok() && entry->has_value() ? (*entry)->modified
                                          : absl::UnixEpoch();
}

absl::Status CheckSize(const std::string& path, const std::string& name,
                       int64_t max_bytes) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0 || info.st_size <= max_bytes) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "size of chart '", name, "' exceeds '", max_bytes, "' bytes limit"));
}

absl::Status CheckArchive(const std::string& path, const ChartOrder& order) {
  WEIR_ASSIGN_OR_RETURN(archive::Source source, archive::FileSource(path));
  const absl::Status status =
      helm::LoadArchiveMetadata(std::move(source), order.load).status();
  if (status.ok()) return status;
  return Annotate(status,
                  absl::StartsWith(status.message(), "validation:")
                      ? "failed to validate metadata of written chart"
                      : "failed to load chart metadata from written chart");
}

}  // namespace

absl::Status MarkProblem(BuildProblem problem, const absl::Status& error) {
  if (error.ok()) return error;
  absl::Status out = error;
  out.SetPayload(kProblem, absl::Cord(absl::StrCat(static_cast<int>(problem))));
  return out;
}

BuildProblem ProblemOf(const absl::Status& error) {
  const auto payload = error.GetPayload(kProblem);
  int problem = 0;
  if (!payload.has_value() ||
      !absl::SimpleAtoi(std::string(*payload), &problem)) {
    return BuildProblem::kUnknown;
  }
  return static_cast<BuildProblem>(problem);
}

const std::vector<std::string>& ChartOrder::merged_files() const {
  static const auto* const kNone = new std::vector<std::string>();
  const bool is_default = values_files.size() == 1 &&
                          helm::CleanPath(values_files[0]) == kValuesFile;
  return is_default ? *kNone : values_files;
}

std::string ChartBuild::Summary() const {
  return absl::StrCat(
      is_packaged ? "packaged" : "pulled", " '", name, "' chart with version '",
      version, "'",
      values_files.empty()
          ? ""
          : absl::StrCat(" and merged values files [",
                         absl::StrJoin(values_files, " "), "]"));
}

absl::StatusOr<ChartBuild> BuildFromRepository(const Context& ctx,
                                               ChartRepository& repository,
                                               const ChartOrder& order) {
  const auto fail = [](BuildProblem problem, const absl::Status& status,
                       absl::string_view doing) {
    return MarkProblem(problem, Annotate(status, doing));
  };
  const absl::Status named = CheckName(order.chart);
  if (!named.ok()) return MarkProblem(BuildProblem::kReference, named);
  absl::StatusOr<FoundVersion> found =
      repository.Find(ctx, order.chart, order.version);
  if (!found.ok()) {
    return fail(ProblemOf(found.status()), found.status(),
                "failed to get chart version for remote reference");
  }
  absl::StatusOr<std::string> version =
      WithMetadata(found->version, order.version_metadata);
  if (!version.ok()) {
    return MarkProblem(BuildProblem::kMetadata, version.status());
  }
  if (auto reused = Reused(order, found->name, *version, order.is_packaged())) {
    return *std::move(reused);
  }
  ChartBuild build;
  build.name = found->name;
  build.version = *version;
  build.is_packaged = order.is_packaged();
  const std::string pulled = absl::StrCat(order.folder, "/pulled.tgz");
  const absl::Status downloaded = repository.Download(ctx, *found, pulled);
  if (!downloaded.ok()) {
    return fail(BuildProblem::kPull, downloaded,
                "failed to download chart for remote reference");
  }
  if (!order.is_packaged()) {
    const absl::Status checked = CheckArchive(pulled, order);
    if (!checked.ok()) return MarkProblem(BuildProblem::kPull, checked);
    build.file = pulled;
    return build;
  }
  absl::StatusOr<archive::Source> source = archive::FileSource(pulled);
  if (!source.ok()) {
    return MarkProblem(BuildProblem::kPackage, source.status());
  }
  absl::StatusOr<helm::Chart> chart =
      helm::LoadChartArchive(*std::move(source), order.load);
  if (!chart.ok()) {
    return fail(BuildProblem::kPackage, chart.status(),
                "failed to load downloaded chart");
  }
  chart->metadata.version = build.version;
  absl::StatusOr<MergedValues> merged = MergeChartFiles(*chart, order);
  if (!merged.ok()) {
    return fail(BuildProblem::kValues, merged.status(),
                "failed to merge chart values");
  }
  const absl::StatusOr<bool> replaced = ReplaceValues(merged->values, *chart);
  if (!replaced.ok()) {
    return MarkProblem(BuildProblem::kValues, replaced.status());
  }
  if (*replaced) build.values_files = std::move(merged->files);
  build.file = absl::StrCat(order.folder, "/packaged.tgz");
  const absl::Status packaged = Package(*chart, TimeOf(pulled), build.file);
  if (!packaged.ok()) return MarkProblem(BuildProblem::kPackage, packaged);
  return build;
}

namespace {

// A chart in a folder, with all that it depends on, or in an archive, which
// has changed.
absl::Status BuildPackage(const Context& ctx, const std::string& root,
                          const std::string& path, bool is_folder,
                          const RepositoryOf& repository_of,
                          const ChartOrder& order, ChartBuild* build) {
  std::optional<MergedValues> merged;
  if (!order.merged_files().empty()) {
    absl::StatusOr<MergedValues> values = MergeSourceFiles(root, order);
    if (!values.ok()) {
      return MarkProblem(BuildProblem::kValues, values.status());
    }
    merged = *std::move(values);
  }
  absl::StatusOr<helm::Chart> chart = helm::LoadChart(path, order.load);
  if (!chart.ok()) return MarkProblem(BuildProblem::kPackage, chart.status());
  chart->metadata.version = build->version;
  if (merged.has_value()) {
    const absl::StatusOr<bool> replaced = ReplaceValues(merged->values, *chart);
    if (!replaced.ok()) {
      return MarkProblem(BuildProblem::kValues, replaced.status());
    }
    if (*replaced) build->values_files = std::move(merged->files);
  }
  if (is_folder) {
    const absl::StatusOr<int> resolved =
        AddDependencies(ctx, root, order, repository_of, &*chart);
    if (!resolved.ok()) {
      return MarkProblem(BuildProblem::kDependencies, resolved.status());
    }
    build->resolved_dependencies = *resolved;
  }
  build->file = absl::StrCat(order.folder, "/packaged.tgz");
  return MarkProblem(
      BuildProblem::kPackage,
      Package(*chart, is_folder ? absl::UnixEpoch() : TimeOf(path),
              build->file));
}

absl::StatusOr<ChartBuild> BuildAt(const Context& ctx, const std::string& root,
                                   const RepositoryOf& repository_of,
                                   const ChartOrder& order) {
  const absl::Status checked = CheckPath(order.chart);
  if (!checked.ok()) return MarkProblem(BuildProblem::kReference, checked);
  const absl::StatusOr<std::string> path =
      archive::SecureJoin(root, order.chart);
  if (!path.ok()) return MarkProblem(BuildProblem::kReference, path.status());
  struct stat info;
  const bool is_folder =
      stat(path->c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  absl::Status sized;
  if (!is_folder) {
    sized = CheckSize(*path, path->substr(path->rfind('/') + 1),
                      order.max_chart_bytes);
  }
  if (!sized.ok()) return MarkProblem(BuildProblem::kReference, sized);
  const absl::StatusOr<helm::Metadata> metadata =
      helm::LoadMetadata(*path, order.load);
  if (!metadata.ok()) {
    return MarkProblem(BuildProblem::kReference, metadata.status());
  }
  absl::StatusOr<std::string> version =
      WithMetadata(metadata->version, order.version_metadata);
  if (!version.ok()) {
    return MarkProblem(BuildProblem::kMetadata, version.status());
  }
  ChartBuild build;
  build.name = metadata->name;
  build.version = *version;
  build.is_packaged = is_folder || order.is_packaged();
  if (auto reused =
          Reused(order, build.name, build.version, build.is_packaged)) {
    return *std::move(reused);
  }
  if (!build.is_packaged) {
    build.file = *path;
    return build;
  }
  WEIR_RETURN_IF_ERROR(
      BuildPackage(ctx, root, *path, is_folder, repository_of, order, &build));
  return build;
}

}  // namespace

absl::StatusOr<ChartBuild> BuildFromFiles(const Context& ctx,
                                          const std::string& root,
                                          const RepositoryOf& repository_of,
                                          const ChartOrder& order) {
  absl::StatusOr<ChartBuild> build = BuildAt(ctx, root, repository_of, order);
  if (build.ok()) return build;
  // Where the files are for the moment is no part of what is wrong.
  absl::Status status(build.status().code(),
                      absl::StrReplaceAll(build.status().message(),
                                          {{absl::StrCat(root, "/"), ""}}));
  return MarkProblem(ProblemOf(build.status()), status);
}

}  // namespace weir::source
