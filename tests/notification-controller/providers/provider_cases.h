// What the tests of providers share: settings that work for each type, two
// events, and comparing requests with what they should be.
//
// Touches: nothing.
// Threads: used by one thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "src/provider_type.h"

namespace weir::notification_controller {

// The types of these tests.
std::vector<std::string> MessageTypes();

// Complete settings of a type. The token is "s3cret" wherever one is taken.
Settings SettingsOf(const std::string& type);
// For its address, token and so on: those of SettingsOf, changed.
Settings WithAddress(const std::string& type, const std::string& address);

// SampleEvent and SampleError with three metadata keys, env, revision and
// summary; the first has a message of two lines.
Event InfoEvent();
Event ErrorEvent();

// check, then make, as dispatching does.
absl::StatusOr<std::vector<http::Request>> RequestsOf(const Settings& settings,
                                                      const Event& event);
// What an answer means to a type.
absl::Status MeaningOf(const Settings& settings, int code,
                       const std::string& body);

struct WantRequest {
  std::string line;  // "POST http://sink.test/hook"
  // All headers; Content-Type is application/json unless it says otherwise.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // Compared as JSON where it is JSON.
};
void ExpectRequests(const absl::StatusOr<std::vector<http::Request>>& got,
                    const std::vector<WantRequest>& want);

}  // namespace weir::notification_controller
