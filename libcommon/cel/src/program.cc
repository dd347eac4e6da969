#include <memory>
#include <optional>
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

// Built once for each environment that has no functions of its own.
std::shared_ptr<const FunctionTable> TableOf(const Options& options) {
  if (!options.functions.empty()) {
    return FunctionTable::Make(options.has_regex, options.functions);
  }
  static const auto& plain =
      *new std::shared_ptr<const FunctionTable>(FunctionTable::Make(false, {}));
  static const auto& with_regex =
      *new std::shared_ptr<const FunctionTable>(FunctionTable::Make(true, {}));
  return options.has_regex ? with_regex : plain;
}

}  // namespace

struct Program::Impl {
  std::shared_ptr<const FunctionTable> functions;
  NodePtr root;
  Limits limits;
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
  const Source source(expression);
  Errors errors(source);
  const auto failure = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(
        "failed to parse the CEL expression '", expression, "': ", what));
  };
  const ExprPtr root = Parse(source, options.limits, errors);
  if (!errors.empty()) return failure(errors.ToString());

  auto impl = std::make_unique<Impl>();
  impl->functions = TableOf(options);
  impl->limits = options.limits;
  std::optional<Checked> checked;
  if (options.is_checked) {
    checked = Check(*root, *impl->functions, options.variables, errors);
    if (errors.empty()) Validate(*root, *checked, errors);
    if (!errors.empty()) return failure(errors.ToString());
    const std::string type = TypeText(checked->TypeOf(*root));
    if (!options.output_type.empty() && type != options.output_type) {
      return absl::InvalidArgumentError(
          absl::StrCat("CEL expression output type mismatch: expected ",
                       options.output_type, ", got ", type));
    }
  }
  std::string error;
  impl->root = Plan(*root, *impl->functions, checked ? &*checked : nullptr,
                    options.limits, error);
  if (impl->root == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("failed to create CEL program: ", error));
  }
  return std::shared_ptr<const Program>(
      new Program(std::string(expression), std::move(impl)));
}

absl::StatusOr<Value> Program::Evaluate(const Variables& variables) const {
  Meter meter(impl_->limits.cost, impl_->limits.bytes);
  Frame frame{variables, meter, {}};
  Value value = impl_->root->Eval(frame);
  const auto message = [&](absl::string_view what) {
    return absl::StrCat("failed to evaluate the CEL expression '", expression_,
                        "': ", what);
  };
  if (meter.is_exhausted()) {
    return absl::ResourceExhaustedError(
        message("operation cancelled: actual cost limit exceeded"));
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
