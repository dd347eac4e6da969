// Compiling the rules of a CustomResourceDefinition.
// Source: apiextensions-apiserver, packages schema/cel and
// apis/apiextensions/validation.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kubernetes_functions.h"
#include "schema_crd.h"
#include "schema_value.h"
#include "weir/cel/cel.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

// A rule as Go prints it in an error.
std::string PrintRule(const SchemaRule& rule) {
  const auto text = [](const std::string& s) {
    return FormatJson(Value(s), {.indent = 0, .escape_html = true});
  };
  return absl::StrCat(
      "{\"Rule\":", text(rule.rule), ",\"Message\":", text(rule.message),
      ",\"MessageExpression\":", text(rule.message_expression),
      ",\"Reason\":", rule.reason.empty() ? "null" : text(rule.reason),
      ",\"FieldPath\":", text(rule.field_path), ",\"OptionalOldSelf\":",
      !rule.has_optional_old_self ? "null"
      : rule.optional_old_self    ? "true"
                                  : "false",
      "}");
}

class RuleCompiler {
 public:
  explicit RuleCompiler(std::vector<FieldError>* errors) : errors_(errors) {}

  // `uncorrelated`: the list or map around whose members cannot be found again
  // in what was stored; empty for none.
  void Compile(const Schema& schema, const std::string& path,
               const std::string& uncorrelated) {
    if (schema.constraints != nullptr) {
      CompileNode(schema, path, uncorrelated);
    }
    for (const Schema::Field& field : schema.fields) {
      Compile(*field.schema,
              absl::StrCat(path, ".properties[", field.name, "]"),
              uncorrelated);
    }
    if (schema.items == nullptr) return;
    if (schema.type != SchemaType::kArray) {
      Compile(*schema.items, path + ".additionalProperties", uncorrelated);
      return;
    }
    const bool loses = uncorrelated.empty() && !schema.IsMapList();
    Compile(*schema.items, path + ".items", loses ? path : uncorrelated);
  }

 private:
  void CompileNode(const Schema& schema, const std::string& path,
                   const std::string& uncorrelated) {
    std::vector<SchemaRule>& rules = schema.constraints->rules;
    if (rules.empty()) return;
    const SchemaTypes types(schema);
    const auto self = types.SelfType();
    if (!self) {
      return Tell({"InternalError", path + ".x-kubernetes-validations",
                   "Internal error: internal error: failed to construct type "
                   "information for x-kubernetes-validations rules: unable to "
                   "convert structural schema to CEL declarations"});
    }
    for (size_t i = 0; i < rules.size(); ++i) {
      SchemaRule& rule = rules[i];
      const std::string at =
          absl::StrCat(path, ".x-kubernetes-validations[", i, "]");
      rule.program =
          CompileOne(types, *self, rule, rule.rule, "bool", rule.compile_error);
      if (rule.program == nullptr) {
        Tell(
            RawInvalidError(at + ".rule", PrintRule(rule), rule.compile_error));
      } else if (!rule.message_expression.empty()) {
        std::string error;
        rule.message_program = CompileOne(
            types, *self, rule, rule.message_expression, "string", error);
        if (rule.message_program == nullptr) {
          Tell(RawInvalidError(at + ".messageExpression", PrintRule(rule),
                               error));
        }
      }
      CheckOldSelf(rule, at, uncorrelated);
    }
  }

  void CheckOldSelf(const SchemaRule& rule, const std::string& at,
                    const std::string& uncorrelated) {
    if (rule.program == nullptr || !rule.program->Names("oldSelf")) {
      if (!rule.has_optional_old_self) return;
      return Tell(
          InvalidError(at + ".optionalOldSelf", Value(rule.optional_old_self),
                       "may not be set if oldSelf is not used in rule"));
    }
    if (uncorrelated.empty()) return;
    Tell(InvalidError(at + ".rule", Value(rule.rule),
                      absl::StrCat("oldSelf cannot be used on the "
                                   "uncorrelatable portion of the schema "
                                   "within ",
                                   uncorrelated)));
  }

  // Null, with an error, when it does not compile to the wanted type.
  static std::shared_ptr<const cel::Program> CompileOne(
      const SchemaTypes& types, const std::string& self, const SchemaRule& rule,
      const std::string& text, absl::string_view wanted, std::string& error) {
    cel::Options options;
    options.is_checked = true;
    options.objects = &types;
    options.environment = KubernetesCel();
    options.variables = {
        {"self", self},
        {"oldSelf",
         rule.optional_old_self ? absl::StrCat("optional(", self, ")") : self}};
    cel::CompileError problem;
    auto program = cel::Program::Compile(text, options, problem);
    const bool is_rule = wanted == "bool";
    const absl::string_view prefix = is_rule ? "" : "messageExpression ";
    if (program == nullptr && problem.is_of_text) {
      error = absl::StrCat(prefix, "compilation failed: ", problem.message);
      return nullptr;
    }
    if ((program == nullptr ? problem.type : program->type()) != wanted) {
      error = is_rule ? "cel expression must evaluate to a bool"
                      : "messageExpression must evaluate to a string";
      return nullptr;
    }
    if (program == nullptr) {
      error = absl::StrCat(is_rule ? "program " : prefix,
                           "instantiation failed: ", problem.message);
    }
    return program;
  }

  void Tell(FieldError error) {
    if (errors_ != nullptr) errors_->push_back(std::move(error));
  }

  std::vector<FieldError>* const errors_;
};

// The steps of ".spec.labels['a']".
class FieldPathReader {
 public:
  explicit FieldPathReader(absl::string_view text) : text_(text) {}

  bool is_done() const { return text_.empty(); }

  // Nothing when it is malformed.
  std::optional<std::string> Next() {
    const char kind = text_[0];
    text_.remove_prefix(1);
    if (kind == '.') {
      // A quoted name keeps its quotes, and names nothing.
      const size_t end = std::min(text_.find_first_of(".[]"), text_.size());
      if (end == 0) return std::nullopt;
      return Take(end);
    }
    if (kind != '[' || text_.empty() || text_[0] != '\'') return std::nullopt;
    size_t end = 1;
    while (end < text_.size() &&
           (text_[end] != '\'' || text_[end - 1] == '\\')) {
      ++end;
    }
    if (end + 1 >= text_.size() || text_[end + 1] != ']') return std::nullopt;
    const auto name = Unescaped(text_.substr(1, end - 1));
    text_.remove_prefix(end + 2);
    return name;
  }

 private:
  std::string Take(size_t size) {
    std::string out(text_.substr(0, size));
    text_.remove_prefix(size);
    return out;
  }

  static std::optional<std::string> Unescaped(absl::string_view text) {
    static constexpr absl::string_view kLetters = "abfnrtv'\\";
    static constexpr absl::string_view kMeanings = "\a\b\f\n\r\t\v'\\";
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\') {
        out += text[i];
        continue;
      }
      const size_t found =
          ++i < text.size() ? kLetters.find(text[i]) : kLetters.npos;
      if (found == kLetters.npos) return std::nullopt;
      out += kMeanings[found];
    }
    return out;
  }

  absl::string_view text_;
};

}  // namespace

std::optional<std::string> ReadRuleFieldPath(const Value& schema,
                                             absl::string_view path) {
  std::string out;
  const Value* at = &schema;
  FieldPathReader reader(path);
  while (!reader.is_done()) {
    const auto name = reader.Next();
    if (!name) return std::nullopt;
    const Value& properties = (*at)["properties"];
    if (properties.is_object()) {
      at = properties.Find(*name);
      if (at == nullptr) return std::nullopt;
      absl::StrAppend(&out, out.empty() ? "" : ".", *name);
    } else {
      at = at->Find("additionalProperties");
      if (at == nullptr) return std::nullopt;
      absl::StrAppend(&out, "[", *name, "]");
    }
  }
  return out;
}

void CompileRules(const Schema& schema, const std::string& path,
                  std::vector<FieldError>* errors) {
  RuleCompiler(errors).Compile(schema, path, "");
}

}  // namespace weir::apiserver
