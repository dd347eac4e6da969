// Environment holds the functions, macros and types that there are: of a
// function its rows in order, and how a call that types do not decide is
// dispatched.
//
// Touches: nothing.
// Threads: immutable; safe to share.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "macros.h"
#include "type.h"
#include "weir/cel/environment.h"

namespace weir::cel {

// What a kind of value can do; an operator asks it of its first operand.
enum Trait : uint32_t {
  kAdder = 1,
  kComparer = 2,
  kDivider = 4,
  kIndexer = 8,
  kMatcher = 16,
  kModder = 32,
  kMultiplier = 64,
  kNegator = 128,
  kReceiver = 256,
  kSizer = 512,
  kSubtractor = 1024,
  kContainer = 2048,
};
uint32_t TraitsOf(const Value& value);

// Rows as the families' files have them.
struct Row {
  const char* function;
  const char* id;
  Overload::Style style;
  const char* arguments;
  const char* result;
  Function compute;  // Null when all rows of the function share one.
};

// A function that one implementation serves, whatever the arguments.
struct SharedRow {
  const char* function;
  int arity;
  uint32_t trait;  // 0 for none.
  Function compute;
};

struct FunctionRow {
  std::string id;
  bool is_member = false;
  std::vector<TypePtr> arguments;
  TypePtr result;
  std::vector<std::string> parameters;  // Names of type parameters.
  Function compute = nullptr;
  int pattern = -1;
};

struct FunctionDecl {
  std::string name;
  std::vector<FunctionRow> rows;
  Function shared = nullptr;
  int shared_arity = 0;
  uint32_t trait = 0;
  // Rows that look at the types of their arguments themselves.
  bool is_unguarded = false;
};

class Environment {
 public:
  explicit Environment(const EnvironmentOptions& options);

  const FunctionDecl* Find(absl::string_view name) const;
  // The type that a name stands for: "int", "google.protobuf.Timestamp".
  std::optional<TypePtr> FindType(absl::string_view name) const;
  const MacroSet& macros() const { return macros_; }
  bool has_literal_checks() const { return has_literal_checks_; }
  bool has_old_format() const { return has_old_format_; }

 private:
  void Add(absl::Span<const Row> rows);
  void Add(absl::Span<const SharedRow> rows);
  void Add(const Overload& row);

  const MacroSet macros_;
  const bool has_literal_checks_;
  const bool has_old_format_;
  const std::vector<std::string> types_;
  std::map<std::string, FunctionDecl, std::less<>> functions_;
};

// Whether a row takes these values; of lists and maps only the first entry is
// looked at.
bool TakesValue(const Type& type, const Value& value);
bool TakesValues(const FunctionRow& row, absl::Span<const Value> values);

// The families.
absl::Span<const Row> OperatorRows();
absl::Span<const SharedRow> OperatorShared();
absl::Span<const Row> RelationRows();
absl::Span<const SharedRow> RelationShared();
absl::Span<const Row> ConversionRows();
absl::Span<const SharedRow> ConversionShared();
absl::Span<const Row> StringRows();
absl::Span<const SharedRow> StringShared();
absl::Span<const Row> FormatRows();
absl::Span<const Row> OldFormatRows();
absl::Span<const Row> TimeRows();
absl::Span<const Row> SetRows();
absl::Span<const Row> EncoderRows();
absl::Span<const Row> RegexRows();
absl::Span<const Row> OptionalRows();
absl::Span<const Row> ListRows();
absl::Span<const SharedRow> ListShared();
absl::Span<const Row> MapInsertRows();

}  // namespace weir::cel
