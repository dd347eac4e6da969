// Chart.yaml, Chart.lock and their forms of apiVersion v1, decoded and checked.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/helm/chart.h"
#include "weir/value/json_decoder.h"

namespace weir::helm {

// The fields of Chart.yaml, which are those of a repository's index too. Both
// must outlive what is returned.
std::vector<JsonDecoder::Field> MetadataFields(JsonDecoder& reader,
                                               Metadata& metadata);

// Lays what the text says over `metadata`.
// Errors: those of sigs.k8s.io/yaml.
absl::Status ReadMetadata(absl::string_view text, Metadata& metadata);
absl::Status ReadLock(absl::string_view text, Lock& lock);

// Makes plain text of all fields, then checks them.
// Errors: kInvalidArgument "validation: ...".
absl::Status ValidateMetadata(Metadata& metadata);

}  // namespace weir::helm
