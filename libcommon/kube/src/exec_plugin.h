// The exchange with an exec credential plugin: what it is told, and what it
// answers.
//
// Touches: process (spawns the plugin), in RunExecPlugin only.
// Threads: pure functions otherwise.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/base/secret.h"
#include "weir/kube/config.h"

namespace weir::kube {

struct ExecCredential {
  Secret token;
  std::string client_certificate_pem;
  Secret client_key_pem;
  absl::Time expires = absl::InfiniteFuture();
};

// The JSON of KUBERNETES_EXEC_INFO. `ca_pem`: the cluster's authorities.
std::string FormatExecInfo(const Config& config, const std::string& ca_pem,
                           bool is_interactive);

// Errors: kUnavailable, with what is wrong; never what was read.
absl::StatusOr<ExecCredential> ParseExecCredential(
    const ExecCredentialPlugin& plugin, absl::string_view output);

// Errors: kUnavailable; the context's.
absl::StatusOr<ExecCredential> RunExecPlugin(const Context& ctx,
                                             const Config& config,
                                             const std::string& ca_pem);

}  // namespace weir::kube
