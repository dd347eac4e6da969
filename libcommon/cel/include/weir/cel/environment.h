// Environment is what expressions may use beside their variables: functions,
// macros, and names of types.
//
// Touches: nothing.
// Threads: an environment is immutable; many programs may share one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "weir/cel/value.h"

namespace weir::cel {

// Arguments are never errors, and their types are the signature's.
using Function = Value (*)(absl::Span<const Value> arguments, Meter& meter);

// One row of the function tables: a signature and what computes it. The
// checker and the evaluator read the same rows.
struct Overload {
  enum class Style { kGlobal, kMember };

  std::string function;  // "charAt"
  std::string id;        // "string_char_at_int"; unique.
  Style style;
  // Types, the receiver first: "string, list(A)". Capital letters are type
  // parameters; map(K, V), optional(T), type(T) and dyn are there too.
  // object(N) is an object of that name, another name an opaque type.
  std::string arguments;
  std::string result;
  Function compute = nullptr;  // Null: declared, and never computed.
  // Which argument is a regular expression; one that is a literal must be fit
  // when the expression is compiled. -1: none.
  int pattern = -1;
};

// Without options: the standard library and macros, optionals, and the
// strings, sets and encoders extensions.
struct EnvironmentOptions {
  // The encoders extension.
  bool has_encoders = true;
  // The regex extension.
  bool has_regex = false;
  // The lists extension, version 3.
  bool has_lists = false;
  // The extension of macros with two variables.
  bool has_two_variables = false;
  // Of the strings extension: 2, which has no reverse() and an older format(),
  // or 4.
  int strings_version = 4;
  // Whether literals given to duration(), timestamp() and matches() must be
  // fit for them. Of checked programs.
  bool has_literal_checks = false;
  std::vector<Overload> functions;
  // More types that expressions may name, as an Overload has them: "net.IP".
  std::vector<std::string> types;
};

class Environment;
std::shared_ptr<const Environment> MakeEnvironment(
    const EnvironmentOptions& options);

}  // namespace weir::cel
