#include "src/receivers/payload.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

bool Is(const Value& value, PayloadKind kind) {
  switch (kind) {
    case PayloadKind::kText:
      return value.is_string();
    case PayloadKind::kTexts:
      return value.is_array() &&
             std::all_of(value.array().begin(), value.array().end(),
                         [](const Value& one) {
                           return one.is_string() || one.is_null();
                         });
    case PayloadKind::kObject:
      return value.is_object();
    case PayloadKind::kTime:
      return value.is_string() && ParseKubeTime(value.AsString()).ok();
  }
  return false;
}

const Value& FieldOf(const Value& payload, absl::string_view path) {
  const Value* value = &payload;
  for (const absl::string_view part : absl::StrSplit(path, '.')) {
    value = &(*value)[part];
  }
  return *value;
}

}  // namespace

absl::StatusOr<Value> ParseWhole(absl::string_view body) {
  JsonParseOptions options;
  options.keep_integers = false;
  options.max_values = 300'000;
  return ParseJson(body, options);
}

absl::StatusOr<Value> ParseFirst(absl::string_view body) {
  absl::StatusOr<Value> whole = ParseWhole(body);
  if (whole.ok() || absl::IsResourceExhausted(whole.status())) return whole;
  JsonStreamSplitter splitter;
  WEIR_RETURN_IF_ERROR(splitter.Append(body));
  const std::string first = splitter.Next();
  return first.empty() || first.size() == body.size() ? whole
                                                      : ParseWhole(first);
}

absl::Status CheckPayload(const Value& payload,
                          std::initializer_list<PayloadField> fields) {
  if (payload.is_null()) return absl::OkStatus();
  if (!payload.is_object()) {
    return absl::InvalidArgumentError("the body is no JSON object");
  }
  for (const PayloadField& field : fields) {
    const Value& value = FieldOf(payload, field.name);
    if (!value.is_null() && !Is(value, field.kind)) {
      return absl::InvalidArgumentError(
          absl::StrCat("field ", field.name, " is of another type"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckFirstPayload(absl::string_view body,
                               std::initializer_list<PayloadField> fields) {
  WEIR_ASSIGN_OR_RETURN(const Value payload, ParseFirst(body));
  return CheckPayload(payload, fields);
}

absl::Status CheckWholePayload(absl::string_view body,
                               std::initializer_list<PayloadField> fields) {
  WEIR_ASSIGN_OR_RETURN(const Value payload, ParseWhole(body));
  return CheckPayload(payload, fields);
}

}  // namespace weir::notification_controller
