#include "src/chart_sources.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"
#include "weir/kube/conditions.h"
#include "weir/reconcile/conditions.h"
#include "weir/reconcile/status_writer.h"

namespace weir::helm_controller {
namespace {

constexpr char kUnreconciled[] =
    "latest generation of object has not been reconciled";

std::optional<artifact::Artifact> ArtifactOf(const Value& source) {
  const Value& from = source["status"]["artifact"];
  if (!from.is_object()) return std::nullopt;
  artifact::Artifact artifact;
  artifact.url = std::string(from.GetString("url"));
  artifact.path = std::string(from.GetString("path"));
  artifact.revision = std::string(from.GetString("revision"));
  artifact.digest = std::string(from.GetString("digest"));
  artifact.size = from.GetInt("size");
  const auto time = ParseKubeTime(from.GetString("lastUpdateTime"));
  if (time.ok()) artifact.last_update_time = *time;
  return artifact;
}

std::string MessageOf(const Value& object, absl::string_view type) {
  for (const Value& condition : object["status"]["conditions"].array()) {
    if (condition.GetString("type") == type) {
      return std::string(condition.GetString("message"));
    }
  }
  return "";
}

bool IsFalse(const Value& object, absl::string_view type) {
  for (const Value& condition : object["status"]["conditions"].array()) {
    if (condition.GetString("type") == type) {
      return condition.GetString("status") == reconcile::kFalse;
    }
  }
  return false;
}

// Why the source cannot be used yet; "" when it can.
std::string FindProblem(const Value& source, const std::string& kind) {
  if (kind != "ExternalArtifact") {
    if (reconcile::GenerationOf(source) !=
        source["status"].GetInt("observedGeneration")) {
      return IsFalse(source, reconcile::kReady)
                 ? MessageOf(source, reconcile::kReady)
                 : kUnreconciled;
    }
    if (kube::IsConditionTrue(source, reconcile::kStalled)) {
      return MessageOf(source, reconcile::kStalled);
    }
  }
  return ArtifactOf(source).has_value() ? "" : "does not have an artifact";
}

ChartSources::Answer Failed(absl::Status error) {
  ChartSources::Answer answer;
  answer.state = ChartSources::State::kFailed;
  answer.error = std::move(error);
  return answer;
}

bool IsNews(const Value& before, const Value& after, const std::string& kind) {
  const std::string problem = FindProblem(after, kind);
  if (!problem.empty()) {  // Those that wait tell what for.
    return problem != kUnreconciled && problem != FindProblem(before, kind);
  }
  const std::optional<artifact::Artifact> now = ArtifactOf(after);
  if (!now.has_value()) return false;
  const std::optional<artifact::Artifact> old = ArtifactOf(before);
  return !old.has_value() || old->revision != now->revision ||
         old->digest != now->digest ||
         (!kube::IsConditionTrue(before, reconcile::kReady) &&
          kube::IsConditionTrue(after, reconcile::kReady));
}

}  // namespace

kube::GroupVersionKind SourceKind(const std::string& kind) {
  return {"source.toolkit.fluxcd.io", "v1", kind};
}

ChartSources::ChartSources(reconcile::Manager& manager, bool reads_directly,
                           Listener listener)
    : manager_(manager),
      reads_directly_(reads_directly),
      listener_(std::move(listener)) {}

ChartSources::Answer ChartSources::Judge(const Value& source,
                                         const std::string& kind) {
  Answer answer;
  const std::string problem = FindProblem(source, kind);
  if (!problem.empty()) {
    answer.message = absl::StrCat(kind, " '", kube::KeyOf(source).ToString(),
                                  "' is not ready: ", problem);
    return answer;
  }
  answer.state = State::kReady;
  answer.artifact = *ArtifactOf(source);
  return answer;
}

std::shared_ptr<kube::Informer> ChartSources::Watch(const std::string& kind) {
  MutexLock lock(mu_);
  std::shared_ptr<kube::Informer>& informer = informers_[kind];
  if (informer != nullptr) return informer;
  informer =
      manager_.SharedInformer(SourceKind(kind), manager_.options().name_space);
  // The cache may outlive this: the handler holds what it needs.
  informer->AddHandler(
      [listener = listener_, kind](const kube::Change& change) {
        if (change.type == kube::ChangeType::kDeleted ||
            !IsNews(change.before, change.after, kind)) {
          return;
        }
        const kube::ObjectKey key = kube::KeyOf(change.after);
        const bool is_ready = FindProblem(change.after, kind).empty();
        listener({kind, key.name_space, key.name},
                 is_ready ? ArtifactOf(change.after)->revision : "");
      });
  return informer;
}

ChartSources::Answer ChartSources::Find(const Context& ctx,
                                        const artifact::SourceKey& source) {
  const std::shared_ptr<kube::Informer> informer = Watch(source.kind);
  const kube::ObjectKey key{source.name_space, source.name};
  // A kind that the server does not serve never gets there: ask it.
  if (reads_directly_ || absl::IsNotFound(informer->health())) {
    const absl::StatusOr<Value> object =
        manager_.client().Get(ctx, {SourceKind(source.kind), key});
    return object.ok() ? Judge(*object, source.kind) : Failed(object.status());
  }
  if (!informer->HasSynced()) {
    Answer answer;
    answer.state = State::kNotYetKnown;
    return answer;
  }
  const std::optional<Value> object = informer->Get(key);
  if (object.has_value()) return Judge(*object, source.kind);
  return Failed(absl::NotFoundError(absl::StrCat(source.kind,
                                                 ".source.toolkit.fluxcd.io \"",
                                                 source.name, "\" not found")));
}

Value ChartSources::FindObject(const artifact::SourceKey& source) {
  return Watch(source.kind)
      ->Get({source.name_space, source.name})
      .value_or(Value());
}

}  // namespace weir::helm_controller
