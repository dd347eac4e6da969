#include "weir/consumer/source_watch.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"

namespace weir::consumer {

kube::GroupVersionKind SourceKind(const std::string& kind) {
  return {"source.toolkit.fluxcd.io", "v1", kind};
}

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

bool HasNewArtifact(const Value& before, const Value& after) {
  const Value& now = after["status"]["artifact"];
  const Value& old = before["status"]["artifact"];
  return now.is_object() &&
         (!old.is_object() ||
          now.GetString("revision") != old.GetString("revision") ||
          now.GetString("digest") != old.GetString("digest"));
}

SourceWatch::SourceWatch(reconcile::Manager& manager, bool reads_directly,
                         Listener listener)
    : manager_(manager),
      reads_directly_(reads_directly),
      listener_(std::move(listener)) {}

std::shared_ptr<kube::Informer> SourceWatch::Watch(const std::string& kind) {
  MutexLock lock(mu_);
  std::shared_ptr<kube::Informer>& informer = informers_[kind];
  if (informer != nullptr) return informer;
  informer =
      manager_.SharedInformer(SourceKind(kind), manager_.options().name_space);
  // The cache may outlive this: the handler holds what it needs.
  informer->AddHandler(
      [listener = listener_, kind](const kube::Change& change) {
        if (change.type != kube::ChangeType::kDeleted) listener(kind, change);
      });
  return informer;
}

SourceWatch::Answer SourceWatch::Read(const Context& ctx,
                                      const artifact::SourceKey& source) const {
  absl::StatusOr<Value> object = manager_.client().Get(
      ctx, {SourceKind(source.kind), {source.name_space, source.name}});
  if (object.ok()) return {State::kFound, *std::move(object), {}};
  const bool is_missing = kube::ApiCodeOf(object.status()) == 404;
  return {is_missing ? State::kMissing : State::kFailed, {}, object.status()};
}

SourceWatch::Answer SourceWatch::Find(const Context& ctx,
                                      const artifact::SourceKey& source) {
  const std::shared_ptr<kube::Informer> informer = Watch(source.kind);
  if (reads_directly_) return Read(ctx, source);
  if (!informer->HasSynced()) {
    // A kind that the server does not serve never gets there: ask it.
    if (absl::IsNotFound(informer->health())) return Read(ctx, source);
    return {State::kNotYetKnown, {}, {}};
  }
  std::optional<Value> object = informer->Get({source.name_space, source.name});
  if (object.has_value()) return {State::kFound, *std::move(object), {}};
  return {State::kMissing,
          {},
          absl::NotFoundError(absl::StrCat(source.kind,
                                           ".source.toolkit.fluxcd.io \"",
                                           source.name, "\" not found"))};
}

std::optional<artifact::Artifact> SourceWatch::FindArtifact(
    const Context& ctx, const artifact::SourceKey& source) {
  return ArtifactOf(Find(ctx, source).object);
}

Value SourceWatch::FindCached(const artifact::SourceKey& source) {
  return Watch(source.kind)
      ->Get({source.name_space, source.name})
      .value_or(Value());
}

}  // namespace weir::consumer
