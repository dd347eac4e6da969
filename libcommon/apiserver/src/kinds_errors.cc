// Errors of fields, in the API server's words.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kinds.h"
#include "schema_crd.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

FieldError MakeError(absl::string_view reason, absl::string_view field,
                     absl::string_view text, absl::string_view detail) {
  FieldError error;
  error.reason = std::string(reason);
  error.field = std::string(field);
  error.message = std::string(text);
  if (!detail.empty()) absl::StrAppend(&error.message, ": ", detail);
  return error;
}

// A value as Go prints it in such an error.
std::string PrintValue(const Value& value) {
  return FormatJson(value, {.indent = 0, .escape_html = !value.is_string()});
}

}  // namespace

FieldError RequiredError(absl::string_view field, absl::string_view detail) {
  return MakeError("FieldValueRequired", field, "Required value", detail);
}

FieldError InvalidError(absl::string_view field, const Value& value,
                        absl::string_view detail) {
  return MakeError("FieldValueInvalid", field,
                   absl::StrCat("Invalid value: ", PrintValue(value)), detail);
}

FieldError InvalidError(absl::string_view field, absl::string_view detail) {
  return MakeError("FieldValueInvalid", field, "Invalid value", detail);
}

FieldError RawInvalidError(absl::string_view field, absl::string_view json,
                           absl::string_view detail) {
  return MakeError("FieldValueInvalid", field,
                   absl::StrCat("Invalid value: ", json), detail);
}

FieldError RawDuplicateError(absl::string_view field, absl::string_view json) {
  return MakeError("FieldValueDuplicate", field,
                   absl::StrCat("Duplicate value: ", json), "");
}

FieldError TypeError(absl::string_view field, const Value& value,
                     absl::string_view detail) {
  return MakeError("FieldValueTypeInvalid", field,
                   absl::StrCat("Invalid value: ", PrintValue(value)), detail);
}

FieldError RawNotSupportedError(absl::string_view field, absl::string_view json,
                                const std::vector<Value>& supported) {
  std::string text = absl::StrCat("Unsupported value: ", json);
  if (!supported.empty()) {
    std::vector<std::string> quoted;
    for (const Value& item : supported) quoted.push_back(PrintValue(item));
    absl::StrAppend(&text, ": supported values: ", absl::StrJoin(quoted, ", "));
  }
  return MakeError("FieldValueNotSupported", field, text, "");
}

FieldError NotSupportedError(absl::string_view field, const Value& value,
                             const std::vector<Value>& supported) {
  return RawNotSupportedError(field, PrintValue(value), supported);
}

FieldError DuplicateError(absl::string_view field, const Value& value) {
  return MakeError("FieldValueDuplicate", field,
                   absl::StrCat("Duplicate value: ", PrintValue(value)), "");
}

FieldError ForbiddenError(absl::string_view field, absl::string_view detail) {
  return MakeError("FieldValueForbidden", field, "Forbidden", detail);
}

FieldError NotFoundError(absl::string_view field, const Value& value) {
  return MakeError("FieldValueNotFound", field,
                   absl::StrCat("Not found: ", PrintValue(value)), "");
}

FieldError TooLongError(absl::string_view field, int64_t max) {
  return MakeError("FieldValueTooLong", field, "Too long",
                   absl::StrCat("may not be more than ", max,
                                max == 1 ? " byte" : " bytes"));
}

FieldError TooManyError(absl::string_view field, int64_t actual, int64_t max) {
  return MakeError(
      "FieldValueTooMany", field, absl::StrCat("Too many: ", actual),
      absl::StrCat("must have at most ", max, max == 1 ? " item" : " items"));
}

absl::Status MakeInvalid(const KindInfo& kind, absl::string_view name,
                         const std::vector<FieldError>& errors) {
  const kube::GroupVersionKind& gvk = kind.resource.gvk;
  std::vector<std::string> texts;
  Value causes = Value::MakeArray();
  for (const FieldError& error : errors) {
    std::string text = absl::StrCat(error.field, ": ", error.message);
    // Equal errors are told once, but each is a cause.
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) {
      texts.push_back(std::move(text));
    }
    Value cause = Value::MakeObject();
    if (!error.reason.empty()) cause.Set("reason", error.reason);
    if (!error.message.empty()) cause.Set("message", error.message);
    if (!error.field.empty()) cause.Set("field", error.field);
    causes.Append(std::move(cause));
  }
  std::string joined = texts.size() == 1
                           ? texts[0]
                           : absl::StrCat("[", absl::StrJoin(texts, ", "), "]");
  std::string qualified =
      gvk.group.empty() ? gvk.kind : absl::StrCat(gvk.kind, ".", gvk.group);
  Value details = Value::MakeObject();
  if (!name.empty()) details.Set("name", name);
  if (!gvk.group.empty()) details.Set("group", gvk.group);
  if (!gvk.kind.empty()) details.Set("kind", gvk.kind);
  if (!errors.empty()) details.Set("causes", std::move(causes));
  std::string message =
      absl::StrCat(qualified, " ", FormatJson(Value(name)), " is invalid");
  if (!errors.empty()) absl::StrAppend(&message, ": ", joined);
  return kube::MakeApiError(
      422, Value::MakeObject({{"apiVersion", "v1"},
                              {"kind", "Status"},
                              {"metadata", Value::MakeObject()},
                              {"status", "Failure"},
                              {"message", message},
                              {"reason", "Invalid"},
                              {"details", std::move(details)},
                              {"code", 422}}));
}

}  // namespace weir::apiserver
