// ForgeRig is what a provider needs to notify in a test: settings that work,
// a sender that answers, a clock that stands still.
//
// Touches: nothing.
// Threads: used by one thread.
#pragma once

#include <string>

#include "src/provider_type.h"
#include "tests/notification-controller/fake_sender.h"

namespace weir::notification_controller {

class StoppedClock : public Clock {
 public:
  absl::Time Now() const override { return now; }
  absl::Time now = absl::FromUnixSeconds(1'600'000'000);
};

inline constexpr char kHash[] = "1111111111111111111111111111111111111111";
inline constexpr char kToken[] = "s3cret";

struct ForgeRig {
  // With the address and the token that the provider's type takes.
  explicit ForgeRig(const std::string& type);

  absl::Status Check() const;
  absl::Status Notify();
  // "GET https://git.example/org/repo" of each request.
  std::vector<std::string> Lines() const;
  std::string Header(size_t request, const std::string& name) const;

  const ProviderType* type;
  Settings settings;
  Event event = SampleError();
  FakeSender sender;
  StoppedClock clock;
  TokenCache tokens{10, absl::Hours(1), &clock};
};

}  // namespace weir::notification_controller
