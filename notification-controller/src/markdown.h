// An event in Markdown, as it stands in comments and messages.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "src/event.h"

namespace weir::notification_controller {

// Without the metadata `change_request`, which only says where it goes.
std::string FormatMarkdown(const Event& event);

}  // namespace weir::notification_controller
