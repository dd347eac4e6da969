// DuplicateFilter lets an event through once per interval.
//
// Touches: clock.
// Threads: safe to share.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "weir/base/clock.h"
#include "weir/base/mutex.h"

namespace weir::notification_controller {

class DuplicateFilter {
 public:
  // Remembers at most `max_keys`, about 150 bytes each; under a flood of more
  // the oldest are forgotten, so that an event may pass again too soon.
  DuplicateFilter(absl::Duration interval, const Clock* clock = nullptr,
                  size_t max_keys = 100'000);

  struct Verdict {
    bool is_new = false;
    absl::Time reset;  // When the key passes again.
  };
  Verdict Take(const std::string& key);

 private:
  // Constant after construction.
  const absl::Duration interval_;
  const Clock& clock_;
  const size_t max_keys_;

  Mutex mu_;
  absl::flat_hash_map<std::string, absl::Time> until_ ABSL_GUARDED_BY(mu_);
  // Keys in the order they came, which is that of their ends.
  std::deque<std::string> order_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::notification_controller
