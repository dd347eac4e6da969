#include "src/generate/helm_chart.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/load/json_decoder.h"
#include "src/load/plugin_config.h"
#include "src/model/resource.h"
#include "weir/base/status.h"

namespace weir::kustomize {

absl::Status RefuseHelmChart(const Value& config, const Loader& loader) {
  const BuildOptions::Helm& helm = loader.session().options.helm;
  if (!helm.enabled) return BuildError("must specify --enable-helm");
  if (helm.command.empty()) return BuildError("must specify --helm-command");
  WEIR_ASSIGN_OR_RETURN(const std::string name, ConfigText(config, "name"));
  if (name.empty()) return BuildError("chart name cannot be empty");
  std::vector<std::string> files;
  JsonDecoder decoder(false);
  decoder.Strings(ConfigMember(config, "additionalValuesFiles"), &files);
  WEIR_RETURN_IF_ERROR(decoder.status());
  for (const std::string& file : files) {
    WEIR_RETURN_IF_ERROR(loader.Load(file).status(),
                         "could not load additionalValuesFile");
  }
  WEIR_ASSIGN_OR_RETURN(const std::string merge,
                        ConfigText(config, "valuesMerge"));
  if (!merge.empty() && merge != "merge" && merge != "override" &&
      merge != "replace") {
    return BuildError("valuesMerge must be one of [merge override replace]");
  }
  return absl::UnimplementedError(
      absl::StrCat("chart '", name, "' of ", loader.display_root(),
                   ": charts are not rendered yet; list the output of `helm "
                   "template` in resources, or use a HelmRelease"));
}

}  // namespace weir::kustomize
