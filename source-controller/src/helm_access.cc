#include "src/helm_access.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/helm/oci_charts.h"
#include "weir/helm/url.h"
#include "weir/kube/secrets.h"
#include "weir/oci/credentials.h"

namespace weir::source {
namespace {

constexpr absl::Duration kDefaultTimeout = absl::Minutes(1);
constexpr char kDockerConfigType[] = "kubernetes.io/dockerconfigjson";

// "host:port" of a registry's URL.
std::string HostOf(const std::string& url) {
  absl::string_view rest = absl::StripPrefix(url, helm::kOciScheme);
  return std::string(rest.substr(0, rest.find('/')));
}

absl::StatusOr<oci::FindCredentials> RegistryLogin(
    const kube::SecretData& secret, const std::string& url) {
  const std::string name = secret.name.substr(secret.name.find('/') + 1);
  oci::Credentials login;
  if (secret.type == kDockerConfigType) {
    WEIR_ASSIGN_OR_RETURN(const oci::DockerConfig config,
                          oci::DockerConfig::Parse(
                              secret.Get(".dockerconfigjson").RevealForUse()),
                          "unable to load Docker config from Secret '", name,
                          "'");
    oci::Reference where;
    where.registry = HostOf(url);
    WEIR_ASSIGN_OR_RETURN(login, config.Find(where, nullptr),
                          "unable to get authentication data from Secret '",
                          name, "'");
    if (login.is_empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("no auth config for '", where.registry,
                       "' in the docker-registry Secret '", name, "'"));
    }
  } else {
    login.username = secret.Get("username").RevealForUse();
    login.password = secret.Get("password");
    if (login.username.empty() != login.password.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("invalid '", name,
                       "' secret data: required fields 'username' and "
                       "'password'"));
    }
    if (login.is_empty()) return oci::FindCredentials();
  }
  return [login](const oci::Reference&) -> absl::StatusOr<oci::Credentials> {
    return login;
  };
}

}  // namespace

bool IsOciUrl(absl::string_view url) {
  return absl::StartsWith(url, helm::kOciScheme);
}

absl::StatusOr<std::string> NormalizeUrl(const std::string& url) {
  WEIR_ASSIGN_OR_RETURN(helm::Url parsed, helm::ParseUrl(url));
  while (absl::EndsWith(parsed.path, "/")) parsed.path.pop_back();
  if (!IsOciUrl(url)) parsed.path += "/";
  return parsed.ToString();
}

absl::Duration TimeoutOf(const v1::HelmRepositorySpec& spec) {
  return spec.timeout().empty()
             ? kDefaultTimeout
             : ParseGoDuration(spec.timeout()).value_or(kDefaultTimeout);
}

absl::StatusOr<HelmAccess> FindHelmAccess(const Context& ctx,
                                          const kube::Client& client,
                                          const Options& options,
                                          const std::string& name_space,
                                          const v1::HelmRepositorySpec& spec) {
  HelmAccess out;
  WEIR_ASSIGN_OR_RETURN(out.url, NormalizeUrl(spec.url()));
  out.timeout = TimeoutOf(spec);
  out.http.pass_credentials = spec.pass_credentials();
  out.registry.user_agent = "flux/v2/helm/v4/oras/v2";
  out.registry.proxies = options.proxies;
  out.registry.plain_http = spec.insecure();
  out.registry.max_attempts = 3;
  out.registry.max_retry_after = absl::Seconds(5);
  if (spec.has_cert_secret_ref()) {
    const std::string& name = spec.cert_secret_ref().name();
    WEIR_ASSIGN_OR_RETURN(const kube::SecretData secret,
                          kube::GetSecretData(ctx, client, name_space, name),
                          "failed to get TLS authentication secret '",
                          name_space, "/", name, "'");
    WEIR_ASSIGN_OR_RETURN(out.http.tls, kube::ReadTls(secret),
                          "failed to construct Helm client's TLS config");
    if (out.http.tls == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "failed to construct Helm client's TLS config: secret '", secret.name,
          "' must contain either 'ca.crt' or both 'tls.crt' and 'tls.key'"));
    }
  }
  if (spec.has_secret_ref()) {
    const std::string& name = spec.secret_ref().name();
    WEIR_ASSIGN_OR_RETURN(const kube::SecretData secret,
                          kube::GetSecretData(ctx, client, name_space, name),
                          "failed to get authentication secret '", name_space,
                          "/", name, "'");
    WEIR_ASSIGN_OR_RETURN(const std::optional<kube::BasicAuth> basic,
                          kube::ReadBasicAuth(secret),
                          "failed to detect authentication methods");
    if (basic.has_value()) {
      out.http.username = basic->username;
      out.http.password = basic->password;
    }
    // Half of a pair counts for nothing here.
    const auto tls = kube::ReadTls(secret);
    if (out.http.tls == nullptr && tls.ok()) out.http.tls = *tls;
    if (IsOciUrl(out.url)) {
      WEIR_ASSIGN_OR_RETURN(out.registry.credentials,
                            RegistryLogin(secret, out.url),
                            "failed to configure OCI registry authentication");
    }
  }
  out.registry.tls = out.http.tls;
  return out;
}

helm::FetchOptions HelmFetchOptions(const Options& options,
                                    const HelmAccess& access) {
  helm::FetchOptions out;
  out.proxies = options.proxies;
  out.user_agent = "Helm/4.2.1";
  out.timeout = access.timeout;
  return out;
}

}  // namespace weir::source
