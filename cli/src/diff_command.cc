// `weir diff`: what would change in the cluster.
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "cluster.h"
#include "diff_report.h"
#include "invocation.h"
#include "output.h"
#include "release_files.h"
#include "repository_chart.h"
#include "weir/apply/inventory.h"
#include "weir/base/status.h"
#include "weir/helm_controller/preview.h"

namespace weir::cli {
namespace {

using helm_controller::ObjectChange;
using helm_controller::Preview;

constexpr int kSame = 0, kDifferent = 1, kFailed = 2;
// As controllers take it: where artifacts are really served.
constexpr char kLocalhostVariable[] = "SOURCE_CONTROLLER_LOCALHOST";

struct DiffOptions {
  std::string name;
  std::vector<std::string> files;
  std::vector<std::string> sources;
};

int FailDiff(const absl::Status& status) {
  Fail(status);
  return kFailed;
}

const char* Verb(ObjectChange::Kind kind) {
  switch (kind) {
    case ObjectChange::Kind::kCreated:
      return "created";
    case ObjectChange::Kind::kChanged:
      return "drifted";
    case ObjectChange::Kind::kDeleted:
      return "deleted";
  }
  return "";
}

void PrintPlan(const Preview& preview) {
  if (!preview.target_change.empty()) {
    PrintWarning(absl::StrCat("another ", preview.target_change,
                              ": the old release is uninstalled, and ",
                              preview.release, " is installed"));
  }
  const char* what =
      preview.action == Preview::Action::kInstall   ? "an installation of "
      : preview.action == Preview::Action::kUpgrade ? "an upgrade of "
                                                    : "no upgrade of ";
  PrintAction(absl::StrCat(what, preview.release, " with chart ", preview.chart,
                           " is due"));
}

// Prints a preview; returns the exit code.
int PrintPreview(const Preview& preview) {
  PrintPlan(preview);
  for (const ObjectChange& change : preview.changes) {
    std::string text = absl::StrCat("► ", apply::Subject(change.ref), " ",
                                    Verb(change.kind), "\n");
    if (change.kind == ObjectChange::Kind::kChanged) {
      absl::StrAppend(&text, "\n",
                      FormatDifferences(change.before, change.after));
    }
    Print(text);
  }
  for (const std::string& problem : preview.problems) PrintFailure(problem);
  if (!preview.problems.empty()) return kFailed;
  if (preview.changes.empty()) return kSame;
  for (const std::string& hook : preview.hooks) {
    PrintAction(absl::StrCat("hook ", hook, " runs"));
  }
  return kDifferent;
}

absl::StatusOr<Preview> Compare(const Context& ctx, const kube::Client& client,
                                const Value& release, bool is_edited,
                                const LocalSources& sources,
                                const ReleaseFiles& files) {
  helm_controller::PreviewRequest request;
  request.object = release;
  request.is_edited = is_edited;
  request.read = [&files](const kube::ObjectRef& ref) {
    return files.Find(ref);
  };
  if (const char* host = std::getenv(kLocalhostVariable); host != nullptr) {
    request.source_controller_localhost = host;
  }
  WEIR_ASSIGN_OR_RETURN(request.chart, sources.FindChart(ctx, release, files));
  const bool is_local = request.chart.has_value();
  absl::StatusOr<Preview> preview =
      helm_controller::PreviewRelease(ctx, client, request);
  const bool lacks_chart = absl::IsFailedPrecondition(preview.status()) ||
                           absl::IsUnavailable(preview.status());
  if (is_local || !lacks_chart) return preview;
  WEIR_ASSIGN_OR_RETURN(const auto wanted, helm_controller::ChartOf(release));
  auto fetched = FetchFromRepository(ctx, client, files, wanted);
  if (fetched.ok() && fetched->has_value()) {
    request.chart = *std::move(fetched);
    return helm_controller::PreviewRelease(ctx, client, std::move(request));
  }
  const std::string source = NameSource(wanted.source);
  return absl::Status(
      preview.status().code(),
      absl::StrCat(
          preview.status().message(),
          fetched.ok() ? "" : absl::StrCat("; ", fetched.status().message()),
          "\n  give a folder in place of the chart's source: --source ", source,
          "=FOLDER"));
}

int Run(const Context& ctx, const Globals& globals,
        const DiffOptions& options) {
  const bool is_edited = !options.files.empty();
  if (!is_edited && options.name.empty()) {
    PrintFailure("give the name of one HelmRelease, or a file with --file");
    return kFailed;
  }
  const auto timeout = TimeoutOf(globals);
  if (!timeout.ok()) return FailDiff(timeout.status());
  const auto sources = LocalSources::Parse(options.sources);
  if (!sources.ok()) return FailDiff(sources.status());
  const auto files = ReadReleaseFiles(options.files, globals.name_space);
  if (!files.ok()) return FailDiff(files.status());
  const auto client = Connect(globals);
  if (!client.ok()) return FailDiff(client.status());
  const Context bounded = ctx.WithTimeout(*timeout);
  std::vector<Value> releases;
  if (is_edited) {
    auto picked = PickReleases(*files, options.name);
    if (!picked.ok()) return FailDiff(picked.status());
    releases = *std::move(picked);
  } else {
    auto found = (*client)->Get(
        bounded, {{"helm.toolkit.fluxcd.io", "v2", "HelmRelease"},
                  {globals.name_space, options.name}});
    if (!found.ok()) return FailDiff(found.status());
    releases.push_back(*std::move(found));
  }
  int code = kSame;
  for (const Value& release : releases) {
    const absl::StatusOr<Preview> preview =
        Compare(bounded, **client, release, is_edited, *sources, *files);
    code = std::max(code, preview.ok() ? PrintPreview(*preview)
                                       : FailDiff(preview.status()));
  }
  if (code == kDifferent) {
    PrintWarning(
        "identified at least one change, exiting with non-zero exit code");
  }
  return code;
}

}  // namespace

void AddDiffCommand(CLI::App& app, Invocation& invocation) {
  CLI::App* diff =
      app.add_subcommand("diff", "Shows what would change in the cluster");
  diff->require_subcommand(1);
  auto options = std::make_shared<DiffOptions>();
  CLI::App* release = diff->add_subcommand(
      "helmrelease", "Shows what the next upgrade of a HelmRelease changes");
  release->alias("hr");
  release->footer(
      "Renders the release as helm-controller does, and compares its objects "
      "with those\nin the cluster by dry runs; of a release that is as it "
      "should be, what was changed\nbehind its back. Values of Secrets are "
      "masked. Exits 0 when nothing would change, 1\nwhen something would, 2 "
      "when it cannot be told.\n"
      "Examples:\n"
      "  weir diff hr podinfo -n apps\n"
      "  weir diff hr -f release.yaml             before it is committed\n"
      "  weir diff hr podinfo --source ./chart    with a chart that is edited");
  release->add_option("NAME", options->name, "Name of the HelmRelease");
  release
      ->add_option("-f,--file", options->files,
                   "HelmRelease to compare instead of the cluster's, with "
                   "ConfigMaps and Secrets that it refers to; - for standard "
                   "input")
      ->type_name("PATH")
      ->allow_extra_args(false);
  release
      ->add_option("--source,--local-sources", options->sources,
                   "The folder, or chart archive, that stands for a source; of "
                   "a HelmRepository it holds charts by name")
      ->type_name("[KIND/[NAMESPACE/]NAME=|URL=]FOLDER")
      ->allow_extra_args(false);
  release->callback([&invocation, options] {
    invocation.run = [&invocation, options](const Context& ctx) {
      return Run(ctx, invocation.globals, *options);
    };
  });
}

}  // namespace weir::cli
