#include "src/plan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/reconcile/status_writer.h"

namespace weir::kustomize_controller {
namespace {

namespace v1 = weir::kustomize::v1;

constexpr absl::Duration kMinTimeout = absl::Seconds(30);

std::string Or(absl::string_view text, absl::string_view otherwise) {
  return std::string(text.empty() ? otherwise : text);
}

}  // namespace

kube::GroupVersionKind KustomizationKind() {
  return {kGroup, "v1", "Kustomization"};
}

absl::StatusOr<Plan> MakePlan(const Value& object,
                              const v1::Kustomization& message) {
  Plan plan;
  plan.key = kube::KeyOf(object);
  plan.generation = reconcile::GenerationOf(object);
  plan.requested_at = std::string(reconcile::RequestedAt(object));
  plan.spec = message.spec();
  const v1::KustomizationSpec& spec = plan.spec;
  plan.source = {spec.source_ref().kind(),
                 Or(spec.source_ref().namespace_(), plan.key.name_space),
                 spec.source_ref().name()};
  plan.object = object;
  for (const v1::DependencyReference& one : spec.depends_on()) {
    plan.dependencies.push_back(
        {Or(one.namespace_(), plan.key.name_space), one.name()});
  }
  WEIR_ASSIGN_OR_RETURN(plan.interval, ParseGoDuration(spec.interval()),
                        "spec.interval");
  plan.retry_interval = plan.interval;
  if (spec.has_retry_interval()) {
    WEIR_ASSIGN_OR_RETURN(plan.retry_interval,
                          ParseGoDuration(spec.retry_interval()),
                          "spec.retryInterval");
  }
  plan.timeout = plan.interval - absl::Seconds(30);
  if (spec.has_timeout()) {
    WEIR_ASSIGN_OR_RETURN(plan.timeout, ParseGoDuration(spec.timeout()),
                          "spec.timeout");
  }
  plan.timeout = std::max(plan.timeout, kMinTimeout);
  WEIR_ASSIGN_OR_RETURN(plan.ignore,
                        apply::IgnoreRules::FromValue(object["spec"]["ignore"]),
                        "spec.ignore");
  return plan;
}

absl::StatusOr<apply::HealthRules> HealthRulesOf(
    const weir::kustomize::v1::KustomizationSpec& spec) {
  std::vector<apply::CustomHealthCheck> checks;
  for (const v1::CustomHealthCheck& one : spec.health_check_exprs()) {
    checks.push_back({one.api_version(), one.kind(), one.current(),
                      one.in_progress(), one.failed()});
  }
  return apply::HealthRules::Compile(checks);
}

weir::kustomize::FluxOverrides OverridesOf(const v1::KustomizationSpec& spec) {
  weir::kustomize::FluxOverrides overrides;
  overrides.target_namespace = spec.target_namespace();
  overrides.name_prefix = spec.name_prefix();
  overrides.name_suffix = spec.name_suffix();
  for (const v1::Patch& patch : spec.patches()) {
    weir::kustomize::FluxOverrides::Patch one;
    one.patch = patch.patch();
    if (patch.has_target()) {
      const v1::Selector& target = patch.target();
      one.target = Value::MakeObject();
      const auto set = [&](const char* name, const std::string& text) {
        if (!text.empty()) one.target.Set(name, text);
      };
      set("group", target.group());
      set("version", target.version());
      set("kind", target.kind());
      set("namespace", target.namespace_());
      set("name", target.name());
      set("annotationSelector", target.annotation_selector());
      set("labelSelector", target.label_selector());
    }
    overrides.patches.push_back(std::move(one));
  }
  for (const v1::Image& image : spec.images()) {
    overrides.images.push_back(
        {image.name(), image.new_name(), image.new_tag(), image.digest()});
  }
  overrides.components.assign(spec.components().begin(),
                              spec.components().end());
  overrides.ignore_missing_components = spec.ignore_missing_components();
  overrides.build_metadata.assign(spec.build_metadata().begin(),
                                  spec.build_metadata().end());
  overrides.failure = "kustomize build failed";
  return overrides;
}

std::string OwnerNameLabel() { return absl::StrCat(kGroup, "/name"); }

Value OwnerLabels(const kube::ObjectKey& owner) {
  Value labels = Value::MakeObject();
  labels.Set(OwnerNameLabel(), owner.name);
  labels.Set(absl::StrCat(kGroup, "/namespace"), owner.name_space);
  return labels;
}

bool DeletesObjects(const v1::KustomizationSpec& spec) {
  if (spec.suspend()) return false;
  const std::string& policy = spec.deletion_policy();
  if (policy == "Delete" || policy == "WaitForTermination") return true;
  return policy != "Orphan" && spec.prune();
}

std::vector<apply::InventoryEntry> InventoryOf(
    const v1::KustomizationStatus& status) {
  std::vector<apply::InventoryEntry> entries;
  entries.reserve(status.inventory().entries_size());
  for (const v1::ResourceRef& entry : status.inventory().entries()) {
    entries.push_back({entry.id(), entry.v()});
  }
  return entries;
}

void SetInventory(const std::vector<apply::InventoryEntry>& entries,
                  v1::KustomizationStatus* status) {
  status->mutable_inventory()->clear_entries();
  for (const apply::InventoryEntry& entry : entries) {
    v1::ResourceRef* ref = status->mutable_inventory()->add_entries();
    ref->set_id(entry.id);
    ref->set_v(entry.version);
  }
}

std::string FormatSource(const artifact::SourceKey& source) {
  return absl::StrCat(source.kind, "/", source.name_space, "/", source.name);
}

reconcile::TargetRef TargetRefOf(const reconcile::CommonFlags& flags,
                                 const kube::ObjectKey& key,
                                 const v1::KustomizationSpec& spec) {
  return reconcile::MakeTargetRef(
      flags, key.name_space,
      spec.has_kube_config() ? &spec.kube_config() : nullptr,
      spec.service_account_name());
}

References ReferencesOf(const Value& object) {
  const std::string& name_space = kube::KeyOf(object).name_space;
  const Value& spec = object["spec"];
  References references;
  const Value& source = spec["sourceRef"];
  references.source = {std::string(source.GetString("kind")),
                       Or(source.GetString("namespace"), name_space),
                       std::string(source.GetString("name"))};
  for (const Value& one : spec["dependsOn"].array()) {
    references.dependencies.push_back(
        {Or(one.GetString("namespace"), name_space),
         std::string(one.GetString("name"))});
  }
  for (const Value& one : spec["postBuild"]["substituteFrom"].array()) {
    references.configs.push_back(
        {{"", "v1", std::string(one.GetString("kind"))},
         {name_space, std::string(one.GetString("name"))}});
  }
  const Value& secret = spec["kubeConfig"]["secretRef"];
  if (secret.is_object()) {
    references.configs.push_back(
        {{"", "v1", "Secret"},
         {name_space, std::string(secret.GetString("name"))}});
  }
  return references;
}

}  // namespace weir::kustomize_controller
