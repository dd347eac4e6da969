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

#include <array>
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

class CycleWatch;
class Template;
using TemplateRef = std::shared_ptr<const Template>;

// What `.key` gives for a map that has no such key.
enum class MissingKey {
  kDefault,  // Nothing: prints "<no value>".
  kZero,     // The zero value of the map's element type.
  kError,
};

// Whatever exceeds one ends with kResourceExhausted and an error that names
// template and line. The defaults let every public chart through that we know
// of, nearly all with room for ten times their size, and end a hostile one
// within a second and 256 MiB.
struct Limits {
  // A step is a node evaluated, an element touched, or the bytes that are
  // read or written in the time of one: some 30 ns. Public charts take less
  // than 4 million, an umbrella of 27 charts 8, and what certificates cost.
  uint64_t max_steps = 20'000'000;
  // Bytes of what is written and not yet taken: of all executions that are
  // done, and of those under way.
  size_t max_output_bytes = size_t{64} << 20;
  // Bytes of the values that are in use at once, besides those given.
  size_t max_live_bytes = size_t{96} << 20;
  // Bytes of one value that a function makes.
  size_t max_value_bytes = size_t{32} << 20;
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
  // As Charge, for values of many parts: only their sum counts.
  absl::Status Reserve(size_t bytes);
  // To be told of work that is no node: elements touched. What a function
  // does with each byte of its arguments is counted anyway.
  absl::Status Step(uint64_t steps);
  uint64_t steps() const { return steps_; }
  // To be told after `value` was put into a dict that templates had before,
  // which it may hold: such a cycle is cut when the execution ends.
  void Wrote(const Any& dict, const Any& value);
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
  absl::Status CheckLive(size_t more) const;

  ExecOptions options_;
  std::unique_ptr<Generator> generator_;
  std::unique_ptr<CycleWatch> cycles_;
  absl::flat_hash_map<std::string, std::shared_ptr<const void>> cache_;
  // Methods that were called, with their signatures parsed.
  absl::flat_hash_map<const Method*, std::shared_ptr<const Function>> methods_;
  uint64_t steps_ = 0;
  // From the system, not handed out yet: the last ones.
  std::array<unsigned char, 256> random_;
  size_t random_left_ = 0;
  // Of executions that are done and of the buffers of those that wait for
  // the one that is under way.
  size_t output_bytes_ = 0;
  // The one that is under way.
  const std::string* output_ = nullptr;
  int depth_ = 0;
  const char* stack_base_;
  const int64_t live_base_;
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
  // Errors: kInvalidArgument with text/template's text; kResourceExhausted
  // when a text is above 32 MiB or all have too many nodes. Nothing is added.
  absl::StatusOr<TemplateRef> Parse(absl::string_view name,
                                    absl::string_view text);
  // The same without a copy of the text, which has to outlive the set and
  // whatever values templates made.
  absl::StatusOr<TemplateRef> ParseKept(absl::string_view name,
                                        absl::string_view text);
  // Nodes of all that was parsed into this set and those below it. A public
  // chart has up to 50,000.
  static constexpr size_t kMaxNodes = 1'000'000;
  size_t nodes() const { return nodes_; }
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
  absl::StatusOr<TemplateRef> Add(absl::string_view name,
                                  absl::string_view text, bool is_kept);

  std::shared_ptr<const FunctionTable> functions_;
  std::string name_;
  std::shared_ptr<Layer> top_;
  size_t nodes_ = 0;
};

// As ToValue of value.h, for functions: what it does counts as steps.
// Errors: as there; kResourceExhausted beyond a limit.
absl::StatusOr<Value> ToValue(Call& call, const Any& value);
// To be asked before a text is parsed as JSON, YAML or the like: a value may
// need much more room than its text.
// Errors: kResourceExhausted.
absl::Status ReserveForParsing(Call& call, absl::string_view text);

// The texts of an error and of what it wraps, outermost first, as Go's
// errors.Unwrap walks them. One text for an error of another kind.
std::vector<std::string> UnwrapChain(const absl::Status& error);
// The same one by one, without a copy of each; until `visit` returns false.
void ForEachWrapped(const absl::Status& error,
                    const std::function<bool(absl::string_view)>& visit);
// An error that wraps `cause` as fmt.Errorf("...%w") does: `text` is all of
// its own text.
absl::Status WrapError(absl::string_view text, const absl::Status& cause);

}  // namespace weir::gotmpl
