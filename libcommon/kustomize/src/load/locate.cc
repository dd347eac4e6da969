#include "src/load/locate.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "weir/value/yaml_outline.h"

namespace weir::kustomize {

int FindLine(absl::string_view text, const std::vector<std::string>& place) {
  const absl::StatusOr<std::vector<YamlOutline>> outlines = OutlineYaml(text);
  if (!outlines.ok() || outlines->empty()) return 0;
  const YamlOutline* at = &outlines->front();
  int line = 0;
  for (const std::string& step : place) {
    size_t index = 0;
    if (at->kind == YamlOutline::Kind::kList) {
      if (!absl::SimpleAtoi(step, &index) || index >= at->children.size()) {
        return line;
      }
      at = &at->children[index].value;
    } else {
      at = at->Find(step);
      if (at == nullptr) return line;
    }
    line = at->line;
  }
  return line;
}

absl::Status Locate(const absl::Status& status, absl::string_view file,
                    int line, absl::string_view field) {
  constexpr absl::string_view kInFile = " in File: ";
  if (!absl::IsFailedPrecondition(status) ||
      absl::StrContains(status.message(), kInFile)) {
    return status;
  }
  // A message may end with a text that ends with a line.
  const absl::string_view message =
      absl::StripTrailingAsciiWhitespace(status.message());
  absl::Status located(
      status.code(),
      absl::StrCat(message, kInFile, file,
                   line == 0 ? "" : absl::StrCat(":", line),
                   field.empty() ? "" : absl::StrCat(" (", field, ")"),
                   status.message().substr(message.size())));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    located.SetPayload(url, payload);
  });
  return located;
}

}  // namespace weir::kustomize
