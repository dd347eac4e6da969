#include "src/rendering.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/release_storage.h"
#include "weir/apply/normalize.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/codec/codec.h"
#include "weir/helm/dependencies.h"
#include "weir/helm/release.h"
#include "weir/helm/render.h"
#include "weir/helm/values.h"
#include "weir/kustomize/build.h"
#include "weir/kustomize/file_system.h"
#include "weir/value/yaml.h"

namespace weir::helm_controller {
namespace {

constexpr char kManifest[] = "helm-output.yaml";
constexpr char kKustomization[] =
    "apiVersion: kustomize.config.k8s.io/v1beta1\n"
    "kind: Kustomization\n"
    "resources:\n"
    "- helm-output.yaml\n";

Value ToValue(const google::protobuf::Map<std::string, std::string>& map) {
  Value value = Value::MakeObject();
  for (const auto& [key, text] : map) value.Set(key, text);
  return value;
}

absl::StatusOr<std::vector<Value>> ParseAll(const std::string& documents) {
  WEIR_ASSIGN_OR_RETURN(std::vector<YamlDocument> parsed,
                        ParseYamlDocuments(documents));
  std::vector<Value> objects;
  for (YamlDocument& document : parsed) {
    if (document.value.is_object())
      objects.push_back(std::move(document.value));
  }
  return objects;
}

absl::StatusOr<std::string> Kustomize(const Context& ctx,
                                      const weir::helm::v2::Kustomize& settings,
                                      const std::string& documents) {
  weir::kustomize::FluxOverrides overrides;
  for (const auto& patch : settings.patches()) {
    overrides.patches.push_back(
        {patch.patch(),
         patch.has_target() ? codec::ToValue(patch.target()) : Value()});
  }
  for (const auto& image : settings.images()) {
    overrides.images.push_back(
        {image.name(), image.new_name(), image.new_tag(), image.digest()});
  }
  const auto files = weir::kustomize::MakeMemoryFileSystem(
      {{"kustomization.yaml", kKustomization}, {kManifest, documents}});
  weir::kustomize::BuildOptions options;
  options.load_restrictor =
      weir::kustomize::BuildOptions::LoadRestrictor::kNone;
  options.reorder = weir::kustomize::BuildOptions::Reorder::kNone;
  WEIR_ASSIGN_OR_RETURN(
      const weir::kustomize::BuildResult built,
      weir::kustomize::BuildForFlux(ctx, *files, ".", overrides, options));
  return weir::kustomize::FormatResult(built);
}

helm::PostRenderer::Strategy StrategyOf(const Plan& plan) {
  using Strategy = helm::PostRenderer::Strategy;
  const std::string& name = plan.spec.post_render_strategy();
  const bool is_unset = name.empty();
  if (name == "nohooks" || (is_unset && plan.uses_helm3_defaults)) {
    return Strategy::kNoHooks;
  }
  return name == "separate" ? Strategy::kSeparate : Strategy::kCombined;
}

}  // namespace

absl::StatusOr<std::string> PostRender(const Context& ctx, const Plan& plan,
                                       const std::string& documents) {
  std::string text = documents;
  for (const auto& renderer : plan.spec.post_renderers()) {
    if (!renderer.has_kustomize()) continue;
    WEIR_ASSIGN_OR_RETURN(text, Kustomize(ctx, renderer.kustomize(), text));
  }
  WEIR_ASSIGN_OR_RETURN(std::vector<Value> objects, ParseAll(text));
  // The engine knows what to say of what is no object.
  if (std::any_of(objects.begin(), objects.end(), [](const Value& object) {
        return object.GetString("kind").empty();
      })) {
    WEIR_RETURN_IF_ERROR(Kustomize(ctx, {}, text).status());
  }
  std::string out;
  for (Value& object : objects) {
    apply::SetLabels(object, ToValue(plan.spec.common_metadata().labels()));
    apply::SetAnnotations(object,
                          ToValue(plan.spec.common_metadata().annotations()));
    apply::SetLabels(object, OriginLabels(plan.key));
    if (!out.empty()) out += "---\n";
    AppendYaml(object, &out);
  }
  return out;
}

RenderInput MakeRenderInput(const Plan& plan, const helm::Chart& chart,
                            const std::string& chart_version, Value values,
                            const std::vector<helm::StoredRelease>& revisions,
                            bool is_upgrade, absl::Time now) {
  RenderInput input{.plan = plan,
                    .chart = chart,
                    .values = std::move(values),
                    .is_upgrade = is_upgrade,
                    .first_deployed = now,
                    .now = now};
  input.chart.metadata.version = chart_version;
  const bool validates =
      !(is_upgrade ? plan.spec.upgrade().disable_schema_validation()
                   : plan.spec.install().disable_schema_validation());
  input.validates_schema = validates;
  if (revisions.empty()) return input;
  input.revision = revisions.front().version() + 1;
  if (!is_upgrade) return input;
  const helm::StoredRelease* deployed = FindDeployed(revisions);
  const helm::StoredRelease& base =
      deployed == nullptr ? revisions.front() : *deployed;
  const auto first = ParseKubeTime(base.info().GetString("first_deployed"));
  if (first.ok()) input.first_deployed = *first;
  if (plan.spec.upgrade().preserve_values()) {
    input.chart.values =
        helm::MergeMaps(base.json()["chart"]["values"], base.config());
    input.values = helm::MergeMaps(base.config(), input.values);
  }
  return input;
}

absl::StatusOr<std::vector<ReleaseObject>> CrdsOf(
    const RenderInput& input, std::vector<std::string>* ignored) {
  helm::Chart chart = input.chart;
  WEIR_RETURN_IF_ERROR(helm::ProcessDependencies(chart, input.values),
                       "failed to process chart dependencies");
  return ReadCrds(chart, OriginLabels(input.plan.key), ignored);
}

absl::StatusOr<helm::RenderedRelease> RenderDocuments(
    const Context& ctx, const helm::Capabilities& capabilities,
    helm::RenderOptions options, RenderInput input) {
  const Plan& plan = input.plan;
  helm::Release release;
  release.name = plan.release_name;
  release.name_space = plan.release_namespace;
  release.revision = input.revision;
  release.is_upgrade = input.is_upgrade;
  options.skip_schema_validation = !input.validates_schema;
  return helm::RenderRelease(std::move(input.chart), input.values, release,
                             capabilities, options,
                             {[&](const std::string& documents) {
                                return PostRender(ctx, plan, documents);
                              },
                              StrategyOf(plan)});
}

absl::StatusOr<helm::StoredRelease> RenderPlan(const Context& ctx,
                                               const kube::Client& client,
                                               ClusterFacts& facts,
                                               RenderInput input) {
  const Plan& plan = input.plan;
  WEIR_ASSIGN_OR_RETURN(const helm::Capabilities capabilities, facts.Get(ctx));
  helm::RenderOptions options;
  if (input.resolves_hosts) options.resolve_host = helm::ResolveHost;
  options.lookup = [&](absl::string_view api_version, absl::string_view kind,
                       absl::string_view name_space, absl::string_view name) {
    return LookUp(ctx, client, api_version, kind, name_space, name);
  };
  helm::NewRelease made;
  made.name = plan.release_name;
  made.name_space = plan.release_namespace;
  made.version = input.revision;
  made.status =
      input.is_upgrade ? helm::kPendingUpgrade : helm::kPendingInstall;
  made.description =
      input.is_upgrade ? "Preparing upgrade" : "Initial install underway";
  made.first_deployed = input.first_deployed;
  made.last_deployed = input.now;
  made.is_server_side_applied = input.is_server_side;
  const Value values = input.values;
  WEIR_ASSIGN_OR_RETURN(
      const helm::RenderedRelease rendered,
      RenderDocuments(ctx, capabilities, std::move(options), std::move(input)));
  made.notes = rendered.notes;
  made.manifest = helm::JoinManifests(rendered.manifests.objects);
  return helm::MakeRelease(made, rendered.chart, values,
                           rendered.manifests.hooks);
}

}  // namespace weir::helm_controller
