#include "template_release.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "output.h"
#include "release_files.h"
#include "weir/base/status.h"
#include "weir/helm/values.h"
#include "weir/helm_controller/preview.h"

namespace weir::cli {
namespace {

// Flags that say what the HelmRelease says, or need more than files.
absl::Status CheckFlags(const TemplateArgs& args) {
  const std::pair<const char*, bool> kRefused[] = {
      {"--dry-run=server, --dry-run=embedded and --validate",
       args.asks_server()},
      {"--version", !args.chart.version.empty()},
      {"--repo", !args.chart.repository.empty()},
      {"--verify", args.chart.verify},
      {"--dependency-update", args.chart.dependency_update},
      {"--name-template", !args.name_template.empty()},
      {"--generate-name", args.generate_name},
      {"--post-renderer", !args.post_renderer.empty()}};
  for (const auto& [flag, is_given] : kRefused) {
    if (!is_given) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(flag,
                     ": of charts; a HelmRelease says all that itself, and is "
                     "rendered without a cluster"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RenderReleaseFile(const Context& ctx, const TemplateArgs& args,
                               TemplateServices& services) {
  WEIR_RETURN_IF_ERROR(CheckFlags(args));
  if (args.positional.size() > 2) {
    return absl::InvalidArgumentError(
        "expected at most two arguments: [NAME] FILE");
  }
  const std::string name =
      args.positional.size() == 2 ? args.positional[0] : "";
  std::vector<std::string> paths = {args.positional.back()};
  paths.insert(paths.end(), args.objects.begin(), args.objects.end());
  WEIR_ASSIGN_OR_RETURN(const ReleaseFiles files,
                        ReadReleaseFiles(paths, NamespaceOf(args)));
  WEIR_ASSIGN_OR_RETURN(const std::vector<Value> releases,
                        PickReleases(files, name));
  WEIR_ASSIGN_OR_RETURN(const LocalSources sources,
                        LocalSources::Parse(args.sources));
  helm_controller::RenderRequest common;
  WEIR_ASSIGN_OR_RETURN(common.capabilities, CapabilitiesOf(args));
  WEIR_ASSIGN_OR_RETURN(common.more_values, ValuesOf(args, services));
  common.is_upgrade = args.is_upgrade;
  common.options.skip_schema_validation = args.skip_schema_validation;
  common.options.on_warning = [](absl::string_view text) {
    PrintWarning(text);
  };
  common.options.load_schema = [&services](const std::string& url) {
    return services.LoadSchema(url);
  };
  common.read = [&files](const kube::ObjectRef& ref) {
    return files.Find(ref);
  };
  TemplateArgs printed = args;
  printed.use_release_name |= releases.size() > 1;
  for (const Value& release : releases) {
    WEIR_ASSIGN_OR_RETURN(std::optional<helm::Chart> chart,
                          sources.FindChart(ctx, release, files));
    if (!chart.has_value()) {
      WEIR_ASSIGN_OR_RETURN(const auto request,
                            helm_controller::ChartOf(release));
      const std::string source = NameSource(request.source);
      return absl::InvalidArgumentError(absl::StrCat("no folder stands for ",
                                                     source, ": give --source ",
                                                     source, "=FOLDER"));
    }
    helm_controller::RenderRequest one = common;
    one.object = release;
    one.chart = *std::move(chart);
    WEIR_ASSIGN_OR_RETURN(
        const helm_controller::RenderedHelmRelease rendered,
        helm_controller::RenderHelmRelease(ctx, std::move(one)), "HelmRelease ",
        kube::KeyOf(release).ToString());
    WEIR_RETURN_IF_ERROR(
        PrintRelease(printed, rendered.release, rendered.name));
  }
  return absl::OkStatus();
}

}  // namespace weir::cli
