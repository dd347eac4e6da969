#include "weir/kube/config.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "src/kubeconfig.h"
#include "weir/base/file.h"
#include "weir/base/status.h"

namespace weir::kube {
namespace {

constexpr KubeconfigRules kOwnFiles = {.allow_exec = true,
                                       .allow_files = true,
                                       .allow_insecure_tls = true,
                                       .allow_impersonation = true};

// One source of configuration: kNotFound when it names no cluster.
absl::StatusOr<Config> FromFiles(const std::vector<std::string>& files,
                                 bool must_exist, const std::string& context) {
  Kubeconfig merged;
  for (const std::string& file : files) {
    const absl::StatusOr<std::string> text = ReadFile(file);
    if (absl::IsNotFound(text.status()) && !must_exist) continue;
    if (absl::IsNotFound(text.status())) {
      return absl::InvalidArgumentError(text.status().message());
    }
    WEIR_RETURN_IF_ERROR(text);
    WEIR_RETURN_IF_ERROR(merged.Merge(*text, file));
  }
  if (merged.empty()) return absl::NotFoundError("no kubeconfig");
  return merged.Resolve(context, kOwnFiles);
}

absl::StatusOr<Config> FromServiceAccount(const LoadOptions& options) {
  if (options.service_host.empty() || options.service_port.empty()) {
    return absl::NotFoundError("not in a cluster");
  }
  Config config;
  const bool is_v6 = absl::StrContains(options.service_host, ':');
  config.server =
      absl::StrCat("https://", is_v6 ? "[" : "", options.service_host,
                   is_v6 ? "]" : "", ":", options.service_port);
  config.token_file = absl::StrCat(options.service_account_dir, "/token");
  if (const auto token = ReadFile(config.token_file); !token.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("service account token: ", token.status().message()));
  }
  // Without it the system's authorities must do.
  const std::string ca = absl::StrCat(options.service_account_dir, "/ca.crt");
  if (ReadFile(ca).ok()) config.ca_file = ca;
  const absl::StatusOr<std::string> name_space =
      ReadFile(absl::StrCat(options.service_account_dir, "/namespace"));
  if (name_space.ok()) {
    config.name_space = std::string(absl::StripAsciiWhitespace(*name_space));
  }
  return config;
}

absl::StatusOr<Config> FromHome(const LoadOptions& options) {
  if (options.home.empty()) return absl::NotFoundError("no home");
  return FromFiles({absl::StrCat(options.home, "/.kube/config")}, false,
                   options.context);
}

absl::StatusOr<Config> Load(const LoadOptions& options) {
  if (!options.kubeconfig.empty()) {
    return FromFiles({options.kubeconfig}, true, options.context);
  }
  absl::StatusOr<Config> config =
      FromFiles(absl::StrSplit(options.kubeconfig_env, ':', absl::SkipEmpty()),
                false, options.context);
  if (!absl::IsNotFound(config.status())) return config;
  config = options.prefer_in_cluster ? FromServiceAccount(options)
                                     : FromHome(options);
  if (!absl::IsNotFound(config.status())) return config;
  return options.prefer_in_cluster ? FromHome(options)
                                   : FromServiceAccount(options);
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

LoadOptions LoadOptionsFromEnvironment() {
  LoadOptions options;
  options.kubeconfig_env = Environment("KUBECONFIG");
  options.home = Environment("HOME");
  options.service_host = Environment("KUBERNETES_SERVICE_HOST");
  options.service_port = Environment("KUBERNETES_SERVICE_PORT");
  options.proxies = http::ProxiesFromEnvironment();
  return options;
}

absl::StatusOr<Config> LoadConfig(const LoadOptions& options) {
  absl::StatusOr<Config> config = Load(options);
  if (absl::IsNotFound(config.status())) {
    return absl::NotFoundError(
        "no configuration has been provided: neither a kubeconfig nor a "
        "service account names a cluster");
  }
  WEIR_RETURN_IF_ERROR(config);
  if (config->proxy_url.empty()) {
    config->proxy_url = http::ChooseProxy(options.proxies, config->server);
  }
  return config;
}

}  // namespace weir::kube
