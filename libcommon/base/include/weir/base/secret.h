// Secret holds bytes that must not be printed.
//
// It has no stream operator, no AbslStringify and no conversion, so logging
// or concatenating one does not compile. The bytes are wiped on destruction.
//
// Touches: nothing.
// Threads: as a value.
#pragma once

#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace weir {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) {
    other.Wipe();
  }
  Secret& operator=(Secret&& other) noexcept {
    bytes_.swap(other.bytes_);
    return *this;
  }
  ~Secret() { Wipe(); }

  bool empty() const { return bytes_.empty(); }
  // The bytes. The name is long so that its uses are easy to find and review.
  const std::string& RevealForUse() const { return bytes_; }

  bool operator==(const Secret& other) const;  // Constant time.

 private:
  void Wipe();
  std::string bytes_;
};

// Replaces user and password in a URL by "*****"; other text is unchanged.
std::string RedactUrl(absl::string_view url);

}  // namespace weir
