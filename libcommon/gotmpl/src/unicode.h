// Code points: UTF-8, and what Go's unicode package says of them.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace weir::gotmpl {

using Rune = int32_t;
constexpr Rune kRuneError = 0xFFFD;
constexpr Rune kMaxRune = 0x10FFFF;

// The first code point of a text that is not empty. Invalid bytes are
// kRuneError of one byte.
Rune DecodeRune(absl::string_view text, size_t* size);
// The last one.
Rune DecodeLastRune(absl::string_view text, size_t* size);
size_t RuneCount(absl::string_view text);
// Writes U+FFFD for what is no code point.
void AppendRune(Rune rune, std::string* out);
std::u32string ToRunes(absl::string_view text);
std::string FromRunes(const std::u32string& runes);

bool IsLetter(Rune rune);
bool IsDigit(Rune rune);
bool IsNumber(Rune rune);
bool IsUpper(Rune rune);
bool IsLower(Rune rune);
bool IsTitle(Rune rune);
bool IsPunct(Rune rune);
bool IsSpace(Rune rune);
// strconv.IsPrint, which is unicode.IsPrint as well.
bool IsPrint(Rune rune);
Rune ToUpper(Rune rune);
Rune ToLower(Rune rune);
Rune ToTitle(Rune rune);

// strings.TrimSpace, strings.ToUpper, strings.ToLower.
absl::string_view TrimSpace(absl::string_view text);
std::string ToUpper(absl::string_view text);
std::string ToLower(absl::string_view text);

}  // namespace weir::gotmpl
