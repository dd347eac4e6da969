// SecretCache holds the Secrets that Providers and Receivers name, and is told
// when one changes, so that a notification costs no request.
//
// It watches metadata only, in the namespaces it was asked about; where that
// is not allowed it reads each time.
//
// Touches: network (API server).
// Threads: safe to share.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/kube/informer.h"
#include "weir/kube/secrets.h"
#include "weir/reconcile/manager.h"

namespace weir::notification_controller {

class SecretCache {
 public:
  // `manager` must outlive it.
  explicit SecretCache(reconcile::Manager& manager);
  ~SecretCache();

  // The same pointer until the Secret changes.
  // Errors: the client's, and those of kube::ReadSecretData.
  absl::StatusOr<std::shared_ptr<const kube::SecretData>> Get(
      const Context& ctx, const kube::ObjectKey& key);

  // Nobody in the namespace names a Secret any more.
  void Forget(const std::string& name_space);

 private:
  struct Entry {
    std::string version;
    std::shared_ptr<const kube::SecretData> data;
  };
  std::shared_ptr<kube::Informer> WatchOf(const std::string& name_space)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  reconcile::Manager& manager_;
  Mutex mu_;
  std::map<std::string, std::shared_ptr<kube::Informer>> watches_
      ABSL_GUARDED_BY(mu_);
  std::map<kube::ObjectKey, Entry> entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::notification_controller
