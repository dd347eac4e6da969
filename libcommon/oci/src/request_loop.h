// RequestLoop sends a request to a registry until there is an answer to keep:
// it logs in, waits and repeats.
//
// Touches: network, clock.
// Threads: safe to share; Retries belong to one call.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "src/authorizer.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/oci/client.h"

namespace weir::oci {

// GET "https://host/v2/a": response status code 404: name unknown
absl::Status ErrorOfAnswer(absl::string_view method, absl::string_view url,
                           int code, absl::string_view body);

struct Call {
  std::string method = "GET";
  std::string path;  // "/v2/org/app/tags/list"
  std::string accept;
  int64_t offset = 0;  // Of the first byte that is wanted.
};

struct Answer {
  http::ResponseHead head;
  std::string body;
};

// The attempts of one call.
class Retries {
 public:
  explicit Retries(const ClientOptions& options)
      : options_(options), wait_(options.first_wait) {}

  // Waits, and returns OK when another attempt is due; otherwise `failure`.
  absl::Status Next(const Context& ctx, const absl::Status& failure,
                    absl::Duration retry_after = absl::ZeroDuration());

 private:
  const ClientOptions& options_;
  int attempts_ = 1;
  absl::Duration wait_;
};

class RequestLoop {
 public:
  RequestLoop(http::Client& http, const ClientOptions& options)
      : http_(http), options_(options), authorizer_(http, options) {}

  // The answer's head, with a code that repeating does not change; its body is
  // still to be read.
  absl::StatusOr<std::unique_ptr<http::BodyReader>> Open(const Context& ctx,
                                                         const Reference& where,
                                                         const Call& call,
                                                         Retries& retries);
  // The same, and the whole body.
  absl::StatusOr<Answer> Send(const Context& ctx, const Reference& where,
                              const Call& call, int64_t max_bytes);

 private:
  absl::StatusOr<std::string> BaseUrl(const Context& ctx,
                                      const Reference& where);
  absl::StatusOr<std::unique_ptr<http::BodyReader>> OpenOnce(
      const Context& ctx, const Call& call, const std::string& url,
      const Secret& authorization);

  http::Client& http_;
  const ClientOptions& options_;
  Authorizer authorizer_;
  Mutex mu_;
  // "http" or "https" of private hosts, once known.
  std::map<std::string, std::string> schemes_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::oci
