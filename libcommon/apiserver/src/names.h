// Which names Kubernetes accepts, and its words about those it does not.
//
// Touches: nothing.
// Threads: pure functions.
// Source: apimachinery, package util/validation.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace weir::apiserver {

// Each returns what is wrong; nothing when the name is fine.
using NameProblems = std::vector<std::string>;

NameProblems CheckDnsLabel(absl::string_view name);      // RFC 1123
NameProblems CheckDns1035Label(absl::string_view name);  // RFC 1035
NameProblems CheckDnsSubdomain(absl::string_view name);
NameProblems CheckWildcardDomain(absl::string_view name);  // "*.example.com"
NameProblems CheckPathSegment(absl::string_view name);
NameProblems CheckQualifiedName(absl::string_view name);  // Keys of labels.
NameProblems CheckLabelValue(absl::string_view value);
NameProblems CheckConfigKey(absl::string_view key);
NameProblems CheckEnvName(absl::string_view name);
NameProblems CheckPortName(absl::string_view name);
NameProblems CheckHttpHeader(absl::string_view name);

}  // namespace weir::apiserver
