// DuplicateFilter lets an event through once per interval.
//
// Touches: clock.
// Threads: safe to share.
#pragma once

#include <array>
#include <cstddef>
#include <deque>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/clock.h"
#include "weir/base/mutex.h"

namespace weir::notification_controller {

class DuplicateFilter {
 public:
  // Remembers at most `max_keys`, about 90 bytes each; under a flood of more
  // the oldest are forgotten, so that an event may pass again too soon.
  DuplicateFilter(absl::Duration interval, const Clock* clock = nullptr,
                  size_t max_keys = 100'000);

  struct Verdict {
    bool is_new = false;
    absl::Time reset;  // When the key passes again.
  };
  // `key` is a digest: its first 32 bytes count.
  Verdict Take(absl::string_view key);

 private:
  // In place: small blocks that stay for minutes would keep the memory of the
  // events between them.
  using Key = std::array<char, 32>;

  // Constant after construction.
  const absl::Duration interval_;
  const Clock& clock_;
  const size_t max_keys_;

  Mutex mu_;
  absl::flat_hash_map<Key, absl::Time> until_ ABSL_GUARDED_BY(mu_);
  // Keys in the order they came, which is that of their ends.
  std::deque<Key> order_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::notification_controller
