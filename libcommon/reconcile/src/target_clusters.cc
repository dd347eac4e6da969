#include "weir/reconcile/target_clusters.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/substitute.h"
#include "src/host_of.h"
#include "weir/reconcile/metrics.h"

namespace weir::reconcile {
namespace {

// As Flux bounds requests to other clusters.
constexpr absl::Duration kTimeout = absl::Seconds(30);

}  // namespace

RemoteOptions MakeRemoteOptions(const CommonFlags& common, bool allow_exec,
                                bool allow_insecure_tls) {
  RemoteOptions options;
  options.rules.allow_exec = allow_exec;
  options.rules.allow_insecure_tls = allow_insecure_tls;
  options.http = MakeTransportOptions(common);
  options.http.request_timeout = kTimeout;
  return options;
}

TargetRef MakeTargetRef(const CommonFlags& common,
                        const std::string& name_space,
                        const weir::meta::v1::KubeConfigReference* kube_config,
                        const std::string& service_account) {
  TargetRef ref;
  if (kube_config != nullptr) {
    const auto& secret = kube_config->secret_ref();
    ref.kubeconfig = {{name_space, secret.name()}, secret.key()};
  }
  const std::string& account = service_account.empty()
                                   ? common.default_service_account
                                   : service_account;
  if (!account.empty()) ref.account = {name_space, account};
  return ref;
}

std::unique_ptr<kube::Client> Impersonate(const kube::Client& client,
                                          const kube::ObjectKey& account) {
  if (account.name.empty()) return nullptr;
  return client.Impersonate(absl::StrCat(
      "system:serviceaccount:", account.name_space, ":", account.name));
}

absl::StatusOr<Secret> ReadKubeconfig(const Context& ctx,
                                      const kube::Client& client,
                                      const KubeconfigRef& ref,
                                      const KubeconfigErrors& errors) {
  if (ref.secret.name.empty()) {
    return absl::FailedPreconditionError(
        "spec.kubeConfig.configMapRef is not supported yet");
  }
  const std::string name = ref.secret.ToString();
  const absl::StatusOr<Value> secret =
      client.Get(ctx, {{"", "v1", "Secret"}, ref.secret});
  if (!secret.ok()) {
    return absl::Status(
        secret.status().code(),
        absl::Substitute(errors.unreadable, name, secret.status().message()));
  }
  std::vector<std::string> keys = {ref.key};
  if (ref.key.empty()) keys = {"value", "value.yaml"};
  for (const std::string& key : keys) {
    const Value* data = (*secret)["data"].Find(key);
    std::string text;
    if (data == nullptr || !data->is_string()) continue;
    if (absl::Base64Unescape(data->AsString(), &text)) {
      return Secret(std::move(text));
    }
  }
  return absl::FailedPreconditionError(
      ref.key.empty() ? absl::Substitute(errors.missing_default_key, name)
                      : absl::Substitute(errors.missing_key, name, ref.key));
}

absl::StatusOr<std::unique_ptr<kube::Client>> Connect(
    Manager& manager, const RemoteOptions& options, const KubeconfigRef& ref,
    const Secret& kubeconfig) {
  const auto connect = [&]() -> absl::StatusOr<std::unique_ptr<kube::Client>> {
    WEIR_ASSIGN_OR_RETURN(
        const kube::Config config,
        kube::ParseKubeconfig(kubeconfig.RevealForUse(), options.rules));
    if (!config.left_out.empty()) {
      manager.logger().Error(
          "a kubeconfig asks for what is not allowed: left out",
          {{"secret", ref.secret.ToString()},
           {"fields", absl::StrJoin(config.left_out, ",")}});
    }
    WEIR_ASSIGN_OR_RETURN(std::shared_ptr<kube::Transport> transport,
                          kube::MakeHttpTransport(config, options.http));
    return std::make_unique<kube::Client>(MeasureTransport(
        std::move(transport), manager.metrics(), HostOf(config.server)));
  };
  absl::StatusOr<std::unique_ptr<kube::Client>> client = connect();
  if (client.ok()) return client;
  return absl::Status(
      client.status().code(),
      absl::Substitute(options.errors.malformed, ref.secret.ToString(),
                       client.status().message()));
}

}  // namespace weir::reconcile
