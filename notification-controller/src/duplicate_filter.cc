#include "src/duplicate_filter.h"

namespace weir::notification_controller {

DuplicateFilter::DuplicateFilter(absl::Duration interval, const Clock* clock,
                                 size_t max_keys)
    : interval_(interval),
      clock_(clock != nullptr ? *clock : Clock::Real()),
      max_keys_(max_keys) {}

DuplicateFilter::Verdict DuplicateFilter::Take(const std::string& key) {
  const absl::Time now = clock_.Now();
  MutexLock lock(mu_);
  while (!order_.empty()) {
    const auto oldest = until_.find(order_.front());
    if (oldest->second > now && order_.size() < max_keys_) break;
    until_.erase(oldest);
    order_.pop_front();
  }
  const auto [entry, is_new] = until_.try_emplace(key, now + interval_);
  if (is_new) order_.push_back(key);
  return {is_new, entry->second};
}

}  // namespace weir::notification_controller
