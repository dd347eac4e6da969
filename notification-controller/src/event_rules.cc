#include "src/event_rules.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "weir/crypto/digest.h"

namespace weir::notification_controller {
namespace {

constexpr absl::string_view kUserPrefix = "event.toolkit.fluxcd.io/";

std::string ObjectPrefix(const Event& event) {
  return absl::StrCat(event.object.Group(), "/");
}

// One metadata entry of an event under the group of its object.
std::string ObjectKey(const Event& event, absl::string_view name) {
  return absl::StrCat(event.object.Group(), "/", name);
}

}  // namespace

void CleanMetadata(Event& event) {
  const std::string prefix = ObjectPrefix(event);
  const std::string checksum = ObjectKey(event, "checksum");
  const std::string digest = ObjectKey(event, "digest");
  for (auto it = event.metadata.begin(); it != event.metadata.end();) {
    const std::string& key = it->first;
    const bool is_kept =
        (absl::StartsWith(key, kUserPrefix) || absl::StartsWith(key, prefix)) &&
        !absl::EqualsIgnoreCase(key, checksum) &&
        !absl::EqualsIgnoreCase(key, digest);
    it = is_kept ? std::next(it) : event.metadata.erase(it);
  }
}

std::string DuplicateKey(const Event& event) {
  std::string key = absl::StrCat(
      "event/name=", event.object.name, "/namespace=", event.object.name_space,
      "/kind=", event.object.kind, "/message=", event.message);
  for (const char* name : {"originRevision", "revision", "token"}) {
    const auto found = event.metadata.find(ObjectKey(event, name));
    if (found == event.metadata.end()) continue;
    absl::StrAppend(&key, "/", name, "=", found->second);
  }
  return crypto::Sha256(key);
}

void DropToken(Event& event) {
  event.metadata.erase(ObjectKey(event, "token"));
}

bool IsCommitStatusUpdate(const Event& event) {
  return event.Metadata(ObjectKey(event, "commit_status")) == "update";
}

bool HasCommit(const Event& event) {
  return !event.Metadata(absl::StrCat(kUserPrefix, "commit")).empty();
}

bool HasChangeRequest(const Event& event) {
  return !event.Metadata(absl::StrCat(kUserPrefix, "change_request")).empty();
}

MergedMetadata MergeMetadata(
    const Event& event,
    const std::map<std::string, std::string>& alert_metadata,
    const std::string& alert_summary) {
  MergedMetadata merged;
  std::map<std::string, std::string> sides;
  const auto add = [&](absl::string_view key, const std::string& value,
                       absl::string_view side) {
    const std::string name(key);
    const bool is_new = merged.metadata.insert_or_assign(name, value).second;
    std::string& names = sides[name];
    absl::StrAppend(&names, is_new ? "" : ", ", side);
    if (!is_new) merged.conflicts[name] = names;
  };
  const auto add_prefixed = [&](absl::string_view prefix,
                                absl::string_view side) {
    for (const auto& [key, value] : event.metadata) {
      absl::string_view name = key;
      if (absl::ConsumePrefix(&name, prefix)) add(name, value, side);
    }
  };
  add_prefixed(kUserPrefix, "involved object annotations");
  for (const auto& [key, value] : alert_metadata) {
    add(key, value, "Alert object .spec.eventMetadata");
  }
  if (!alert_summary.empty()) {
    add("summary", alert_summary, "Alert object .spec.summary");
  }
  add_prefixed(ObjectPrefix(event), "involved object controller metadata");
  return merged;
}

}  // namespace weir::notification_controller
