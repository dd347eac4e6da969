// What the server knows of each kind it serves: names, scope, subresources,
// schema; and the operations that a schema drives. All of it is pure: the
// store and the HTTP front are elsewhere.
//
// Touches: nothing.
// Threads: immutable once made; safe to share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::apiserver {

// A node of a type: of a builtin kind or of a CRD's structural schema.
// Defined in schema.h.
class Schema;

struct PrinterColumn {
  std::string name, type, format, description, json_path;
  int priority = 0;
};

struct KindInfo {
  kube::Resource resource;
  std::string singular, list_kind;
  std::vector<std::string> short_names, categories;
  std::vector<std::string> verbs;  // "create", "delete", ...
  bool has_status = false;         // A status subresource.
  bool has_scale = false;
  bool has_generation = false;
  bool can_create_by_put = false;
  bool allows_unconditional_update = true;
  bool is_custom = false;
  // Where scale finds its numbers; JSON pointers.
  std::string spec_replicas_path, status_replicas_path, selector_path;
  std::vector<std::string> selectable_fields;  // "spec.foo"
  std::vector<PrinterColumn> printer_columns;  // Custom kinds only.
  std::string deprecation_warning;
  // What creating or changing this custom kind should warn about.
  std::vector<std::string> warnings;
  std::shared_ptr<const Schema> schema;
};
using KindPtr = std::shared_ptr<const KindInfo>;

// All builtin kinds, in discovery order.
const std::vector<KindPtr>& BuiltinKinds();

// The kinds a CustomResourceDefinition defines, one a served version, storage
// version first. Errors: kInvalidArgument; FieldErrorsOf(status) has details.
absl::StatusOr<std::vector<KindPtr>> KindsOfCrd(const Value& crd);

// --- Validation -------------------------------------------------------------
struct FieldError {
  // "FieldValueRequired", "FieldValueInvalid", ...
  std::string reason;
  std::string field;    // "spec.containers[0].name"
  std::string message;  // "Required value", "Invalid value: ...: detail"
};
// The 422 error of these, as MakeApiError makes it.
absl::Status MakeInvalid(const KindInfo& kind, absl::string_view name,
                         const std::vector<FieldError>& errors);

// Why Go could not decode the object into its type ("json: cannot unmarshal
// string into Go struct field ..."); empty when it can. Builtin kinds only.
// Comes before all that follows; the answer is a 400.
std::string FindDecodeError(const KindInfo& kind, const Value& object);
// Drops fields outside the schema; returns their paths ("spec.foo").
std::vector<std::string> PruneUnknownFields(const KindInfo& kind,
                                            Value& object);
// Fills in defaults, of the schema and of the builtin kind. `old`: the stored
// object, or null on create; some defaults are kept from it.
// Builtin kinds come out as Go's types write them: canonical quantities and
// times, no empty fields but those that Go always writes.
void ApplyDefaults(const KindInfo& kind, const Value& old, Value& object);
// What the server itself fills in of a builtin kind, owned by nobody: comes
// after ownership was tracked and metadata is complete, before Validate. Pods'
// priority, tolerations and service account; Jobs' selectors.
void PrepareObject(const KindInfo& kind, const Value& old, Value& object);
// The object of a kind with nothing set, as Go writes it.
Value EmptyObject(const KindInfo& kind);
// Everything that makes an object invalid: schema, CEL rules, immutability.
std::vector<FieldError> Validate(const KindInfo& kind, const Value& old,
                                 const Value& object);

// --- Ownership --------------------------------------------------------------
struct FieldManager {
  std::string name;
  std::string subresource;  // "" or "status", "scale".
  absl::Time now;
};
// Server-side apply: live (null: create) overlaid by `applied`, ownership
// updated, before defaulting. Errors: MakeApiError of 409 with all conflicts,
// or of 400/500 for what upstream refuses.
absl::StatusOr<Value> ServerSideApply(const KindInfo& kind, const Value& live,
                                      const Value& applied, bool force,
                                      const FieldManager& manager);
// Ownership after a create, update or patch: `object` with new managedFields.
Value TrackUpdate(const KindInfo& kind, const Value& old, Value object,
                  const FieldManager& manager);
// Whether two objects differ in nothing but managedFields' times.
bool IsSameButForTimes(const Value& a, const Value& b);

// --- Patches and documents
// ---------------------------------------------------- Strategic merge patch;
// builtin kinds only.
absl::StatusOr<Value> ApplyStrategicMerge(const KindInfo& kind,
                                          const Value& object,
                                          const Value& patch);
// The OpenAPI v3 document of one group version.
Value OpenApiDocument(const std::vector<KindPtr>& kinds);

}  // namespace weir::apiserver
