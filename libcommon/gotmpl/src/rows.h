// Rows of functions: name, Go signature, implementation.
//
// Touches: nothing.
// Threads: constants.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "weir/gotmpl/function.h"
#include "weir/gotmpl/template.h"
#include "weir/gotmpl/value.h"

namespace weir::gotmpl {

using Result = absl::StatusOr<Any>;

struct Row {
  absl::string_view name;
  absl::string_view signature;
  Result (*call)(Call&);
};

template <size_t n>
void AddRows(const Row (&rows)[n], FunctionTable& table) {
  for (const Row& row : rows) table.Add(row.name, row.signature, row.call);
}

// A Go error, or what a Go panic leaves.
template <typename... Parts>
absl::Status GoError(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

// Charges for the text before it becomes a value.
inline Result Text(Call& call, absl::string_view text) {
  absl::Status status = call.execution.Charge(text.size());
  if (!status.ok()) return status;
  return Any::String(text);
}

// Sprig's families.
void AddStrings(FunctionTable& table);
void AddLists(FunctionTable& table);
void AddDicts(FunctionTable& table);
void AddNumbers(FunctionTable& table);
void AddDates(FunctionTable& table);
void AddEncodings(FunctionTable& table);
void AddJson(FunctionTable& table);
void AddRegexps(FunctionTable& table);
void AddFlow(FunctionTable& table);
void AddVersions(FunctionTable& table);
void AddPaths(FunctionTable& table);
void AddUrls(FunctionTable& table);
void AddRandom(FunctionTable& table);
void AddCrypto(FunctionTable& table);

}  // namespace weir::gotmpl
