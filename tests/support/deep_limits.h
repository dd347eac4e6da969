// Limits for tests that nest a thousand executions.
//
// Touches: process (the limit of its main thread's stack).
// Threads: the main thread.
#pragma once

#include <sys/resource.h>

#include "weir/gotmpl/template.h"

namespace weir::test {

// The defaults; where frames are larger, as they are instrumented, with a
// stack in proportion, to which the main thread's may grow.
inline gotmpl::Limits DeepLimits() {
  gotmpl::Limits limits;
#ifdef __SANITIZE_ADDRESS__
  constexpr rlim_t kStackBytes = rlim_t{64} << 20;
  rlimit stack;
  getrlimit(RLIMIT_STACK, &stack);
  if (stack.rlim_cur != RLIM_INFINITY && stack.rlim_cur < kStackBytes) {
    stack.rlim_cur = kStackBytes;
    setrlimit(RLIMIT_STACK, &stack);
  }
  limits.max_stack_bytes = kStackBytes - (size_t{2} << 20);
#endif
  return limits;
}

}  // namespace weir::test
