// What several families of Sprig's functions do with text and lists.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/gotmpl/value.h"

namespace weir::gotmpl {

// strings.SplitN; n below 0 is all, 0 none.
std::vector<std::string> SplitN(absl::string_view text,
                                absl::string_view separator, int64_t n);
// Sprig's strslice: the elements as text, nils left out.
// Errors: kResourceExhausted when they are more than one value may have.
absl::StatusOr<std::vector<std::string>> ToTexts(Call& call, const Any& value);
// As string_view::find, in time that grows with the sum of both lengths.
size_t FindText(absl::string_view text, absl::string_view part);
size_t CountText(absl::string_view text, absl::string_view part);
// Whether they are deeply equal; the comparisons are steps.
absl::StatusOr<bool> AreEqual(Call& call, const Any& a, const Any& b);
// text[begin:end], with the panic that Go would have.
absl::StatusOr<absl::string_view> SliceText(absl::string_view text,
                                            int64_t begin, int64_t end);
// Sprig's `empty`.
bool IsEmpty(const Any& value);

}  // namespace weir::gotmpl
