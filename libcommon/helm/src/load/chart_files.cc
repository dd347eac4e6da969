// A chart of its files: which file is what, and the charts in charts/.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/go_text.h"
#include "src/load/archive_files.h"
#include "src/load/metadata.h"
#include "weir/base/status.h"
#include "weir/helm/load.h"
#include "weir/helm/values.h"

namespace weir::helm {
namespace {

constexpr char kV1[] = "v1";

void WarnOf(const LoadOptions& options, absl::string_view text) {
  if (options.on_warning) options.on_warning(text);
}

struct Parts {
  Chart chart;
  bool has_metadata = false;
  // By the first part of the path below charts/.
  std::map<std::string, std::vector<File>> charts;
};

absl::Status ReadChartYaml(const std::vector<File>& files, Parts& parts) {
  for (const File& file : files) {
    if (file.name != "Chart.yaml") continue;
    parts.has_metadata = true;
    Metadata& metadata = parts.chart.metadata;
    WEIR_RETURN_IF_ERROR(ReadMetadata(file.data, metadata),
                         "cannot load Chart.yaml");
    if (metadata.api_version.empty()) metadata.api_version = kV1;
  }
  return absl::OkStatus();
}

absl::Status AddRequirements(File file, const LoadOptions& options,
                             Parts& parts) {
  parts.has_metadata = true;
  Chart& chart = parts.chart;
  const bool is_v1 = chart.metadata.api_version == kV1;
  if (file.name == "requirements.yaml") {
    if (!is_v1) {
      WarnOf(options,
             "Dependencies are handled in Chart.yaml since apiVersion \"v2\". "
             "We recommend migrating dependencies to Chart.yaml.");
    }
    WEIR_RETURN_IF_ERROR(ReadMetadata(file.data, chart.metadata),
                         "cannot load requirements.yaml");
  } else {
    chart.lock.emplace();
    WEIR_RETURN_IF_ERROR(ReadLock(file.data, *chart.lock),
                         "cannot load requirements.lock");
    if (!is_v1) {
      WarnOf(options,
             "Dependency locking is handled in Chart.lock since apiVersion "
             "\"v2\". We recommend migrating to Chart.lock.");
    }
  }
  if (chart.metadata.api_version == kV1) chart.files.push_back(std::move(file));
  return absl::OkStatus();
}

void AddBelowCharts(File file, Parts& parts) {
  if (absl::EndsWith(file.name, ".prov")) {
    parts.chart.files.push_back(std::move(file));
    return;
  }
  file.name.erase(0, absl::string_view("charts/").size());
  std::string first = file.name.substr(0, file.name.find('/'));
  parts.charts[std::move(first)].push_back(std::move(file));
}

absl::Status AddFile(File file, const LoadOptions& options, Parts& parts) {
  Chart& chart = parts.chart;
  if (file.name == "Chart.yaml") return absl::OkStatus();
  if (file.name == "Chart.lock") {
    chart.lock.emplace();
    WEIR_RETURN_IF_ERROR(ReadLock(file.data, *chart.lock),
                         "cannot load Chart.lock");
  } else if (file.name == "values.yaml") {
    WEIR_ASSIGN_OR_RETURN(chart.values, ParseValues(file.data),
                          "cannot load values.yaml");
    if (options.keep_values_text)
      chart.values_text = std::string(file.data.view());
  } else if (file.name == "values.schema.json") {
    chart.schema = std::string(file.data.view());
  } else if (file.name == "requirements.yaml" ||
             file.name == "requirements.lock") {
    return AddRequirements(std::move(file), options, parts);
  } else if (absl::StartsWith(file.name, "templates/")) {
    chart.templates.push_back(std::move(file));
  } else if (absl::StartsWith(file.name, "charts/")) {
    AddBelowCharts(std::move(file), parts);
  } else {
    chart.files.push_back(std::move(file));
  }
  return absl::OkStatus();
}

absl::StatusOr<Chart> LoadFiles(std::vector<File> files,
                                const LoadOptions& options);

absl::StatusOr<Chart> LoadBelow(const std::string& name,
                                std::vector<File> files,
                                const std::string& parent,
                                const LoadOptions& options) {
  if (absl::EndsWith(name, ".tgz")) {
    const File& file = files.front();
    if (file.name != name) {
      return absl::InvalidArgumentError(
          absl::StrCat("error unpacking subchart tar in ", parent,
                       ": expected ", name, ", got ", file.name));
    }
    WEIR_ASSIGN_OR_RETURN(
        std::vector<File> unpacked,
        ReadArchiveFiles(archive::StringSource(file.data), options),
        "error unpacking subchart ", name, " in ", parent);
    WEIR_ASSIGN_OR_RETURN(Chart chart, LoadFiles(std::move(unpacked), options),
                          "error unpacking subchart ", name, " in ", parent);
    return chart;
  }
  std::vector<File> inner;
  for (File& file : files) {
    const size_t slash = file.name.find('/');
    if (slash == std::string::npos) continue;
    file.name.erase(0, slash + 1);
    inner.push_back(std::move(file));
  }
  WEIR_ASSIGN_OR_RETURN(Chart chart, LoadFiles(std::move(inner), options),
                        "error unpacking subchart ", name, " in ", parent);
  return chart;
}

absl::StatusOr<Chart> LoadFiles(std::vector<File> files,
                                const LoadOptions& options) {
  if (options.max_depth <= 0) {
    return absl::ResourceExhaustedError("charts are nested too deeply");
  }
  Parts parts;
  WEIR_RETURN_IF_ERROR(ReadChartYaml(files, parts));
  for (File& file : files) {
    WEIR_RETURN_IF_ERROR(AddFile(std::move(file), options, parts));
  }
  if (!parts.has_metadata) {
    return absl::InvalidArgumentError("Chart.yaml file is missing");
  }
  WEIR_RETURN_IF_ERROR(ValidateMetadata(parts.chart.metadata));
  LoadOptions below = options;
  --below.max_depth;
  for (auto& [name, below_files] : parts.charts) {
    if (name[0] == '_' || name[0] == '.') continue;
    WEIR_ASSIGN_OR_RETURN(Chart chart, LoadBelow(name, std::move(below_files),
                                                 parts.chart.name(), below));
    parts.chart.dependencies.push_back(std::move(chart));
  }
  return std::move(parts.chart);
}

void SetPaths(Chart& chart, const std::string& path, bool is_root) {
  chart.full_path = path;
  chart.is_root = is_root;
  for (Chart& one : chart.dependencies) {
    SetPaths(one, absl::StrCat(path, "/charts/", one.name()), false);
  }
}

}  // namespace

absl::StatusOr<Chart> LoadChartFiles(std::vector<File> files,
                                     const LoadOptions& options) {
  WEIR_ASSIGN_OR_RETURN(Chart chart, LoadFiles(std::move(files), options));
  SetPaths(chart, chart.name(), true);
  return chart;
}

}  // namespace weir::helm
