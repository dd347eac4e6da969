// Gives back memory that is not in use.
//
// Touches: process (its mappings).
// Threads: safe to call from anywhere, at any time.
#pragma once

namespace weir {

// Drops from memory the pages of the program and its libraries that are only
// read, which come from the page cache again when they are used: after a start,
// most of what is resident. Takes some milliseconds, and as much again in
// faults afterwards. Breakpoints of a debugger are dropped with their pages.
void DropProgramPages();

// That, and hands freed heap back to the system; for when a process has come
// to rest.
void ReleaseUnusedMemory();

}  // namespace weir
