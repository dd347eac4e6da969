// What an event goes through on its way: cleaning, the key that tells
// duplicates, gates, and the metadata that an Alert adds.
//
// Touches: nothing.
// Threads: pure functions.
// Source: notification.md, sections 3 and 7.
#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "src/event.h"

namespace weir::notification_controller {

// Leaves the metadata that is for notifications: of the object's API group,
// but checksum and digest, and of users.
void CleanMetadata(Event& event);

// 32 bytes, the same for events that say the same: object, message, revision,
// origin revision, token.
std::string DuplicateKey(const Event& event);

// Drops what only tells duplicates apart.
void DropToken(Event& event);

// Of events whose metadata still has prefixes.
bool IsCommitStatusUpdate(const Event& event);
bool HasCommit(const Event& event);
bool HasChangeRequest(const Event& event);

struct MergedMetadata {
  std::map<std::string, std::string> metadata;
  // Keys that came from several sides, with the names of these sides.
  std::map<std::string, std::string> conflicts;
};

// The metadata that providers see: users' annotations, then the Alert's own,
// then its summary, then the controller's; the later wins.
MergedMetadata MergeMetadata(
    const Event& event,
    const std::map<std::string, std::string>& alert_metadata,
    const std::string& alert_summary);

}  // namespace weir::notification_controller
