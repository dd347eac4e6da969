#include "weir/apply/drift_damper.h"

#include "weir/base/duration.h"

namespace weir::apply {
namespace {

constexpr int kFreeCorrections = 5;
constexpr absl::Duration kMaxDelay = absl::Minutes(5);
// Objects that drift together count once.
constexpr absl::Duration kBurst = absl::Milliseconds(200);
constexpr absl::Duration kForgiveness = absl::Minutes(10);

}  // namespace

absl::Duration DriftDamper::NextDelay(const kube::ObjectKey& owner,
                                      absl::Time now) {
  MutexLock lock(mu_);
  Record& record = records_[owner];
  if (now - record.last > kForgiveness) record.count = 0;
  if (now - record.last > kBurst) {
    ++record.count;
    record.last = now;
  }
  const int excess = record.count - kFreeCorrections - 1;
  if (excess < 0) return absl::ZeroDuration();
  return ExponentialBackoff(absl::Seconds(1), kMaxDelay, excess);
}

void DriftDamper::Forget(const kube::ObjectKey& owner) {
  MutexLock lock(mu_);
  records_.erase(owner);
}

}  // namespace weir::apply
