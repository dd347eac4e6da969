// Counts of references that cost little while a process has one thread.
//
// Touches: nothing.
// Threads: any.
#pragma once

#include <atomic>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace weir {

// Whether the process never had another thread than this one.
inline bool IsOnlyThread() {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded != 0;
#else
  return false;
#endif
}

// `++count` and `--count`; the latter gives what is left, and whoever gets 0
// sees what all others did before.
template <typename T>
void Increase(std::atomic<T>& count) {
  if (IsOnlyThread()) {
    count.store(count.load(std::memory_order_relaxed) + 1,
                std::memory_order_relaxed);
  } else {
    count.fetch_add(1, std::memory_order_relaxed);
  }
}
template <typename T>
T Decrease(std::atomic<T>& count) {
  if (!IsOnlyThread()) return count.fetch_sub(1, std::memory_order_acq_rel) - 1;
  const T left = count.load(std::memory_order_relaxed) - 1;
  count.store(left, std::memory_order_relaxed);
  return left;
}

}  // namespace weir
