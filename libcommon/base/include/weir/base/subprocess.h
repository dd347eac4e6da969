// RunProcess runs a program to its end: an argument vector, never a shell.
//
// Touches: process (spawns a child), clock.
// Threads: safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/context.h"

namespace weir {

struct ProcessOptions {
  // The program first. Without "/" it is looked up in PATH.
  std::vector<std::string> arguments;
  // The whole environment; nothing: this process's.
  std::optional<std::vector<std::pair<std::string, std::string>>> environment;
  std::string working_directory;        // Empty: this process's.
  std::string input;                    // Standard input, then end of file.
  bool inherit_input = false;           // The terminal's, instead of `input`.
  bool inherit_error = false;           // Standard error is passed through.
  size_t max_output_bytes = 64u << 20;  // Of standard output.
  size_t max_file_bytes = 0;  // Of each file that it writes; 0: no limit.
};

struct ProcessResult {
  int exit_code = 0;  // 128 + the signal's number when killed by one.
  std::string output;
  std::string error;  // At most 64 KiB.
};

// Waits for the end of the child; when ctx is done the child is killed.
// Errors: kNotFound when there is no such program; kPermissionDenied;
// kResourceExhausted above max_output_bytes (the child is killed); the
// context's. An exit code other than 0 is a result, not an error.
absl::StatusOr<ProcessResult> RunProcess(const Context& ctx,
                                         const ProcessOptions& options);

}  // namespace weir
