// Go's net/url: parsing, escaping and printing.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::gotmpl {

struct Url {
  std::string scheme, opaque, host, path, raw_path, raw_query, fragment,
      raw_fragment;
  bool force_query = false, omit_host = false;
  bool has_user = false, has_password = false;
  std::string user, password;

  std::string Hostname() const;
  std::string UserText() const;
  std::string ToString() const;
};

// Errors: kInvalidArgument with url.Parse's text.
absl::StatusOr<Url> ParseUrl(absl::string_view text);
std::string QueryEscape(absl::string_view text);

}  // namespace weir::gotmpl
