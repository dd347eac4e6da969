// Go's net/url: parsing, escaping and printing.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir {

struct GoUrl {
  std::string scheme, opaque, host, path, raw_path, raw_query, fragment,
      raw_fragment;
  bool force_query = false, omit_host = false;
  bool has_user = false, has_password = false;
  std::string user, password;

  std::string Hostname() const;
  std::string Port() const;
  std::string UserText() const;
  std::string EscapedPath() const;
  // What is malformed is left out.
  std::map<std::string, std::vector<std::string>> Query() const;
  std::string ToString() const;
};

// Errors: kInvalidArgument with url.Parse's text.
absl::StatusOr<GoUrl> ParseGoUrl(absl::string_view text);
// Takes an absolute URL or path, in which "#" begins no fragment.
// Errors: kInvalidArgument with url.ParseRequestURI's text.
absl::StatusOr<GoUrl> ParseGoRequestUri(absl::string_view text);
// Whether the above takes it.
absl::Status CheckGoRequestUri(absl::string_view text);
std::string QueryEscape(absl::string_view text);

}  // namespace weir
