// What the tests of the runtime share: a kind of object, a clock to set, and a
// reconciler made of a function.
//
// Touches: nothing.
// Threads: safe to share, as each says.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "weir/base/clock.h"
#include "weir/base/mutex.h"
#include "weir/kube/types.h"
#include "weir/reconcile/reconciler.h"
#include "weir/value/value.h"

namespace weir::reconcile {

inline kube::Resource ThingResource() {
  return {{"example.dev", "v1", "Thing"}, "things", true};
}
inline kube::ObjectKey Key(const std::string& name) { return {"ns", name}; }
inline kube::ObjectRef Ref(const std::string& name) {
  return {ThingResource().gvk, Key(name)};
}
inline Value Thing(const std::string& name, Value spec = Value::MakeObject()) {
  return Value::MakeObject(
      {{"apiVersion", "example.dev/v1"},
       {"kind", "Thing"},
       {"metadata", Value::MakeObject({{"name", name}, {"namespace", "ns"}})},
       {"spec", std::move(spec)}});
}

// Safe to share.
class FakeClock : public Clock {
 public:
  absl::Time Now() const override {
    MutexLock lock(mu_);
    return now_;
  }
  void Advance(absl::Duration duration) {
    MutexLock lock(mu_);
    now_ += duration;
  }

 private:
  mutable Mutex mu_;
  absl::Time now_ ABSL_GUARDED_BY(mu_) = absl::FromUnixSeconds(1'700'000'000);
};

class FunctionReconciler : public Reconciler {
 public:
  using Function = std::function<Outcome(const Context&, const Request&)>;
  explicit FunctionReconciler(Function function)
      : function_(std::move(function)) {}
  Outcome Reconcile(const Context& ctx, const Request& request) override {
    return function_(ctx, request);
  }

 private:
  const Function function_;
};

// Waits until `condition` holds; false after ten seconds.
inline bool Eventually(const std::function<bool()>& condition) {
  const absl::Time until = absl::Now() + absl::Seconds(10);
  while (!condition()) {
    if (absl::Now() > until) return false;
    Context().SleepFor(absl::Milliseconds(1)).IgnoreError();
  }
  return true;
}

}  // namespace weir::reconcile
