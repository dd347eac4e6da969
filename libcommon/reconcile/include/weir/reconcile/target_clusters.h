// TargetClusters finds the cluster that an object is applied to, which is ours
// or the one of a kubeconfig in a Secret, and who to be there.
//
// Equal kubeconfigs share a connection, and what the controller keeps beside
// it, whichever Secrets they are in. Both are there for as long as somebody
// holds them.
//
// Touches: network; processes, where exec plugins are allowed.
// Threads: safe to share.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/base/secret.h"
#include "weir/base/status.h"
#include "weir/kube/client.h"
#include "weir/kube/config.h"
#include "weir/kube/types.h"
#include "weir/meta/v1/meta.pb.h"
#include "weir/reconcile/flags.h"
#include "weir/reconcile/manager.h"

namespace weir::reconcile {

// Where a kubeconfig is.
struct KubeconfigRef {
  kube::ObjectKey secret;
  std::string key;  // Empty: "value", and where that is missing "value.yaml".
};

// What an object's spec says about where it is applied, and as whom.
struct TargetRef {
  std::optional<KubeconfigRef> kubeconfig;  // Nothing: our own cluster.
  // The ServiceAccount to act as, of the object's namespace; empty: nobody
  // else than we, or the kubeconfig, are.
  kube::ObjectKey account;
};
// `kube_config`: null when the spec has none. An object that names no account
// has that of --default-service-account.
TargetRef MakeTargetRef(const CommonFlags& common,
                        const std::string& name_space,
                        const weir::meta::v1::KubeConfigReference* kube_config,
                        const std::string& service_account);

// How a controller words that there is no kubeconfig. $0: "namespace/name" of
// the Secret; $1: the error, or the key.
struct KubeconfigErrors {
  std::string unreadable, missing_key, missing_default_key, malformed;
};

struct RemoteOptions {
  kube::KubeconfigRules rules;
  KubeconfigErrors errors;
  kube::HttpTransportOptions http;
};
// Rules and connections as the flags of a controller say.
RemoteOptions MakeRemoteOptions(const CommonFlags& common, bool allow_exec,
                                bool allow_insecure_tls);

// The kubeconfig. `client`: reads the Secret.
// Errors: kNotFound without a Secret; kFailedPrecondition without a key.
absl::StatusOr<Secret> ReadKubeconfig(const Context& ctx,
                                      const kube::Client& client,
                                      const KubeconfigRef& ref,
                                      const KubeconfigErrors& errors);

// Errors: kInvalidArgument when it is none.
absl::StatusOr<std::unique_ptr<kube::Client>> Connect(
    Manager& manager, const RemoteOptions& options, const KubeconfigRef& ref,
    const Secret& kubeconfig);

// Null when nobody is to be impersonated.
std::unique_ptr<kube::Client> Impersonate(const kube::Client& client,
                                          const kube::ObjectKey& account);

// A place to apply to. `Cluster`: what the controller keeps of one, with
// members `client` and `tracker`.
template <typename Cluster>
struct Target {
  std::shared_ptr<Cluster> cluster;                  // Null: not found yet.
  kube::ObjectKey account;                           // As in TargetRef.
  std::shared_ptr<const kube::Client> impersonated;  // May be null.

  const kube::Client& client() const {
    return impersonated != nullptr ? *impersonated : cluster->client;
  }

  // Becomes `next`. What the owner has at another place, or as another
  // account, is not taken for done any more.
  void Become(Target next, const kube::ObjectKey& owner) {
    if (cluster != nullptr &&
        (cluster != next.cluster || account != next.account)) {
      cluster->tracker.ForgetOwner(owner);
    }
    *this = std::move(next);
  }
  void Leave(const kube::ObjectKey& owner) {
    if (cluster != nullptr) cluster->tracker.ForgetOwner(owner);
  }
};

template <typename Cluster>
class TargetClusters {
 public:
  // Must not wait for the cluster.
  using Make =
      std::function<std::shared_ptr<Cluster>(std::unique_ptr<kube::Client>)>;

  TargetClusters(Manager& manager, RemoteOptions options,
                 std::shared_ptr<Cluster> home, Make make)
      : manager_(manager),
        options_(std::move(options)),
        home_(std::move(home)),
        make_(std::move(make)) {}

  // Our own cluster.
  const std::shared_ptr<Cluster>& home() const { return home_; }

  // Reads the Secret, if there is one, and finds or makes its cluster.
  // Errors: those of ReadKubeconfig and Connect.
  absl::StatusOr<Target<Cluster>> Find(const Context& ctx,
                                       const TargetRef& ref) {
    Target<Cluster> target;
    target.cluster = home_;
    if (ref.kubeconfig.has_value()) {
      WEIR_ASSIGN_OR_RETURN(target.cluster, FindRemote(ctx, *ref.kubeconfig));
    }
    target.account = ref.account;
    target.impersonated = Impersonate(target.cluster->client, ref.account);
    return target;
  }

 private:
  struct Known {
    Secret kubeconfig;
    std::weak_ptr<Cluster> cluster;
  };

  absl::StatusOr<std::shared_ptr<Cluster>> FindRemote(
      const Context& ctx, const KubeconfigRef& ref) {
    WEIR_ASSIGN_OR_RETURN(
        const Secret kubeconfig,
        ReadKubeconfig(ctx, manager_.client(), ref, options_.errors));
    MutexLock lock(mu_);
    std::erase_if(known_,
                  [](const Known& one) { return one.cluster.expired(); });
    for (const Known& one : known_) {
      if (!(one.kubeconfig == kubeconfig)) continue;
      std::shared_ptr<Cluster> cluster = one.cluster.lock();
      if (cluster != nullptr) return cluster;
    }
    WEIR_ASSIGN_OR_RETURN(std::unique_ptr<kube::Client> client,
                          Connect(manager_, options_, ref, kubeconfig));
    std::shared_ptr<Cluster> cluster = make_(std::move(client));
    known_.push_back({kubeconfig, cluster});
    return cluster;
  }

  Manager& manager_;
  const RemoteOptions options_;
  const std::shared_ptr<Cluster> home_;
  const Make make_;
  Mutex mu_;
  std::vector<Known> known_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::reconcile
