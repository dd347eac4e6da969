// How Helm's structs are decoded: scalars in text fields are text.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "weir/value/json_decoder.h"

namespace weir::helm {

std::string NumberText(const Value& number);

inline constexpr JsonDecoderOptions kDecoding = {.number_text = NumberText};

}  // namespace weir::helm
