#include "src/plan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/codec/codec.h"
#include "weir/crypto/digest.h"
#include "weir/reconcile/status_writer.h"
#include "weir/value/json.h"

namespace weir::helm_controller {
namespace {

constexpr size_t kMaxReleaseName = 53;
constexpr absl::Duration kDefaultTimeout = absl::Minutes(5);

std::string Annotation(const Value& object, const char* name) {
  return std::string(object["metadata"]["annotations"].GetString(name));
}

absl::StatusOr<absl::Duration> DurationOr(const std::string& text,
                                          absl::string_view field,
                                          absl::Duration otherwise) {
  if (text.empty()) return otherwise;
  const absl::StatusOr<absl::Duration> duration = ParseGoDuration(text);
  if (duration.ok()) return *duration;
  return Annotate(duration.status(), field);
}

// Whether the timeouts of all actions can be read.
absl::Status CheckDurations(const Spec& spec) {
  const std::pair<absl::string_view, const std::string*> kFields[] = {
      {"spec.install.timeout", &spec.install().timeout()},
      {"spec.install.strategy.retryInterval",
       &spec.install().strategy().retry_interval()},
      {"spec.upgrade.timeout", &spec.upgrade().timeout()},
      {"spec.upgrade.strategy.retryInterval",
       &spec.upgrade().strategy().retry_interval()},
      {"spec.test.timeout", &spec.test().timeout()},
      {"spec.rollback.timeout", &spec.rollback().timeout()},
      {"spec.uninstall.timeout", &spec.uninstall().timeout()}};
  for (const auto& [name, text] : kFields) {
    WEIR_RETURN_IF_ERROR(DurationOr(*text, name, absl::Seconds(1)).status());
  }
  return absl::OkStatus();
}

std::string FullNameOf(const Spec& spec, const kube::ObjectKey& key) {
  if (!spec.release_name().empty()) return spec.release_name();
  return spec.target_namespace().empty()
             ? key.name
             : absl::StrCat(spec.target_namespace(), "-", key.name);
}

artifact::SourceKey SourceOf(const Spec& spec, const kube::ObjectKey& key) {
  if (spec.has_chart_ref()) {
    const auto& ref = spec.chart_ref();
    return {ref.kind(),
            ref.namespace_().empty() ? key.name_space : ref.namespace_(),
            ref.name()};
  }
  const std::string& name_space = spec.chart().spec().source_ref().namespace_();
  return {"HelmChart", name_space.empty() ? key.name_space : name_space,
          HelmChartName(key)};
}

absl::StatusOr<apply::IgnoreRules> DriftIgnoreOf(const Spec& spec) {
  Value rules = Value::MakeArray();
  for (const auto& rule : spec.drift_detection().ignore()) {
    rules.Append(codec::ToValue(rule));
  }
  return apply::IgnoreRules::FromValue(rules);
}

}  // namespace

kube::GroupVersionKind HelmReleaseKind() {
  return {kGroup, "v2", "HelmRelease"};
}

const char* ActionName(ActionKind kind) {
  switch (kind) {
    case ActionKind::kInstall:
      return "install";
    case ActionKind::kUpgrade:
      return "upgrade";
    case ActionKind::kTest:
      return "test";
    case ActionKind::kRollback:
      return "rollback";
    case ActionKind::kUninstall:
    case ActionKind::kUninstallRemediation:
      return "uninstall";
    case ActionKind::kUnlock:
      return "unlock";
    case ActionKind::kCorrectDrift:
      return "correct cluster drift";
  }
  return "";
}

absl::Duration Plan::TimeoutOf(ActionKind kind) const {
  const auto own = [this](const std::string& text) {
    return text.empty() ? timeout : ParseGoDuration(text).value_or(timeout);
  };
  switch (kind) {
    case ActionKind::kInstall:
      return own(spec.install().timeout());
    case ActionKind::kUpgrade:
      return own(spec.upgrade().timeout());
    case ActionKind::kTest:
      return own(spec.test().timeout());
    case ActionKind::kRollback:
      return own(spec.rollback().timeout());
    case ActionKind::kUninstall:
    case ActionKind::kUninstallRemediation:
      return own(spec.uninstall().timeout());
    default:
      return timeout;
  }
}

bool Plan::detects_drift() const {
  const std::string& mode = spec.drift_detection().mode();
  return mode == "enabled" || mode == "warn";
}

bool Plan::applies_on_server(ActionKind kind, bool last) const {
  if (kind == ActionKind::kInstall) {
    return spec.install().has_server_side_apply()
               ? spec.install().server_side_apply()
               : !uses_helm3_defaults;
  }
  const std::string& mode = kind == ActionKind::kRollback
                                ? spec.rollback().server_side_apply()
                                : spec.upgrade().server_side_apply();
  if (mode == "enabled" || mode == "disabled") return mode == "enabled";
  return last;
}

absl::StatusOr<Plan> MakePlan(const Value& object,
                              const weir::helm::v2::HelmRelease& message) {
  Plan plan;
  plan.key = kube::KeyOf(object);
  plan.generation = reconcile::GenerationOf(object);
  plan.requested_at = std::string(reconcile::RequestedAt(object));
  plan.force_at = Annotation(object, "reconcile.fluxcd.io/forceAt");
  plan.reset_at = Annotation(object, "reconcile.fluxcd.io/resetAt");
  plan.spec = message.spec();
  plan.object = object;
  const Spec& spec = plan.spec;
  if (spec.has_chart() == spec.has_chart_ref()) {
    return absl::InvalidArgumentError("invalid Chart reference");
  }
  plan.full_release_name = FullNameOf(spec, plan.key);
  plan.release_name = ShortenReleaseName(plan.full_release_name);
  const auto or_own = [&plan](const std::string& name_space) {
    return name_space.empty() ? plan.key.name_space : name_space;
  };
  plan.release_namespace = or_own(spec.target_namespace());
  plan.storage_namespace = or_own(spec.storage_namespace());
  plan.source = SourceOf(spec, plan.key);
  for (const auto& dependency : spec.depends_on()) {
    plan.dependencies.push_back(
        {or_own(dependency.namespace_()), dependency.name()});
  }
  WEIR_ASSIGN_OR_RETURN(
      plan.interval,
      DurationOr(spec.interval(), "spec.interval", absl::ZeroDuration()));
  WEIR_ASSIGN_OR_RETURN(plan.timeout, DurationOr(spec.timeout(), "spec.timeout",
                                                 kDefaultTimeout));
  WEIR_RETURN_IF_ERROR(CheckDurations(spec));
  if (spec.has_max_history()) plan.max_history = spec.max_history();
  plan.values = Value::MakeObject();
  if (!spec.values().empty()) {
    WEIR_ASSIGN_OR_RETURN(Value values, ParseJson(spec.values()));
    if (values.is_object()) plan.values = std::move(values);
  }
  WEIR_ASSIGN_OR_RETURN(plan.drift_ignore, DriftIgnoreOf(spec));
  return plan;
}

absl::StatusOr<apply::HealthRules> HealthRulesOf(const Spec& spec) {
  std::vector<apply::CustomHealthCheck> checks;
  for (const auto& check : spec.health_check_exprs()) {
    checks.push_back({check.api_version(), check.kind(), check.current(),
                      check.in_progress(), check.failed()});
  }
  return apply::HealthRules::Compile(checks);
}

std::string ShortenReleaseName(const std::string& name) {
  if (name.size() <= kMaxReleaseName) return name;
  constexpr size_t kHash = 12;
  return absl::StrCat(name.substr(0, kMaxReleaseName - kHash - 1), "-",
                      crypto::Sha256Hex(name).substr(0, kHash));
}

std::string HelmChartName(const kube::ObjectKey& release) {
  return absl::StrCat(release.name_space, "-", release.name);
}

Value OriginLabels(const kube::ObjectKey& release) {
  return Value::MakeObject(
      {{OriginNameLabel(), release.name},
       {absl::StrCat(kGroup, "/namespace"), release.name_space}});
}

std::string OriginNameLabel() { return absl::StrCat(kGroup, "/name"); }

reconcile::TargetRef TargetRefOf(const reconcile::CommonFlags& flags,
                                 const Plan& plan) {
  const Spec& spec = plan.spec;
  return reconcile::MakeTargetRef(
      flags, plan.key.name_space,
      spec.has_kube_config() ? &spec.kube_config() : nullptr,
      spec.service_account_name());
}

References ReferencesOf(const Value& object) {
  References references;
  const kube::ObjectKey key = kube::KeyOf(object);
  weir::helm::v2::HelmRelease message;
  // What can be read is enough.
  (void)codec::FromValue(object, &message);
  const Spec& spec = message.spec();
  if (spec.has_chart() || spec.has_chart_ref()) {
    references.source = SourceOf(spec, key);
  }
  for (const auto& dependency : spec.depends_on()) {
    const std::string& name_space = dependency.namespace_();
    references.dependencies.push_back(
        {name_space.empty() ? key.name_space : name_space, dependency.name()});
  }
  for (const auto& values : spec.values_from()) {
    references.configs.push_back(
        {{"", "v1", values.kind()}, {key.name_space, values.name()}});
  }
  if (spec.kube_config().has_secret_ref()) {
    references.configs.push_back(
        {{"", "v1", "Secret"},
         {key.name_space, spec.kube_config().secret_ref().name()}});
  }
  references.storage = {spec.storage_namespace().empty()
                            ? key.name_space
                            : spec.storage_namespace(),
                        ShortenReleaseName(FullNameOf(spec, key))};
  return references;
}

}  // namespace weir::helm_controller
