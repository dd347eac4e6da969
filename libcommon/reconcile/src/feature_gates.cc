#include "weir/reconcile/feature_gates.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace weir::reconcile {

FeatureGates::FeatureGates(std::map<std::string, bool> defaults)
    : gates_(std::move(defaults)) {}

absl::Status FeatureGates::Parse(absl::string_view text) {
  std::map<std::string, bool> gates = gates_;
  for (absl::string_view item :
       absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(item, absl::MaxSplits('=', 1));
    const std::string name(absl::StripAsciiWhitespace(parts.first));
    const auto gate = gates.find(name);
    if (gate == gates.end()) {
      return absl::FailedPreconditionError(
          absl::StrCat("feature-gate '", name, "' not supported"));
    }
    bool is_enabled = false;
    if (!absl::SimpleAtob(absl::StripAsciiWhitespace(parts.second),
                          &is_enabled)) {
      return absl::InvalidArgumentError(
          absl::StrCat("invalid value of ", name, ": '", parts.second,
                       "' is neither true nor false"));
    }
    gate->second = is_enabled;
  }
  gates_ = std::move(gates);
  return absl::OkStatus();
}

bool FeatureGates::IsEnabled(absl::string_view name) const {
  const auto gate = gates_.find(std::string(name));
  return gate != gates_.end() && gate->second;
}

void FeatureGates::Set(const std::string& name, bool is_enabled) {
  gates_[name] = is_enabled;
}

}  // namespace weir::reconcile
