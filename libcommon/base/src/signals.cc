#include "weir/base/signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>

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
  std::atomic<bool> is_over = false;
  ThreadGroup waiter;
  waiter.Start("signals", [&](const Context&) {
    int signal = 0;
    sigwait(&signals, &signal);
    context.Cancel();
    if (!is_over) sigwait(&signals, &signal);
    if (!is_over) _exit(128 + signal);
    return absl::OkStatus();
  });
  const int code = run(context);
  // Ends the wait, which nothing but a signal does.
  is_over = true;
  kill(getpid(), SIGTERM);
  waiter.Join().IgnoreError();
  return code;
}

}  // namespace weir
