// Discovery knows which kinds the server serves: it loads /api and /apis in
// their aggregated form, or, from old servers, group by group.
//
// Touches: network, through the Transport.
// Threads: safe to share. Callbacks run on a thread of the transport or on
// the caller's, never under a lock.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/kube/client.h"
#include "weir/kube/transport.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::kube {

// One state of what is served; immutable once made.
struct Catalog {
  std::vector<Client::DiscoveredResource> resources;
  // Indexes into `resources`, preferred version first.
  absl::flat_hash_map<GroupKind, std::vector<size_t>> by_kind;
  // (group, version) that are registered but do not answer now.
  std::set<std::pair<std::string, std::string>> stale;

  // Errors: kNotFound; kUnavailable when a stale version may have the kind.
  absl::StatusOr<Resource> Find(const GroupVersionKind& gvk) const;
  absl::StatusOr<std::vector<Resource>> FindAll(const GroupKind& kind) const;
};

class Discovery : public std::enable_shared_from_this<Discovery> {
 public:
  explicit Discovery(std::shared_ptr<Transport> transport)
      : transport_(std::move(transport)) {}

  using Done =
      std::function<void(absl::StatusOr<std::shared_ptr<const Catalog>>)>;
  // Calls back with a catalog for which `is_found` holds, or the newest that
  // may be had: a miss in `group` reloads, at most once in 10 s a group.
  void Fetch(const std::string& group,
             std::function<bool(const Catalog&)> is_found, Done done);
  absl::StatusOr<std::shared_ptr<const Catalog>> FetchAndWait(
      const Context& ctx, const std::string& group,
      std::function<bool(const Catalog&)> is_found);

  void Invalidate();
  std::shared_ptr<void> OnInvalidated(std::function<void()> callback);

 private:
  // What one of the two roots, /api and /apis, had to say.
  struct Root {
    std::string path;
    std::string etag;
    std::vector<Client::DiscoveredResource> resources;
    std::set<std::pair<std::string, std::string>> stale;
  };
  struct Load;

  void JoinLoad(Done done);
  void StartLoad(int64_t generation);
  void LoadRoot(const std::shared_ptr<Load>& load, size_t index);
  void LoadLegacy(const std::shared_ptr<Load>& load, size_t index,
                  const Value& body);
  void FinishPart(const std::shared_ptr<Load>& load);

  // Constant after construction.
  const std::shared_ptr<Transport> transport_;

  Mutex mu_;
  std::shared_ptr<const Catalog> catalog_ ABSL_GUARDED_BY(mu_);
  std::vector<std::shared_ptr<const Root>> roots_ ABSL_GUARDED_BY(mu_);
  // Counts Invalidate; a catalog is current when loaded at this generation.
  int64_t generation_ ABSL_GUARDED_BY(mu_) = 1;
  int64_t loaded_generation_ ABSL_GUARDED_BY(mu_) = 0;
  bool loading_ ABSL_GUARDED_BY(mu_) = false;
  // With the generation that each needs at least.
  std::vector<std::pair<int64_t, Done>> waiters_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, absl::Time> last_miss_ ABSL_GUARDED_BY(mu_);
  int64_t next_listener_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<int64_t, std::shared_ptr<const std::function<void()>>> listeners_
      ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::kube
