#include "src/transform/configuration_error.h"

#include "absl/strings/str_cat.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {

absl::Status ConfigurationError(absl::string_view plugin, const Value& config,
                                const absl::Status& reason) {
  if (absl::IsResourceExhausted(reason)) return reason;
  return Annotate(reason,
                  absl::StrCat("trouble configuring builtin ", plugin,
                               " with config: `\n", FormatYaml(config), "`"));
}

}  // namespace weir::kustomize
