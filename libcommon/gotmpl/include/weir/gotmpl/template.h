// Templates: a set of them is parsed, then executed, many times and from many
// threads, with the text and the error text of Go 1.26's text/template.
//
//   FunctionTable functions = FunctionTable::Builtins();
//   AddSprig(functions);
//   Set set(std::make_shared<FunctionTable>(std::move(functions)));
//   set.Parse("greeting", "Hello {{ .name | quote }}");
//   Execution execution(ExecOptions{});
//   set.Execute(execution, "greeting", FromValue(values), &text);
//
// Touches: clock and randomness, when a template asks for them.
// Threads: a Set may be executed from any thread once it is parsed; an
// Execution belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/gotmpl/function.h"
#include "weir/gotmpl/value.h"

namespace weir::gotmpl {

class Template;
using TemplateRef = std::shared_ptr<const Template>;

// What `.key` gives for a map that has no such key.
enum class MissingKey {
  kDefault,  // Nothing: prints "<no value>".
  kZero,     // The zero value of the map's element type.
  kError,
};

// Ends with kResourceExhausted, naming template and line, whatever exceeds
// one. The defaults let every chart that we know of through.
struct Limits {
  // Nodes evaluated and elements touched.
  uint64_t max_steps = 500'000'000;
  // Bytes written, nested executions included.
  size_t max_output_bytes = size_t{256} << 20;
  // Bytes that functions made in one execution, whether still in use or not.
  size_t max_function_bytes = size_t{2} << 30;
  // Bytes of one value that a function makes.
  size_t max_value_bytes = size_t{64} << 20;
  // Nested `template` actions and nested executions: Go's own limit.
  int max_depth = 100'000;
  // Of the thread's stack, from where the Execution was made. The stack must
  // have it.
  size_t max_stack_bytes = size_t{6} << 20;
};

struct ExecOptions {
  MissingKey missing_key = MissingKey::kDefault;
  Limits limits;
  // Makes rand*, shuffle, uuidv4 and the keys' like reproducible. Unset: the
  // system's randomness. Certificates and private keys are always random.
  std::optional<uint64_t> seed;
  // What `now` gives; null: the clock's.
  std::function<absl::Time()> now;
  // "Local" of the date functions.
  absl::TimeZone time_zone = absl::LocalTimeZone();
};

// The state of one rendering: counts against limits, and where randomness
// stands. Nested executions (`include`) share it.
class Execution {
 public:
  explicit Execution(ExecOptions options);
  ~Execution();
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  const ExecOptions& options() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return options_;
  }
  // For functions that change it while a part is rendered.
  void set_missing_key(MissingKey rule) { options_.missing_key = rule; }

  // To be asked before a function makes a value of so many bytes.
  // Errors: kResourceExhausted.
  absl::Status Charge(size_t bytes);
  // To be told of work that is no node: elements touched.
  absl::Status Step(uint64_t steps);
  absl::Time Now() const;
  // Fills `size` bytes, from the seed when there is one.
  void Random(void* bytes, size_t size);
  // Below `bound`, which is above 0; uniform.
  uint64_t RandomBelow(uint64_t bound);
  // A place for what a function wants to keep until the execution ends, such
  // as a compiled pattern. Emptied when there are many.
  std::shared_ptr<const void>& Cached(const std::string& key);
  // Whatever the embedder's functions need to find.
  void* user_data = nullptr;

 private:
  friend class Evaluator;
  struct Generator;
  ExecOptions options_;
  std::unique_ptr<Generator> generator_;
  absl::flat_hash_map<std::string, std::shared_ptr<const void>> cache_;
  uint64_t steps_ = 0;
  size_t output_bytes_ = 0;
  size_t function_bytes_ = 0;
  int depth_ = 0;
  const char* stack_base_;
};

class Set {
 public:
  // `name` is only what an error calls the set.
  explicit Set(std::shared_ptr<const FunctionTable> functions,
               absl::string_view name = "");
  // Another set that starts with this one's templates: what is parsed into
  // one is not seen by the other. Costs no copy.
  Set Overlay() const;

  // Parses `text` as the template `name`, and what it defines as templates of
  // their own. A definition replaces an earlier one unless its body is blank.
  // The template itself is returned; the set may have kept an earlier one.
  // Errors: kInvalidArgument with text/template's text; nothing is then added.
  absl::StatusOr<TemplateRef> Parse(absl::string_view name,
                                    absl::string_view text);
  // Null when there is none.
  TemplateRef Find(absl::string_view name) const;
  std::vector<std::string> names() const;  // Sorted.

  // Appends to `out`; after an error, what came before it.
  // Errors: kInvalidArgument with text/template's text; kResourceExhausted
  // for a limit. UnwrapChain gives the errors that it wraps.
  absl::Status Execute(Execution& execution, absl::string_view name,
                       const Any& data, std::string* out) const;
  absl::Status Execute(Execution& execution, const TemplateRef& parsed,
                       const Any& data, std::string* out) const;

 private:
  friend class Evaluator;
  struct Layer;
  std::shared_ptr<const FunctionTable> functions_;
  std::string name_;
  std::shared_ptr<Layer> top_;
};

// The texts of an error and of what it wraps, outermost first, as Go's
// errors.Unwrap walks them. One text for an error of another kind.
std::vector<std::string> UnwrapChain(const absl::Status& error);
// An error that wraps `cause` as fmt.Errorf("...%w") does: `text` is all of
// its own text.
absl::Status WrapError(absl::string_view text, const absl::Status& cause);

}  // namespace weir::gotmpl
