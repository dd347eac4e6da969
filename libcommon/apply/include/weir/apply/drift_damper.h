// DriftDamper slows down the correction of drift that comes back again and
// again: two who disagree about an object must not busy the API server.
//
// Touches: nothing.
// Threads: safe to share.
#pragma once

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "weir/base/mutex.h"
#include "weir/kube/types.h"

namespace weir::apply {

class DriftDamper {
 public:
  // How long to wait before correcting what drifted `now`. Nothing for the
  // first few times, then twice as long each time, at most five minutes; ten
  // quiet minutes forgive all.
  absl::Duration NextDelay(const kube::ObjectKey& owner, absl::Time now);
  void Forget(const kube::ObjectKey& owner);

 private:
  struct Record {
    int count = 0;
    absl::Time last = absl::InfinitePast();
  };
  Mutex mu_;
  absl::flat_hash_map<kube::ObjectKey, Record> records_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::apply
