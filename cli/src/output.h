// What commands print: progress with symbols to standard error, tables to
// standard output, as users of the flux command line know them.
//
// Touches: process (standard output and error).
// Threads: one thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weir::cli {

void PrintAction(absl::string_view text);   // "► text"
void PrintWaiting(absl::string_view text);  // "◎ text"
void PrintSuccess(absl::string_view text);  // "✔ text"
void PrintFailure(absl::string_view text);  // "✗ text"
void PrintWarning(absl::string_view text);  // "⚠️ text"

// Prints the error, and what to do about it where that is known. Returns 1.
int Fail(const absl::Status& status);

// Columns left-aligned, padded, and separated by tabs.
std::string FormatTable(const std::vector<std::string>& header,
                        const std::vector<std::vector<std::string>>& rows,
                        bool with_header);

// Terminal cells of UTF-8 text, one a code point.
size_t DisplayWidth(absl::string_view text);

// Writes to standard output.
void Print(absl::string_view text);
// The same, but may keep it until more is printed.
void PrintPiece(absl::string_view text);

}  // namespace weir::cli
