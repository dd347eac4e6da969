// x-kubernetes-validations on objects.
// Source: apiextensions-apiserver, package schema/cel.
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "schema_crd.h"
#include "schema_value.h"
#include "ssa_fields.h"
#include "ssa_typed.h"
#include "weir/cel/cel.h"
#include "weir/value/go_quote.h"

namespace weir::apiserver {
namespace {

// Of one expression, and of all on one object.
constexpr int64_t kCallCost = 1'000'000;
constexpr int64_t kObjectCost = 10'000'000;
// What one expression may make.
constexpr uint64_t kCallBytes = 64 << 20;
constexpr size_t kMaxMessage = 5 * 1024;

// One place of an object.
struct Place {
  const Schema& schema;
  const std::string& path;
  const Value& value;
  const Value* old;  // Null when there is none to compare with.
  // Of what has no `old`: whether what is around it did not change.
  bool is_unchanged;

  bool IsUnchanged() const {
    return old != nullptr ? SameValue(*old, value) : is_unchanged;
  }
};

class RuleChecker {
 public:
  explicit RuleChecker(std::vector<FieldError>& errors) : errors_(errors) {}
  void Check(const Place& place, bool is_root);

 private:
  void CheckRules(const Place& place);
  void CheckRule(const Place& place, const SchemaRule& rule,
                 const cel::Value& self);
  cel::Value Run(const cel::Program& program, const SchemaRule& rule,
                 const Place& place, const cel::Value& self);
  // False when nothing more is to be evaluated.
  bool FindMessage(const Place& place, const SchemaRule& rule,
                   const cel::Value& self, const std::string& at,
                   std::string& message);
  void Report(const Place& place, const SchemaRule& rule, const std::string& at,
              const std::string& message);
  void CheckItems(const Place& place);
  void CheckMembers(const Place& place, bool is_root);
  // An error of the rule itself, not of what it says.
  void Fail(const Place& place, absl::string_view why) {
    errors_.push_back(InvalidError(place.path, TypeOf(place), why));
  }
  // As the schema has it; both numbers and texts have none.
  static Value TypeOf(const Place& place) {
    const bool is_either = place.schema.type == SchemaType::kIntOrString;
    return Value(is_either ? "" : TypeName(place.schema.type));
  }

  std::vector<FieldError>& errors_;
  int64_t cost_left_ = kObjectCost;  // Negative once it ran out.
};

absl::string_view NameOf(const SchemaRule& rule) {
  return absl::StripAsciiWhitespace(rule.message.empty() ? rule.rule
                                                         : rule.message);
}

void RuleChecker::Report(const Place& place, const SchemaRule& rule,
                         const std::string& at, const std::string& message) {
  // Objects and lists are not repeated in errors.
  const bool omits = place.value.is_object() || place.value.is_array();
  if (rule.reason == "FieldValueForbidden") {
    errors_.push_back(ForbiddenError(at, message));
  } else if (rule.reason == "FieldValueRequired") {
    errors_.push_back(RequiredError(at, message));
  } else if (rule.reason == "FieldValueDuplicate") {
    errors_.push_back(omits ? FieldError{rule.reason, at, "Duplicate value"}
                            : DuplicateError(at, place.value));
  } else {
    errors_.push_back(omits ? InvalidError(at, message)
                            : InvalidError(at, place.value, message));
  }
}

// What it costs is taken off; beyond what is left, that is negative.
cel::Value RuleChecker::Run(const cel::Program& program, const SchemaRule& rule,
                            const Place& place, const cel::Value& self) {
  const cel::Variables variables =
      [&](absl::string_view name) -> std::optional<cel::Value> {
    if (name == "self") return self;
    if (name != "oldSelf") return std::nullopt;
    if (place.old == nullptr) {
      if (rule.optional_old_self) return cel::Value::None();
      return std::nullopt;
    }
    cel::Value old = SchemaValue(*place.old, place.schema);
    return rule.optional_old_self ? cel::Value::Some(std::move(old)) : old;
  };
  cel::Meter meter(kCallCost, kCallBytes);
  cel::Value value = program.Evaluate(variables, meter);
  cost_left_ -= kCallCost - static_cast<int64_t>(meter.cost_left());
  return value;
}

bool RuleChecker::FindMessage(const Place& place, const SchemaRule& rule,
                              const cel::Value& self, const std::string& at,
                              std::string& message) {
  message = rule.message.empty() ? absl::StrCat("failed rule: ", NameOf(rule))
                                 : std::string(NameOf(rule));
  if (rule.message_program == nullptr) return true;
  const int64_t before = cost_left_;
  const cel::Value made = Run(*rule.message_program, rule, place, self);
  const auto stop = [&](absl::string_view why) {
    errors_.push_back(InvalidError(at, TypeOf(place), why));
    cost_left_ = -1;
    return false;
  };
  if (cost_left_ < 0) {
    return stop(
        "messageExpression evaluation failed due to running out of cost "
        "budget, no further validation rules will be run");
  }
  if (before - cost_left_ >= kCallCost) {
    return stop(absl::StrCat(
        "no further validation rules will be run due to call cost exceeds "
        "limit for messageExpression: ",
        GoQuote(rule.message_expression)));
  }
  if (!made.Is(cel::Kind::kString)) return true;
  const absl::string_view text = absl::StripAsciiWhitespace(made.AsString());
  if (!text.empty() && text.size() <= kMaxMessage &&
      !absl::StrContains(text, "\n")) {
    message = std::string(text);
  }
  return true;
}

void RuleChecker::CheckRule(const Place& place, const SchemaRule& rule,
                            const cel::Value& self) {
  if (rule.program == nullptr) {
    if (!rule.compile_error.empty()) {
      Fail(place, absl::StrCat("rule compile error: ", rule.compile_error));
    }
    return;
  }
  const bool is_transition = rule.program->Names("oldSelf");
  if (is_transition && place.old == nullptr && !rule.optional_old_self) return;
  const cel::Value held = Run(*rule.program, rule, place, self);
  if (cost_left_ < 0) {
    return Fail(place,
                "validation failed due to running out of cost budget, no "
                "further validation rules will be run");
  }
  if (held.is_error()) {
    const std::string& error = held.AsString();
    if (absl::StartsWith(error, "no such overload")) {
      Fail(place,
           absl::StrCat("'", error,
                        "': call arguments did not match a supported "
                        "operator, function or macro signature for rule: ",
                        NameOf(rule)));
    } else if (absl::StartsWith(error, "operation cancelled")) {
      Fail(place, absl::StrCat("'", error,
                               "': no further validation rules will be run "
                               "due to call cost exceeds limit for rule: ",
                               NameOf(rule)));
      cost_left_ = -1;
    } else {
      Fail(place, absl::StrCat(error, " evaluating rule: ", NameOf(rule)));
    }
    return;
  }
  if (held.IsTrue()) return;
  // What was accepted once and did not change stays acceptable.
  const bool is_accepted = !is_transition && place.IsUnchanged();
  std::string at = place.path;
  if (!rule.field.empty()) {
    at = at == "<nil>" ? rule.field : absl::StrCat(at, ".", rule.field);
  }
  std::string message;
  if (is_accepted || !FindMessage(place, rule, self, at, message)) return;
  Report(place, rule, at, message);
}

void RuleChecker::CheckRules(const Place& place) {
  if (place.schema.constraints == nullptr ||
      place.schema.constraints->rules.empty()) {
    return;
  }
  if (cost_left_ == 0) {
    Fail(place,
         "validation failed due to running out of cost budget, no further "
         "validation rules will be run");
    cost_left_ = -1;
  }
  const cel::Value self = SchemaValue(place.value, place.schema);
  for (const SchemaRule& rule : place.schema.constraints->rules) {
    if (cost_left_ < 0) return;
    CheckRule(place, rule, self);
  }
}

void RuleChecker::CheckItems(const Place& place) {
  const Schema& schema = place.schema;
  const bool has_old = place.old != nullptr && place.old->is_array();
  // Items of other lists cannot be found in the old one.
  const bool is_unchanged = place.IsUnchanged();
  for (size_t i = 0; i < place.value.size(); ++i) {
    const Value* old_item = nullptr;
    if (has_old && schema.IsMapList()) {
      auto name = ListItemElement(schema, place.value[i]);
      for (size_t j = 0; name.ok() && j < place.old->size(); ++j) {
        auto other = ListItemElement(schema, (*place.old)[j]);
        if (other.ok() && *other == *name) old_item = &(*place.old)[j];
      }
    }
    const std::string at = absl::StrCat(place.path, "[", i, "]");
    Check({*schema.items, at, place.value[i], old_item, is_unchanged}, false);
  }
}

void RuleChecker::CheckMembers(const Place& place, bool is_root) {
  const bool is_unchanged = place.old == nullptr && place.is_unchanged;
  for (const Value::Member& member : place.value.object()) {
    const Schema* child = place.schema.Member(member.key);
    if (child == nullptr || child->type == SchemaType::kAny) continue;
    const bool is_field = place.schema.FindField(member.key) != nullptr;
    const std::string at = is_root ? member.key
                           : is_field
                               ? absl::StrCat(place.path, ".", member.key)
                               : absl::StrCat(place.path, "[", member.key, "]");
    const Value* old =
        place.old == nullptr ? nullptr : place.old->Find(member.key);
    if (old != nullptr && old->is_null()) old = nullptr;
    Check({*child, at, member.value, old, is_unchanged}, false);
  }
}

void RuleChecker::Check(const Place& place, bool is_root) {
  if (cost_left_ < 0 || place.value.is_null()) return;
  CheckRules(place);
  if (cost_left_ < 0) return;
  if (place.value.is_array() && place.schema.items != nullptr) {
    CheckItems(place);
  } else if (place.value.is_object()) {
    CheckMembers(place, is_root);
  }
}

}  // namespace

void ValidateByRules(const Schema& schema, const Value& value, const Value* old,
                     std::vector<FieldError>& errors) {
  const std::string path = "<nil>";
  RuleChecker(errors).Check({schema, path, value, old, false}, true);
}

}  // namespace weir::apiserver
