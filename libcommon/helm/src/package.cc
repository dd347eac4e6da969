#include "weir/helm/package.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/load/metadata.h"
#include "src/load/metadata_json.h"
#include "weir/archive/gzip.h"
#include "weir/archive/tar_writer.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::helm {
namespace {

// The extra field and the comment of Helm's archives.
constexpr absl::string_view kGzipExtra(
    "rr\x28\x00"
    "aHR0cHM6Ly95b3V0dS5iZS96OVV6MWljandyTQo=",
    44);
constexpr char kGzipComment[] = "Helm";
constexpr int kFileMode = 0644;

void AppendHashed(const std::vector<Dependency>& list, std::string* out) {
  *out += "[";
  for (size_t i = 0; i < list.size(); ++i) {
    *out += i == 0 ? "{" : ",{";
    bool is_first = true;
    for (const Value::Member& field : DependencyFields(list[i])) {
      absl::StrAppend(out, is_first ? "" : ",", "\"", field.key, "\":");
      is_first = false;
      AppendJson(field.value, out, {.escape_html = true});
    }
    *out += "}";
  }
  *out += "]";
}

absl::Status WriteChart(const Chart& chart, const std::string& parent,
                        archive::TarWriter& tar) {
  if (chart.name().empty() || absl::StrContains(chart.name(), '/')) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid chart name: ", chart.name()));
  }
  const std::string base =
      parent.empty() ? chart.name() : absl::StrCat(parent, "/", chart.name());
  const auto add = [&](absl::string_view name, absl::string_view data) {
    return tar.AddFile(absl::StrCat(base, "/", name), false, data);
  };
  const bool is_v1 = chart.metadata.api_version == "v1";
  Metadata metadata = chart.metadata;
  if (is_v1) metadata.dependencies.clear();
  WEIR_RETURN_IF_ERROR(add("Chart.yaml", FormatMetadata(metadata)));
  if (!is_v1 && chart.lock.has_value()) {
    WEIR_RETURN_IF_ERROR(add("Chart.lock", FormatLock(*chart.lock)));
  }
  if (chart.values_text.has_value()) {
    WEIR_RETURN_IF_ERROR(add("values.yaml", *chart.values_text));
  }
  if (chart.schema.has_value()) {
    if (!ParseJson(*chart.schema).ok()) {
      return absl::InvalidArgumentError("invalid JSON in values.schema.json");
    }
    WEIR_RETURN_IF_ERROR(add("values.schema.json", *chart.schema));
  }
  for (const std::vector<File>* files : {&chart.templates, &chart.files}) {
    for (const File& file : *files) {
      WEIR_RETURN_IF_ERROR(add(file.name, file.data));
    }
  }
  for (const Chart& below : chart.dependencies) {
    WEIR_RETURN_IF_ERROR(WriteChart(below, absl::StrCat(base, "/charts"), tar));
  }
  return absl::OkStatus();
}

}  // namespace

std::string PackageName(const Chart& chart) {
  return absl::StrCat(chart.name(), "-", chart.metadata.version, ".tgz");
}

std::string FormatMetadata(const Metadata& metadata) {
  return FormatYaml(MetadataToJson(metadata));
}

std::string FormatLock(const Lock& lock) {
  return FormatYaml(LockToJson(lock));
}

std::string LockDigest(const std::vector<Dependency>& wanted,
                       const std::vector<Dependency>& locked) {
  std::string text = "[";
  AppendHashed(wanted, &text);
  text += ",";
  AppendHashed(locked, &text);
  text += "]";
  return absl::StrCat("sha256:", crypto::Sha256Hex(text));
}

absl::Status PackageChart(const Chart& chart, absl::Time modified,
                          const archive::Sink& sink) {
  Metadata metadata = chart.metadata;
  WEIR_RETURN_IF_ERROR(ValidateMetadata(metadata), "chart validation");
  archive::GzipWriter gzip(sink, {std::string(kGzipExtra), kGzipComment});
  archive::TarWriter tar(
      [&gzip](absl::string_view bytes) { return gzip.Write(bytes); },
      {kFileMode, absl::ToUnixSeconds(modified + absl::Milliseconds(500))});
  WEIR_RETURN_IF_ERROR(WriteChart(chart, "", tar));
  WEIR_RETURN_IF_ERROR(tar.Finish());
  return gzip.Finish();
}

}  // namespace weir::helm
