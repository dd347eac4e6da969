#include "api_errors.h"

#include "absl/strings/str_cat.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

Value DetailsOf(const KindInfo& kind, absl::string_view name) {
  Value details = Value::MakeObject();
  if (!name.empty()) details.Set("name", name);
  if (!kind.resource.gvk.group.empty()) {
    details.Set("group", kind.resource.gvk.group);
  }
  details.Set("kind", kind.resource.plural);
  return details;
}

std::string Quoted(absl::string_view name) { return FormatJson(Value(name)); }

}  // namespace

absl::Status MakeFailure(int code, absl::string_view reason,
                         absl::string_view message, Value details) {
  Value status = Value::MakeObject({{"kind", "Status"},
                                    {"apiVersion", "v1"},
                                    {"metadata", Value::MakeObject()},
                                    {"status", "Failure"},
                                    {"message", message},
                                    {"code", code}});
  if (!reason.empty()) status.Set("reason", reason);
  if (!details.is_null()) status.Set("details", std::move(details));
  return kube::MakeApiError(code, status);
}

absl::Status BadRequest(absl::string_view message) {
  return MakeFailure(400, "BadRequest", message);
}

std::string QualifiedResource(const KindInfo& kind) {
  const kube::Resource& resource = kind.resource;
  return resource.gvk.group.empty()
             ? resource.plural
             : absl::StrCat(resource.plural, ".", resource.gvk.group);
}

absl::Status ObjectNotFound(const KindInfo& kind, absl::string_view name) {
  return MakeFailure(
      404, "NotFound",
      absl::StrCat(QualifiedResource(kind), " ", Quoted(name), " not found"),
      DetailsOf(kind, name));
}

absl::Status AlreadyExists(const KindInfo& kind, absl::string_view name,
                           bool is_being_deleted) {
  return MakeFailure(
      409, "AlreadyExists",
      absl::StrCat(is_being_deleted ? "object is being deleted: " : "",
                   QualifiedResource(kind), " ", Quoted(name),
                   " already exists"),
      DetailsOf(kind, name));
}

absl::Status Conflict(const KindInfo& kind, absl::string_view name,
                      absl::string_view why) {
  return MakeFailure(
      409, "Conflict",
      absl::StrCat("Operation cannot be fulfilled on ", QualifiedResource(kind),
                   " ", Quoted(name), ": ", why),
      DetailsOf(kind, name));
}

absl::Status StaleVersion(const KindInfo& kind, absl::string_view name) {
  return Conflict(kind, name,
                  "the object has been modified; please apply your changes to "
                  "the latest version and try again");
}

absl::Status Forbidden(const KindInfo& kind, absl::string_view name,
                       absl::string_view why, Value causes) {
  Value details = DetailsOf(kind, name);
  if (!causes.is_null()) details.Set("causes", std::move(causes));
  return MakeFailure(403, "Forbidden",
                     absl::StrCat(QualifiedResource(kind), " ", Quoted(name),
                                  " is forbidden: ", why),
                     std::move(details));
}

absl::Status MethodNotAllowed() {
  return MakeFailure(
      405, "MethodNotAllowed",
      "the server does not allow this method on the requested resource",
      Value::MakeObject());
}

absl::Status InvalidOption(absl::string_view kind, absl::string_view group,
                           absl::string_view name, const FieldError& error) {
  return MakeFailure(
      422, "Invalid",
      absl::StrCat(kind, ".", group, " ", Quoted(name),
                   " is invalid: ", error.field, ": ", error.message),
      Value::MakeObject({{"group", group},
                         {"kind", kind},
                         {"name", name},
                         {"causes", Value(Value::Array{Value::MakeObject(
                                        {{"reason", error.reason},
                                         {"message", error.message},
                                         {"field", error.field}})})}}));
}

absl::Status UnknownResource() {
  return MakeFailure(404, "NotFound",
                     "the server could not find the requested resource",
                     Value::MakeObject());
}

absl::Status NotAcceptable(absl::string_view accepted) {
  return MakeFailure(
      406, "NotAcceptable",
      absl::StrCat("only the following media types are accepted: ", accepted));
}

absl::Status UnsupportedMediaType(absl::string_view accepted) {
  return MakeFailure(
      415, "UnsupportedMediaType",
      absl::StrCat("the body of the request was in an unknown format - "
                   "accepted media types include: ",
                   accepted));
}

absl::Status Expired(absl::string_view message) {
  return MakeFailure(410, "Expired", message);
}

absl::Status InternalError(absl::string_view message) {
  return MakeFailure(
      500, "InternalError", absl::StrCat("Internal error occurred: ", message),
      Value::MakeObject({{"causes", Value(Value::Array{Value::MakeObject(
                                        {{"message", message}})})}}));
}

Value StatusObjectOf(const absl::Status& status) {
  Value object = kube::ApiStatusOf(status);
  if (!object.is_null()) return object;
  return kube::ApiStatusOf(InternalError(std::string(status.message())));
}

}  // namespace weir::apiserver
