// Validate: what makes an object invalid.
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "kinds.h"
#include "kinds_check.h"
#include "schema.h"
#include "schema_crd.h"

namespace weir::apiserver {
namespace {

// Errors after which rules in CEL are not worth trying.
bool Blocks(const FieldError& error) {
  return error.reason == "FieldValueRequired" ||
         error.reason == "FieldValueTypeInvalid" ||
         error.reason == "FieldValueTooLong" ||
         error.reason == "FieldValueTooMany" ||
         error.reason == "FieldValueNotSupported";
}

void ValidateCustom(const KindInfo& kind, const Value& old, const Value& object,
                    FieldErrors& errors) {
  const Value* before = old.is_null() ? nullptr : &old;
  ValidateBySchema(*kind.schema, "", object, before, errors);
  ValidateEmbedded(*kind.schema, "", object, true, errors);
  ValidateLists(*kind.schema, "", object, errors);
  for (const FieldError& error : errors) {
    if (!Blocks(error)) continue;
    errors.push_back(InvalidError(
        "<nil>", Value(),
        "some validation rules were not checked because the object was "
        "invalid; correct the existing errors to complete validation"));
    return;
  }
  ValidateByRules(*kind.schema, object, before, errors);
}

// Enumerated fields that the check of their kind tells about.
bool HasOwnCheck(const Schema& schema, absl::string_view field) {
  if (field == "podManagementPolicy") return true;
  return field == "type" &&
         (absl::EndsWith(schema.name, ".DeploymentStrategy") ||
          absl::EndsWith(schema.name, ".DaemonSetUpdateStrategy") ||
          absl::EndsWith(schema.name, ".StatefulSetUpdateStrategy"));
}

// Values of enumerated fields, wherever they stand.
class EnumChecker {
 public:
  explicit EnumChecker(FieldErrors& errors) : errors_(errors) {}
  void Check(const Schema& schema, const std::string& path, const Value& value);

 private:
  FieldErrors& errors_;
};

void EnumChecker::Check(const Schema& schema, const std::string& path,
                        const Value& value) {
  if (value.is_array() && schema.items != nullptr) {
    for (size_t i = 0; i < value.size(); ++i) {
      Check(*schema.items, absl::StrCat(path, "[", i, "]"), value[i]);
    }
    return;
  }
  if (value.is_object()) {
    for (const Value::Member& member : value.object()) {
      const Schema::Field* field = schema.FindField(member.key);
      if (field == nullptr || HasOwnCheck(schema, member.key)) continue;
      Check(*field->schema,
            path.empty() ? member.key : absl::StrCat(path, ".", member.key),
            member.value);
    }
    return;
  }
  if (!value.is_string() || value.AsString().empty() ||
      schema.constraints == nullptr) {
    return;
  }
  const std::vector<Value>& allowed = schema.constraints->enum_values;
  if (allowed.empty()) return;
  for (const Value& v : allowed) {
    if (v == value) return;
  }
  std::vector<Value> listed = allowed;
  // Most lists are sorted in messages, but not these.
  if (absl::EndsWith(path, "restartPolicy")) {
    listed = {Value("Always"), Value("OnFailure"), Value("Never")};
  } else if (absl::EndsWith(path, "terminationMessagePolicy")) {
    listed = {Value("File"), Value("FallbackToLogsOnError")};
  }
  errors_.push_back(NotSupportedError(path, value, listed));
}

}  // namespace

void AddProblems(const NameProblems& problems, const std::string& path,
                 absl::string_view value, FieldErrors& errors) {
  for (const std::string& problem : problems) {
    errors.push_back(InvalidError(path, Value(value), problem));
  }
}

void CheckNonNegative(const Value& object, absl::string_view key,
                      const std::string& path, FieldErrors& errors) {
  if (object.GetInt(key) >= 0) return;
  errors.push_back(InvalidError(absl::StrCat(path, ".", key), object[key],
                                "must be greater than or equal to 0"));
}

void CheckPort(const Value& port, const std::string& path,
               FieldErrors& errors) {
  if (port.is_string()) {
    AddProblems(CheckPortName(port.AsString()), path, port.AsString(), errors);
  } else if (!port.is_int() || port.AsInt() < 1 || port.AsInt() > 65535) {
    errors.push_back(InvalidError(path, port.is_null() ? Value(0) : port,
                                  "must be between 1 and 65535, inclusive"));
  }
}

void CheckSelector(const Value& selector, const std::string& path,
                   FieldErrors& errors) {
  ValidateLabels(selector["matchLabels"], path + ".matchLabels", errors);
  const Value& expressions = selector["matchExpressions"];
  for (size_t i = 0; i < expressions.size(); ++i) {
    const Value& e = expressions[i];
    const std::string at = absl::StrCat(path, ".matchExpressions[", i, "]");
    std::string op(e.GetString("operator"));
    if (op == "In" || op == "NotIn") {
      if (e["values"].empty()) {
        errors.push_back(RequiredError(
            at + ".values",
            "must be specified when `operator` is 'In' or 'NotIn'"));
      }
    } else if (op == "Exists" || op == "DoesNotExist") {
      if (!e["values"].empty()) {
        errors.push_back(ForbiddenError(
            at + ".values",
            "may not be specified when `operator` is 'Exists' or "
            "'DoesNotExist'"));
      }
    } else {
      errors.push_back(InvalidError(at + ".operator", Value(op),
                                    "not a valid selector operator"));
    }
    AddProblems(CheckQualifiedName(e.GetString("key")), at + ".key",
                e.GetString("key"), errors);
    for (size_t j = 0; j < e["values"].size(); ++j) {
      const Value& v = e["values"][j];
      if (!v.is_string()) continue;
      AddProblems(CheckLabelValue(v.AsString()),
                  absl::StrCat(at, ".values[", j, "]"), v.AsString(), errors);
    }
  }
}

void CheckImmutableField(const Value& before, const Value& after,
                         const std::string& path, FieldErrors& errors) {
  if (before == after) return;
  errors.push_back(InvalidError(path, after, "field is immutable"));
}

bool IsSelectorUsable(const Value& selector) {
  FieldErrors errors;
  CheckSelector(selector, "", errors);
  return errors.empty();
}

bool IsSelectorEmpty(const Value& selector) {
  return selector["matchLabels"].empty() &&
         selector["matchExpressions"].empty();
}

bool SelectorMatches(const Value& selector, const Value& labels) {
  for (const Value::Member& member : selector["matchLabels"].object()) {
    const Value* label = labels.Find(member.key);
    if (label == nullptr || *label != member.value) return false;
  }
  for (const Value& e : selector["matchExpressions"].array()) {
    const Value* label = labels.Find(e.GetString("key"));
    bool listed = false;
    for (const Value& v : e["values"].array()) {
      listed = listed || (label != nullptr && v == *label);
    }
    absl::string_view op = e.GetString("operator");
    bool held = op == "In"             ? listed
                : op == "NotIn"        ? !listed
                : op == "Exists"       ? label != nullptr
                : op == "DoesNotExist" ? label == nullptr
                                       : false;
    if (!held) return false;
  }
  return true;
}

void ValidateBuiltin(const KindInfo& kind, const Value& old,
                     const Value& object, std::vector<FieldError>& errors) {
  if (kind.resource.gvk.kind == "CustomResourceDefinition") {
    return ValidateCrd(old, object, errors);
  }
  EnumChecker(errors).Check(*kind.schema, "", object);
  if (!CheckWorkload(kind, old, object, errors) &&
      !CheckCore(kind, old, object, errors)) {
    CheckOtherGroups(kind, old, object, errors);
  }
}

std::vector<FieldError> Validate(const KindInfo& kind, const Value& old,
                                 const Value& object) {
  std::vector<FieldError> errors;
  ValidateMetadata(kind, old, object, errors);
  if (kind.is_custom) {
    ValidateCustom(kind, old, object, errors);
  } else {
    ValidateBuiltin(kind, old, object, errors);
  }
  return errors;
}

}  // namespace weir::apiserver
