#include "src/yaml_error.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "weir/value/go_error.h"

namespace weir::yaml {

absl::Status MakeError(const YamlParseOptions& options, absl::StatusCode code,
                       const Mark& mark, absl::string_view reason,
                       absl::string_view go_text) {
  absl::Status status(
      code,
      absl::StrCat(options.file_name, options.file_name.empty() ? "" : ":",
                   mark.line + 1, ":", mark.column + 1, ": ", reason));
  status.SetPayload(kGoError, absl::Cord(go_text));
  return status;
}

// The line that Go names: that of the construct or that of the problem, by
// library, counted from 0 or from 1, by what met the error.
std::string GoText(const Error& error, Dialect dialect) {
  using Kind = Error::Kind;
  int32_t line = 0;
  if (error.kind == Kind::kScanner || error.kind == Kind::kParser) {
    const bool is_v3 = dialect == Dialect::kGoYaml3;
    const Mark& first = is_v3 ? error.context_mark : error.problem_mark;
    const Mark& second = is_v3 ? error.problem_mark : error.context_mark;
    const bool is_first = first.line != 0;
    line = is_first ? first.line : second.line;
    if (line != 0 && error.kind == Kind::kScanner && (is_first || is_v3)) {
      ++line;
    }
  }
  return line == 0 ? absl::StrCat("yaml: ", error.problem)
                   : absl::StrCat("yaml: line ", line, ": ", error.problem);
}

absl::Status MakeError(const YamlParseOptions& options, const Error& error,
                       Dialect dialect) {
  const bool is_limit = error.kind == Error::Kind::kLimit;
  return MakeError(options,
                   is_limit ? absl::StatusCode::kResourceExhausted
                            : absl::StatusCode::kInvalidArgument,
                   error.problem_mark,
                   error.context.empty()
                       ? error.problem
                       : absl::StrCat(error.context, ": ", error.problem),
                   GoText(error, dialect));
}

absl::Status TooLarge(const YamlParseOptions& options) {
  return MakeError(
      options, absl::StatusCode::kResourceExhausted, Mark(),
      absl::StrCat("YAML is larger than ", options.max_bytes, " bytes"),
      "yaml: document is too large");
}

}  // namespace weir::yaml
