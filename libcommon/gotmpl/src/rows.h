// Rows of functions: name, Go signature, implementation.
//
// Touches: nothing.
// Threads: constants.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

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

// `steps`: what each of them costs, see Function.
template <size_t n>
void AddRows(const Row (&rows)[n], FunctionTable& table, uint32_t steps = 0) {
  for (const Row& row : rows) {
    table.Add(row.name, row.signature, row.call).steps = steps;
  }
}

// A Go error, or what a Go panic leaves.
template <typename... Parts>
absl::Status GoError(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

// Where to stop writing a text: it is too long then.
inline size_t MostText(const Call& call) {
  return call.execution.options().limits.max_value_bytes + 1;
}

// Charges for the text before it becomes a value.
inline Result Text(Call& call, absl::string_view text) {
  absl::Status status = call.execution.Charge(text.size());
  if (!status.ok()) return status;
  return Any::String(text);
}

// What `append` makes of the text, given to it in slices that end between
// characters; for functions whose result may be many times as long.
template <typename Append>
Result Expanded(Call& call, absl::string_view text, Append append) {
  constexpr size_t kSlice = size_t{1} << 16;
  std::string out;
  while (!text.empty()) {
    size_t size = std::min(text.size(), kSlice);
    for (int i = 0; i < 3 && size < text.size(); ++i) {
      if ((static_cast<uint8_t>(text[size]) & 0xC0) != 0x80) break;
      --size;
    }
    append(text.substr(0, size), &out);
    text.remove_prefix(size);
    if (out.size() > call.execution.options().limits.max_value_bytes) break;
  }
  return Text(call, out);
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
