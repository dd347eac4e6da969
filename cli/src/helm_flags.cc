#include "helm_flags.h"

#include <cstdlib>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"

namespace weir::cli {
namespace {

// $HELM_<X>_HOME/name, or $XDG_<X>_HOME/helm/name, or ~/<usual>/helm/name.
std::string HelmPath(const char* helm, const char* xdg, const char* usual,
                     const std::string& name) {
  const std::string own = EnvironmentOr(helm, "");
  if (!own.empty()) return absl::StrCat(own, "/", name);
  std::string base = EnvironmentOr(xdg, "");
  if (base.empty()) base = absl::StrCat(EnvironmentOr("HOME", ""), "/", usual);
  return absl::StrCat(base, "/helm/", name);
}

}  // namespace

std::string EnvironmentOr(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

std::string HelmConfigPath(const std::string& name) {
  return HelmPath("HELM_CONFIG_HOME", "XDG_CONFIG_HOME", ".config", name);
}
std::string HelmCachePath(const std::string& name) {
  return HelmPath("HELM_CACHE_HOME", "XDG_CACHE_HOME", ".cache", name);
}
std::string HelmDataPath(const std::string& name) {
  return HelmPath("HELM_DATA_HOME", "XDG_DATA_HOME", ".local/share", name);
}

void AddChartFlags(CLI::App* command, ChartFlags* flags) {
  command->add_option("--version", flags->version,
                      "Version of the chart, or a range; default: the latest");
  command->add_flag("--devel", flags->devel,
                    "Versions that are not released yet, too");
  command
      ->add_option("--repo", flags->repository, "Repository in which CHART is")
      ->type_name("URL");
  command->add_option("--username", flags->username,
                      "User of the repository or registry");
  command->add_option("--password", flags->password, "That user's password");
  command->add_flag("--pass-credentials", flags->pass_credentials,
                    "Send them to other hosts that the repository names, too");
  command
      ->add_option("--ca-file", flags->ca_file,
                   "Authorities that servers' certificates are from")
      ->type_name("FILE");
  command->add_option("--cert-file", flags->cert_file, "Our own certificate")
      ->type_name("FILE");
  command->add_option("--key-file", flags->key_file, "Its key")
      ->type_name("FILE");
  command->add_flag("--insecure-skip-tls-verify",
                    flags->insecure_skip_tls_verify, "Take any certificate");
  command->add_flag("--plain-http", flags->plain_http,
                    "Registries without TLS");
  command->add_flag("--verify", flags->verify,
                    "Check the chart's provenance file first");
  command
      ->add_option("--keyring", flags->keyring,
                   "Keys that charts are signed with; default: "
                   "~/.gnupg/pubring.gpg")
      ->type_name("FILE");
  command->add_flag("--dependency-update", flags->dependency_update,
                    "Fetch what the chart depends on, if it is missing");
  command
      ->add_option("--registry-config", flags->registry_config,
                   "helm's logins to registries")
      ->type_name("FILE");
  command
      ->add_option("--repository-config", flags->repository_config,
                   "helm's list of repositories")
      ->type_name("FILE");
  command
      ->add_option("--repository-cache", flags->repository_cache,
                   "helm's indexes of repositories")
      ->type_name("DIR");
  command
      ->add_option("--content-cache", flags->content_cache,
                   "helm's cache of charts")
      ->type_name("DIR");
}

}  // namespace weir::cli
