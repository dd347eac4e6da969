// Where the user's helm keeps its files, and the flags about repositories,
// registries and provenance.
//
// Touches: process (environment).
// Threads: one thread.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace weir::cli {

struct ChartFlags {
  std::string version;
  std::string repository;
  std::string username;
  std::string password;
  bool pass_credentials = false;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  bool insecure_skip_tls_verify = false;
  bool plain_http = false;
  bool verify = false;
  std::string keyring;
  bool devel = false;
  bool dependency_update = false;
  // Files of helm; empty: where helm's environment says.
  std::string registry_config;
  std::string repository_config;
  std::string repository_cache;
  std::string content_cache;
};

void AddChartFlags(CLI::App* command, ChartFlags* flags);

// A file below helm's configuration or cache folder.
std::string HelmConfigPath(const std::string& name);
std::string HelmCachePath(const std::string& name);
std::string HelmDataPath(const std::string& name);
// The variable's value, or the other one when it is not set.
std::string EnvironmentOr(const char* name, const std::string& otherwise);

}  // namespace weir::cli
