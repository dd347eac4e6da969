#include "helm_environment.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "output.h"
#include "weir/base/status.h"
#include "weir/base/subprocess.h"
#include "weir/http/proxy.h"

namespace weir::cli {
namespace {

constexpr absl::Duration kHelperTimeout = absl::Seconds(30);
constexpr absl::Duration kSchemaTimeout = absl::Seconds(15);

absl::StatusOr<std::string> RunHelper(const Context& ctx,
                                      const std::string& name,
                                      const std::string& address) {
  ProcessOptions options;
  options.arguments = {absl::StrCat("docker-credential-", name), "get"};
  options.input = address;
  WEIR_ASSIGN_OR_RETURN(const ProcessResult done,
                        RunProcess(ctx.WithTimeout(kHelperTimeout), options));
  if (done.exit_code == 0) return done.output;
  // How helpers say "no"; they print it on standard output.
  const std::string said = std::string(absl::StripAsciiWhitespace(done.output));
  if (absl::StrContains(said, "credentials not found")) return "";
  return absl::UnavailableError(
      absl::StrCat(options.arguments[0], ": ", said.empty() ? "failed" : said));
}

}  // namespace

absl::StatusOr<std::string> ReadSchema(const Context& ctx,
                                       helm::ChartFetcher& fetcher,
                                       const std::string& url) {
  WEIR_ASSIGN_OR_RETURN(std::string text,
                        fetcher.Read(ctx.WithTimeout(kSchemaTimeout), url),
                        "HTTP request failed for ", url);
  return text;
}

helm::FetchOptions FetchOptionsOf(const Context& ctx, const ChartFlags& flags) {
  const auto path = [](const std::string& flag, const char* variable,
                       const std::string& otherwise) {
    return flag.empty() ? EnvironmentOr(variable, otherwise) : flag;
  };
  helm::FetchOptions out;
  out.version = flags.version;
  if (out.version.empty() && flags.devel) out.version = ">0.0.0-0";
  out.repository_url = flags.repository;
  out.access.username = flags.username;
  out.access.password = Secret(flags.password);
  out.access.pass_credentials = flags.pass_credentials;
  out.access.ca_file = flags.ca_file;
  out.access.cert_file = flags.cert_file;
  out.access.key_file = flags.key_file;
  out.access.insecure_skip_tls_verify = flags.insecure_skip_tls_verify;
  out.access.plain_http = flags.plain_http;
  out.verify = flags.verify;
  out.keyring = flags.keyring;
  if (out.keyring.empty()) {
    const std::string home = EnvironmentOr("HOME", "");
    out.keyring =
        absl::StrCat(EnvironmentOr("GNUPGHOME", absl::StrCat(home, "/.gnupg")),
                     "/pubring.gpg");
  }
  out.repository_config =
      path(flags.repository_config, "HELM_REPOSITORY_CONFIG",
           HelmConfigPath("repositories.yaml"));
  out.repository_cache = path(flags.repository_cache, "HELM_REPOSITORY_CACHE",
                              HelmCachePath("repository"));
  out.content_cache =
      path(flags.content_cache, "HELM_CONTENT_CACHE", HelmCachePath("content"));
  out.registry_configs = {
      path(flags.registry_config, "HELM_REGISTRY_CONFIG",
           HelmConfigPath("registry/config.json")),
      absl::StrCat(
          EnvironmentOr("DOCKER_CONFIG",
                        absl::StrCat(EnvironmentOr("HOME", ""), "/.docker")),
          "/config.json")};
  out.run_credential_helper = [ctx](const std::string& name,
                                    const std::string& address) {
    return RunHelper(ctx, name, address);
  };
  out.proxies = http::ProxiesFromEnvironment();
  out.print = [](absl::string_view text) { Print(text); };
  out.on_warning = [](absl::string_view text) { PrintWarning(text); };
  return out;
}

}  // namespace weir::cli
