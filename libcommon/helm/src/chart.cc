#include "weir/helm/chart.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace weir::helm {
namespace {

bool IsManifest(absl::string_view name) {
  for (absl::string_view ending : {".yaml", ".yml", ".json"}) {
    if (absl::EndsWithIgnoreCase(name, ending)) return true;
  }
  return false;
}

void AddCrds(const Chart& chart, std::vector<Crd>& out) {
  for (const File& file : chart.files) {
    if (absl::StartsWith(file.name, "crds/") && IsManifest(file.name)) {
      out.push_back({absl::StrCat(chart.full_path, "/", file.name), &file});
    }
  }
  for (const Chart& one : chart.dependencies) AddCrds(one, out);
}

}  // namespace

FileData::FileData(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  view_ = *owner;
  owner_ = std::move(owner);
}

bool Chart::is_library() const {
  return absl::EqualsIgnoreCase(metadata.type, "library");
}

std::vector<Crd> ListCrds(const Chart& chart) {
  std::vector<Crd> out;
  AddCrds(chart, out);
  return out;
}

}  // namespace weir::helm
