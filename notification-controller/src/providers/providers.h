// The rows of the table, each made by the provider's own file.
//
// Touches: nothing.
// Threads: constants.
#pragma once

#include "src/provider_type.h"

namespace weir::notification_controller {

extern const ProviderType kGeneric;
extern const ProviderType kGenericHmac;

}  // namespace weir::notification_controller
