// SourceWatch finds source objects and the artifacts in their status, and
// watches the kinds of source that somebody uses.
//
// Touches: network, through the manager's client.
// Threads: safe to share. The listener runs on the informers' thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "weir/artifact/artifact.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/kube/informer.h"
#include "weir/kube/types.h"
#include "weir/reconcile/manager.h"
#include "weir/value/value.h"

namespace weir::consumer {

// Of group source.toolkit.fluxcd.io.
kube::GroupVersionKind SourceKind(const std::string& kind);

// The artifact in a source's status; nothing when there is none.
std::optional<artifact::Artifact> ArtifactOf(const Value& source);
// Whether `after` has an artifact, of another revision or digest than that of
// `before`, which may be null.
bool HasNewArtifact(const Value& before, const Value& after);

class SourceWatch {
 public:
  // A source was added or changed.
  using Listener =
      std::function<void(const std::string& kind, const kube::Change& change)>;

  // `reads_directly`: every look-up asks the API server.
  SourceWatch(reconcile::Manager& manager, bool reads_directly,
              Listener listener);

  enum class State { kFound, kMissing, kNotYetKnown, kFailed };
  struct Answer {
    State state = State::kMissing;
    Value object;        // Of kFound.
    absl::Status error;  // Of kMissing and kFailed.
  };
  // kNotYetKnown: the kind's cache is being filled; ask again soon.
  Answer Find(const Context& ctx, const artifact::SourceKey& source);
  // The artifact that the source has now; nothing when that is not known.
  std::optional<artifact::Artifact> FindArtifact(
      const Context& ctx, const artifact::SourceKey& source);
  // The object as the cache has it; null when it is not there, or not yet.
  Value FindCached(const artifact::SourceKey& source);

 private:
  std::shared_ptr<kube::Informer> Watch(const std::string& kind);
  Answer Read(const Context& ctx, const artifact::SourceKey& source) const;

  reconcile::Manager& manager_;
  const bool reads_directly_;
  const Listener listener_;
  Mutex mu_;
  std::map<std::string, std::shared_ptr<kube::Informer>> informers_
      ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::consumer
