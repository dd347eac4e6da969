// JsonPath reads values out of objects, as the printer columns of
// CustomResourceDefinitions name them: ".spec.a[0].b", ".items[*].name",
// ".status.conditions[?(@.type==\"Ready\")].status", "['a.b']".
//
// Touches: nothing.
// Threads: immutable once parsed.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir::apiserver {

class JsonPath {
 public:
  // Errors: kInvalidArgument.
  static absl::StatusOr<JsonPath> Parse(absl::string_view text);

  // What the path finds, in order; at most `limit`.
  std::vector<Value> Find(const Value& root, size_t limit = 1000) const;

 private:
  struct Step {
    enum class Kind { kMember, kIndex, kAll, kFilter } kind = Kind::kMember;
    std::string name;                  // Of a member.
    int64_t index = 0;                 // From the end when negative.
    std::vector<std::string> operand;  // Of a filter: members below "@".
    std::string op;  // "==", "!=", "<", "<=", ">", ">="; "": exists.
    Value literal;
  };

  static absl::StatusOr<Step> ParseBracket(absl::string_view text);
  static absl::StatusOr<Step> ParseFilter(absl::string_view text);
  static bool Matches(const Step& filter, const Value& item);

  std::vector<Step> steps_;
};

}  // namespace weir::apiserver
