// x-kubernetes-validations on objects.
// Source: apiextensions-apiserver, package schema/cel.
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cel_program.h"
#include "schema_crd.h"
#include "ssa_fields.h"
#include "ssa_typed.h"

namespace weir::apiserver {
namespace {

class RuleChecker {
 public:
  explicit RuleChecker(std::vector<FieldError>& errors) : errors_(errors) {}
  void Check(const Schema& schema, const std::string& path, const Value& value,
             const Value* old, bool is_root);

 private:
  void CheckRule(const Schema& schema, const SchemaRule& rule,
                 const std::string& path, const Value& value, const Value* old);
  void Report(const SchemaRule& rule, const std::string& path,
              const Value& value, const std::string& message);
  void CheckItems(const Schema& schema, const std::string& path,
                  const Value& value, const Value* old);

  std::vector<FieldError>& errors_;
  CelBudget budget_;
  bool is_spent_ = false;
};

void RuleChecker::Report(const SchemaRule& rule, const std::string& path,
                         const Value& value, const std::string& message) {
  // Objects and lists are not repeated in errors.
  std::string at = path;
  if (!rule.field_path.empty()) {
    absl::string_view more = rule.field_path;
    if (at == "<nil>") {
      at = std::string(absl::StripPrefix(more, "."));
    } else {
      absl::StrAppend(&at, more);
    }
  }
  if (rule.reason == "FieldValueForbidden") {
    errors_.push_back(ForbiddenError(at, message));
  } else if (rule.reason == "FieldValueRequired") {
    errors_.push_back(RequiredError(at, message));
  } else if (rule.reason == "FieldValueDuplicate") {
    errors_.push_back(DuplicateError(at, value));
  } else {
    bool omits = value.is_object() || value.is_array();
    errors_.push_back(omits ? InvalidError(at, message)
                            : InvalidError(at, value, message));
  }
}

void RuleChecker::CheckRule(const Schema& schema, const SchemaRule& rule,
                            const std::string& path, const Value& value,
                            const Value* old) {
  bool is_transition = rule.program->uses_old_self();
  if (is_transition && old == nullptr && !rule.optional_old_self) return;
  // What was accepted once and did not change stays acceptable.
  if (!is_transition && old != nullptr && SameValue(*old, value)) return;
  CelInput input{&schema, &value, old, rule.optional_old_self};
  auto held = rule.program->EvaluateBool(input, budget_);
  if (!held.ok()) {
    if (absl::IsResourceExhausted(held.status())) {
      is_spent_ = true;
      errors_.push_back(InvalidError(path, Value(TypeName(schema.type)),
                                     held.status().message()));
      return;
    }
    errors_.push_back(
        InvalidError(path, Value(TypeName(schema.type)),
                     absl::StrCat(held.status().message(), " evaluating rule: ",
                                  rule.message.empty()
                                      ? absl::StripAsciiWhitespace(rule.rule)
                                      : absl::string_view(rule.message))));
    return;
  }
  if (*held) return;
  std::string message = rule.message;
  if (rule.message_program != nullptr) {
    auto made = rule.message_program->EvaluateString(input, budget_);
    if (made.ok() && !absl::StripAsciiWhitespace(*made).empty() &&
        made->find('\n') == made->npos) {
      message = *std::move(made);
    }
  }
  if (message.empty()) {
    message =
        absl::StrCat("failed rule: ", absl::StripAsciiWhitespace(rule.rule));
  }
  Report(rule, path, value, message);
}

void RuleChecker::CheckItems(const Schema& schema, const std::string& path,
                             const Value& value, const Value* old) {
  for (size_t i = 0; i < value.size(); ++i) {
    const Value* old_item = nullptr;
    if (old != nullptr && old->is_array() && schema.IsMapList()) {
      auto name = ListItemElement(schema, value[i]);
      for (size_t j = 0; name.ok() && j < old->size(); ++j) {
        auto other = ListItemElement(schema, (*old)[j]);
        if (other.ok() && *other == *name) old_item = &(*old)[j];
      }
    }
    Check(*schema.items, absl::StrCat(path, "[", i, "]"), value[i], old_item,
          false);
  }
}

void RuleChecker::Check(const Schema& schema, const std::string& path,
                        const Value& value, const Value* old, bool is_root) {
  if (is_spent_ || value.is_null()) return;
  if (schema.constraints != nullptr) {
    for (const SchemaRule& rule : schema.constraints->rules) {
      CheckRule(schema, rule, is_root ? "<nil>" : path, value, old);
      if (is_spent_) return;
    }
  }
  if (value.is_array() && schema.items != nullptr) {
    CheckItems(schema, path, value, old);
    return;
  }
  if (!value.is_object()) return;
  for (const Value::Member& member : value.object()) {
    const Schema* child = schema.Member(member.key);
    if (child == nullptr || child->type == SchemaType::kAny) continue;
    bool is_field = schema.FindField(member.key) != nullptr;
    std::string at = path.empty() ? member.key
                     : is_field   ? absl::StrCat(path, ".", member.key)
                                  : absl::StrCat(path, "[", member.key, "]");
    Check(*child, at, member.value,
          old == nullptr ? nullptr : old->Find(member.key), false);
  }
}

}  // namespace

void ValidateByRules(const Schema& schema, const Value& value, const Value* old,
                     std::vector<FieldError>& errors) {
  RuleChecker(errors).Check(schema, "", value, old, true);
}

}  // namespace weir::apiserver
