// Renders a chart that the program holds itself, with a function of its own.
#include <cstdio>
#include <string>

#include "weir/helm/load.h"
#include "weir/helm/release.h"

int main() {
  auto chart = weir::helm::LoadChartFiles({
      {"Chart.yaml", "{apiVersion: v2, name: shop, version: 1.0.0}"},
      {"values.yaml", "owner: ann\n"},
      {"templates/pod.yaml", "kind: Pod\nteam: {{ teamOf .Values.owner }}\n"},
  });
  if (!chart.ok()) return 1;
  weir::helm::RenderOptions options;
  options.add_functions = [](weir::gotmpl::FunctionTable& table) {
    table.Add("teamOf", "func(string) string", [](weir::gotmpl::Call& call) {
      const std::string owner(call.args[0].AsString());
      return weir::gotmpl::Any::String("team-of-" + owner);
    });
  };
  const auto release = weir::helm::RenderRelease(
      *std::move(chart), weir::Value::MakeObject(), {"demo"},
      weir::helm::DefaultCapabilities(), options);
  const std::string yaml =
      release.ok() ? FormatRelease(*release) : release.status().ToString();
  std::fputs(yaml.c_str(), stdout);
  return yaml.find("team: team-of-ann") == std::string::npos ? 1 : 0;
}
