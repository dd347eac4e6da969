// RunUntilSignal gives a program's main a context that ends with SIGTERM or
// SIGINT.
//
// Touches: process (signal mask of the calling thread, one thread).
// Threads: for main.cc only, before other threads start: they inherit the
// mask.
#pragma once

#include <functional>

#include "weir/base/context.h"

namespace weir {

// Calls `run` with a context that the first SIGTERM or SIGINT cancels; a
// second one ends the process at once, with 128 + its number. Returns what
// `run` returned.
int RunUntilSignal(const std::function<int(const Context&)>& run);

}  // namespace weir
