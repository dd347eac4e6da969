// metadata.managedFields: who owns which fields of an object.
//
// Touches: nothing.
// Threads: values and pure functions.
// Source: apimachinery, package managedfields.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kinds.h"
#include "ssa_fields.h"
#include "ssa_typed.h"
#include "weir/value/value.h"

namespace weir::apiserver {

// A writer. Appliers are one whatever version they use.
struct ManagerId {
  std::string name;
  bool is_apply = false;
  std::string api_version;  // Updates only.
  std::string subresource;

  friend auto operator<=>(const ManagerId&, const ManagerId&) = default;
  // "\"kubectl\" using v1", as in conflict messages.
  std::string ToString() const;
};

struct ManagedSet {
  std::string api_version;
  FieldSet fields;
  std::string time;  // RFC 3339; empty when unknown.
};

using Managers = std::map<ManagerId, ManagedSet>;

// Errors: kInvalidArgument for entries that do not parse.
absl::StatusOr<Managers> DecodeManagers(const Value& managed_fields);
// Sorted as the API server sorts; null when there are none.
Value EncodeManagers(const Managers& managers);
// `object` with metadata.managedFields of these.
void SetManagers(const Managers& managers, Value& object);

// Fields nobody owns at this endpoint: what it does not write.
FieldSet ResetFields(const KindInfo& kind, absl::string_view subresource,
                     const FieldSet& fields);
TypedComparison ResetFields(const KindInfo& kind, absl::string_view subresource,
                            TypedComparison comparison);

// Ownership after `manager` turned `before` into `after` by other means than
// apply.
void UpdateManagers(const KindInfo& kind, const Value& before,
                    const Value& after, const FieldManager& manager,
                    Managers& managers);

// Takes from others what changed; conflicts with them by manager.
std::map<ManagerId, FieldSet> FindConflicts(const TypedComparison& comparison,
                                            const ManagerId& self,
                                            const Managers& managers);
void TakeOver(const TypedComparison& comparison,
              const std::map<ManagerId, FieldSet>& conflicts,
              const ManagerId& self, Managers& managers);

// Drops metadata that is never recorded from a manager's set, and the manager
// when nothing is left.
void StripMetadata(const ManagerId& id, Managers& managers);
// Drops managers of versions that are no longer served and repairs sets whose
// types became atomic.
void ReconcileManagers(const KindInfo& kind, Managers& managers);

// "2006-01-02T15:04:05Z"
std::string FormatManagedTime(absl::Time time);

}  // namespace weir::apiserver
