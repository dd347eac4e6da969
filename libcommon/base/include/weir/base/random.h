// Random identifiers, from the system's cryptographic source.
//
// Touches: process (getrandom).
// Threads: safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace weir {

std::string RandomBytes(size_t count);
// `count` bytes as 2 * count lower-case hex digits.
std::string RandomHex(size_t count);
// A version 4 UUID: "f47ac10b-58cc-4372-a567-0e02b2c3d479".
std::string RandomUuid();

}  // namespace weir
