// SetParser reads the grammar of the --set family into values.
//
// Touches: nothing.
// Threads: an object belongs to one thread.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/values/set_scanner.h"
#include "weir/value/value.h"

namespace weir::helm {

class SetParser {
 public:
  using Convert = std::function<absl::StatusOr<Value>(std::string)>;

  enum class Values {
    kText,  // Texts and lists of them, each passed through `convert`.
    kJson,
    kLiteral,  // All that follows the "="; no escapes, no commas.
  };
  SetParser(absl::string_view text, Values kind, Convert convert = nullptr)
      : scanner_(text, /*escapes=*/kind != Values::kLiteral),
        kind_(kind),
        convert_(std::move(convert)) {}

  absl::Status Parse(Value& values);

 private:
  SetOutcome ParseKey(Value& map, int depth);
  SetOutcome ParseBelow(Value& map, const std::string& key, int depth);
  SetOutcome ParseIndexed(Value& map, const std::string& key, int depth);
  SetOutcome ParseElement(Value& list, int index, int depth);
  SetOutcome ParseInnerList(Value& list, int index, int depth);
  SetOutcome ParseInnerMap(Value& list, int index, int depth);
  // Reads what is after "=". kEnd: there is nothing.
  SetOutcome ParseValue(Value* out);
  SetOutcome ParseJsonValue(Value* out);
  SetOutcome ParseTextValue(Value* out);
  SetOutcome ParseList(Value* out);
  SetOutcome AppendConverted(std::string text, Value& list);
  // Skips blanks, and a comma after them; true when there is nothing else.
  bool SkipEmpty();

  SetScanner scanner_;
  const Values kind_;
  const Convert convert_;
};

}  // namespace weir::helm
