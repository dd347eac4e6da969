// Headers are the header fields of an HTTP message, in order.
//
// Touches: nothing.
// Threads: as a value.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weir::http {

class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  // The first field of that name (in any case); "" when there is none.
  absl::string_view Get(absl::string_view name) const
      ABSL_ATTRIBUTE_LIFETIME_BOUND;
  bool Has(absl::string_view name) const;
  std::vector<std::string> GetAll(absl::string_view name) const;

  // Adds a field, whether or not the name is there already.
  void Add(absl::string_view name, absl::string_view value);
  // Replaces all fields of that name by one.
  void Set(absl::string_view name, absl::string_view value);
  void Erase(absl::string_view name);

  std::vector<Field>::const_iterator begin() const { return fields_.begin(); }
  std::vector<Field>::const_iterator end() const { return fields_.end(); }
  size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }

 private:
  std::vector<Field> fields_;
};

// "Sun, 06 Nov 1994 08:49:37 GMT"; Source: RFC 9110, 5.6.7.
std::string FormatHttpTime(absl::Time time);
// Infinite past when `text` is no such time.
absl::Time ParseHttpTime(absl::string_view text);

// "%2F" becomes "/"; bad escapes stay. `plus_is_space` as in a query.
std::string PercentDecode(absl::string_view text, bool plus_is_space = false);
// Encodes all but letters, digits and "-._~", and those in `keep`.
std::string PercentEncode(absl::string_view text, absl::string_view keep = "");
// "a=1&b" -> {{"a","1"},{"b",""}}, decoded, in order.
std::vector<std::pair<std::string, std::string>> ParseQuery(
    absl::string_view query);
// The reverse, without "?".
std::string FormatQuery(
    const std::vector<std::pair<std::string, std::string>>& query);

// "Not Found" for 404; "" for an unknown code.
absl::string_view ReasonPhrase(int code);

}  // namespace weir::http
