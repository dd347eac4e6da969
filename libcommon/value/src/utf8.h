// UTF-8: writing code points and repairing text that is not valid.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace weir {

void AppendUtf8(uint32_t code_point, std::string& out);

// How many bytes `text` starts with that are ASCII.
size_t AsciiLength(absl::string_view text);

// The length of the valid character that `text` starts with; 0 when it starts
// with none.
size_t Utf8Length(absl::string_view text);

// The character of `length` bytes that `text` starts with; U+FFFD for 0.
uint32_t DecodeUtf8(absl::string_view text, size_t length);

bool IsValidUtf8(absl::string_view text);

// Appends `text` with U+FFFD for each byte that is part of no character.
void AppendValidUtf8(absl::string_view text, std::string& out);

}  // namespace weir
