// Informer keeps a copy of a set of objects by list and watch, and tells when
// one changes. Broken streams, 410s and restarts of the server are healed.
//
// Touches: network, through the client's Transport.
// Threads: safe to share. Handlers run one at a time on the informers' thread
// and must not block.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/base/log.h"
#include "weir/base/task_queue.h"
#include "weir/kube/client.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::kube {

struct InformerOptions {
  GroupVersionKind gvk;
  std::string name_space;  // Empty: all namespaces.
  std::string label_selector;
  std::string field_selector;
  bool metadata_only = false;  // Objects hold apiVersion, kind, metadata.
  // Applied before storing; use it to drop what is not needed. Null:
  // metadata.managedFields is dropped.
  std::function<Value(Value)> transform;
  // Called on the informers' thread after each list has been handed to the
  // handlers: the first and every relist. May be null.
  std::function<void()> on_synced;
  // Pause after a failure: doubles from the first to the second, plus up to
  // as much again by chance; starts anew after 2 healthy minutes.
  absl::Duration min_backoff = absl::Milliseconds(800);
  absl::Duration max_backoff = absl::Seconds(30);
};

enum class ChangeType { kAdded, kModified, kDeleted };

struct Change {
  ChangeType type;
  Value before;             // Null when added.
  Value after;              // The last known state when deleted.
  bool is_initial = false;  // Part of the first list.
};

class Informer {
 public:
  // Starts at once; `client` and `tasks` must outlive it. A kind that the
  // server does not serve (yet) is retried with backoff.
  Informer(const Client& client, TaskQueue& tasks, InformerOptions options,
           Logger logger = {});
  // Stops.
  ~Informer();
  Informer(const Informer&) = delete;
  Informer& operator=(const Informer&) = delete;

  // Handlers added late get the present objects as kAdded first.
  using Handler = std::function<void(const Change&)>;
  void AddHandler(Handler handler);

  // When it returns, no handler is running (but one that stops its own
  // informer) or will be called. The store stays as it is.
  void Stop();

  std::optional<Value> Get(const ObjectKey& key) const;
  std::vector<Value> List() const;  // By key.

  bool HasSynced() const;
  // Errors: the context's.
  absl::Status WaitForSync(const Context& ctx) const;
  // The last problem, or OK while the stream is healthy.
  absl::Status health() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace weir::kube
