// Where the API server is and who we are: kubeconfig files, or the Pod's
// service account.
//
// Touches: files named by the kubeconfig and the service account; processes
// (exec credential plugins), when a transport made from it needs a token.
// Threads: values and functions.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/clock.h"
#include "weir/base/secret.h"
#include "weir/http/proxy.h"
#include "weir/kube/transport.h"
#include "weir/value/value.h"

namespace weir::kube {

struct ExecCredentialPlugin {
  std::string command;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;
  std::string api_version;
  std::string install_hint;
  bool provide_cluster_info = false;
  std::string interactive_mode;  // "Never", "IfAvailable" or "Always".
  Value cluster_config;          // The cluster's exec extension.
};

struct Config {
  std::string server;           // "https://127.0.0.1:6443"
  std::string tls_server_name;  // Empty: the server's host.
  std::string ca_pem;           // Empty: the system's authorities.
  std::string ca_file;          // Re-read when it changes.
  bool insecure_skip_tls_verify = false;
  std::string proxy_url;  // Empty: none.
  bool disable_compression = false;

  std::string client_certificate_pem, client_certificate_file;
  Secret client_key_pem;
  std::string client_key_file;
  Secret token;
  std::string token_file;  // Re-read at most once a minute.
  std::string username;
  Secret password;
  std::shared_ptr<const ExecCredentialPlugin> exec;

  std::string impersonate_user, impersonate_uid;
  std::vector<std::string> impersonate_groups;
  std::map<std::string, std::vector<std::string>> impersonate_extra;

  std::string name_space;  // Of the context or the service account.

  // What the kubeconfig asks for and KubeconfigRules forbid, by the fields'
  // names: "exec", "insecure-skip-tls-verify".
  std::vector<std::string> left_out;
};

struct LoadOptions {
  std::string kubeconfig;  // The --kubeconfig flag; empty: not given.
  std::string context;     // Empty: current-context.
  // Value of KUBECONFIG, of HOME; libraries read no environment themselves.
  std::string kubeconfig_env;
  std::string home;
  // KUBERNETES_SERVICE_HOST and _PORT; both set: in a cluster.
  std::string service_host, service_port;
  std::string service_account_dir =
      "/var/run/secrets/kubernetes.io/serviceaccount";
  // Controllers prefer the cluster they are in over $HOME/.kube/config; a
  // command line is the other way round.
  bool prefer_in_cluster = true;
  // For servers without a proxy-url of their own.
  http::ProxySettings proxies;
};
// LoadOptions from this process's environment; for main.cc only.
LoadOptions LoadOptionsFromEnvironment();

// Errors: kNotFound when nothing names a cluster; kInvalidArgument with file
// and field.
absl::StatusOr<Config> LoadConfig(const LoadOptions& options);

// What a kubeconfig from elsewhere, say a Secret, may ask of this process. All
// else counts as not written, as Flux has it.
struct KubeconfigRules {
  bool allow_exec = false;
  bool allow_files = false;  // Certificates, keys and tokens by path.
  bool allow_insecure_tls = false;
  bool allow_impersonation = false;
};
// Reads one kubeconfig, and takes its current context.
// Errors: kInvalidArgument with the field; of what is no kubeconfig at all, or
// names no cluster, in client-go's words.
absl::StatusOr<Config> ParseKubeconfig(absl::string_view text,
                                       const KubeconfigRules& rules);

struct HttpTransportOptions {
  std::string user_agent = "weir/0.1.0 (linux/amd64) kubernetes/0";
  absl::Duration request_timeout = absl::Seconds(60);  // Where ctx has none.
  // Client-side rate; 0 is none. Not used when the server has priority and
  // fairness.
  double qps = 0;
  int burst = 0;
  const Clock* clock = nullptr;  // For re-reading files; null: the real one.
};
// Errors: kInvalidArgument for a bad address, certificate or key; those of
// ReadFile for files that the configuration names.
absl::StatusOr<std::shared_ptr<Transport>> MakeHttpTransport(
    const Config& config, const HttpTransportOptions& options);

}  // namespace weir::kube
