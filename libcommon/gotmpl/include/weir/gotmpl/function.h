// Functions that templates may call, each under its Go signature.
//
// The signature decides how arguments are checked and converted before the
// call, and which of Go's messages a wrong one gets, so that a function sees
// only what its parameters allow.
//
// Touches: nothing.
// Threads: a FunctionTable is filled first and then shared; calls carry what
// belongs to one execution.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "weir/gotmpl/value.h"

namespace weir::gotmpl {

class Execution;
class Set;

// A parsed Go function type.
struct Signature {
  std::vector<const Type*> parameters;
  // The last parameter's type is then that of each further argument.
  bool is_variadic = false;
  const Type* result = nullptr;

  // "func(string, ...interface {}) (string, error)". Knows the types of
  // types::Named and those of `more`.
  // Errors: kInvalidArgument.
  static absl::StatusOr<Signature> Parse(
      absl::string_view text, absl::Span<const Type* const> more = {});
};

// One call.
struct Call {
  absl::string_view name;
  // Of the types that the signature names. For an `interface {}` parameter
  // nothing is boxed; for a nil map or list the value is nil of that type.
  absl::Span<Any> args;
  Any receiver;  // Of methods.
  Execution& execution;
  // The templates among which the calling one runs: what `include` looks in.
  const Set& set;
};

struct Function {
  // and, or: arguments are evaluated one by one. call: told of its callee.
  enum class Special { kNone, kAnd, kOr, kCall };

  std::string name;
  Signature signature;
  Implementation call;
  Special special = Special::kNone;
  // Of its text arguments and its result, how many it reads or writes in the
  // time of a step: what a call counts for.
  uint32_t bytes_per_step = 16;
  // What else a call counts for, beside its node's step: of what takes long
  // even for short arguments, as long as it was measured to take.
  uint32_t steps = 0;
};

// A function as a value, for `call`.
class FunctionObject final : public Object {
 public:
  explicit FunctionObject(Function f) : function(std::move(f)) {}
  const Function function;
};

class FunctionTable {
 public:
  // Go's own: and or not eq ne lt le gt ge len index slice call print printf
  // println html js urlquery.
  static FunctionTable Builtins();

  // Adds or replaces. The signature is Go's, as Signature::Parse takes it, and
  // must be one; `more` are types of yours that it names. Returns it, as it may
  // cost more than others.
  Function& Add(absl::string_view name, absl::string_view signature,
                Implementation call, absl::Span<const Type* const> more = {});
  void Remove(absl::string_view name);
  // Null when there is none.
  const Function* Find(absl::string_view name) const
      ABSL_ATTRIBUTE_LIFETIME_BOUND;
  std::vector<std::string> names() const;  // Sorted.

 private:
  absl::flat_hash_map<std::string, std::shared_ptr<const Function>> functions_;
};

// Adds Sprig 3.3.0, all of it but `env` and `expandenv`. getHostByName
// resolves nothing and gives "".
void AddSprig(FunctionTable& table);

}  // namespace weir::gotmpl
