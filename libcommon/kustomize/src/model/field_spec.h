// FieldSpec names a field of a kind of object; Visit finds it.
//
// Touches: nothing.
// Threads: pure functions and value types.
#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/model/ids.h"
#include "src/model/resource.h"
#include "weir/value/value.h"

namespace weir::kustomize {

struct FieldSpec {
  Gvk gvk;           // Empty parts match everything.
  std::string path;  // "spec/template[]/name"; "\/" is a slash in a name.
  bool create = false;

  // "path" split.
  std::vector<std::string> parts;
};

FieldSpec MakeFieldSpec(Gvk gvk, absl::string_view path, bool create);

using FieldSpecs = std::vector<FieldSpec>;

// Adds those that are not there yet.
// Errors: kFailedPrecondition "conflicting fieldspecs" when one is there with
// another `create`.
absl::Status MergeFieldSpec(FieldSpecs* specs, const FieldSpec& added);
absl::Status MergeFieldSpecs(FieldSpecs* specs, const FieldSpecs& added);
// Sorted by kind, as upstream keeps them.
void SortFieldSpecs(FieldSpecs* specs);

// What a missing last field becomes when the spec creates it.
enum class CreateKind { kNone, kScalar, kMapping };

// Calls `set` for each field of the object that the spec names; does nothing
// when the spec is for another kind of object.
absl::Status VisitField(Resource* resource, const FieldSpec& spec,
                        CreateKind create,
                        absl::FunctionRef<absl::Status(Value&)> set);
// The same for an object that is known to match.
absl::Status VisitPath(Resource* resource, const FieldSpec& spec,
                       CreateKind create,
                       absl::FunctionRef<absl::Status(Value&)> set);

// Whether VisitPath without creating would find a field that the test holds
// for, or fail. Looking is cheaper than visiting, which copies what objects
// share.
bool AnyField(const Resource& resource, const FieldSpec& spec,
              absl::FunctionRef<bool(const Value&)> test);

// As VisitPath, and tells where the field is: keys, and list indexes in
// decimal.
using PlaceSetter =
    absl::FunctionRef<absl::Status(Value&, const std::vector<std::string>&)>;
absl::Status VisitPlaces(Resource* resource, const FieldSpec& spec,
                         CreateKind create, PlaceSetter set);

// Sets a scalar, which keeps its style. Errors: kFailedPrecondition for a map
// or a list.
absl::Status SetString(Value& node, absl::string_view text);
// The same, to what the text looks like.
absl::Status SetUntagged(Value& node, absl::string_view text);
// Sets a member of a map to a string; a null is left alone.
absl::Status SetEntry(Value& node, absl::string_view key,
                      absl::string_view text);

// Splits by the delimiter, of which "\" before it makes a plain character.
std::vector<std::string> SplitPath(absl::string_view path, char delimiter);

}  // namespace weir::kustomize
