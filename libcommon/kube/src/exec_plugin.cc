#include "src/exec_plugin.h"

#include <unistd.h>

#include <map>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/base/subprocess.h"
#include "weir/value/json.h"

namespace weir::kube {
namespace {

constexpr size_t kMaxOutput = 4u << 20;

// This process's environment, with the plugin's own over it.
std::vector<std::pair<std::string, std::string>> PluginEnvironment(
    const ExecCredentialPlugin& plugin, const std::string& info) {
  std::map<std::string, std::string> merged;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const absl::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals == absl::string_view::npos) continue;
    merged[std::string(text.substr(0, equals))] =
        std::string(text.substr(equals + 1));
  }
  for (const auto& [name, value] : plugin.environment) merged[name] = value;
  merged["KUBERNETES_EXEC_INFO"] = info;
  return {merged.begin(), merged.end()};
}

absl::Status ExecError(absl::string_view message) {
  return absl::UnavailableError(absl::StrCat("getting credentials: ", message));
}

}  // namespace

std::string FormatExecInfo(const Config& config, const std::string& ca_pem,
                           bool is_interactive) {
  const ExecCredentialPlugin& plugin = *config.exec;
  Value spec = Value::MakeObject({{"interactive", is_interactive}});
  if (plugin.provide_cluster_info) {
    Value cluster = Value::MakeObject({{"server", config.server}});
    const auto add = [&](const char* key, const std::string& value) {
      if (!value.empty()) cluster.Set(key, value);
    };
    add("tls-server-name", config.tls_server_name);
    add("certificate-authority-data", absl::Base64Escape(ca_pem));
    add("proxy-url", config.proxy_url);
    if (config.insecure_skip_tls_verify) {
      cluster.Set("insecure-skip-tls-verify", true);
    }
    if (config.disable_compression) cluster.Set("disable-compression", true);
    cluster.Set("config", plugin.cluster_config);
    spec.Set("cluster", std::move(cluster));
  }
  return FormatJson(Value::MakeObject({{"kind", "ExecCredential"},
                                       {"apiVersion", plugin.api_version},
                                       {"spec", std::move(spec)}}));
}

absl::StatusOr<ExecCredential> ParseExecCredential(
    const ExecCredentialPlugin& plugin, absl::string_view output) {
  const absl::StatusOr<Value> answer = ParseJson(output);
  if (!answer.ok()) return ExecError("the exec plugin's output is no JSON");
  if (answer->GetString("kind") != "ExecCredential") {
    return ExecError("the exec plugin's output is no ExecCredential");
  }
  if (answer->GetString("apiVersion") != plugin.api_version) {
    return ExecError(absl::StrCat(
        "exec plugin is configured to use API version ", plugin.api_version,
        ", plugin returned version ", answer->GetString("apiVersion")));
  }
  const Value& status = (*answer)["status"];
  if (!status.is_object()) {
    return ExecError("exec plugin didn't return a status field");
  }
  ExecCredential credential;
  credential.token = Secret(std::string(status.GetString("token")));
  credential.client_certificate_pem =
      std::string(status.GetString("clientCertificateData"));
  credential.client_key_pem =
      Secret(std::string(status.GetString("clientKeyData")));
  const bool has_certificate = !credential.client_certificate_pem.empty();
  if (has_certificate == credential.client_key_pem.empty()) {
    return ExecError("exec plugin returned only certificate or key, not both");
  }
  if (credential.token.empty() && !has_certificate) {
    return ExecError("exec plugin didn't return a token or cert/key pair");
  }
  const absl::string_view expires = status.GetString("expirationTimestamp");
  if (!expires.empty()) {
    const absl::StatusOr<absl::Time> time = ParseKubeTime(expires);
    if (!time.ok()) return ExecError("bad expirationTimestamp");
    credential.expires = *time;
  }
  return credential;
}

absl::StatusOr<ExecCredential> RunExecPlugin(const Context& ctx,
                                             const Config& config,
                                             const std::string& ca_pem) {
  const ExecCredentialPlugin& plugin = *config.exec;
  const bool has_terminal = isatty(STDIN_FILENO) == 1;
  if (plugin.interactive_mode == "Always" && !has_terminal) {
    return ExecError(
        "exec plugin cannot support interactive mode: standard input is not a "
        "terminal");
  }
  ProcessOptions options;
  options.arguments.push_back(plugin.command);
  options.arguments.insert(options.arguments.end(), plugin.arguments.begin(),
                           plugin.arguments.end());
  options.inherit_input = has_terminal && plugin.interactive_mode != "Never";
  options.inherit_error = true;
  options.max_output_bytes = kMaxOutput;
  options.environment = PluginEnvironment(
      plugin, FormatExecInfo(config, ca_pem, options.inherit_input));
  const absl::StatusOr<ProcessResult> result = RunProcess(ctx, options);
  if (!ctx.status().ok()) return ctx.status();
  if (absl::IsNotFound(result.status())) {
    return ExecError(absl::StrCat(
        "exec: executable ", plugin.command, " not found",
        plugin.install_hint.empty() ? "" : "\n\n", plugin.install_hint));
  }
  if (!result.ok()) {
    return ExecError(absl::StrCat("exec: ", result.status().message()));
  }
  if (result->exit_code != 0) {
    return ExecError(absl::StrCat("exec: executable ", plugin.command,
                                  " failed with exit code ",
                                  result->exit_code));
  }
  return ParseExecCredential(plugin, result->output);
}

}  // namespace weir::kube
