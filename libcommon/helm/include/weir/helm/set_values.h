// The grammar of --set, --set-string, --set-file, --set-json and
// --set-literal: a.b[0].c=x,d={1,2}.
//
// Touches: nothing; SetFile: what it is given to read with.
// Threads: pure functions.
// Source: Helm v4.2.4, pkg/strvals, with its messages.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir::helm {

// Indexes above are refused, as are names of more parts.
inline constexpr int kMaxSetIndex = 65536;
inline constexpr int kMaxSetDepth = 30;

// Each applies one argument to `values`, an object. What came before an error
// stays applied.
// Errors: kInvalidArgument.
//
// true, false, null and whole numbers have their types; all else is text.
absl::Status SetTyped(absl::string_view text, Value& values);
// All is text.
absl::Status SetText(absl::string_view text, Value& values);
// Values are JSON.
absl::Status SetJson(absl::string_view text, Value& values);
// Values are names of files, whose contents are set.
absl::Status SetFile(
    absl::string_view text,
    const std::function<absl::StatusOr<std::string>(const std::string&)>& read,
    Value& values);
// One name; all that follows the "=" is its value.
absl::Status SetLiteral(absl::string_view text, Value& values);

}  // namespace weir::helm
