// ChartSources finds the artifact of a release's source, and watches the kinds
// of source that somebody uses.
//
// Touches: network, through the manager's client.
// Threads: safe to share. The listener runs on the informers' thread.
// Source: helm-controller.md, section 4.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "weir/artifact/artifact.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/kube/informer.h"
#include "weir/kube/types.h"
#include "weir/reconcile/manager.h"

namespace weir::helm_controller {

kube::GroupVersionKind SourceKind(const std::string& kind);

class ChartSources {
 public:
  // A source has a new artifact, or has become ready; or, with an empty
  // revision, is not ready for another reason than before.
  using Listener = std::function<void(const artifact::SourceKey& source,
                                      const std::string& revision)>;

  // `reads_directly`: every look-up asks the API server.
  ChartSources(reconcile::Manager& manager, bool reads_directly,
               Listener listener);

  enum class State { kReady, kNotReady, kNotYetKnown, kFailed };
  struct Answer {
    State state = State::kNotReady;
    artifact::Artifact artifact;  // Of kReady.
    std::string message;          // Of kNotReady.
    absl::Status error;           // Of kFailed; kNotFound: there is none.
  };
  // What an object says of itself.
  static Answer Judge(const Value& source, const std::string& kind);
  // kNotYetKnown: the kind's cache is being filled; ask again soon.
  Answer Find(const Context& ctx, const artifact::SourceKey& source);
  // The object as the cache has it; null when it is not there, or not yet.
  Value FindObject(const artifact::SourceKey& source);

 private:
  std::shared_ptr<kube::Informer> Watch(const std::string& kind);

  reconcile::Manager& manager_;
  const bool reads_directly_;
  const Listener listener_;
  Mutex mu_;
  std::map<std::string, std::shared_ptr<kube::Informer>> informers_
      ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::helm_controller
