#include "src/model/go_space.h"

#include "absl/strings/strip.h"

namespace weir::kustomize {
namespace {

// What Go's unicode.IsSpace takes for space, in UTF-8.
constexpr absl::string_view kSpaces[] = {
    " ",      "\t",     "\n",     "\v",     "\f",     "\r",     "\u0085",
    "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
    "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A", "\u2028",
    "\u2029", "\u202F", "\u205F", "\u3000"};

// Takes spaces off a text with `consume`, which takes one, if it is there.
template <typename Consume>
absl::string_view Trim(absl::string_view text, Consume consume) {
  bool trimmed = true;
  while (trimmed) {
    trimmed = false;
    for (absl::string_view space : kSpaces) {
      trimmed = trimmed || consume(&text, space);
    }
  }
  return text;
}

}  // namespace

absl::string_view TrimSpaceLeft(absl::string_view text) {
  return Trim(text, absl::ConsumePrefix);
}

absl::string_view TrimSpace(absl::string_view text) {
  return Trim(TrimSpaceLeft(text), absl::ConsumeSuffix);
}

}  // namespace weir::kustomize
