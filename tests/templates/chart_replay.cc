// Renders charts as oracle/charts does: lines of {"f", "v", "x", "s"} in, lines
// with "o" or "e" out. For differential runs.
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/status.h"
#include "weir/helm/capabilities.h"
#include "weir/helm/dependencies.h"
#include "weir/helm/load.h"
#include "weir/helm/render.h"
#include "weir/value/json.h"

namespace weir::templates {
namespace {

helm::Capabilities MakeCapabilities() {
  helm::Capabilities out;
  out.kube_version = *helm::ParseKubeVersion("v1.33.4-gke.1245000");
  out.api_versions = {"v1", "apps/v1", "apps/v1/Deployment"};
  out.helm_version = "v4.2.4";
  out.git_commit = "c0ffee";
  out.git_tree_state = "clean";
  out.go_version = "go1.26.0";
  out.kube_client_version = "v1.36";
  return out;
}

// All numbers as float64, as those of values files are.
Value WithFloats(const Value& value) {
  if (value.is_object()) {
    Value out = Value::MakeObject();
    for (const Value::Member& member : value.object()) {
      out.Set(member.key, WithFloats(member.value));
    }
    return out;
  }
  if (value.is_array()) {
    Value::Array items;
    for (size_t i = 0; i < value.size(); ++i) {
      items.push_back(WithFloats(value[i]));
    }
    return Value(std::move(items));
  }
  return value.is_number() ? Value(value.AsDouble()) : value;
}

absl::StatusOr<Value> Render(const Value& record) {
  std::vector<helm::File> files;
  for (const Value::Member& file : record["f"].object()) {
    files.push_back({file.key, std::string(file.value.AsString())});
  }
  WEIR_ASSIGN_OR_RETURN(helm::Chart chart,
                        helm::LoadChartFiles(std::move(files)));
  const Value user = record.Has("x") ? record["v"] : WithFloats(record["v"]);
  WEIR_RETURN_IF_ERROR(helm::ProcessDependencies(chart, user));
  helm::RenderOptions options;
  options.strict = record.Has("s");
  helm::Release release;
  release.name = "rel";
  release.name_space = "space";
  WEIR_ASSIGN_OR_RETURN(
      const auto rendered,
      helm::Render(chart, user, release, MakeCapabilities(), options));
  Value out = Value::MakeObject();
  for (const auto& [name, text] : rendered) out.Set(name, Value(text));
  return out;
}

Value Run(const Value& record) {
  Value result = record;
  result.Erase("o");
  result.Erase("e");
  const absl::StatusOr<Value> rendered = Render(record);
  if (rendered.ok()) {
    result.Set("o", *rendered);
  } else {
    result.Set("e", Value(rendered.status().message()));
  }
  return result;
}

}  // namespace
}  // namespace weir::templates

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    const absl::StatusOr<weir::Value> record = weir::ParseJson(line);
    if (!record.ok()) {
      std::cerr << record.status().ToString() << "\n";
      return 1;
    }
    std::cout << weir::FormatJson(weir::templates::Run(*record)) << "\n";
  }
  return 0;
}
