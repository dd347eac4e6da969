// What several providers share: addresses, metadata in their shapes, and the
// message that Slack defined and others read.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/event.h"
#include "weir/http/client.h"
#include "weir/value/value.h"

namespace weir::notification_controller {

using Requests = std::vector<http::Request>;

// Whether Go's url.ParseRequestURI takes the address.
// Errors: kInvalidArgument with `format`, in which $0 is the address and $1
// what Go says of it. Both are masked, as most addresses hold a token.
absl::Status CheckAddress(const std::string& address, absl::string_view format);

// What a parser of URLs says, without the parts of the URL that it quotes.
std::string MaskedUrlError(const absl::Status& status);

// A POST of JSON.
// Errors: kInvalidArgument for an address that no request can go to.
absl::StatusOr<http::Request> PostTo(const std::string& address,
                                     std::string body);
absl::StatusOr<http::Request> PostValue(const std::string& address,
                                        const Value& body);

// The metadata as a list of {<name>: key, <value>: value}, sorted by key.
Value Fields(const Event& event, const char* name, const char* value);
// The metadata as an object.
Value MetadataObject(const Event& event);

// A star, or a siren for an error.
const char* Emoji(const Event& event);
// "kustomization/app": what incident services call an object.
std::string LowerName(const ObjectReference& object);

// RFC 3339 and Unix seconds; of Go's year 1 when the event has no time.
std::string TimestampOrZero(const Event& event);
int64_t UnixTime(const Event& event);

struct SlackLook {
  std::string channel;
  std::string username;
  std::string fallback;
  const char* good_color = "good";
  const char* bad_color = "danger";
};
Value SlackMessage(const Event& event, const SlackLook& look);

}  // namespace weir::notification_controller
