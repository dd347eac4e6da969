// `weir reconcile`: asks for a pass now, and waits for its end.
#include <memory>
#include <optional>
#include <utility>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "cluster.h"
#include "invocation.h"
#include "nouns.h"
#include "output.h"
#include "weir/base/status.h"

namespace weir::cli {
namespace {

constexpr char kRequestedAt[] = "reconcile.fluxcd.io/requestedAt";

struct ReconcileOptions {
  std::string name;
  bool all = false;
  bool with_source = false;
  bool force = false;  // HelmRelease
  bool reset = false;  // HelmRelease
};

const Noun* FindNoun(absl::string_view kind) {
  for (const Noun& noun : Nouns()) {
    if (noun.gvk.kind == kind) return &noun;
  }
  return nullptr;
}

kube::ObjectRef RefTo(const Noun& noun, absl::string_view name_space,
                      absl::string_view name) {
  return {noun.gvk, {std::string(name_space), std::string(name)}};
}

absl::Status Annotate(const Context& ctx, const kube::Client& client,
                      const Noun& noun, const kube::ObjectRef& ref,
                      const ReconcileOptions& options) {
  PrintAction(absl::StrCat("annotating ", noun.gvk.kind, " ", ref.key.name,
                           " in ", ref.key.name_space, " namespace"));
  const std::string now =
      absl::FormatTime(absl::RFC3339_full, absl::Now(), absl::LocalTimeZone());
  Value annotations;
  annotations.Set(kRequestedAt, now);
  if (noun.gvk.kind == "HelmRelease") {
    if (options.force) annotations.Set("reconcile.fluxcd.io/forceAt", now);
    if (options.reset) annotations.Set("reconcile.fluxcd.io/resetAt", now);
  }
  Value patch;
  patch.Mutable("metadata").Set("annotations", std::move(annotations));
  WEIR_RETURN_IF_ERROR(client.Patch(ctx, ref, kube::PatchType::kMerge, patch,
                                    {.field_manager = "weir"}));
  PrintSuccess(absl::StrCat(noun.gvk.kind, " annotated"));
  return absl::OkStatus();
}

struct Source {
  const Noun* noun = nullptr;
  kube::ObjectRef ref;
};

// What the object is made from, if a pass of that can be asked for: a
// HelmRelease's own HelmChart, once there is one, else what its spec names.
std::optional<Source> FindSource(const Value& object,
                                 const kube::ObjectRef& ref) {
  const Noun* chart = FindNoun("HelmChart");
  const std::pair<absl::string_view, absl::string_view> own = absl::StrSplit(
      object["status"].GetString("helmChart"), absl::MaxSplits('/', 1));
  if (!own.second.empty()) {
    return Source{chart, RefTo(*chart, own.first, own.second)};
  }
  const Value* named = object["spec"].Find("sourceRef");
  if (named == nullptr) named = object["spec"].Find("chartRef");
  if (named == nullptr) {
    named = object["spec"]["chart"]["spec"].Find("sourceRef");
  }
  if (named == nullptr) return std::nullopt;
  const Noun* noun = FindNoun(named->GetString("kind"));
  if (noun == nullptr || !noun->can_reconcile) return std::nullopt;
  return Source{noun,
                RefTo(*noun, named->GetString("namespace", ref.key.name_space),
                      named->GetString("name"))};
}

absl::Status ReconcileOne(const Context& ctx, const kube::Client& client,
                          const Noun& noun, const kube::ObjectRef& ref,
                          const ReconcileOptions& options);

absl::Status ReconcileSource(const Context& ctx, const kube::Client& client,
                             const Source& source) {
  ReconcileOptions options;
  // A chart by itself is no source: what it is taken from is.
  options.with_source = source.noun->gvk.kind == "HelmChart";
  return ReconcileOne(ctx, client, *source.noun, source.ref, options);
}

absl::Status ReconcileOne(const Context& ctx, const kube::Client& client,
                          const Noun& noun, const kube::ObjectRef& ref,
                          const ReconcileOptions& options) {
  WEIR_ASSIGN_OR_RETURN(const Value before, client.Get(ctx, ref));
  if (before["spec"].GetBool("suspend")) {
    return absl::FailedPreconditionError(absl::StrCat(
        "resource is suspended; resume it first: weir resume ",
        noun.group == NounGroup::kSource ? "source " : "", noun.names[0], " ",
        ref.key.name, " -n ", ref.key.name_space));
  }
  if (IsStatic(before)) {
    PrintSuccess("reconciliation not supported by the object");
    return absl::OkStatus();
  }
  if (options.with_source) {
    if (const auto source = FindSource(before, ref); source.has_value()) {
      WEIR_RETURN_IF_ERROR(ReconcileSource(ctx, client, *source));
    }
  }
  const std::string handled_before(
      before["status"].GetString("lastHandledReconcileAt"));
  WEIR_RETURN_IF_ERROR(Annotate(ctx, client, noun, ref, options));
  PrintWaiting(absl::StrCat("waiting for ", noun.gvk.kind, " reconciliation"));
  WEIR_ASSIGN_OR_RETURN(
      const Value after,
      AwaitObject(ctx, client, ref,
                  [&](const Value& object) -> absl::StatusOr<bool> {
                    if (object["status"].GetString("lastHandledReconcileAt") ==
                        handled_before) {
                      return false;
                    }
                    return IsReconciled(object);
                  }));
  PrintSuccess(RevisionLine(noun, after));
  return absl::OkStatus();
}

int ReconcileAll(const Context& ctx, const kube::Client& client,
                 const Globals& globals, const Noun& noun,
                 const ReconcileOptions& options) {
  const auto list = client.List(ctx, noun.gvk, globals.name_space);
  if (!list.ok()) return Fail(list.status());
  if ((*list)["items"].empty()) {
    PrintFailure(absl::StrCat("no ", noun.gvk.kind, " objects found in ",
                              globals.name_space, " namespace"));
    return 1;
  }
  int code = 0;
  for (const Value& object : (*list)["items"].array()) {
    const kube::ObjectRef ref{noun.gvk, kube::KeyOf(object)};
    if (object["spec"].GetBool("suspend")) {
      PrintWarning(absl::StrCat(noun.gvk.kind, " ", ref.key.name,
                                " is suspended: left alone"));
      continue;
    }
    const absl::Status status = ReconcileOne(ctx, client, noun, ref, options);
    if (!status.ok()) code = Fail(status);
  }
  return code;
}

int Run(const Context& ctx, const Invocation& invocation, const Noun& noun,
        const ReconcileOptions& options) {
  if (options.name.empty() != options.all) {
    PrintFailure(
        absl::StrCat("give the name of one ", noun.gvk.kind, ", or --all"));
    return 2;
  }
  const auto timeout = TimeoutOf(invocation.globals);
  if (!timeout.ok()) return Fail(timeout.status());
  const auto client = Connect(invocation.globals);
  if (!client.ok()) return Fail(client.status());
  const Context bounded = ctx.WithTimeout(*timeout);
  if (options.all) {
    return ReconcileAll(bounded, **client, invocation.globals, noun, options);
  }
  const absl::Status status = ReconcileOne(
      bounded, **client, noun,
      RefTo(noun, invocation.globals.name_space, options.name), options);
  if (absl::IsDeadlineExceeded(status)) {
    PrintFailure(absl::StrCat(
        noun.gvk.kind, " ", options.name, " was not reconciled within ",
        invocation.globals.timeout, "; is its controller running?"));
    return 1;
  }
  return status.ok() ? 0 : Fail(status);
}

void AddNoun(CLI::App& parent, const Noun& noun, Invocation& invocation) {
  auto options = std::make_shared<ReconcileOptions>();
  CLI::App* command = parent.add_subcommand(
      std::string(noun.names[0]),
      absl::StrCat("Reconciles a ", noun.gvk.kind, " now"));
  for (size_t i = 1; i < noun.names.size(); ++i) {
    command->alias(std::string(noun.names[i]));
  }
  command->add_option("NAME", options->name, "Name of the object");
  command->add_flag("--all", options->all, "All objects of the namespace");
  if (noun.group == NounGroup::kNone || noun.gvk.kind == "HelmChart") {
    command->add_flag("--with-source", options->with_source,
                      "Reconcile the object's source first");
  }
  if (noun.gvk.kind == "HelmRelease") {
    command->add_flag("--force", options->force,
                      "Install or upgrade even when nothing changed");
    command->add_flag("--reset", options->reset,
                      "Start counting failures anew");
  }
  command->callback([&noun, &invocation, options] {
    invocation.run = [&noun, &invocation, options](const Context& ctx) {
      return Run(ctx, invocation, noun, *options);
    };
  });
}

}  // namespace

void AddReconcileCommand(CLI::App& app, Invocation& invocation) {
  CLI::App* reconcile = app.add_subcommand(
      "reconcile", "Reconciles an object now, and waits for the outcome");
  reconcile->footer(
      "Examples:\n"
      "  weir reconcile source git app         fetch now\n"
      "  weir reconcile ks app --with-source   fetch, then apply\n"
      "  weir reconcile ks --all -n apps       every Kustomization there\n");
  reconcile->require_subcommand(1);
  CLI::App* source = reconcile->add_subcommand("source", "Reconciles a source");
  CLI::App* image =
      reconcile->add_subcommand("image", "Reconciles image automation");
  for (CLI::App* group : {source, image}) group->require_subcommand(1);
  for (const Noun& noun : Nouns()) {
    if (!noun.can_reconcile) continue;
    AddNoun(noun.group == NounGroup::kSource  ? *source
            : noun.group == NounGroup::kImage ? *image
                                              : *reconcile,
            noun, invocation);
  }
}

}  // namespace weir::cli
