// Settings are what a Provider and its Secrets say about where and how to
// notify, resolved, together with what is known of the Alert.
//
// Touches: nothing.
// Threads: immutable once made; safe to share.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/secret.h"
#include "weir/http/client.h"
#include "weir/kube/types.h"

namespace weir::notification_controller {

// Who a Provider's tokens are cached for: "Provider/flux-system/github".
inline std::string TokenOwnerOf(const kube::ObjectKey& provider) {
  return "Provider/" + provider.ToString();
}

struct Settings {
  // Of the Provider.
  std::string type;  // "slack"
  std::string name_space;
  std::string name;
  std::string uid;
  std::string channel;
  // The Secret's come before those of the spec. Most addresses hold a token,
  // so messages must not quote one.
  std::string address;
  std::string username;
  Secret password;
  Secret token;
  std::map<std::string, Secret> headers;  // Of the Secret's `headers`.
  // All of the Secret of spec.secretRef.
  std::map<std::string, Secret> secret;
  std::string service_account;
  absl::Duration timeout = absl::Seconds(15);

  // Of the process, as in Options.
  std::string azure_authority_host;

  // How requests travel; the sender sets both on them.
  std::shared_ptr<const http::TlsOptions> tls;  // Null: the defaults.
  std::string proxy;                            // Empty: none is configured.

  // Of the Alert.
  std::string alert_name_space;
  std::string alert_name;
  std::string alert_uid;
  // Under which a commit status stands; only for providers that set them.
  std::string commit_status;

  std::string TokenOwner() const { return TokenOwnerOf({name_space, name}); }
  // A value of the Secret, or an empty one.
  Secret SecretValue(absl::string_view key) const {
    const auto found = secret.find(std::string(key));
    return found == secret.end() ? Secret() : found->second;
  }
};

}  // namespace weir::notification_controller
