// ReceiverIndex finds the Receiver that a webhook is for.
//
// Touches: nothing.
// Threads: safe to share.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "src/receivers/receiver_plan.h"
#include "weir/base/mutex.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::notification_controller {

class ReceiverIndex {
 public:
  explicit ReceiverIndex(PlanRules rules) : rules_(rules) {}

  // Takes in the present state of a Receiver and returns its plan, which is
  // made anew only when the spec is another one.
  std::shared_ptr<const ReceiverPlan> Update(const Value& receiver);
  void Remove(const kube::ObjectKey& key);

  struct Found {
    std::shared_ptr<const ReceiverPlan> plan;  // Null: there is none.
    bool is_ready = false;
  };
  // By the path as it was sent. Of several Receivers with one path, which
  // names can be chosen to have, the one that was there first.
  Found Find(absl::string_view path) const;

 private:
  struct Entry {
    std::shared_ptr<const ReceiverPlan> plan;
    std::string path;     // Empty: none.
    std::string created;  // "2006-01-02T15:04:05Z", in which texts sort.
    bool is_ready = false;
  };
  using Order = std::tuple<std::string, kube::ObjectKey>;  // `created` first.
  void RemovePath(const kube::ObjectKey& key, const Entry& entry)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Constant after construction.
  const PlanRules rules_;
  mutable Mutex mu_;
  absl::flat_hash_map<kube::ObjectKey, Entry> entries_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, std::set<Order>> paths_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::notification_controller
