#include "src/token_cache.h"

#include <algorithm>
#include <utility>

namespace weir::notification_controller {

TokenCache::TokenCache(size_t max_size, absl::Duration max_age,
                       const Clock* clock)
    : max_size_(max_size),
      max_age_(max_age),
      clock_(clock != nullptr ? *clock : Clock::Real()) {}

std::optional<Secret> TokenCache::Find(const std::string& owner,
                                       const std::string& key) {
  const absl::Time now = clock_.Now();
  MutexLock lock(mu_);
  const auto found = entries_.find({owner, key});
  if (found != entries_.end() && found->second.until <= now) {
    entries_.erase(found);
  } else if (found != entries_.end()) {
    ++counts_.hits;
    found->second.used = now;
    return found->second.token;
  }
  ++counts_.misses;
  return std::nullopt;
}

void TokenCache::Store(const std::string& owner, const std::string& key,
                       Secret token, absl::Time expires) {
  if (max_size_ == 0) return;
  const absl::Time now = clock_.Now();
  const absl::Time until = now + std::min((expires - now) / 5 * 4, max_age_);
  MutexLock lock(mu_);
  entries_.insert_or_assign({owner, key}, Entry{std::move(token), until, now});
  if (entries_.size() <= max_size_) return;
  const auto oldest = std::min_element(entries_.begin(), entries_.end(),
                                       [](const auto& a, const auto& b) {
                                         return a.second.used < b.second.used;
                                       });
  entries_.erase(oldest);
  ++counts_.evictions;
}

void TokenCache::Evict(const std::string& owner) {
  MutexLock lock(mu_);
  auto entry = entries_.lower_bound({owner, ""});
  while (entry != entries_.end() && entry->first.first == owner) {
    entry = entries_.erase(entry);
  }
}

TokenCache::Counts TokenCache::counts() const {
  MutexLock lock(mu_);
  Counts counts = counts_;
  counts.items = entries_.size();
  return counts;
}

}  // namespace weir::notification_controller
