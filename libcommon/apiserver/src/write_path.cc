#include "write_path.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api_errors.h"
#include "schema_crd.h"
#include "weir/base/duration.h"
#include "weir/base/random.h"
#include "weir/base/status.h"
#include "weir/value/json.h"
#include "weir/value/patch.h"

namespace weir::apiserver {
namespace {

std::string Quoted(absl::string_view text) { return FormatJson(Value(text)); }

// A patch that leads to what cannot be decoded. Upstream names neither kind
// nor object.
// Secrets are not repeated.
absl::Status UnfitPatch(const KindInfo& kind, const Value& patched,
                        absl::string_view why) {
  const std::string text = kind.resource.gvk.kind == "Secret"
                               ? "<secret contents redacted>"
                               : FormatJson(patched);
  return MakeInvalid(
      KindInfo(), "",
      {{"FieldValueInvalid", "patch",
        absl::StrCat("Invalid value: ", Quoted(text), ": ", why)}});
}

// Unknown fields: dropped, told or refused, as the request asks.
absl::Status CheckFields(WriteCall& call, Value& object, bool is_patch) {
  const KindInfo& kind = call.kind();
  if (std::string error = FindDecodeError(kind, object); !error.empty()) {
    if (is_patch) return UnfitPatch(kind, object, error);
    const kube::GroupVersionKind& gvk = kind.resource.gvk;
    return BadRequest(absl::StrCat(gvk.kind, " in version \"", gvk.version,
                                   "\" cannot be handled as a ", gvk.kind, ": ",
                                   error));
  }
  std::vector<std::string> unknown = PruneUnknownFields(kind, object);
  using enum WriteParameters::Validation;
  if (unknown.empty() || call.parameters.validation == kIgnore) {
    return absl::OkStatus();
  }
  for (std::string& path : unknown) {
    path = absl::StrCat("unknown field \"", path, "\"");
  }
  if (call.parameters.validation == kWarn) {
    call.warnings.insert(call.warnings.end(), unknown.begin(), unknown.end());
    return absl::OkStatus();
  }
  const std::string detail =
      absl::StrCat("strict decoding error: ", absl::StrJoin(unknown, ", "));
  if (is_patch) return UnfitPatch(kind, object, detail);
  const kube::GroupVersionKind& gvk = kind.resource.gvk;
  return BadRequest(absl::StrCat(gvk.kind, " in version \"", gvk.version,
                                 "\" cannot be handled as a ", gvk.kind, ": ",
                                 detail));
}

// Custom kinds are decoded by what they say they are.
absl::Status CheckTyped(const kube::GroupVersionKind& gvk,
                        const Value& object) {
  constexpr size_t kMaxText = 200;
  for (const auto& [key, name] :
       {std::pair("kind", "Kind"), std::pair("apiVersion", "apiVersion")}) {
    if (!object.GetString(key).empty()) continue;
    return BadRequest(
        absl::StrCat("the object provided is unrecognized (must be of type ",
                     gvk.kind, "): Object '", name, "' is missing in '",
                     FormatJson(object).substr(0, kMaxText), "'"));
  }
  return absl::OkStatus();
}

// apiVersion, kind and namespace agree with the endpoint, or are filled in.
absl::Status MatchEndpoint(const WriteCall& call, Value& object) {
  if (!object.is_object()) {
    return BadRequest("the body of the request is not an object");
  }
  const kube::GroupVersionKind& gvk = call.kind().resource.gvk;
  const std::string api_version = gvk.ApiVersion();
  if (call.kind().is_custom) WEIR_RETURN_IF_ERROR(CheckTyped(gvk, object));
  const std::string given(object.GetString("apiVersion"));
  const std::string kind(object.GetString("kind"));
  if (!given.empty() && given != api_version && !call.kind().is_custom) {
    const kube::GroupVersionKind other =
        kube::MakeGroupVersionKind(given, kind.empty() ? gvk.kind : kind);
    return BadRequest(absl::StrCat(
        other.kind, " in version ", Quoted(other.version),
        " cannot be handled as a ", gvk.kind, ": no kind ", Quoted(other.kind),
        " is registered for version ", Quoted(given)));
  }
  if (!given.empty() && given != api_version) {
    return BadRequest(absl::StrCat(
        "the API version in the data (", given,
        ") does not match the expected API version (", api_version, ")"));
  }
  if (!kind.empty() && kind != gvk.kind) {
    // As Go says it, whose internal types have no version.
    const std::string group = gvk.group.empty() ? "core" : gvk.group;
    return BadRequest(absl::StrCat(kind, " in version \"", gvk.version,
                                   "\" cannot be handled as a ", gvk.kind,
                                   ": converting (", gvk.version, ".", kind,
                                   ") to (", group.substr(0, group.find('.')),
                                   ".", gvk.kind, "): unknown conversion"));
  }
  object.Set("apiVersion", api_version);
  object.Set("kind", gvk.kind);
  Value& metadata = object.Mutable("metadata");
  if (metadata.is_null()) metadata = Value::MakeObject();
  if (!metadata.is_object()) {
    return BadRequest("metadata of the object is not an object");
  }
  if (!call.kind().resource.is_namespaced) {
    metadata.Erase("namespace");
    return absl::OkStatus();
  }
  const absl::string_view name_space = metadata.GetString("namespace");
  if (!name_space.empty() && name_space != call.path.name_space) {
    return BadRequest(
        "the namespace of the provided object does not match the namespace "
        "sent on the request");
  }
  metadata.Set("namespace", call.path.name_space);
  return absl::OkStatus();
}

FieldManager ManagerOf(const WriteCall& call) {
  return {call.parameters.field_manager, call.path.subresource, call.now};
}

bool HasFinalizers(const Value& object) {
  return !object["metadata"]["finalizers"].empty() ||
         (object.GetString("kind") == "Namespace" &&
          object.GetString("apiVersion") == "v1" &&
          !object["spec"]["finalizers"].empty());
}

// metadata that a writer cannot change.
void CarryOver(const Value& old, Value& object) {
  const Value& before = old["metadata"];
  Value& metadata = object.Mutable("metadata");
  for (const char* key :
       {"uid", "creationTimestamp", "deletionTimestamp",
        "deletionGracePeriodSeconds", "generation", "name", "namespace"}) {
    if (before.Has(key)) {
      metadata.Set(key, before[key]);
    } else {
      metadata.Erase(key);
    }
  }
  metadata.Erase("selfLink");
  if (!metadata.Has("generateName") && before.Has("generateName")) {
    metadata.Set("generateName", before["generateName"]);
  }
}

absl::Status CheckNewFinalizers(const WriteCall& call, const Value& old,
                                const Value& object) {
  if (old["metadata"].GetString("deletionTimestamp").empty()) {
    return absl::OkStatus();
  }
  std::vector<std::string> added;
  const Value::Array& before = old["metadata"]["finalizers"].array();
  for (const Value& one : object["metadata"]["finalizers"].array()) {
    if (one.is_string() &&
        std::find(before.begin(), before.end(), one) == before.end()) {
      added.push_back(one.AsString());
    }
  }
  if (added.empty()) return absl::OkStatus();
  std::vector<std::string> quoted;
  for (const std::string& name : added) quoted.push_back(Quoted(name));
  return MakeInvalid(
      call.kind(), call.path.name,
      {{"FieldValueForbidden", "metadata.finalizers",
        absl::StrCat("Forbidden: no new finalizers can be added if the object "
                     "is being deleted, found new finalizers []string{",
                     absl::StrJoin(quoted, ", "), "}")}});
}

// The words of the storage layer below the real server.
absl::Status WrongUid(const WriteCall& call, absl::string_view wanted,
                      absl::string_view present) {
  const kube::Resource& resource = call.kind().resource;
  std::string key = "/registry/";
  if (call.kind().is_custom) absl::StrAppend(&key, resource.gvk.group, "/");
  absl::StrAppend(&key, resource.plural, "/");
  if (!call.path.name_space.empty()) {
    absl::StrAppend(&key, call.path.name_space, "/");
  }
  return Conflict(
      call.kind(), call.path.name,
      absl::StrCat("StorageError: invalid object, Code: 4, Key: ", key,
                   call.path.name,
                   ", ResourceVersion: 0, AdditionalErrorMsg: Precondition "
                   "failed: UID in precondition: ",
                   wanted, ", UID in object meta: ", present));
}

absl::Status CheckPreconditions(const WriteCall& call, const Value& old,
                                const Value& object) {
  const Value& metadata = object["metadata"];
  const absl::string_view uid = metadata.GetString("uid");
  if (!uid.empty() && uid != old["metadata"].GetString("uid")) {
    return WrongUid(call, uid, old["metadata"].GetString("uid"));
  }
  const absl::string_view rv = metadata.GetString("resourceVersion");
  if (!rv.empty() && rv != "0" &&
      rv != old["metadata"].GetString("resourceVersion")) {
    return StaleVersion(call.kind(), call.path.name);
  }
  return absl::OkStatus();
}

}  // namespace

std::string GenerateName(absl::string_view prefix) {
  constexpr absl::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  constexpr size_t kMaxPrefix = 58;
  std::string out(prefix.substr(0, kMaxPrefix));
  for (unsigned char byte : RandomBytes(5)) {
    out.push_back(kLetters[byte % kLetters.size()]);
  }
  return out;
}

absl::Status AdmitToNamespace(const KindInfo& kind, absl::string_view name,
                              absl::string_view name_space_name,
                              const Value& name_space) {
  if (name_space.is_null()) {
    return MakeFailure(
        404, "NotFound",
        absl::StrCat("namespaces ", Quoted(name_space_name), " not found"),
        Value::MakeObject({{"name", name_space_name}, {"kind", "namespaces"}}));
  }
  if (name_space["metadata"].GetString("deletionTimestamp").empty()) {
    return absl::OkStatus();
  }
  return Forbidden(
      kind, name,
      absl::StrCat("unable to create new content in namespace ",
                   name_space_name, " because it is being terminated"),
      Value(Value::Array{Value::MakeObject(
          {{"reason", "NamespaceTerminating"},
           {"message", absl::StrCat("namespace ", name_space_name,
                                    " is being terminated")},
           {"field", "metadata.namespace"}})}));
}

// ------------------------------------------------------------------- create

absl::StatusOr<Decision> WritePath::Create(WriteCall& call,
                                           const Value& stored) const {
  call.warnings.clear();
  Value object = call.body;
  WEIR_RETURN_IF_ERROR(MatchEndpoint(call, object));
  if (!object["metadata"].GetString("resourceVersion").empty()) {
    return MakeFailure(
        500, "", "resourceVersion should not be set on objects to be created");
  }
  WEIR_ASSIGN_OR_RETURN(Decision made,
                        CreateFrom(call, std::move(object), false));
  if (stored.is_null()) return made;
  call.is_created = false;
  return AlreadyExists(
      call.kind(), call.path.name,
      !stored["metadata"].GetString("deletionTimestamp").empty());
}

absl::StatusOr<Decision> WritePath::CreateFrom(WriteCall& call, Value object,
                                               bool is_apply) const {
  const KindInfo& kind = call.kind();
  NormalizeObject(object);
  WEIR_RETURN_IF_ERROR(CheckFields(call, object, false));
  if (kind.is_custom && kind.has_status && !is_apply) object.Erase("status");
  Value& metadata = object.Mutable("metadata");
  for (const char* key : {"deletionTimestamp", "deletionGracePeriodSeconds",
                          "selfLink", "resourceVersion"}) {
    metadata.Erase(key);
  }
  metadata.Set("name", call.path.name);
  metadata.Set("uid", call.new_uid);
  metadata.Set("creationTimestamp", FormatKubeTime(call.now));
  ApplyDefaults(kind, Value(), object);
  if (!is_apply) object = TrackUpdate(kind, Value(), object, ManagerOf(call));
  if (kind.is_custom && kind.has_status && is_apply) {
    object.Erase("status");
    ApplyDefaults(kind, Value(), object);
  }
  strategy_.PrepareForCreate(kind, object);
  PrepareObject(kind, Value(), object);
  if (kind.resource.is_namespaced) {
    WEIR_RETURN_IF_ERROR(
        AdmitToNamespace(kind, call.path.name, call.path.name_space,
                         store_.Get("namespaces", {"", call.path.name_space})));
  }
  std::vector<FieldError> errors = Validate(kind, Value(), object);
  if (!errors.empty()) return MakeInvalid(kind, call.path.name, errors);
  call.is_created = true;
  Decision decision;
  decision.object = ToStored(*call.served, object);
  decision.action = call.parameters.is_dry_run ? Decision::Action::kNothing
                                               : Decision::Action::kPut;
  return decision;
}

// ------------------------------------------------------------------- update

absl::StatusOr<Decision> WritePath::Update(WriteCall& call,
                                           const Value& stored) const {
  call.warnings.clear();
  call.is_created = false;
  const KindInfo& kind = call.kind();
  Value object = call.body;
  WEIR_RETURN_IF_ERROR(MatchEndpoint(call, object));
  const absl::string_view name = object["metadata"].GetString("name");
  if (!name.empty() && name != call.path.name) {
    return BadRequest(absl::StrCat("the name of the object (", name,
                                   ") does not match the name on the URL (",
                                   call.path.name, ")"));
  }
  if (stored.is_null()) {
    if (!kind.can_create_by_put || !call.path.subresource.empty()) {
      return ObjectNotFound(kind, call.path.name);
    }
    if (!object["metadata"].GetString("uid").empty()) {
      return Conflict(kind, call.path.name,
                      absl::StrCat("Precondition failed: UID in precondition: ",
                                   object["metadata"].GetString("uid"),
                                   ", UID in object meta: "));
    }
    object.Mutable("metadata").Erase("resourceVersion");
    return CreateFrom(call, std::move(object), false);
  }
  const Value old = ToServed(*call.served, stored);
  NormalizeObject(object);
  WEIR_RETURN_IF_ERROR(CheckFields(call, object, false));
  if (object["metadata"].GetString("resourceVersion").empty() &&
      !kind.allows_unconditional_update) {
    KindInfo resource = kind;  // Upstream names the resource here.
    resource.resource.gvk.kind = kind.resource.plural;
    return MakeInvalid(resource, call.path.name,
                       {{"FieldValueInvalid", "metadata.resourceVersion",
                         "Invalid value: 0: must be specified for an update"}});
  }
  WEIR_RETURN_IF_ERROR(CheckPreconditions(call, old, object));
  return UpdateTo(call, stored, old, std::move(object), false);
}

absl::StatusOr<Decision> WritePath::UpdateTo(WriteCall& call,
                                             const Value& stored,
                                             const Value& old, Value object,
                                             bool is_apply) const {
  const KindInfo& kind = call.kind();
  CarryOver(old, object);
  object.Mutable("metadata")
      .Set("resourceVersion", old["metadata"]["resourceVersion"]);
  ApplyDefaults(kind, old, object);
  if (!is_apply) object = TrackUpdate(kind, old, object, ManagerOf(call));
  strategy_.PrepareForUpdate(kind, old, call.path.subresource, object);
  PrepareObject(kind, old, object);
  WEIR_RETURN_IF_ERROR(CheckNewFinalizers(call, old, object));
  std::vector<FieldError> errors = Validate(kind, old, object);
  if (!errors.empty()) return MakeInvalid(kind, call.path.name, errors);
  Decision decision;
  if (IsSameButForTimes(old, object)) {
    decision.object = stored;
    return decision;
  }
  decision.object = ToStored(*call.served, object);
  const Value& metadata = object["metadata"];
  const bool is_leaving = !metadata.GetString("deletionTimestamp").empty() &&
                          metadata.GetInt("deletionGracePeriodSeconds") == 0 &&
                          !HasFinalizers(object);
  call.is_removed = is_leaving;
  if (!call.parameters.is_dry_run) {
    decision.action =
        is_leaving ? Decision::Action::kRemove : Decision::Action::kPut;
  }
  return decision;
}

absl::StatusOr<Decision> WritePath::Edit(
    WriteCall& call, const Value& stored,
    const std::function<absl::Status(Value&)>& edit) const {
  call.warnings.clear();
  if (stored.is_null()) return ObjectNotFound(call.kind(), call.path.name);
  const Value old = ToServed(*call.served, stored);
  Value object = old;
  WEIR_RETURN_IF_ERROR(edit(object));
  NormalizeObject(object);
  return UpdateTo(call, stored, old, std::move(object), false);
}

// -------------------------------------------------------------------- patch

absl::StatusOr<Value> WritePath::Patched(WriteCall& call,
                                         const Value& old) const {
  const KindInfo& kind = call.kind();
  if (call.patch_kind == PatchKind::kMerge) {
    return ApplyMergePatch(old, call.body);
  }
  if (call.patch_kind == PatchKind::kStrategic) {
    return ApplyStrategicMerge(kind, old, call.body);
  }
  absl::StatusOr<Value> patched = ApplyJsonPatch(old, call.body);
  if (patched.ok()) return patched;
  if (absl::IsInvalidArgument(patched.status())) {
    return BadRequest(absl::StrCat("error decoding patch: ",
                                   std::string(patched.status().message())));
  }
  // Which operation it was is told as a cause.
  return MakeFailure(
      422, "Invalid",
      "the server rejected our request due to an error in our request",
      Value::MakeObject(
          {{"causes",
            Value(Value::Array{Value::MakeObject(
                {{"message", std::string(patched.status().message())}})})}}));
}

absl::StatusOr<Decision> WritePath::Patch(WriteCall& call,
                                          const Value& stored) const {
  call.warnings.clear();
  call.is_created = false;
  const KindInfo& kind = call.kind();
  const Value old = ToServed(*call.served, stored);
  if (call.patch_kind == PatchKind::kApply) {
    Value patch = call.body;
    // Nulls and empty metadata are what Go's decoder would not see.
    const absl::string_view uid = patch["metadata"].GetString("uid");
    if (stored.is_null() && (!uid.empty() || !call.path.subresource.empty())) {
      if (!call.path.subresource.empty()) {
        return ObjectNotFound(kind, call.path.name);
      }
      return Conflict(
          kind, call.path.name,
          absl::StrCat("uid mismatch: the provided object specified uid ", uid,
                       ", and no existing object was found"));
    }
    const absl::string_view name = patch["metadata"].GetString("name");
    if (!name.empty() && name != call.path.name) {
      return BadRequest(absl::StrCat("the name of the object (", name,
                                     ") does not match the name on the URL (",
                                     call.path.name, ")"));
    }
    const absl::string_view ns = patch["metadata"].GetString("namespace");
    if (!ns.empty() && kind.resource.is_namespaced &&
        ns != call.path.name_space) {
      return BadRequest(
          "the namespace of the provided object does not match the namespace "
          "sent on the request");
    }
    if (!stored.is_null()) {
      WEIR_RETURN_IF_ERROR(CheckPreconditions(call, old, patch));
    }
    WEIR_ASSIGN_OR_RETURN(
        Value object,
        ServerSideApply(kind, old, patch, call.parameters.is_forced,
                        ManagerOf(call)));
    WEIR_RETURN_IF_ERROR(MatchEndpoint(call, object));
    if (stored.is_null()) return CreateFrom(call, std::move(object), true);
    NormalizeObject(object);
    return UpdateTo(call, stored, old, std::move(object), true);
  }
  if (stored.is_null()) return ObjectNotFound(kind, call.path.name);
  WEIR_ASSIGN_OR_RETURN(Value object, Patched(call, old));
  if (!object.is_object()) {
    return BadRequest("the patched object is no object");
  }
  const Value& metadata = object["metadata"];
  if (metadata.GetString("name") != call.path.name) {
    return BadRequest(absl::StrCat(
        "the name of the object (", metadata.GetString("name"),
        ") does not match the name on the URL (", call.path.name, ")"));
  }
  WEIR_RETURN_IF_ERROR(MatchEndpoint(call, object));
  NormalizeObject(object);
  WEIR_RETURN_IF_ERROR(CheckFields(call, object, true));
  if (!object["metadata"].GetString("uid").empty() &&
      object["metadata"]["uid"] != old["metadata"]["uid"]) {
    const FieldError changed = InvalidError(
        "metadata.uid", object["metadata"]["uid"], "field is immutable");
    // Told twice, as upstream checks it twice.
    return MakeInvalid(kind, call.path.name, {changed, changed});
  }
  WEIR_RETURN_IF_ERROR(CheckPreconditions(call, old, object));
  return UpdateTo(call, stored, old, std::move(object), false);
}

}  // namespace weir::apiserver
