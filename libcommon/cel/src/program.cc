#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "checker.h"
#include "functions.h"
#include "node.h"
#include "parser.h"
#include "planner.h"
#include "source.h"
#include "weir/base/status.h"
#include "weir/cel/cel.h"

namespace weir::cel {
namespace {

std::shared_ptr<const Environment> EnvironmentOf(const Options& options) {
  static const auto& plain =
      *new std::shared_ptr<const Environment>(MakeEnvironment({}));
  return options.environment != nullptr ? options.environment : plain;
}

// Of identifiers, and of what the checker found to be names.
void CollectNames(const Expr& expr, const Checked* checked,
                  std::set<std::string, std::less<>>& names) {
  if (checked != nullptr) {
    const auto known = checked->names.find(&expr);
    if (known != checked->names.end()) names.insert(known->second);
  } else if (expr.kind == ExprKind::kIdent) {
    names.insert(expr.name);
  }
  if (expr.operand != nullptr) CollectNames(*expr.operand, checked, names);
  for (const ExprPtr& argument : expr.arguments) {
    CollectNames(*argument, checked, names);
  }
}

}  // namespace

struct Program::Impl {
  std::shared_ptr<const Environment> environment;
  NodePtr root;
  Limits limits;
  std::string type = "dyn";
  std::set<std::string, std::less<>> names;
};

Program::Program(std::string expression, std::unique_ptr<const Impl> impl)
    : expression_(std::move(expression)), impl_(std::move(impl)) {}

Program::~Program() = default;

absl::StatusOr<std::shared_ptr<const Program>> Program::Compile(
    absl::string_view expression, const Options& options) {
  if (!options.is_checked &&
      (!options.variables.empty() || !options.output_type.empty())) {
    return absl::InvalidArgumentError(
        "output type and variables can only be set when compiling the "
        "expression");
  }
  CompileError error;
  auto program = Compile(expression, options, error);
  // A wrong type is told before that it cannot be evaluated.
  const bool is_checked = options.is_checked && !error.is_of_text;
  const std::string& type = program != nullptr ? program->type() : error.type;
  if ((program != nullptr || is_checked) && !options.output_type.empty() &&
      type != options.output_type) {
    return absl::InvalidArgumentError(
        absl::StrCat("CEL expression output type mismatch: expected ",
                     options.output_type, ", got ", type));
  }
  if (program != nullptr) return program;
  if (!error.is_of_text) {
    return absl::InvalidArgumentError(
        absl::StrCat("failed to create CEL program: ", error.message));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("failed to parse the CEL expression '", expression,
                   "': ", error.message));
}

std::shared_ptr<const Program> Program::Compile(absl::string_view expression,
                                                const Options& options,
                                                CompileError& error) {
  error = CompileError();
  const Source source(expression);
  Errors errors(source);
  auto impl = std::make_unique<Impl>();
  impl->environment = EnvironmentOf(options);
  impl->limits = options.limits;
  const Environment& environment = *impl->environment;
  const ExprPtr root =
      Parse(source, environment.macros(), options.limits, errors);
  std::optional<Checked> checked;
  if (errors.empty() && options.is_checked) {
    checked =
        Check(*root, environment, options.variables, options.objects, errors);
    if (errors.empty()) Validate(*root, *checked, environment, errors);
  }
  if (!errors.empty()) {
    error.message = errors.ToString();
    return nullptr;
  }
  const Checked* found = checked ? &*checked : nullptr;
  if (checked) impl->type = TypeText(checked->TypeOf(*root));
  CollectNames(*root, found, impl->names);
  impl->root = Plan(*root, environment, found, options.limits, error.message);
  if (impl->root == nullptr) {
    error.is_of_text = false;
    error.type = impl->type;
    return nullptr;
  }
  return std::shared_ptr<const Program>(
      new Program(std::string(expression), std::move(impl)));
}

const std::string& Program::type() const { return impl_->type; }

bool Program::Names(absl::string_view variable) const {
  return impl_->names.count(variable) > 0;
}

Value Program::Evaluate(const Variables& variables, Meter& meter) const {
  Frame frame{variables, meter, {}};
  Value value = impl_->root->Eval(frame);
  if (!meter.is_exhausted()) return value;
  return Value::Error("operation cancelled: actual cost limit exceeded");
}

absl::StatusOr<Value> Program::Evaluate(const Variables& variables) const {
  Meter meter(impl_->limits.cost, impl_->limits.bytes);
  Value value = Evaluate(variables, meter);
  const auto message = [&](absl::string_view what) {
    return absl::StrCat("failed to evaluate the CEL expression '", expression_,
                        "': ", what);
  };
  if (meter.is_exhausted()) {
    return absl::ResourceExhaustedError(message(value.AsString()));
  }
  if (value.is_error()) {
    return absl::FailedPreconditionError(message(value.AsString()));
  }
  return value;
}

absl::StatusOr<Value> Program::Evaluate(const weir::Value& data) const {
  return Evaluate([&](absl::string_view name) -> std::optional<Value> {
    const weir::Value* member = data.Find(name);
    if (member == nullptr) return std::nullopt;
    return Value::FromJson(*member);
  });
}

absl::StatusOr<bool> Program::EvaluateBool(const weir::Value& data) const {
  WEIR_ASSIGN_OR_RETURN(const Value value, Evaluate(data));
  if (value.Is(Kind::kBool)) return value.AsBool();
  return absl::FailedPreconditionError(absl::StrCat(
      "failed to evaluate CEL expression as boolean: '", expression_, "'"));
}

absl::StatusOr<std::string> Program::EvaluateString(
    const weir::Value& data) const {
  WEIR_ASSIGN_OR_RETURN(const Value value, Evaluate(data));
  if (value.Is(Kind::kString)) return value.AsString();
  return absl::FailedPreconditionError(absl::StrCat(
      "failed to evaluate CEL expression as string: '", expression_, "'"));
}

}  // namespace weir::cel
