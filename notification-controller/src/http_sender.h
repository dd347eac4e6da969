// HttpSender sends a provider's requests, patiently and safely.
//
// Redirects are followed as Go does, but not into the machine or the link:
// neither to loopback from elsewhere, nor to link-local addresses, which no
// address of a Provider reaches either. There the metadata of clouds is. Nor
// does a request travel to another host with a header that may be a secret.
//
// Touches: network.
// Threads: a sender serves one delivery; many may share its client.
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "src/provider_type.h"
#include "src/settings.h"
#include "weir/base/context.h"
#include "weir/http/client.h"
#include "weir/http/proxy.h"

namespace weir::notification_controller {

struct SenderOptions {
  int retries = 4;
  absl::Duration min_pause = absl::Seconds(2);
  absl::Duration max_pause = absl::Seconds(30);
  // Requests may ask for less.
  size_t max_answer_bytes = 4u << 20;
  // Of the process, where Settings name none.
  http::ProxySettings proxies;
};

class HttpSender : public Sender {
 public:
  // All must outlive it. `has_proxy` and `has_tls`: whether settings apply.
  HttpSender(http::Client& client, const SenderOptions& options,
             const Settings& settings, bool has_proxy, bool has_tls);

  absl::StatusOr<http::Response> Send(const Context& ctx,
                                      http::Request request) override;

 private:
  http::Client& client_;
  const SenderOptions& options_;
  const Settings& settings_;
  const bool has_proxy_;
  const bool has_tls_;
};

// Whether a request with these headers may go on to where it is redirected.
// Errors: kFailedPrecondition, naming no address.
absl::Status CheckRedirect(const http::Redirect& redirect,
                           const http::Headers& headers);

// How long to wait after try number `attempt`, from 0. An answer's
// Retry-After counts for 429 and 503.
absl::Duration PauseAfter(const SenderOptions& options, int attempt,
                          const http::Response* answer, absl::Time now);

// Says it: makes the requests of the row and sends them, or lets it speak.
// Errors: upstream's words; may hold what the other side answered.
absl::Status Deliver(const Context& ctx, const ProviderType& type,
                     const Exchange& exchange);

}  // namespace weir::notification_controller
