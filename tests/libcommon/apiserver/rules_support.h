// Answers to the requests of tests/cel/oracle/kubernetes, by our own server's
// parts.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libcommon/apiserver/src/kubernetes_functions.h"
#include "libcommon/apiserver/src/schema.h"
#include "libcommon/apiserver/src/schema_crd.h"
#include "libcommon/apiserver/src/schema_value.h"
#include "weir/cel/cel.h"
#include "weir/value/value.h"

namespace weir::apiserver {

// What there is at "self", and what its errors are.
struct RuleSchema {
  SchemaArena arena;
  const Schema* self = nullptr;
  std::vector<FieldError> errors;

  RuleSchema(const Value& request) {  // NOLINT
    const bool is_root = !request.Has("expr") || request.GetBool("root");
    Value json = request["schema"];
    if (!json.is_object()) json = Value::MakeObject({{"type", "object"}});
    if (!is_root) {
      json =
          Value::MakeObject({{"type", "object"},
                             {"properties", Value::MakeObject({{"x", json}})}});
    }
    std::vector<std::string> warnings;
    self = ParseCrdSchema(json, "", arena, errors, warnings);
    if (!is_root) self = self->FindField("x")->schema;
  }
};

inline Value ErrorTexts(const std::vector<FieldError>& errors) {
  std::vector<std::string> texts;
  for (const FieldError& error : errors) {
    texts.push_back(absl::StrCat(error.field, ": ", error.message));
  }
  std::sort(texts.begin(), texts.end());
  Value out = Value::MakeArray();
  for (std::string& text : texts) out.Append(Value(std::move(text)));
  return Value::MakeObject({{"errors", std::move(out)}});
}

inline Value AnswerExpression(const Value& request) {
  const auto failure = [](absl::string_view error, absl::string_view at) {
    return Value::MakeObject({{"error", error}, {"at", at}});
  };
  const RuleSchema schema(request);
  if (!schema.errors.empty()) {
    return failure(schema.errors[0].message, "schema");
  }
  const SchemaTypes types(*schema.self);
  const auto self = types.SelfType();
  if (!self) return failure("no declaration", "schema");
  const bool is_optional = request.GetBool("optional");
  cel::Options options;
  options.is_checked = true;
  options.objects = &types;
  options.environment = KubernetesCel();
  options.variables = {
      {"self", *self},
      {"oldSelf", is_optional ? absl::StrCat("optional(", *self, ")") : *self}};
  cel::CompileError error;
  const auto program =
      cel::Program::Compile(request.GetString("expr"), options, error);
  if (program == nullptr) {
    return failure(error.message, error.is_of_text ? "create" : "program");
  }
  cel::Meter meter(1'000'000, 64 << 20);
  const cel::Value value = program->Evaluate(
      [&](absl::string_view name) -> std::optional<cel::Value> {
        const bool is_old = name == "oldSelf";
        const Value& json = request[is_old ? "oldSelf" : "self"];
        const bool is_some = is_old && is_optional;
        if (json.is_null()) {
          if (is_some) return cel::Value::None();
          return std::nullopt;
        }
        cel::Value seen = SchemaValue(json, *schema.self);
        return is_some ? cel::Value::Some(std::move(seen)) : seen;
      },
      meter);
  if (value.is_error()) return failure(value.AsString(), "evaluate");
  return Value::MakeObject({{"value", DebugText(value)}});
}

inline Value AnswerCrd(Value crd) {
  std::vector<FieldError> errors;
  const std::string kind(crd["spec"]["names"].GetString("kind"));
  Value& names = crd.Mutable("spec").Mutable("names");
  if (!names.Has("singular"))
    names.Set("singular", absl::AsciiStrToLower(kind));
  if (!names.Has("listKind")) names.Set("listKind", kind + "List");
  Value stored = Value::MakeArray();
  for (const Value& version : crd["spec"]["versions"].array()) {
    if (version.GetBool("storage")) stored.Append(version["name"]);
  }
  crd.Set("status", Value::MakeObject({{"storedVersions", stored}}));
  ValidateCrd(Value(), crd, errors);
  return ErrorTexts(errors);
}

inline Value AnswerRule(const Value& request) {
  if (request.Has("crd")) return AnswerCrd(request["crd"]);
  if (request.Has("expr")) return AnswerExpression(request);
  RuleSchema schema(request);
  if (!schema.errors.empty()) return ErrorTexts(schema.errors);
  CompileRules(*schema.self, "", nullptr);
  const Value* old =
      request["oldSelf"].is_null() ? nullptr : &request["oldSelf"];
  ValidateByRules(*schema.self, request["self"], old, schema.errors);
  return ErrorTexts(schema.errors);
}

}  // namespace weir::apiserver
