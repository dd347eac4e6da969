// `weir template` with repositories, clusters and post-renderers, as one of all
// commands.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "helm_environment.h"
#include "helm_plugin.h"
#include "invocation.h"
#include "output.h"
#include "template_cluster.h"
#include "template_command.h"
#include "template_release.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/helm/fetch.h"
#include "weir/http/client.h"
#include "weir/value/go_quote.h"

namespace weir::cli {
namespace {

class NetworkServices : public TemplateServices {
 public:
  NetworkServices(const Context& ctx, const TemplateArgs& args)
      : ctx_(ctx),
        args_(args),
        fetcher_(http_, FetchOptionsOf(ctx, args.chart)) {}

  absl::StatusOr<std::string> Locate(const std::string& name) override {
    WEIR_ASSIGN_OR_RETURN(found_, fetcher_.Locate(ctx_, name));
    return found_.path;
  }
  absl::StatusOr<helm::Chart> Load(const std::string&,
                                   const helm::LoadOptions& options) override {
    return fetcher_.Load(found_, options);
  }
  absl::Status UpdateDependencies(const std::string& path) override {
    return fetcher_.UpdateDependencies(ctx_, path);
  }
  absl::StatusOr<std::string> ReadUrl(const std::string& url) override {
    return fetcher_.Read(ctx_, url);
  }
  absl::StatusOr<std::string> LoadSchema(const std::string& url) override {
    return ReadSchema(ctx_, fetcher_, url);
  }
  absl::StatusOr<std::unique_ptr<TemplateCluster>> Connect() override {
    return ConnectTemplateCluster(ctx_, args_);
  }
  absl::StatusOr<helm::PostRender> FindPostRenderer() override {
    std::string chosen;
    for (const std::string& name : args_.post_renderer) {
      if (name.empty()) continue;
      if (!chosen.empty()) {
        return absl::InvalidArgumentError(absl::StrCat(
            "invalid argument ", GoQuote(name),
            " for \"--post-renderer\" flag: cannot specify --post-renderer "
            "flag more than once"));
      }
      chosen = name;
    }
    if (chosen.empty()) return helm::PostRender();
    return MakePostRenderer(ctx_, chosen, args_.post_renderer_args);
  }

 private:
  const Context& ctx_;
  const TemplateArgs& args_;
  http::Client http_;
  helm::ChartFetcher fetcher_;
  helm::FoundChart found_;
};

}  // namespace

void AddTemplateCommand(CLI::App& app, Invocation& invocation) {
  AddTemplateFlags(
      app, invocation,
      [&invocation](const Context& ctx, const TemplateArgs& args) {
        const auto timeout = ParseGoDuration(invocation.globals.timeout);
        if (!timeout.ok()) return Fail(Annotate(timeout.status(), "--timeout"));
        NetworkServices services(ctx, args);
        const absl::Status status = NamesReleaseFile(args)
                                        ? RenderReleaseFile(ctx, args, services)
                                        : RenderTemplate(args, services);
        return status.ok() ? 0 : Fail(status);
      });
}

}  // namespace weir::cli
