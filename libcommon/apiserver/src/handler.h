// ApiHandler answers requests: it knows paths, verbs and shapes, and hands
// the rest to the store, the write path and the documents.
//
// Touches: nothing itself.
// Threads: safe to share.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "api_request.h"
#include "documents.h"
#include "registry.h"
#include "store.h"
#include "strategy.h"
#include "subresources.h"
#include "tokens.h"
#include "watch_hub.h"
#include "weir/base/clock.h"
#include "write_path.h"

namespace weir::apiserver {

class ApiHandler {
 public:
  ApiHandler(Store& store, Registry& registry, WatchHub& hub, Tokens& tokens,
             const Clock& clock);

  // `done` runs once, maybe before this returns.
  using Done = std::function<void(ApiResponse)>;
  void Handle(ApiRequest request, Done done);

  static bool IsWatch(const ApiRequest& request);
  // Errors: what is to be answered instead of a stream.
  absl::StatusOr<WatchPlan> PlanWatch(const ApiRequest& request) const;

  // The server's own changes: no request, no audit. `edit` sees the object in
  // `served`'s version and must not fail for want of change.
  void EditObject(const Served& served, KindTablePtr table,
                  const kube::ObjectKey& key, absl::string_view subresource,
                  absl::string_view manager,
                  std::function<absl::Status(Value&)> edit,
                  Store::Done done = nullptr);

  Store& store() { return store_; }
  Registry& registry() { return registry_; }
  const Clock& clock() const { return clock_; }

 private:
  void HandleResource(ApiRequest request, ResourcePath path, Done done);
  void HandleCollectionOrItem(const ApiRequest& request,
                              const ResourcePath& path, KindTablePtr table,
                              const Served& served, const std::string& verb,
                              Done done);
  ApiResponse Get(const ApiRequest& request, const ResourcePath& path,
                  const Served& served) const;
  ApiResponse List(const ApiRequest& request, const ResourcePath& path,
                   const Served& served) const;
  void Create(const ApiRequest& request, WriteCallPtr call, Done done);
  void TryCreate(Shape shape, WriteCallPtr call, std::string prefix, int tries,
                 Done done);
  void Patch(const ApiRequest& request, WriteCallPtr call, Done done);
  void DeleteCollection(const ApiRequest& request, const ResourcePath& path,
                        KindTablePtr table, const Served& served, Done done);
  void Submit(Shape shape, WriteCallPtr call,
              absl::StatusOr<Decision> (WritePath::*decide)(WriteCall&,
                                                            const Value&) const,
              Done done);
  void Scale(const ApiRequest& request, const std::string& verb,
             WriteCallPtr call, Done done);

  Store& store_;
  Registry& registry_;
  WatchHub& hub_;
  const Clock& clock_;
  const Strategy strategy_;
  const WritePath writes_;
  Documents documents_;
  Subresources subresources_;
};

}  // namespace weir::apiserver
