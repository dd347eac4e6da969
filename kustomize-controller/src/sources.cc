#include "src/sources.h"

#include <optional>
#include <utility>

#include "src/plan.h"
#include "weir/base/duration.h"

namespace weir::kustomize_controller {
namespace {

Sources::Answer AnswerFrom(const Value& source) {
  Sources::Answer answer;
  std::optional<artifact::Artifact> artifact = ArtifactOf(source);
  answer.state = artifact.has_value() ? Sources::State::kFound
                                      : Sources::State::kNoArtifact;
  if (artifact.has_value()) answer.artifact = *std::move(artifact);
  return answer;
}

}  // namespace

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
  for (const Value::Member& member : from["metadata"].object()) {
    if (!member.value.is_string()) continue;
    artifact.metadata[member.key] = member.value.AsString();
  }
  return artifact;
}

Sources::Sources(reconcile::Manager& manager, bool reads_directly,
                 Listener listener)
    : manager_(manager),
      reads_directly_(reads_directly),
      listener_(std::move(listener)) {}

std::shared_ptr<kube::Informer> Sources::Watch(const std::string& kind) {
  MutexLock lock(mu_);
  std::shared_ptr<kube::Informer>& informer = informers_[kind];
  if (informer != nullptr) return informer;
  informer =
      manager_.SharedInformer(SourceKind(kind), manager_.options().name_space);
  // The cache may outlive this: the handler holds what it needs.
  informer->AddHandler([listener = listener_,
                        kind](const kube::Change& change) {
    if (change.type == kube::ChangeType::kDeleted) return;
    const std::optional<artifact::Artifact> now = ArtifactOf(change.after);
    if (!now.has_value()) return;
    const std::optional<artifact::Artifact> before = ArtifactOf(change.before);
    if (before.has_value() && before->revision == now->revision &&
        before->digest == now->digest) {
      return;
    }
    const kube::ObjectKey key = kube::KeyOf(change.after);
    listener({kind, key.name_space, key.name}, now->revision);
  });
  return informer;
}

Sources::Answer Sources::Read(const Context& ctx,
                              const artifact::SourceKey& source) const {
  const absl::StatusOr<Value> object = manager_.client().Get(
      ctx, {SourceKind(source.kind), {source.name_space, source.name}});
  if (object.ok()) return AnswerFrom(*object);
  Answer answer;
  answer.state = kube::ApiCodeOf(object.status()) == 404 ? State::kMissing
                                                         : State::kFailed;
  answer.error = object.status();
  return answer;
}

Sources::Answer Sources::Find(const Context& ctx,
                              const artifact::SourceKey& source) {
  const std::shared_ptr<kube::Informer> informer = Watch(source.kind);
  if (reads_directly_) return Read(ctx, source);
  if (!informer->HasSynced()) {
    // A kind that the server does not serve never gets there: ask it.
    if (absl::IsNotFound(informer->health())) return Read(ctx, source);
    Answer answer;
    answer.state = State::kNotYetKnown;
    return answer;
  }
  const std::optional<Value> object =
      informer->Get({source.name_space, source.name});
  return object.has_value() ? AnswerFrom(*object) : Answer{};
}

}  // namespace weir::kustomize_controller
