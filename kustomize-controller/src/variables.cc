#include "src/variables.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "src/plan.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"
#include "weir/kustomize/build.h"
#include "weir/text/envsubst.h"
#include "weir/value/go_error.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::kustomize_controller {
namespace {

constexpr char kNamePattern[] = "^[_[:alpha:]][_[:alpha:][:digit:]]*$";

bool IsVariableName(absl::string_view name) {
  const auto is_letter = [](char c) {
    return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_';
  };
  return !name.empty() && is_letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return is_letter(c) ||
                  absl::ascii_isdigit(static_cast<unsigned char>(c));
         });
}

std::string WithoutNewlines(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\n", ""}});
}

// Exactly "disabled", as a label or an annotation: case matters here.
bool IsDisabled(const Value& object) {
  const std::string key = absl::StrCat(kGroup, "/substitute");
  const Value& metadata = object["metadata"];
  return metadata["labels"].GetString(key) == "disabled" ||
         metadata["annotations"].GetString(key) == "disabled";
}

// Above it, not every integer is one of those that doubles hold.
constexpr uint64_t kMostExact = uint64_t{1} << 53;

bool IsLarge(const Value& number) {
  return number.kind() == Value::Kind::kInt
             ? number.AsInt() > int64_t{kMostExact} ||
                   number.AsInt() < -int64_t{kMostExact}
             : number.kind() == Value::Kind::kUint &&
                   number.AsUint() > kMostExact;
}

// Whether any text in the value holds a "$".
bool HoldsDollar(const Value& value) {
  if (value.is_string()) return absl::StrContains(value.AsString(), '$');
  for (const Value& element : value.array()) {
    if (HoldsDollar(element)) return true;
  }
  for (const Value::Member& member : value.object()) {
    if (absl::StrContains(member.key, '$') || HoldsDollar(member.value)) {
      return true;
    }
  }
  return false;
}

bool HoldsLarge(const Value& value) {
  if (value.is_number()) return IsLarge(value);
  for (const Value& element : value.array()) {
    if (HoldsLarge(element)) return true;
  }
  for (const Value::Member& member : value.object()) {
    if (HoldsLarge(member.value)) return true;
  }
  return false;
}

// Upstream reads what it has substituted as Go's encoding/json reads any
// number: as a double.
absl::Status RoundNumbers(Value* value) {
  if (!HoldsLarge(*value)) return absl::OkStatus();
  if (value->is_number()) {
    WEIR_ASSIGN_OR_RETURN(*value,
                          ParseJson(FormatJson(Value(value->AsDouble()))));
  } else if (value->is_array()) {
    for (Value& element : value->MutableArray()) {
      WEIR_RETURN_IF_ERROR(RoundNumbers(&element));
    }
  } else {
    for (Value::Member& member : value->MutableObject()) {
      WEIR_RETURN_IF_ERROR(RoundNumbers(&member.value));
    }
  }
  return absl::OkStatus();
}

// "ConfigMap.v1.[noGrp]/demo".
std::string DescribeObject(const Value& object) {
  const kube::GroupVersionKind gvk = kube::GroupVersionKindOf(object);
  return absl::StrCat(gvk.kind, ".", gvk.version, ".",
                      gvk.group.empty() ? "[noGrp]" : gvk.group, "/",
                      object["metadata"].GetString("name"));
}

absl::StatusOr<Value> Substitute(const Value& object,
                                 const Variables& variables, bool is_strict) {
  for (const auto& [name, value] : variables) {
    if (!IsVariableName(name)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", name, "' var name is invalid, must match '", kNamePattern, "'"));
    }
  }
  const text::VariableLookup lookup =
      [&](absl::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(std::string(name));
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  text::EnvsubstOptions options;
  options.strict = is_strict;
  WEIR_ASSIGN_OR_RETURN(
      const std::string text,
      text::Envsubst(weir::kustomize::FormatResult({{object}}), lookup,
                     options),
      "variable substitution failed");
  absl::StatusOr<Value> parsed = ParseYaml(text);
  if (parsed.ok() || absl::IsResourceExhausted(parsed.status())) return parsed;
  return absl::InvalidArgumentError(
      absl::StrCat("YAMLToJSON: ", GoError(parsed.status())));
}

}  // namespace

absl::StatusOr<Variables> LoadVariables(
    const weir::kustomize::v1::PostBuild& post_build,
    const std::string& name_space, const ReadObject& read) {
  Variables variables;
  for (const auto& reference : post_build.substitute_from()) {
    const absl::StatusOr<Value> object =
        read({{"", "v1", reference.kind()}, {name_space, reference.name()}});
    if (!object.ok()) {
      if (reference.optional() && absl::IsNotFound(object.status())) continue;
      return Annotate(object.status(),
                      absl::StrCat("substitute from '", reference.kind(), "/",
                                   reference.name(), "' error"));
    }
    for (const Value::Member& member : (*object)["data"].object()) {
      if (!member.value.is_string()) continue;
      std::string text = member.value.AsString();
      if (reference.kind() == "Secret") {
        std::string decoded;
        if (!absl::Base64Unescape(text, &decoded)) continue;
        text = std::move(decoded);
      }
      variables[member.key] = WithoutNewlines(text);
    }
  }
  for (const auto& [name, value] : post_build.substitute()) {
    variables[name] = WithoutNewlines(value);
  }
  return variables;
}

std::string DigestOf(const Variables& variables) {
  std::string text;
  for (const auto& [name, value] : variables) {
    absl::StrAppend(&text, name, "=", value.size(), ":", value, ";");
  }
  return crypto::Sha256Hex(text);
}

bool NeedsSubstitution(const weir::kustomize::v1::PostBuild& post_build,
                       const Variables& variables) {
  return !variables.empty() || post_build.substitute_strategy() == "Always";
}

absl::StatusOr<Value> SubstituteVariables(const Value& object,
                                          const Variables& variables,
                                          bool is_strict) {
  if (IsDisabled(object)) return object;
  // Names are checked even where nothing refers to them.
  const bool has_bad_name =
      std::any_of(variables.begin(), variables.end(),
                  [](const auto& v) { return !IsVariableName(v.first); });
  absl::StatusOr<Value> substituted = object;
  if (has_bad_name || HoldsDollar(object)) {
    substituted = Substitute(object, variables, is_strict);
  }
  if (substituted.ok()) {
    WEIR_RETURN_IF_ERROR(RoundNumbers(&*substituted));
    return substituted;
  }
  return absl::FailedPreconditionError(
      absl::StrCat("post build failed for '", DescribeObject(object),
                   "': envsubst error: ", substituted.status().message()));
}

}  // namespace weir::kustomize_controller
