// ProviderType is one row of the table of places that notifications go to. A
// provider is a file in providers/ with the functions that its row names.
//
// Touches: nothing by itself; what it is given may touch the network.
// Threads: all functions may be called by many threads.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "src/event.h"
#include "src/settings.h"
#include "src/token_cache.h"
#include "weir/base/clock.h"
#include "weir/base/context.h"
#include "weir/http/client.h"

namespace weir::notification_controller {

// The way to the other side. Adds TLS settings and proxy as the provider's row
// allows, follows redirects that are safe, tries again what may pass: broken
// connections, 429 and 5xx but 501, at most 4 times, until the context ends.
class Sender {
 public:
  virtual ~Sender() = default;
  // An answer of any code, the last one.
  // Errors: as http::Client's.
  virtual absl::StatusOr<http::Response> Send(const Context& ctx,
                                              http::Request request) = 0;
};

// What a provider needs whose requests depend on earlier answers.
struct Exchange {
  const Event& event;
  const Settings& settings;
  Sender& sender;
  TokenCache& tokens;
  const Clock& clock;
};

enum class Family {
  kMessage,       // A message for people or machines.
  kForward,       // The event as it is: also updates of commit statuses.
  kCommitStatus,  // A commit status.
  kChangeRequest  // A comment of a change request.
};

struct ProviderType {
  // spec.type
  const char* name = nullptr;
  Family family = Family::kMessage;
  bool has_proxy = false;  // Whether proxy settings are honoured.
  bool has_tls = false;    // Whether TLS settings are honoured.

  // Whether these settings can work. Null: always.
  // Errors: kInvalidArgument, in upstream's words.
  absl::Status (*check)(const Settings& settings) = nullptr;

  // One of the next two is set.
  // The requests that say it, in order; none: there is nothing to say.
  absl::StatusOr<std::vector<http::Request>> (*make)(
      const Event& event, const Settings& settings) = nullptr;
  // Says it, looking at the answers.
  absl::Status (*notify)(const Context& ctx,
                         const Exchange& exchange) = nullptr;

  // With `make`: whether an answer means success. Null: CheckAnswer.
  absl::Status (*check_answer)(const Settings& settings,
                               const http::Response& response) = nullptr;
  // With `make`: what an error begins with, before ": "; "": with itself.
  const char* failure = "postMessage failed";
};

// Null when there is none of that name.
const ProviderType* FindProviderType(absl::string_view name);
absl::Span<const ProviderType* const> AllProviderTypes();

// OK for 2xx. Otherwise "request failed: request failed with status code
// <code>: <body>".
absl::Status CheckAnswer(const http::Response& response);

// A POST of JSON bytes to `url`.
http::Request PostJson(std::string url, std::string body);
void SetBearer(http::Request& request, const Secret& token);
void SetBasic(http::Request& request, absl::string_view username,
              const Secret& password);

// "kustomization/app.flux-system"
std::string ObjectName(const ObjectReference& object);
// "Kind/name" in lower case, and the reason in lower-case words: "apply
// succeeded".
std::string ReasonWords(absl::string_view reason);

}  // namespace weir::notification_controller
