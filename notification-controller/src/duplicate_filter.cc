#include "src/duplicate_filter.h"

#include <algorithm>

namespace weir::notification_controller {

DuplicateFilter::DuplicateFilter(absl::Duration interval, const Clock* clock,
                                 size_t max_keys)
    : interval_(interval),
      clock_(clock != nullptr ? *clock : Clock::Real()),
      max_keys_(max_keys) {}

DuplicateFilter::Verdict DuplicateFilter::Take(absl::string_view text) {
  Key key{};
  std::copy_n(text.begin(), std::min(text.size(), key.size()), key.begin());
  const absl::Time now = clock_.Now();
  MutexLock lock(mu_);
  while (!order_.empty()) {
    const auto oldest = until_.find(order_.front());
    if (oldest->second > now) break;
    until_.erase(oldest);
    order_.pop_front();
  }
  const auto known = until_.find(key);
  if (known != until_.end()) return {false, known->second};
  while (!order_.empty() && order_.size() >= max_keys_) {
    until_.erase(order_.front());
    order_.pop_front();
  }
  const absl::Time end = now + interval_;
  until_.emplace(key, end);
  order_.push_back(key);
  return {true, end};
}

}  // namespace weir::notification_controller
