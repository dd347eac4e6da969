// Budget bounds what a build makes of its input: copies of copies, patches of
// many objects and texts within texts come to far more than what is read.
//
// Touches: nothing.
// Threads: one thread at a time.
#pragma once

#include <cstddef>
#include <limits>

#include "absl/status/status.h"
#include "weir/value/value.h"

namespace weir::kustomize {

// What a value takes with all below it, as if it shared nothing.
size_t SizeOf(const Value& value);

class Budget {
 public:
  Budget() = default;
  Budget(size_t max_steps, size_t max_bytes)
      : max_steps_(max_steps), max_bytes_(max_bytes) {}

  // A step is what it takes to look at one object, or at 64 bytes of one.
  // Errors: kResourceExhausted when there were too many, as below.
  absl::Status Spend(size_t steps);
  absl::Status SpendOnBytes(size_t bytes) { return Spend(1 + bytes / 64); }

  // Of texts and values that become part of objects.
  absl::Status Hold(size_t bytes);
  absl::Status Hold(const Value& value);
  // A value has taken the place of one that was as large as this.
  absl::Status Replace(size_t before, const Value& after);
  // Of all that is held.
  size_t bytes() const { return bytes_; }
  // Takes back what was held since `bytes()` was this.
  void ReleaseTo(size_t bytes) { bytes_ = bytes; }

 private:
  size_t max_steps_ = std::numeric_limits<size_t>::max();
  size_t max_bytes_ = std::numeric_limits<size_t>::max();
  size_t steps_ = 0;
  size_t bytes_ = 0;
};

}  // namespace weir::kustomize
