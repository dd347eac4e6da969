// Hooks that carry a token of an issuer: generic-oidc, and Google's.
//
// Touches: network, through Issuers.
// Threads: safe to share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/receivers/hook.h"
#include "src/receivers/issuers.h"
#include "weir/base/clock.h"
#include "weir/base/context.h"
#include "weir/cel/cel.h"
#include "weir/kube/secrets.h"

namespace weir::notification_controller {

// One entry of spec.oidcProviders, ready to be used.
struct TokenRules {
  using Program = std::shared_ptr<const cel::Program>;
  struct Variable {
    std::string name;
    Program program;
  };
  struct Validation {
    std::string message;
    Program program;
  };
  std::string issuer;
  std::string audience;
  std::vector<Variable> variables;
  std::vector<Validation> validations;
};

// Whether all validations hold for these claims.
// Errors: kPermissionDenied with the messages of those that do not;
// kFailedPrecondition when one cannot be evaluated.
absl::Status CheckRules(const TokenRules& rules, const Value& claims);

// Verifies the Authorization header's token by the rules of its issuer, and
// returns the claims.
absl::StatusOr<Value> VerifyConfigured(const Context& ctx, const Hook& hook,
                                       const std::vector<TokenRules>& rules,
                                       Issuers& issuers, const Clock& clock);
// The same for Google's token of a Pub/Sub subscription; `secret` has who it
// must be of (`email`) and for (`audience`).
absl::Status VerifyGoogle(const Context& ctx, const Hook& hook,
                          const kube::SecretData& secret,
                          const std::string& keys_url, Issuers& issuers,
                          const Clock& clock);

}  // namespace weir::notification_controller
