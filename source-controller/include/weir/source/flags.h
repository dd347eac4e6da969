// The flags of the source-controller program.
//
// Touches: nothing; MakeOptions: environment and files, as
// reconcile::MakeManagerOptions.
// Threads: not safe to share.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "weir/reconcile/flags.h"
#include "weir/source/source_controller.h"

namespace weir::source {

// Defaults are Flux's; those of gRPC are ours. Source: source.md, section 1.1.
struct Flags {
  Flags();

  reconcile::CommonFlags common;
  Options options;
};

// STORAGE_PATH, STORAGE_ADDRESS, STORAGE_ADV_ADDR, those of proxies, and those
// of the common flags. Reads the environment: for main.cc only, before
// AddFlags.
void SetDefaultsFromEnvironment(Flags* flags);
void AddFlags(reconcile::FlagSet& set, Flags* flags);
// Connects to the cluster and fills in all that flags say.
absl::StatusOr<Options> MakeOptions(const Flags& flags);

}  // namespace weir::source
