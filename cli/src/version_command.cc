// `weir version`: of this program, and of the controllers in the cluster.
#include <map>
#include <memory>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cluster.h"
#include "invocation.h"
#include "output.h"
#include "weir/base/status.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::cli {
namespace {

struct VersionOptions {
  bool client_only = false;
  std::string output;  // "", "yaml" or "json"
};

// "controller" -> "tag", from the images of the Deployments that are part of
// flux or weir.
absl::StatusOr<Value> ControllerVersions(const Context& ctx,
                                         const kube::Client& client,
                                         const std::string& name_space) {
  WEIR_ASSIGN_OR_RETURN(
      const Value list,
      client.List(ctx, {"apps", "v1", "Deployment"}, name_space,
                  {.label_selector = "app.kubernetes.io/part-of=flux"}));
  Value versions = Value::MakeObject();
  for (const Value& deployment : list["items"].array()) {
    const Value& pod = deployment["spec"]["template"]["spec"];
    for (const Value& container : pod["containers"].array()) {
      const absl::string_view image = container.GetString("image");
      const std::vector<absl::string_view> parts = absl::StrSplit(image, '/');
      const std::pair<absl::string_view, absl::string_view> name_tag =
          absl::StrSplit(parts.back(), absl::MaxSplits(':', 1));
      if (name_tag.second.empty()) {
        return absl::FailedPreconditionError(
            absl::StrCat("no tag in the image ", image));
      }
      versions.Set(name_tag.first, name_tag.second);
    }
  }
  return versions;
}

int Run(const Context& ctx, const Invocation& invocation,
        const VersionOptions& options) {
  Value versions;
  versions.Set("weir", WEIR_VERSION);
  if (!options.client_only) {
    const auto timeout = TimeoutOf(invocation.globals);
    if (!timeout.ok()) return Fail(timeout.status());
    const auto client = Connect(invocation.globals);
    if (!client.ok()) return Fail(client.status());
    const auto found = ControllerVersions(ctx.WithTimeout(*timeout), **client,
                                          invocation.globals.name_space);
    if (!found.ok()) return Fail(found.status());
    for (const Value::Member& member : found->object()) {
      versions.Set(member.key, member.value);
    }
  }
  if (options.output == "json") {
    Print(absl::StrCat(FormatJson(versions, {.indent = 2}), "\n"));
  } else if (options.output == "yaml") {
    Print(FormatYaml(versions));
  } else {
    for (const Value::Member& member : versions.object()) {
      Print(absl::StrCat(member.key, ": ", member.value.AsString(), "\n"));
    }
  }
  return 0;
}

}  // namespace

void AddVersionCommand(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<VersionOptions>();
  CLI::App* version = app.add_subcommand(
      "version", "Shows the versions of this program and of the controllers");
  version->add_flag("--client", options->client_only,
                    "This program's only: no cluster is asked");
  version->add_option("-o,--output", options->output, "yaml or json")
      ->check(CLI::IsMember({"yaml", "json"}));
  version->callback([&invocation, options] {
    invocation.run = [&invocation, options](const Context& ctx) {
      return Run(ctx, invocation, *options);
    };
  });
}

}  // namespace weir::cli
