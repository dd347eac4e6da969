#include "weir/helm/expand.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace weir::helm {
namespace {

bool IsSpecial(char c) {
  return absl::StrContains("*#$@!?-0123456789", absl::string_view(&c, 1));
}

// What follows a "$": a name, and how many bytes it takes. A name that is
// empty though bytes are taken is one that is wrong, and goes.
absl::string_view NameIn(absl::string_view rest, size_t* used) {
  if (rest[0] == '{') {
    const size_t end = rest.find('}');
    // A brace that does not close goes alone.
    *used = end == absl::string_view::npos ? 1 : end + 1;
    return end == absl::string_view::npos ? "" : rest.substr(1, end - 1);
  }
  if (IsSpecial(rest[0])) {
    *used = 1;
    return rest.substr(0, 1);
  }
  size_t end = 0;
  while (end < rest.size() &&
         (absl::ascii_isalnum(rest[end]) || rest[end] == '_')) {
    ++end;
  }
  *used = end;
  return rest.substr(0, end);
}

}  // namespace

std::string ExpandVariables(absl::string_view text,
                            const VariableLookup& lookup) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out.push_back(text[i]);
      continue;
    }
    size_t used = 0;
    const absl::string_view name = NameIn(text.substr(i + 1), &used);
    if (!name.empty()) {
      out += lookup(std::string(name));
    } else if (used == 0) {
      out.push_back('$');
    }
    i += used;
  }
  return out;
}

}  // namespace weir::helm
