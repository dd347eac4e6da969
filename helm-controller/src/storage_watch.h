// StorageWatch follows the Secrets that releases are kept in, by their metadata
// alone, so that a release that nobody touched need not be read again.
//
// Touches: network, through the informer.
// Threads: safe to share. The listener runs on the informer's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "weir/base/log.h"
#include "weir/base/mutex.h"
#include "weir/base/task_queue.h"
#include "weir/kube/client.h"
#include "weir/kube/informer.h"
#include "weir/kube/types.h"

namespace weir::helm_controller {

class StorageWatch {
 public:
  // Somebody changed a revision of the release `name` in this namespace, and
  // is not at work on it any more.
  using Listener = std::function<void(const kube::ObjectKey& release)>;

  // Of one namespace, or of all (""). Client and tasks must outlive it.
  StorageWatch(const kube::Client& client, TaskQueue& tasks, Logger logger,
               std::string name_space, Listener listener);

  // Whether the newest stored revision is this one, as its Secret was at
  // `resource_version`; false as long as that is not known.
  bool IsNewest(const kube::ObjectKey& release, int version,
                const std::string& resource_version) const;
  // Whether somebody stored something after that, and is done.
  bool HasNewer(const kube::ObjectKey& release, int version,
                const std::string& resource_version) const;

 private:
  void OnChange(const kube::Change& change);

  const Listener listener_;
  mutable Mutex mu_;
  struct Revision {
    std::string resource_version;  // Of its Secret.
    bool is_in_work = false;
  };
  absl::flat_hash_map<kube::ObjectKey, std::map<int, Revision>> revisions_
      ABSL_GUARDED_BY(mu_);
  std::unique_ptr<kube::Informer> informer_;  // Last: it calls OnChange.
};

}  // namespace weir::helm_controller
