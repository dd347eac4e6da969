// EventRecorder tells the outside what happened to an object: by a Kubernetes
// Event, by a POST or a call to the notification address, and to whoever
// subscribed in this process. It never blocks its caller.
//
// Touches: network (the API server, the notification address), clock, process
// (threads).
// Threads: safe to share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/clock.h"
#include "weir/base/log.h"
#include "weir/kube/client.h"
#include "weir/value/value.h"

namespace weir::reconcile {

// kTrace becomes a Kubernetes Event of type Normal and is not posted; kInfo is
// Normal; kError is Warning.
enum class Severity { kTrace, kInfo, kError };
const char* SeverityName(Severity severity);  // "trace", "info", "error"

struct Event {
  // The involved object; apiVersion, kind and metadata are read. Its
  // annotations under event.toolkit.fluxcd.io/ join the metadata.
  Value object;
  Severity severity = Severity::kInfo;
  std::string reason;
  std::string message;
  // Annotations of the Kubernetes Event, metadata of the posted one. Keys with
  // their prefix: "source.toolkit.fluxcd.io/revision".
  std::map<std::string, std::string> metadata;
};

// An event as subscribers see it.
struct RecordedEvent {
  uint64_t sequence = 0;  // From 1, without gaps.
  absl::Time time;
  std::string component;  // "kustomize-controller"
  std::string instance;   // Host name.
  Event event;  // `object` holds apiVersion, kind and names only; `metadata`
                // all of it.
};

class EventSink;

struct EventRecorderOptions {
  // Where to POST; empty: nowhere.
  std::string address;
  // Who is handed the events in place of that; null: nobody.
  std::shared_ptr<EventSink> sink;
  std::string instance;    // reportingInstance: the host's name.
  bool write_kube = true;  // Kubernetes Events.
  // How far each way out may lag behind; what is older is dropped and counted,
  // and is what a late subscriber no longer gets.
  size_t history = 1000;
  size_t history_bytes = 4u << 20;  // Of reasons, messages and metadata.
  absl::Duration post_timeout = absl::Seconds(5);
  // On broken connections and 5xx, never on 429; and what a sink says.
  int post_retries = 4;
  absl::Duration min_post_backoff = absl::Seconds(1);
  absl::Duration max_post_backoff = absl::Seconds(30);
  // Called with each event dropped: "kubernetes", or the sink's name. May be
  // null.
  std::function<void(absl::string_view way)> on_dropped;
  Logger logger;
  const Clock* clock = nullptr;  // Null: the real one.
};

class EventRecorder {
 public:
  // `client` must outlive it.
  EventRecorder(const kube::Client& client, EventRecorderOptions options);
  // Drops what was not sent.
  ~EventRecorder();
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  // `component`: the controller that speaks.
  void Emit(absl::string_view component, Event event);

  // Waits until all that was emitted is sent or dropped, or `timeout`.
  void Flush(absl::Duration timeout);

  // As EventHub's.
  [[nodiscard]] std::shared_ptr<void> Subscribe(
      uint64_t after, std::function<void(const RecordedEvent&)> callback);
  // The number of the newest event; 0 before the first.
  uint64_t last_sequence() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The body that is posted. Source: source.md, section 3.6.
Value MakePostedEvent(const RecordedEvent& event);

}  // namespace weir::reconcile
