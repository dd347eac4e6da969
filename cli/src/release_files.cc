#include "release_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "input.h"
#include "weir/apply/normalize.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/helm/dependencies.h"
#include "weir/helm/load.h"
#include "weir/source/local_chart.h"
#include "weir/value/yaml.h"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kStandardInput[] = "-";
constexpr char kAnySource[] = "";
constexpr size_t kMaxFiles = 10'000;

bool IsFolder(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool IsYaml(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

// The files that a path names.
absl::StatusOr<std::vector<std::string>> FilesAt(const std::string& path) {
  if (!IsFolder(path)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(path, error), end;
       !error && it != end; it.increment(error)) {
    if (!it->is_regular_file(error) || !IsYaml(it->path())) continue;
    files.push_back(it->path().string());
    if (files.size() > kMaxFiles) {
      return absl::ResourceExhaustedError(
          absl::StrCat(path, " holds more than ", kMaxFiles, " files"));
    }
  }
  if (error) return ErrnoToStatus(error.value(), path);
  std::sort(files.begin(), files.end());
  return files;
}

absl::Status Add(Value object, const std::string& name_space,
                 ReleaseFiles* out) {
  if (absl::EndsWith(object.GetString("kind"), "List") &&
      object["items"].is_array()) {
    for (const Value& item : object["items"].array()) {
      WEIR_RETURN_IF_ERROR(Add(item, name_space, out));
    }
    return absl::OkStatus();
  }
  if (object.GetString("kind").empty()) return absl::OkStatus();
  if (object["metadata"].GetString("namespace").empty()) {
    object.Mutable("metadata").Set("namespace", name_space);
  }
  const kube::GroupVersionKind gvk = kube::GroupVersionKindOf(object);
  if (gvk.group == "helm.toolkit.fluxcd.io" && gvk.kind == "HelmRelease") {
    out->releases.push_back(std::move(object));
    return absl::OkStatus();
  }
  const kube::ObjectRef ref = kube::RefOf(object);
  // Its stringData becomes data, as on a server.
  if (gvk.kind == "Secret" && gvk.group.empty()) {
    WEIR_ASSIGN_OR_RETURN(object, apply::Normalize(std::move(object)));
  }
  out->objects[ref] = std::move(object);
  return absl::OkStatus();
}

// A HelmChart's own words on where it comes from.
helm_controller::ChartRequest RequestOf(const Value& chart) {
  helm_controller::ChartRequest request;
  const Value& spec = chart["spec"];
  request.source = {std::string(spec["sourceRef"].GetString("kind")),
                    std::string(chart["metadata"].GetString("namespace")),
                    std::string(spec["sourceRef"].GetString("name"))};
  request.chart = std::string(spec.GetString("chart"));
  request.version = std::string(spec.GetString("version"));
  for (const Value& file : spec["valuesFiles"].array()) {
    if (file.is_string()) request.values_files.push_back(file.AsString());
  }
  request.ignore_missing_values_files =
      spec.GetBool("ignoreMissingValuesFiles");
  return request;
}

}  // namespace

std::string NameSource(const artifact::SourceKey& source) {
  return absl::StrCat(source.kind, "/", source.name_space, "/", source.name);
}

absl::StatusOr<Value> ReleaseFiles::Find(const kube::ObjectRef& ref) const {
  const auto found = objects.find(ref);
  if (found != objects.end()) return found->second;
  return absl::NotFoundError(absl::StrCat(ref.gvk.kind, " ", ref.key.ToString(),
                                          " is in none of the files"));
}

absl::StatusOr<ReleaseFiles> ReadReleaseFiles(
    const std::vector<std::string>& paths, const std::string& name_space) {
  ReleaseFiles out;
  for (const std::string& path : paths) {
    WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesAt(path));
    for (const std::string& file : files) {
      std::string text;
      if (file == kStandardInput) {
        WEIR_ASSIGN_OR_RETURN(text, ReadStandardInput());
      } else {
        WEIR_ASSIGN_OR_RETURN(text, ReadFile(file));
      }
      YamlParseOptions options;
      options.file_name = file;
      WEIR_ASSIGN_OR_RETURN(std::vector<YamlDocument> documents,
                            ParseYamlDocuments(text, options));
      for (YamlDocument& document : documents) {
        if (!document.value.is_object()) continue;
        WEIR_RETURN_IF_ERROR(Add(std::move(document.value), name_space, &out),
                             file);
      }
    }
  }
  return out;
}

absl::StatusOr<std::vector<Value>> PickReleases(const ReleaseFiles& files,
                                                const std::string& name) {
  std::vector<Value> picked;
  for (const Value& release : files.releases) {
    if (name.empty() || release["metadata"].GetString("name") == name) {
      picked.push_back(release);
    }
  }
  if (!picked.empty()) return picked;
  return absl::NotFoundError(
      name.empty()
          ? "there is no HelmRelease in the file"
          : absl::StrCat("there is no HelmRelease '", name, "' in the file"));
}

absl::StatusOr<LocalSources> LocalSources::Parse(
    const std::vector<std::string>& given) {
  LocalSources out;
  for (const std::string& list : given) {
    for (const absl::string_view one :
         absl::StrSplit(list, ',', absl::SkipEmpty())) {
      const size_t equals = one.rfind('=');
      const bool is_any = equals == absl::string_view::npos;
      const std::string key(is_any ? kAnySource : one.substr(0, equals));
      const std::string folder(is_any ? one : one.substr(equals + 1));
      const bool is_url = absl::StrContains(key, "://");
      const auto slashes = std::count(key.begin(), key.end(), '/');
      if (!is_any && !is_url && slashes != 1 && slashes != 2) {
        return absl::InvalidArgumentError(absl::StrCat(
            "--source ", one,
            ": give a folder, KIND/NAME=FOLDER, KIND/NAMESPACE/NAME=FOLDER, or "
            "URL=FOLDER for a repository of dependencies"));
      }
      std::error_code error;
      const fs::path path = fs::canonical(folder, error);
      if (error) {
        return ErrnoToStatus(error.value(), absl::StrCat("--source ", folder));
      }
      out.folders_[key] = path.string();
    }
  }
  return out;
}

const std::string* LocalSources::FolderOf(
    const artifact::SourceKey& source) const {
  for (const std::string& key :
       {NameSource(source), absl::StrCat(source.kind, "/", source.name),
        std::string(kAnySource)}) {
    const auto found = folders_.find(key);
    if (found != folders_.end()) return &found->second;
  }
  return nullptr;
}

absl::StatusOr<std::optional<helm::Chart>> LocalSources::FindChart(
    const Context& ctx, const Value& release, const ReleaseFiles& files) const {
  WEIR_ASSIGN_OR_RETURN(helm_controller::ChartRequest request,
                        helm_controller::ChartOf(release));
  const std::string* folder = FolderOf(request.source);
  if (request.source.kind == "HelmChart") {
    const auto known =
        files.objects.find({{"source.toolkit.fluxcd.io", "v1", "HelmChart"},
                            {request.source.name_space, request.source.name}});
    const bool is_named =
        folders_.contains(NameSource(request.source)) ||
        folders_.contains(absl::StrCat("HelmChart/", request.source.name));
    if (known != files.objects.end() && !is_named) {
      request = RequestOf(known->second);
      folder = FolderOf(request.source);
    }
  }
  if (folder == nullptr) return std::nullopt;
  std::string path = *folder;
  std::optional<TempDir> temporary;
  if (!request.chart.empty()) {
    WEIR_ASSIGN_OR_RETURN(temporary, TempDir::Create("weir-chart-"));
    source::LocalChartOrder order;
    order.root = *folder;
    order.is_repository = request.source.kind == "HelmRepository";
    order.chart = request.chart;
    order.version = request.version;
    order.values_files = request.values_files;
    order.ignore_missing_values_files = request.ignore_missing_values_files;
    for (const auto& [key, root] : folders_) {
      if (absl::StrContains(key, "://")) order.repositories[key] = root;
    }
    WEIR_ASSIGN_OR_RETURN(
        path, source::BuildLocalChart(ctx, order, temporary->path()),
        NameSource(request.source));
  }
  WEIR_ASSIGN_OR_RETURN(helm::Chart chart, helm::LoadChart(path),
                        NameSource(request.source));
  WEIR_RETURN_IF_ERROR(helm::CheckDependencies(chart));
  return chart;
}

}  // namespace weir::cli
