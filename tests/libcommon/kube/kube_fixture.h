// What the tests of the client share: kinds, objects, and ways to wait.
//
// Touches: clock.
// Threads: as each says.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "weir/base/clock.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::kube {

inline const GroupVersionKind kThing{"example.com", "v1", "Thing"};
inline const GroupVersionKind kConfigMap{"", "v1", "ConfigMap"};

inline std::vector<Resource> Resources() {
  return {{kThing, "things", true},
          {kConfigMap, "configmaps", true},
          {{"", "v1", "Namespace"}, "namespaces", false},
          {{"", "v1", "Event"}, "events", true},
          {{"coordination.k8s.io", "v1", "Lease"}, "leases", true}};
}

inline Context Soon() { return Context().WithTimeout(absl::Seconds(20)); }

inline Value Thing(const std::string& name, int64_t size = 1) {
  return Value::MakeObject(
      {{"apiVersion", "example.com/v1"},
       {"kind", "Thing"},
       {"metadata",
        Value::MakeObject({{"name", name}, {"namespace", "default"}})},
       {"spec", Value::MakeObject({{"size", size}})}});
}

inline ObjectRef RefOfThing(const std::string& name) {
  return {kThing, {"default", name}};
}

// Polls; for what has no event of its own. False after 20 s.
inline bool Eventually(const std::function<bool()>& holds) {
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (!holds()) {
    if (absl::Now() > deadline) return false;
    Context().SleepFor(absl::Milliseconds(1)).IgnoreError();
  }
  return true;
}

class ManualClock : public Clock {
 public:
  absl::Time Now() const override {
    MutexLock lock(mu_);
    return now_;
  }
  void Advance(absl::Duration by) {
    MutexLock lock(mu_);
    now_ += by;
  }

 private:
  mutable Mutex mu_;
  absl::Time now_ ABSL_GUARDED_BY(mu_) = absl::Now();
};

}  // namespace weir::kube
