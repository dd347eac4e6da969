#include "src/generate/iam_policy.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/load/plugin_config.h"
#include "weir/base/status.h"

namespace weir::kustomize {

absl::StatusOr<Generator> MakeIamPolicyGenerator(const Value& config,
                                                 const Schema* schema) {
  const Value& account = ConfigMember(config, "serviceAccount");
  const Value& service = ConfigMember(config, "kubernetesService");
  WEIR_ASSIGN_OR_RETURN(const std::string cloud, ConfigText(config, "cloud"));
  WEIR_ASSIGN_OR_RETURN(const std::string name, ConfigText(service, "name"));
  WEIR_ASSIGN_OR_RETURN(const std::string ns, ConfigText(service, "namespace"));
  WEIR_ASSIGN_OR_RETURN(const std::string account_name,
                        ConfigText(account, "name"));
  WEIR_ASSIGN_OR_RETURN(const std::string project,
                        ConfigText(account, "projectId"));
  if (cloud != "gke") {
    return Generator([cloud](std::vector<std::unique_ptr<Resource>>*) {
      return BuildError(
          absl::StrCat("cloud provider ", cloud, " not supported yet"));
    });
  }
  Value metadata = Value::MakeObject(
      {{"name", name},
       {"annotations",
        Value::MakeObject({{"iam.gke.io/gcp-service-account",
                            absl::StrCat(account_name, "@", project,
                                         ".iam.gserviceaccount.com")}})}});
  if (!ns.empty()) metadata.Set("namespace", ns);
  const Value object = Value::MakeObject({{"apiVersion", "v1"},
                                          {"kind", "ServiceAccount"},
                                          {"metadata", std::move(metadata)}});
  return Generator(
      [object, schema](std::vector<std::unique_ptr<Resource>>* out) {
        out->push_back(std::make_unique<Resource>(object, schema));
        return absl::OkStatus();
      });
}

}  // namespace weir::kustomize
