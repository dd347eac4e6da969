// The parts of a CEL program: its tree, and the values it computes with.
//
// Touches: nothing.
// Threads: values and pure functions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "schema.h"
#include "weir/value/value.h"

namespace weir::apiserver {

class CelValue;
using CelList = std::vector<CelValue>;

// A value of CEL: JSON seen through a schema, or what JSON has no words for.
class CelValue {
 public:
  enum class Kind : uint8_t {
    kJson,
    kList,  // Of computed values.
    kDuration,
    kTimestamp,
    kOptional,
    kType,
  };

  CelValue() = default;
  CelValue(Value value, const Schema* schema = nullptr);  // NOLINT
  explicit CelValue(absl::Duration duration)
      : kind_(Kind::kDuration), duration_(duration) {}
  explicit CelValue(absl::Time time) : kind_(Kind::kTimestamp), time_(time) {}
  explicit CelValue(CelList list);
  static CelValue Optional(std::optional<CelValue> value);
  static CelValue Type(absl::string_view name);

  Kind kind() const { return kind_; }
  // Null for all other kinds.
  const Value& json() const { return json_; }
  const Schema* schema() const { return schema_; }
  absl::Duration duration() const { return duration_; }
  absl::Time time() const { return time_; }

  bool is_json() const { return kind_ == Kind::kJson; }
  bool is_bool() const { return is_json() && json_.is_bool(); }
  bool is_string() const { return is_json() && json_.is_string(); }
  bool is_number() const { return is_json() && json_.is_number(); }
  bool is_int() const { return is_json() && json_.is_int(); }
  bool is_map() const { return is_json() && json_.is_object(); }
  bool is_list() const {
    return kind_ == Kind::kList || (is_json() && json_.is_array());
  }
  bool is_optional() const { return kind_ == Kind::kOptional; }

  size_t size() const;
  CelValue At(size_t index) const;
  // A map's member.
  std::optional<CelValue> Member(absl::string_view key) const;
  // What an optional holds.
  std::optional<CelValue> Unwrap() const;
  absl::string_view TypeName() const;

 private:
  Kind kind_ = Kind::kJson;
  Value json_;
  const Schema* schema_ = nullptr;
  absl::Duration duration_;
  absl::Time time_;
  std::shared_ptr<const CelList> list_;  // Also what an optional holds.
};

bool CelEquals(const CelValue& a, const CelValue& b);
// Nothing when they cannot be compared.
std::optional<int> CelCompare(const CelValue& a, const CelValue& b);

struct CelNode {
  enum class Op : uint8_t {
    kLiteral,
    kName,
    kSelect,     // args[0].text
    kOptSelect,  // args[0].?text
    kHas,        // has(args[0].text)
    kIndex,
    kOptIndex,
    kCall,    // text(args...)
    kMethod,  // args[0].text(args[1]...)
    kList,
    kMap,  // Keys and values in turn.
    kNot,
    kNegate,
    kAnd,
    kOr,
    kIf,
    kBinary,  // text
    kAll,     // args[0].all(text, args[1])
    kExists,
    kExistsOne,
    kFilter,
    kMapMacro,  // map(text, args[1]) or map(text, args[1], args[2])
  };
  Op op = Op::kLiteral;
  std::string text;
  std::string second_variable;  // all(i, v, ...)
  CelValue literal;
  std::vector<std::unique_ptr<CelNode>> args;
};

absl::StatusOr<std::unique_ptr<CelNode>> ParseCel(absl::string_view text);

// Whether there is a function or a method of this name.
bool IsCelFunction(absl::string_view name);
bool IsCelMethod(absl::string_view name);
absl::StatusOr<CelValue> CallCelFunction(absl::string_view name,
                                         const std::vector<CelValue>& args);
// args[0] is the receiver.
absl::StatusOr<CelValue> CallCelMethod(absl::string_view name,
                                       const std::vector<CelValue>& args);
absl::StatusOr<CelValue> CelOperator(absl::string_view op, const CelValue& a,
                                     const CelValue& b);

}  // namespace weir::apiserver
