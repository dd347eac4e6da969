// Sha256 of a text, without OpenSSL's start-up, which takes longer than a
// small build.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace weir::kustomize {

// 32 bytes.
std::string Sha256(absl::string_view text);

}  // namespace weir::kustomize
