// Hook is a webhook as its Receiver looks at it.
//
// Touches: nothing.
// Threads: as values.
#pragma once

#include <optional>
#include <string>

#include "weir/http/headers.h"
#include "weir/value/value.h"

namespace weir::notification_controller {

struct Hook {
  const http::Headers& headers;
  const std::string& body;
};

// What an authentic hook says.
struct Message {
  // What filters see as `req`; nothing: the body of the hook.
  std::optional<std::string> body;
  // Of a verified token; an object, or null when there is none.
  Value claims;
};

}  // namespace weir::notification_controller
