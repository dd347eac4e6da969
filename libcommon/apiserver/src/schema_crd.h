// Structural schemas of CustomResourceDefinitions: reading them, and checking
// and completing objects by them.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kinds.h"
#include "schema.h"
#include "weir/value/value.h"

namespace weir::apiserver {

// Reads an openAPIV3Schema into `arena`; what makes it not structural goes to
// `errors`, under `path`; what is only ignored (formats that nobody knows) goes
// to `warnings`. Its rules are not compiled.
const Schema* ParseCrdSchema(const Value& json, absl::string_view path,
                             SchemaArena& arena,
                             std::vector<FieldError>& errors,
                             std::vector<std::string>& warnings);

// Compiles the rules of a schema that is structural. `errors`, with what is
// wrong with them, may be null: each rule keeps why it does not compile.
void CompileRules(const Schema& schema, const std::string& path,
                  std::vector<FieldError>* errors);
// The field that a rule's fieldPath names in this openAPIV3Schema, as errors
// have it; nothing when there is none.
std::optional<std::string> ReadRuleFieldPath(const Value& schema,
                                             absl::string_view path);

// Checks a value against types, bounds, patterns, enums and combinations, as
// a CRD's schema demands. `old`, which may be null, is what was stored: what
// did not change is not complained about.
void ValidateBySchema(const Schema& schema, const std::string& path,
                      const Value& value, const Value* old,
                      std::vector<FieldError>& errors);
// Sets and maps without duplicates; objects in objects with their names.
void ValidateLists(const Schema& schema, const std::string& path,
                   const Value& value, std::vector<FieldError>& errors);
void ValidateEmbedded(const Schema& schema, const std::string& path,
                      const Value& value, bool is_root,
                      std::vector<FieldError>& errors);
// Evaluates CEL rules; `old` may be null.
void ValidateByRules(const Schema& schema, const Value& value, const Value* old,
                     std::vector<FieldError>& errors);
// Everything that is wrong with a CustomResourceDefinition.
void ValidateCrd(const Value& old, const Value& crd,
                 std::vector<FieldError>& errors);

void ApplyCustomDefaults(const Schema& schema, Value& object);
void ApplyBuiltinDefaults(const KindInfo& kind, const Value& old,
                          Value& object);
void ValidateBuiltin(const KindInfo& kind, const Value& old,
                     const Value& object, std::vector<FieldError>& errors);
// Names, labels, annotations, finalizers and owners.
void ValidateMetadata(const KindInfo& kind, const Value& old,
                      const Value& object, std::vector<FieldError>& errors);

// Makers of errors in the API server's words.
FieldError RequiredError(absl::string_view field,
                         absl::string_view detail = "");
FieldError InvalidError(absl::string_view field, const Value& value,
                        absl::string_view detail);
FieldError InvalidError(absl::string_view field, absl::string_view detail);
// With a value that is JSON text already.
FieldError RawInvalidError(absl::string_view field, absl::string_view json,
                           absl::string_view detail);
FieldError RawDuplicateError(absl::string_view field, absl::string_view json);
FieldError RawNotSupportedError(absl::string_view field, absl::string_view json,
                                const std::vector<Value>& supported);
FieldError TypeError(absl::string_view field, const Value& value,
                     absl::string_view detail);
FieldError NotSupportedError(absl::string_view field, const Value& value,
                             const std::vector<Value>& supported);
FieldError DuplicateError(absl::string_view field, const Value& value);
FieldError ForbiddenError(absl::string_view field, absl::string_view detail);
FieldError NotFoundError(absl::string_view field, const Value& value);
FieldError TooLongError(absl::string_view field, int64_t max);
FieldError TooManyError(absl::string_view field, int64_t actual, int64_t max);

}  // namespace weir::apiserver
