// Gives back memory that is not in use.
//
// Touches: process (its mappings).
// Threads: safe to call from anywhere, at any time.
#pragma once

namespace weir {

// Hands freed heap back to the system, and drops from memory the pages of
// programs and libraries that only read, which come from the page cache again
// when they are used: after a start, most of what is resident. Takes some
// milliseconds, and as much again in faults afterwards; for when a process has
// come to rest. Breakpoints of a debugger are dropped with their pages.
void ReleaseUnusedMemory();

}  // namespace weir
