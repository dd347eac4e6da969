// Tokens: the admin's token and the signed ones of service accounts.
//
// Touches: the backend's meta table (keys), clock.
// Threads: safe to share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api_request.h"
#include "store.h"
#include "weir/base/clock.h"
#include "weir/base/secret.h"
#include "weir/value/value.h"

namespace weir::apiserver {

// The user that in-process callers and the admin's token are.
UserInfo AdminUser();
// A service account with its groups.
UserInfo ServiceAccountUser(absl::string_view name_space,
                            absl::string_view name);
// `system:serviceaccount:<ns>:<name>` names are given their groups.
UserInfo ImpersonatedUser(absl::string_view name);

class Tokens {
 public:
  // Reads the signing key and the admin's token, or makes them.
  static absl::StatusOr<std::unique_ptr<Tokens>> Open(Store& store,
                                                      const Clock& clock);
  ~Tokens();

  const Secret& admin_token() const { return admin_token_; }

  // Who a bearer token stands for; nothing when it is not valid. `audiences`
  // of a service account's token are told, if wanted.
  std::optional<UserInfo> Authenticate(
      absl::string_view token,
      std::vector<std::string>* audiences = nullptr) const;

  // Signs a token. `request` is the spec of a TokenRequest; the answer its
  // status. Errors: 422 for a bad lifetime.
  absl::StatusOr<Value> Issue(const Value& service_account,
                              const Value& request) const;

 private:
  Tokens(Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  Store& store_;
  const Clock& clock_;
  Secret admin_token_;
  Secret signing_key_;
};

}  // namespace weir::apiserver
