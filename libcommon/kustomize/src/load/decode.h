// Decoding of manifests into objects.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/model/resource.h"
#include "weir/kustomize/parse_cache.h"

namespace weir::kustomize {

// The objects of a YAML or JSON text: documents in order, lists flattened.
// Errors: kFailedPrecondition for malformed YAML ("MalformedYAMLError: ...")
// and for objects without kind or name.
// `joins_annotations`: of `metadata.annotations` that an object has more than
// once, one map is made; else the first one counts.
absl::StatusOr<std::vector<Value>> DecodeObjects(absl::string_view text,
                                                 bool joins_annotations = true);
// `cache` may be null.
absl::StatusOr<ParseCache::Objects> DecodeObjectsOnce(absl::string_view text,
                                                      ParseCache* cache);
absl::StatusOr<std::vector<std::unique_ptr<Resource>>> DecodeResources(
    absl::string_view text, const Schema* schema, ParseCache* cache = nullptr);
// Strategic merge patches that find their objects by id.
absl::StatusOr<std::vector<std::unique_ptr<Resource>>> DecodePatches(
    absl::string_view text, const Schema* schema);

// Errors: kFailedPrecondition when it has no kind or no name.
absl::Status CheckObject(const Value& object);

// Names the file in an error about malformed YAML.
absl::Status InFile(const absl::Status& status, absl::string_view path);
bool IsMalformedYaml(const absl::Status& status);

}  // namespace weir::kustomize
