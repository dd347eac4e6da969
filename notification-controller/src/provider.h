// Provider is what a Provider object says: where notifications go.
//
// Touches: nothing.
// Threads: immutable; safe to share.
// Source: notification.md, section 5.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "src/alert.h"
#include "src/event.h"
#include "src/provider_type.h"
#include "src/settings.h"
#include "weir/cel/cel.h"
#include "weir/kube/secrets.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::notification_controller {

struct Provider {
  kube::ObjectKey key;
  std::string uid;
  std::string type_name;
  const ProviderType* type = nullptr;  // Null: there is none of that name.
  bool is_suspended = false;
  absl::Duration timeout = absl::Seconds(15);
  // Of spec.commitStatusExpr, null without one.
  std::shared_ptr<const cel::Program> commit_status;
  absl::Status commit_status_error;  // Why it does not compile.
  Value object;

  static std::shared_ptr<const Provider> Parse(const Value& object);
};

// Gives a Secret of the Provider's namespace by name.
using FindSecret =
    std::function<absl::StatusOr<std::shared_ptr<const kube::SecretData>>(
        const std::string& name)>;

// All but what is the Alert's, and the commit status.
// Errors: in upstream's words, without a secret.
absl::StatusOr<Settings> ReadSettings(const Provider& provider,
                                      const FindSecret& find_secret);

// Under which name a commit status stands; `event` is merged.
// Errors: kInvalidArgument when the expression does not compile or give text.
absl::StatusOr<std::string> CommitStatusOf(const Provider& provider,
                                           const Alert& alert,
                                           const Event& event);

// The same text with all secrets of the settings as "*****".
std::string MaskSecrets(std::string text, const Settings& settings);

}  // namespace weir::notification_controller
