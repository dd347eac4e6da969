// TokenCache keeps access tokens that were exchanged for long-lived
// credentials, so that one exchange serves many notifications.
//
// Touches: clock.
// Threads: safe to share.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "weir/base/clock.h"
#include "weir/base/mutex.h"
#include "weir/base/secret.h"

namespace weir::notification_controller {

class TokenCache {
 public:
  // At most `max_size` tokens, 0: none; each for at most `max_age`, and never
  // for more than four fifths of the time that it is valid.
  TokenCache(size_t max_size, absl::Duration max_age,
             const Clock* clock = nullptr);

  // `owner` is who may use it ("Provider/flux-system/github"), `key` a digest
  // of what it was exchanged for.
  std::optional<Secret> Find(const std::string& owner, const std::string& key);
  void Store(const std::string& owner, const std::string& key, Secret token,
             absl::Time expires);
  // Drops all tokens of an owner that went away.
  void Evict(const std::string& owner);

  struct Counts {
    size_t items = 0;
    size_t hits = 0;
    size_t misses = 0;
    size_t evictions = 0;
  };
  Counts counts() const;

 private:
  struct Entry {
    Secret token;
    absl::Time until;
    absl::Time used;
  };
  // Constant after construction.
  const size_t max_size_;
  const absl::Duration max_age_;
  const Clock& clock_;
  mutable Mutex mu_;
  std::map<std::pair<std::string, std::string>, Entry> entries_
      ABSL_GUARDED_BY(mu_);
  Counts counts_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::notification_controller
