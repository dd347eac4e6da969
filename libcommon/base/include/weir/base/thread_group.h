// ThreadGroup owns named threads and joins them.
//
// Touches: process (threads).
// Threads: Start may be called from anywhere; Join from outside the group.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "weir/base/context.h"

namespace weir {

class ThreadGroup {
 public:
  // Threads see a child of `parent`; Stop() cancels it.
  explicit ThreadGroup(const Context& parent = Context());
  // Stops and joins.
  ~ThreadGroup();
  ThreadGroup(const ThreadGroup&) = delete;
  ThreadGroup& operator=(const ThreadGroup&) = delete;

  const Context& context() const;

  // Runs `body` on a new thread named `name` (15 bytes are kept). The first
  // error a body returns, or the exception that escapes it as kInternal,
  // cancels the group's context and is Join's answer.
  void Start(const std::string& name,
             std::function<absl::Status(const Context&)> body);

  // Cancels the context that the threads see.
  void Stop();
  // Waits for all threads. kCancelled counts as OK.
  absl::Status Join();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
