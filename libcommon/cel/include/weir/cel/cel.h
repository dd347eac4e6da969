// Program is a compiled CEL expression, in the environment that Flux gives to
// health expressions, readiness expressions, receivers and commit statuses.
//
// The standard library and macros, optionals, and the strings, sets and
// encoders extensions, with cel-go's results and messages. See README.md for
// what is left out.
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

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/cel/function.h"
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

struct Options {
  // Whether types are checked before evaluation. Unchecked, every top-level
  // field of the data is a variable; checked, only those declared are.
  bool is_checked = false;
  // Objects with fields of any type. Only for checked programs.
  std::vector<std::string> variables;
  // The type the program must have: "bool", "string"; empty for any. Only for
  // checked programs.
  std::string output_type;
  // The regex.* functions.
  bool has_regex = false;
  // More functions.
  std::vector<Overload> functions;
  Limits limits;
};

// Finds the variable of that name, or nothing.
using Variables = std::function<std::optional<Value>(absl::string_view name)>;

class Program {
 public:
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
  // Errors: as Evaluate; also when the value is of another type.
  absl::StatusOr<bool> EvaluateBool(const weir::Value& data) const;
  absl::StatusOr<std::string> EvaluateString(const weir::Value& data) const;

  const std::string& expression() const { return expression_; }

 private:
  struct Impl;
  Program(std::string expression, std::unique_ptr<const Impl> impl);

  const std::string expression_;
  const std::unique_ptr<const Impl> impl_;
};

}  // namespace weir::cel
