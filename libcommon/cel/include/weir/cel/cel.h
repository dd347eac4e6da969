// Program is a compiled CEL expression, with cel-go's results and messages.
//
// Its environment is the one that Flux gives to health expressions, readiness
// expressions, receivers and commit statuses, or an embedder's. See README.md
// for what is left out.
//
// Touches: the time zone database, when an expression names a zone.
// Threads: immutable; one program may be evaluated by many threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/cel/environment.h"
#include "weir/cel/value.h"
#include "weir/value/value.h"

namespace weir::cel {

struct Limits {
  size_t expression_characters = 100'000;
  // Of nested rules of the grammar, as cel-go counts them.
  size_t depth = 250;
  // Of evaluation: about one for each node visited and element compared.
  uint64_t cost = 10'000'000;
  // Of all strings, bytes and lists that one evaluation makes.
  uint64_t bytes = 64 << 20;
};

// A variable of a checked program.
struct Variable {
  std::string name;
  // As an Overload has them. The usual one is an object with fields of any
  // type.
  std::string type = "map(string, dyn)";
};

// The types of objects' fields: what an object(N) of a variable holds.
class ObjectTypes {
 public:
  virtual ~ObjectTypes() = default;
  virtual bool Has(absl::string_view object) const = 0;
  // Nothing when there is no such field.
  virtual std::optional<std::string> FieldType(
      absl::string_view object, absl::string_view field) const = 0;
};

struct Options {
  // Whether types are checked before evaluation. Unchecked, every top-level
  // field of the data is a variable; checked, only those declared are.
  bool is_checked = false;
  // Only for checked programs.
  std::vector<Variable> variables;
  // Of variables' types; null when none is an object(N). Asked while
  // compiling.
  const ObjectTypes* objects = nullptr;
  // The type the program must have: "bool", "string"; empty for any. Only for
  // checked programs.
  std::string output_type;
  // Null: that of no options.
  std::shared_ptr<const Environment> environment;
  Limits limits;
};

// Finds the variable of that name, or nothing.
using Variables = std::function<std::optional<Value>(absl::string_view name)>;

// Why an expression does not compile, in cel-go's words.
struct CompileError {
  // Whether its text or its types are wrong. Otherwise it can just never be
  // evaluated.
  bool is_of_text = true;
  // Of a text: one error a paragraph, with its place.
  std::string message;
  // Of what can never be evaluated.
  std::string type;
};

class Program {
 public:
  // Null, with `error` set, when it does not compile. Leaves output_type to
  // the caller.
  static std::shared_ptr<const Program> Compile(absl::string_view expression,
                                                const Options& options,
                                                CompileError& error);
  // Errors: kInvalidArgument, with Flux's message, of which the part after
  // "': " is cel-go's, one error a paragraph with its place in the text.
  static absl::StatusOr<std::shared_ptr<const Program>> Compile(
      absl::string_view expression, const Options& options);
  ~Program();

  // The members of `data`, an object, are the variables.
  // Errors: kFailedPrecondition, with Flux's message; kResourceExhausted past
  // a limit.
  absl::StatusOr<Value> Evaluate(const weir::Value& data) const;
  absl::StatusOr<Value> Evaluate(const Variables& variables) const;
  // Errors are values, and in cel-go's words alone.
  Value Evaluate(const Variables& variables, Meter& meter) const;
  // Errors: as Evaluate; also when the value is of another type.
  absl::StatusOr<bool> EvaluateBool(const weir::Value& data) const;
  absl::StatusOr<std::string> EvaluateString(const weir::Value& data) const;

  const std::string& expression() const { return expression_; }
  // What the checker found: "list(int)"; "dyn" for unchecked programs.
  const std::string& type() const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // Whether something in it has this name: a variable, also a loop's own.
  bool Names(absl::string_view variable) const;

 private:
  struct Impl;
  Program(std::string expression, std::unique_ptr<const Impl> impl);

  const std::string expression_;
  const std::unique_ptr<const Impl> impl_;
};

}  // namespace weir::cel
