// ReleaseStorage keeps the revisions of releases where Helm does: in Secrets of
// a namespace.
//
// Touches: network, through the client; clock.
// Threads: safe to share.
// Source: helm-engine.md, section 10.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/base/clock.h"
#include "weir/base/context.h"
#include "weir/helm/stored_release.h"
#include "weir/kube/client.h"

namespace weir::helm_controller {

class ReleaseStorage {
 public:
  // Client and clock must outlive it.
  ReleaseStorage(const kube::Client& client, std::string name_space,
                 const Clock& clock)
      : client_(client), name_space_(std::move(name_space)), clock_(clock) {}

  const std::string& name_space() const { return name_space_; }

  // All revisions, newest first. Secrets that hold none are left out.
  absl::StatusOr<std::vector<helm::StoredRelease>> List(
      const Context& ctx, const std::string& name) const;
  // Both note the Secret's new resourceVersion.
  // Errors: kAlreadyExists: somebody else is at work on the release.
  absl::Status Create(const Context& ctx, helm::StoredRelease& release) const;
  absl::Status Update(const Context& ctx, helm::StoredRelease& release) const;
  // One that is gone is fine.
  absl::Status Delete(const Context& ctx, const std::string& name,
                      int version) const;

 private:
  const kube::Client& client_;
  const std::string name_space_;
  const Clock& clock_;
};

// The newest that is deployed, or null. `revisions`: newest first.
const helm::StoredRelease* FindDeployed(
    const std::vector<helm::StoredRelease>& revisions);

// The revisions to delete so that, with a new one, there are `max`: the oldest,
// but never the last that is deployed. 0: none are deleted.
std::vector<int> FindSurplus(const std::vector<helm::StoredRelease>& revisions,
                             int max);

}  // namespace weir::helm_controller
