// Issuers verifies tokens by the keys that their issuers publish, and keeps
// these keys.
//
// Touches: network (issuers), clock.
// Threads: safe to share.
// Source: OpenID Connect Discovery 1.0, as go-oidc has it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/clock.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/crypto/jwt.h"
#include "weir/http/client.h"
#include "weir/http/proxy.h"
#include "weir/value/value.h"

namespace weir::notification_controller {

struct IssuerOptions {
  http::ProxySettings proxies;
  // For issuers' certificates; null: the system's authorities.
  std::shared_ptr<const http::TlsOptions> tls;
  // Of one request.
  absl::Duration timeout = absl::Seconds(10);
  // How long keys are good for without looking again.
  absl::Duration max_age = absl::Minutes(10);
  // Tokens that no key fits make us look for new keys, but not sooner after
  // the last time; and a failure is not tried again sooner.
  absl::Duration min_refresh = absl::Seconds(10);
  absl::Duration min_retry = absl::Seconds(2);
  const Clock* clock = nullptr;  // Null: the real one.
};

// Where an issuer's keys are.
struct KeySource {
  // Its discovery document is below this address.
  std::string issuer;
  // The keys themselves, for an issuer without discovery; signatures are then
  // RS256.
  std::string keys_url;
};

class Issuers {
 public:
  explicit Issuers(IssuerOptions options);
  ~Issuers();

  // Verifies the signature. What the claims say is not looked at.
  // Errors: kUnauthenticated; kUnavailable and others when there are no keys.
  absl::Status Verify(const Context& ctx, const KeySource& source,
                      const crypto::Jwt& token);

 private:
  struct Keys {
    crypto::KeySet set;
    std::vector<std::string> algorithms;
  };
  struct Entry {
    std::shared_ptr<const Keys> keys;
    absl::Time fetched = absl::InfinitePast();
    absl::Time tried = absl::InfinitePast();
    absl::Status problem;
    bool is_fetching = false;
  };

  // The keys, fetched anew when they are older than `max_age` and not just
  // tried.
  absl::StatusOr<std::shared_ptr<const Keys>> Find(const Context& ctx,
                                                   const KeySource& source,
                                                   absl::Duration max_age);
  absl::StatusOr<std::shared_ptr<const Keys>> Fetch(const Context& ctx,
                                                    const KeySource& source);
  absl::StatusOr<std::string> Get(const Context& ctx, const std::string& url);
  void DropOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Constant after construction.
  const IssuerOptions options_;
  const Clock& clock_;
  http::Client client_;
  Mutex mu_;
  CondVar fetched_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::notification_controller
