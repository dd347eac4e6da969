// Transport carries requests to an API server: over HTTP to a real one, or by
// direct call into the embedded one. Objects travel as Values, so that the
// second needs no serialisation.
//
// Touches: what the implementation touches (network or nothing).
// Threads: implementations are safe to share.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/value/value.h"

namespace weir::kube {

enum class Method { kGet, kHead, kPost, kPut, kPatch, kDelete };
const char* MethodName(Method method);  // "GET"

struct Request {
  Method method = Method::kGet;
  std::string path;  // "/apis/apps/v1/namespaces/a/deployments/b"
  // Not yet percent-encoded, in order.
  std::vector<std::pair<std::string, std::string>> query;
  std::string accept = "application/json";
  std::string content_type;   // Empty: application/json if there is a body.
  std::optional<Value> body;  // Sent as JSON (which is YAML too).
  // Further headers: impersonation, If-None-Match.
  std::vector<std::pair<std::string, std::string>> headers;
};

struct Response {
  int code = 0;
  Value body;        // Null when there is none.
  std::string text;  // The body, where it is not JSON.
  std::string content_type;
  std::string etag;
  std::vector<std::string> warnings;          // Texts of "Warning: 299".
  std::optional<absl::Duration> retry_after;  // Retry-After, in seconds.
  bool has_flow_control = false;  // X-Kubernetes-Pf-Flowschema-Uid was there.
};

// Events of one watch, in order, never two calls at once. Calls come from a
// thread of the transport and must not block.
struct WatchHandler {
  // {"type": "ADDED", "object": {...}}
  std::function<void(Value event)> on_event;
  // Once, last, unless the stream was destroyed first. OK: the server ended
  // it. An answer of 400 or more comes here as MakeApiError.
  std::function<void(absl::Status)> on_end;
};

// A running watch. Destroying it ends the watch; when the destructor returns,
// no call is running or will come. Not to be destroyed inside on_event, but
// it may be inside on_end.
class WatchStream {
 public:
  virtual ~WatchStream() = default;
};

class Transport {
 public:
  virtual ~Transport() = default;

  using Done = std::function<void(absl::StatusOr<Response>)>;
  // Sends a request; `done` runs once, on any thread (maybe this one before
  // Send returns), and must not block. Errors are those of the connection
  // only: kUnavailable, kDeadlineExceeded, kCancelled; an answer of any HTTP
  // code is a Response. The context's deadline bounds the call.
  virtual void Send(const Context& ctx, Request request, Done done) = 0;

  // Starts a watch. `request.query` holds watch=true and its options.
  virtual std::unique_ptr<WatchStream> Watch(Request request,
                                             WatchHandler handler) = 0;
};

// A connection that broke after the request was sent: the server may or may
// not have acted on it. kUnavailable, and told apart from a refused one.
absl::Status MakeConnectionLost(absl::string_view message);
bool IsConnectionLost(const absl::Status& status);

// Sends and waits.
absl::StatusOr<Response> SendAndWait(Transport& transport, const Context& ctx,
                                     Request request);

}  // namespace weir::kube
