// EventCorrelator decides what becomes of an event among those before it: a
// new Kubernetes Event, a higher count of an old one, or nothing. It follows
// client-go, so that `kubectl events` looks the same.
//
// Touches: nothing.
// Threads: not safe to share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "weir/reconcile/events.h"
#include "weir/value/value.h"

namespace weir::reconcile {

// A map that forgets what was used least recently.
template <typename V>
class LruMap {
 public:
  explicit LruMap(size_t limit) : limit_(limit) {}

  // The value, made when absent.
  V& Use(const std::string& key) {
    const auto found = places_.find(key);
    if (found != places_.end()) {
      items_.splice(items_.begin(), items_, found->second);
      return found->second->second;
    }
    if (items_.size() >= limit_) {
      places_.erase(items_.back().first);
      items_.pop_back();
    }
    items_.emplace_front(key, V());
    places_[key] = items_.begin();
    return items_.front().second;
  }
  size_t size() const { return items_.size(); }

 private:
  using Items = std::list<std::pair<std::string, V>>;
  const size_t limit_;
  Items items_;
  absl::flat_hash_map<std::string, typename Items::iterator> places_;
};

class EventCorrelator {
 public:
  struct Verdict {
    enum class Kind { kSkip, kCreate, kCount } kind;
    Value object;     // The whole Event, to be created.
    Value patch;      // When counting: the merge patch of the old one.
    std::string key;  // For Remember.
  };
  Verdict Judge(const RecordedEvent& event);

  // The server's answer to what Judge gave: later events count on it.
  void Remember(const Verdict& verdict, const Value& stored);

 private:
  struct Similar {  // Events that differ in nothing but the message.
    std::set<std::string> messages;
    absl::Time last = absl::InfinitePast();
  };
  struct Seen {
    int64_t count = 0;
    std::string name;
    std::string first_timestamp;
  };
  struct Budget {  // Of one object at one source.
    double tokens = 0;
    absl::Time last = absl::InfinitePast();
  };
  bool IsSpam(const std::string& source, absl::Time now);

  int64_t last_nanos_ = 0;  // In the last name given.
  LruMap<Similar> similar_{4096};
  LruMap<Seen> seen_{4096};
  LruMap<Budget> budgets_{4096};
};

}  // namespace weir::reconcile
