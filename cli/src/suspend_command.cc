// `weir suspend` and `weir resume`.
#include <memory>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "cluster.h"
#include "invocation.h"
#include "nouns.h"
#include "output.h"
#include "weir/base/status.h"

namespace weir::cli {
namespace {

struct SuspendOptions {
  std::vector<std::string> names;
  bool all = false;
  bool wait = false;
};

absl::StatusOr<std::vector<kube::ObjectRef>> FindObjects(
    const Context& ctx, const kube::Client& client, const Globals& globals,
    const Noun& noun, const SuspendOptions& options) {
  std::vector<kube::ObjectRef> refs;
  if (!options.all) {
    for (const std::string& name : options.names) {
      const kube::ObjectRef ref{noun.gvk, {globals.name_space, name}};
      const auto object = client.Get(ctx, ref);
      if (absl::IsNotFound(object.status()) &&
          kube::ApiCodeOf(object.status()) == 404) {
        PrintFailure(absl::StrCat(noun.gvk.kind, " object '", name,
                                  "' not found in ", globals.name_space,
                                  " namespace"));
        continue;
      }
      WEIR_RETURN_IF_ERROR(object);
      refs.push_back(ref);
    }
    return refs;
  }
  WEIR_ASSIGN_OR_RETURN(const Value list,
                        client.List(ctx, noun.gvk, globals.name_space));
  for (const Value& object : list["items"].array()) {
    refs.push_back({noun.gvk, kube::KeyOf(object)});
  }
  if (refs.empty()) {
    PrintFailure(absl::StrCat("no ", noun.gvk.kind, " objects found in ",
                              globals.name_space, " namespace"));
  }
  return refs;
}

absl::Status SetSuspended(const Context& ctx, const kube::Client& client,
                          const Noun& noun, const kube::ObjectRef& ref,
                          bool is_suspended) {
  PrintAction(absl::StrCat(is_suspended ? "suspending " : "resuming ",
                           noun.human, " ", ref.key.name, " in ",
                           ref.key.name_space, " namespace"));
  Value patch;
  patch.Mutable("spec").Set("suspend", is_suspended);
  WEIR_RETURN_IF_ERROR(client.Patch(ctx, ref, kube::PatchType::kMerge, patch,
                                    {.field_manager = "weir"}));
  PrintSuccess(
      absl::StrCat(noun.human, is_suspended ? " suspended" : " resumed"));
  return absl::OkStatus();
}

absl::Status AwaitResumed(const Context& ctx, const kube::Client& client,
                          const Noun& noun, const kube::ObjectRef& ref) {
  PrintWaiting(absl::StrCat("waiting for ", noun.gvk.kind, " reconciliation"));
  WEIR_ASSIGN_OR_RETURN(const Value object,
                        AwaitObject(ctx, client, ref, [](const Value& now) {
                          return IsReconciled(now);
                        }));
  if (IsStatic(object)) {
    PrintSuccess("reconciliation not supported by the object");
    return absl::OkStatus();
  }
  PrintSuccess(absl::StrCat(noun.gvk.kind, " ", ref.key.name,
                            " reconciliation completed"));
  if (const std::string line = RevisionLine(noun, object); !line.empty()) {
    PrintSuccess(line);
  }
  return absl::OkStatus();
}

int Run(const Context& ctx, const Invocation& invocation, const Noun& noun,
        const SuspendOptions& options, bool is_suspended) {
  if (options.names.empty() != options.all) {
    PrintFailure(
        absl::StrCat("give names of ", noun.gvk.kind, " objects, or --all"));
    return 2;
  }
  const auto timeout = TimeoutOf(invocation.globals);
  if (!timeout.ok()) return Fail(timeout.status());
  const auto client = Connect(invocation.globals);
  if (!client.ok()) return Fail(client.status());
  const Context bounded = ctx.WithTimeout(*timeout);
  const auto refs =
      FindObjects(bounded, **client, invocation.globals, noun, options);
  if (!refs.ok()) return Fail(refs.status());
  int code = 0;
  for (const kube::ObjectRef& ref : *refs) {
    const absl::Status status =
        SetSuspended(bounded, **client, noun, ref, is_suspended);
    if (!status.ok()) code = Fail(status);
  }
  // One object is waited for in any case, as users of flux expect.
  if (is_suspended || code != 0 || (refs->size() != 1 && !options.wait)) {
    return code;
  }
  for (const kube::ObjectRef& ref : *refs) {
    const absl::Status status = AwaitResumed(bounded, **client, noun, ref);
    if (!status.ok()) code = Fail(status);
  }
  return code;
}

void AddNoun(CLI::App& parent, const Noun& noun, Invocation& invocation,
             bool is_suspended) {
  auto options = std::make_shared<SuspendOptions>();
  CLI::App* command = parent.add_subcommand(
      std::string(noun.names[0]),
      absl::StrCat(is_suspended ? "Suspends " : "Resumes ", noun.gvk.kind,
                   " objects"));
  for (size_t i = 1; i < noun.names.size(); ++i) {
    command->alias(std::string(noun.names[i]));
  }
  command->add_option("NAMES", options->names, "Names of the objects");
  command->add_flag("--all", options->all, "All objects of the namespace");
  if (!is_suspended) {
    command->add_flag("--wait", options->wait,
                      "Wait for each object, also for several");
  }
  command->callback([&noun, &invocation, options, is_suspended] {
    invocation.run = [&noun, &invocation, options,
                      is_suspended](const Context& ctx) {
      return Run(ctx, invocation, noun, *options, is_suspended);
    };
  });
}

void AddVerb(CLI::App& app, Invocation& invocation, bool is_suspended) {
  CLI::App* verb = app.add_subcommand(
      is_suspended ? "suspend" : "resume",
      is_suspended ? "Stops reconciling objects; nothing is deleted"
                   : "Goes on reconciling suspended objects");
  verb->footer(is_suspended
                   ? "Examples:\n"
                     "  weir suspend ks app          stop applying `app`\n"
                     "  weir suspend source git app  stop fetching it\n"
                   : "Examples:\n"
                     "  weir resume ks app           go on, and wait\n"
                     "  weir resume ks --all\n");
  verb->require_subcommand(1);
  CLI::App* source = verb->add_subcommand("source", "Sources");
  CLI::App* image = verb->add_subcommand("image", "Image automation");
  for (CLI::App* group : {source, image}) group->require_subcommand(1);
  for (const Noun& noun : Nouns()) {
    if (!noun.can_suspend) continue;
    AddNoun(noun.group == NounGroup::kSource  ? *source
            : noun.group == NounGroup::kImage ? *image
                                              : *verb,
            noun, invocation, is_suspended);
  }
}

}  // namespace

void AddSuspendCommands(CLI::App& app, Invocation& invocation) {
  AddVerb(app, invocation, true);
  AddVerb(app, invocation, false);
}

}  // namespace weir::cli
