// `weir template`: its flags, and the rendering that they ask for.
//
// Touches: files (charts, values, what --output-dir names), what
// TemplateServices touch, process (environment, standard input and output).
// Threads: one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "helm_flags.h"
#include "weir/base/context.h"
#include "weir/helm/capabilities.h"
#include "weir/helm/chart.h"
#include "weir/helm/load.h"
#include "weir/helm/release.h"
#include "weir/helm/render.h"
#include "weir/helm/values.h"

namespace CLI {
class App;
}

namespace weir::cli {

struct Invocation;

// How the API server is reached, where the kubeconfig does not say it.
struct ClusterFlags {
  std::string context;
  std::string token;
  std::string as_user;
  std::vector<std::string> as_groups;
  std::string server;
  std::string ca_file;
  std::string tls_server_name;
  bool insecure_skip_tls_verify = false;
};

struct TemplateArgs {
  std::vector<std::string> positional;  // [NAME] CHART
  ChartFlags chart;
  std::string kubeconfig;  // Empty: KUBECONFIG, then ~/.kube/config.
  ClusterFlags cluster;
  std::string name_template;
  bool generate_name = false;
  std::string name_space;
  helm::ValuesSources values;
  std::vector<std::string> value_files;  // Each may name several.
  std::vector<std::string> show_only;
  helm::PrintOptions print;
  bool is_upgrade = false;
  bool skip_schema_validation = false;
  bool resolves_hosts = false;
  std::string kube_version;
  std::vector<std::string> api_versions;
  std::string output_dir;
  bool use_release_name = false;
  std::string dry_run = "client";
  bool validate = false;
  bool debug = false;
  bool skip_crds = false;
  bool take_ownership = false;
  bool disable_openapi_validation = false;
  std::vector<std::string> post_renderer;  // At most one that is not empty.
  std::vector<std::string> post_renderer_args;
  std::vector<std::string> labels;
  // Of a file with HelmReleases.
  std::vector<std::string> sources;
  std::vector<std::string> objects;

  // Whether objects are looked up in, and checked against, a cluster.
  bool asks_server() const {
    return validate || dry_run == "server" || dry_run == "embedded";
  }
};

// What is asked of a cluster while a chart is rendered.
class TemplateCluster {
 public:
  virtual ~TemplateCluster() = default;
  virtual absl::Status CheckReachable() = 0;
  // Called once the chart is known, before all that follows.
  virtual absl::Status Prepare(const helm::Chart& chart) = 0;
  virtual absl::StatusOr<helm::Capabilities> GetCapabilities() = 0;
  // As helm::RenderOptions::lookup.
  virtual absl::StatusOr<Value> Lookup(absl::string_view api_version,
                                       absl::string_view kind,
                                       absl::string_view name_space,
                                       absl::string_view name) = 0;
  // Whether the release could be installed. `manifest`: its text.
  virtual absl::Status Check(const std::string& manifest,
                             const helm::Release& release,
                             const TemplateArgs& args) = 0;
};

// What a rendering takes from elsewhere than local files.
class TemplateServices {
 public:
  virtual ~TemplateServices() = default;
  // The chart that the user means, as a path.
  virtual absl::StatusOr<std::string> Locate(const std::string& name) = 0;
  virtual absl::StatusOr<helm::Chart> Load(
      const std::string& path, const helm::LoadOptions& options) = 0;
  virtual absl::Status UpdateDependencies(const std::string& path) = 0;
  virtual absl::StatusOr<std::string> ReadUrl(const std::string& url) = 0;
  // A document that a schema refers to.
  virtual absl::StatusOr<std::string> LoadSchema(const std::string& url) = 0;
  virtual absl::StatusOr<std::unique_ptr<TemplateCluster>> Connect() = 0;
  virtual absl::StatusOr<helm::PostRender> FindPostRenderer() = 0;
  // Called once all is printed.
  virtual void Finished() {}
};

// Renders, and prints or writes the result.
absl::Status RenderTemplate(const TemplateArgs& args,
                            TemplateServices& services);

// Whether what is to be rendered is a file with HelmReleases.
bool NamesReleaseFile(const TemplateArgs& args);

// What the flags say.
absl::StatusOr<helm::Capabilities> CapabilitiesOf(const TemplateArgs& args);
std::string NamespaceOf(const TemplateArgs& args);
absl::StatusOr<Value> ValuesOf(const TemplateArgs& args,
                               TemplateServices& services);
// Prints or writes what was rendered, as the flags say.
absl::Status PrintRelease(const TemplateArgs& args,
                          const helm::RenderedRelease& rendered,
                          const std::string& name);

// Whether neither network, cluster nor another program is needed, so that
// LocalServices will do.
bool IsLocal(const TemplateArgs& args);

// Charts on disk and nothing else, for a process of its own: large ones change
// how it takes memory. Remembers that something else was asked for.
class LocalServices : public TemplateServices {
 public:
  absl::StatusOr<std::string> Locate(const std::string& name) override;
  absl::StatusOr<helm::Chart> Load(const std::string& path,
                                   const helm::LoadOptions& options) override;
  absl::Status UpdateDependencies(const std::string& path) override;
  absl::StatusOr<std::string> ReadUrl(const std::string& url) override;
  absl::StatusOr<std::string> LoadSchema(const std::string& url) override;
  absl::StatusOr<std::unique_ptr<TemplateCluster>> Connect() override;
  absl::StatusOr<helm::PostRender> FindPostRenderer() override;
  // Ends the process: to free what a chart took would take longer than to
  // leave it.
  void Finished() override;

  bool was_asked() const { return was_asked_; }

 private:
  absl::Status NotHere(const std::string& what);

  bool was_asked_ = false;
};

// Adds the command with its flags; `run` does it.
void AddTemplateFlags(
    CLI::App& app, Invocation& invocation,
    std::function<int(const Context&, const TemplateArgs&)> run);

}  // namespace weir::cli
