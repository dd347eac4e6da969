#include "weir/base/signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "weir/base/thread_group.h"

namespace weir {

int RunUntilSignal(const std::function<int(const Context&)>& run) {
  // Blocked, so that the waiting thread alone takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const Context context = Context().WithCancel();
  ThreadGroup waiter;
  waiter.Start("signals", [&](const Context& stop) {
    // A pause without effect between looks: only for the way out.
    const timespec pause = {0, 100'000'000};
    bool is_cancelled = false;
    while (!stop.is_done()) {
      const int signal = sigtimedwait(&signals, nullptr, &pause);
      if (signal <= 0) continue;
      if (is_cancelled) _exit(128 + signal);
      is_cancelled = true;
      context.Cancel();
    }
    return absl::OkStatus();
  });
  const int code = run(context);
  waiter.Stop();
  waiter.Join().IgnoreError();
  return code;
}

}  // namespace weir
