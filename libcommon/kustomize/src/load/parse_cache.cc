#include "weir/kustomize/parse_cache.h"

#include <string>
#include <utility>

#include "weir/crypto/digest.h"

namespace weir::kustomize {

std::string ParseCache::KeyOf(absl::string_view text) {
  return crypto::Sha256(text);
}

ParseCache::Objects ParseCache::Find(const std::string& key) {
  const MutexLock lock(mu_);
  auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    ++stats_.misses;
    return nullptr;
  }
  ++stats_.hits;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->objects;
}

void ParseCache::Add(const std::string& key, Objects objects) {
  size_t bytes = sizeof(Entry);
  for (const Value& object : *objects) bytes += object.HeapBytes();
  if (bytes > max_bytes_) return;
  const MutexLock lock(mu_);
  if (by_key_.contains(key)) return;
  entries_.push_front({key, std::move(objects), bytes});
  by_key_[key] = entries_.begin();
  stats_.bytes += bytes;
  while (stats_.bytes > max_bytes_) {
    stats_.bytes -= entries_.back().bytes;
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

ParseCache::Stats ParseCache::stats() const {
  const MutexLock lock(mu_);
  return stats_;
}

}  // namespace weir::kustomize
