// Challenges of a WWW-Authenticate header.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace weir::oci {

struct Challenge {
  std::string scheme;                         // Lower case: "bearer".
  std::map<std::string, std::string> params;  // Names in lower case.
};

// All challenges of a header's value; what makes no sense is skipped.
// Source: RFC 9110, 11.6.1.
std::vector<Challenge> ParseChallenges(absl::string_view header);

}  // namespace weir::oci
