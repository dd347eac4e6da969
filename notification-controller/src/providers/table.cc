// The table of providers; a new one is added here and in providers.h.
#include "src/providers/providers.h"

namespace weir::notification_controller {

absl::Span<const ProviderType* const> AllProviderTypes() {
  static const ProviderType* const kTypes[] = {
      &kGeneric,
      &kGenericHmac,
  };
  return kTypes;
}

}  // namespace weir::notification_controller
