// Client makes Kubernetes calls over a Transport, and knows which kinds the
// server serves.
//
// Touches: network, through its Transport.
// Threads: safe to share.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/base/context.h"
#include "weir/kube/transport.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::kube {

struct ListOptions {
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;
  bool metadata_only = false;  // PartialObjectMetadata.
};

struct WriteOptions {
  std::string field_manager;
  bool force = false;            // Server-side apply only.
  bool dry_run = false;          // dryRun=All.
  std::string field_validation;  // "", "Ignore", "Warn" or "Strict".
};

struct DeleteOptions {
  std::string propagation_policy;  // "", "Background", "Foreground", "Orphan".
  std::string uid;                 // Precondition; empty: none.
  bool dry_run = false;
  std::string resource_version = {};  // Precondition; empty: none.
};

enum class PatchType { kJson, kMerge, kStrategic, kApply };

class Client {
 public:
  explicit Client(std::shared_ptr<Transport> transport);
  ~Client();

  // The same client, acting as a user: "system:serviceaccount:ns:name".
  // Shares transport and discovery.
  std::unique_ptr<Client> Impersonate(const std::string& user) const;

  Transport& transport() const;

  // --- Discovery. Cached; a miss reloads once, at most every 10 s a group.
  // Errors: kNotFound `no matches for kind "X" in version "g/v"`.
  absl::StatusOr<Resource> FindResource(const Context& ctx,
                                        const GroupVersionKind& gvk) const;
  // The same without waiting; `done` runs once, maybe before this returns.
  void FindResourceAsync(
      const GroupVersionKind& gvk,
      std::function<void(absl::StatusOr<Resource>)> done) const;
  // The served versions of a group and kind, preferred first.
  absl::StatusOr<std::vector<Resource>> FindResources(
      const Context& ctx, const GroupKind& group_kind) const;
  // All served resources, in discovery order, subresources left out.
  struct DiscoveredResource {
    Resource resource;
    std::string singular;
    std::vector<std::string> short_names, categories, verbs;
  };
  absl::StatusOr<std::vector<DiscoveredResource>> ListResources(
      const Context& ctx) const;
  // Forgets what was discovered, say because a CRD changed.
  void InvalidateDiscovery() const;
  // While the returned handle lives, `callback` runs after each
  // InvalidateDiscovery. It must not block.
  [[nodiscard]] std::shared_ptr<void> OnDiscoveryInvalidated(
      std::function<void()> callback) const;

  // --- Objects. Errors: those of MakeApiError, and the transport's.
  absl::StatusOr<Value> Get(const Context& ctx, const ObjectRef& ref) const;
  // A List object whose items all have apiVersion and kind. Pages of 500.
  absl::StatusOr<Value> List(const Context& ctx, const GroupVersionKind& gvk,
                             const std::string& name_space,
                             const ListOptions& options = {}) const;
  absl::StatusOr<Value> Create(const Context& ctx, const Value& object,
                               const WriteOptions& options) const;
  absl::StatusOr<Value> Update(const Context& ctx, const Value& object,
                               const WriteOptions& options,
                               const std::string& subresource = "") const;
  absl::StatusOr<Value> Patch(const Context& ctx, const ObjectRef& ref,
                              PatchType type, const Value& patch,
                              const WriteOptions& options,
                              const std::string& subresource = "") const;
  // Server-side apply.
  absl::StatusOr<Value> Apply(const Context& ctx, const Value& object,
                              const WriteOptions& options,
                              const std::string& subresource = "") const;
  // OK when the server accepted the deletion; kNotFound when it was gone.
  absl::Status Delete(const Context& ctx, const ObjectRef& ref,
                      const DeleteOptions& options = {}) const;

  // --- Building blocks for many calls at once.
  // Builds the request of a Patch, Apply, Get or Delete without sending it.
  absl::StatusOr<Request> PatchRequest(
      const Context& ctx, const ObjectRef& ref, PatchType type,
      const Value& patch, const WriteOptions& options,
      const std::string& subresource = "") const;
  absl::StatusOr<Request> ApplyRequest(const Context& ctx, const Value& object,
                                       const WriteOptions& options) const;
  absl::StatusOr<Request> GetRequest(const Context& ctx,
                                     const ObjectRef& ref) const;
  absl::StatusOr<Request> DeleteRequest(const Context& ctx,
                                        const ObjectRef& ref,
                                        const DeleteOptions& options) const;
  // Sends one request; an answer of 400 or more becomes an error. Retries as
  // kube-client.md 2.4 allows.
  absl::StatusOr<Response> Do(const Context& ctx, Request request) const;
  // Sends all, at most `max_in_flight` at a time; answers in request order.
  std::vector<absl::StatusOr<Response>> DoAll(const Context& ctx,
                                              std::vector<Request> requests,
                                              int max_in_flight) const;

 private:
  struct Impl;
  explicit Client(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace weir::kube
