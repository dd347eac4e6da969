#include "weir/value/go_error.h"

#include "absl/strings/cord.h"
#include "absl/strings/strip.h"

namespace weir {

std::string GoError(const absl::Status& status) {
  const absl::optional<absl::Cord> text = status.GetPayload(kGoError);
  return text.has_value() ? std::string(*text) : std::string(status.message());
}

std::string GoYamlError(const absl::Status& status) {
  return std::string(absl::StripPrefix(GoError(status), "yaml: "));
}

}  // namespace weir
