// Sources finds the artifact of a source object, and watches the kinds of
// source that somebody uses.
//
// Touches: network, through the manager's client.
// Threads: safe to share. The listener runs on the informers' thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "weir/artifact/artifact.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/kube/informer.h"
#include "weir/reconcile/manager.h"

namespace weir::kustomize_controller {

// The artifact in a source's status; nothing when there is none.
std::optional<artifact::Artifact> ArtifactOf(const Value& source);

class Sources {
 public:
  // A source has an artifact for the first time, or of another revision.
  using Listener = std::function<void(const artifact::SourceKey& source,
                                      const std::string& revision)>;

  // `reads_directly`: every look-up asks the API server.
  Sources(reconcile::Manager& manager, bool reads_directly, Listener listener);

  enum class State { kFound, kNoArtifact, kMissing, kNotYetKnown, kFailed };
  struct Answer {
    State state = State::kMissing;
    artifact::Artifact artifact;  // Of kFound.
    absl::Status error;           // Of kFailed.
  };
  // kNotYetKnown: the kind's cache is being filled; ask again soon.
  Answer Find(const Context& ctx, const artifact::SourceKey& source);

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

}  // namespace weir::kustomize_controller
