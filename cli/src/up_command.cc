// `weir up`: everything in one process, until interrupted; or, with --once,
// until all is ready.
#include <unistd.h>

#include <memory>
#include <set>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cluster.h"
#include "invocation.h"
#include "nouns.h"
#include "output.h"
#include "up_session.h"
#include "up_view.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"
#include "weir/base/thread_group.h"
#include "weir/kube/conditions.h"

namespace weir::cli {
namespace {

// Kinds that the view shows and that --once waits for.
std::vector<kube::GroupVersionKind> ShownKinds() {
  return {{"source.toolkit.fluxcd.io", "v1", "GitRepository"},
          {"source.toolkit.fluxcd.io", "v1", "OCIRepository"},
          {"source.toolkit.fluxcd.io", "v1", "HelmRepository"},
          {"source.toolkit.fluxcd.io", "v1", "HelmChart"},
          {"source.toolkit.fluxcd.io", "v1", "ExternalArtifact"},
          {"kustomize.toolkit.fluxcd.io", "v1", "Kustomization"},
          {"helm.toolkit.fluxcd.io", "v2", "HelmRelease"}};
}

// Whether an object only waits for another one, which is looked at itself.
bool IsWaiting(const Value& object) {
  const Value& ready = kube::FindCondition(object, "Ready");
  return ready.GetString("reason") == "DependencyNotReady" ||
         ready.GetString("reason") == "NoSourceArtifact" ||
         absl::StrContains(ready.GetString("message"), "artifact not found");
}

// Tells when everything is ready, or something failed.
class Outcome {
 public:
  // `followed`: source and Kustomization of this name count as done only
  // when the Kustomization has applied what the source has now.
  explicit Outcome(kube::ObjectKey followed) : followed_(std::move(followed)) {
    is_up_to_date_ = followed_.name.empty();
  }

  // Objects of an earlier run may be ready for what was then: nothing counts
  // before a pass that was asked for with this annotation.
  void Begin(std::string requested_at) {
    MutexLock lock(mu_);
    requested_at_ = std::move(requested_at);
    Compare();
    changed_.NotifyAll();
  }

  void OnChange(const kube::Change& change) {
    const Value& object = change.after;
    const std::string name = absl::StrCat(object.GetString("kind"), "/",
                                          kube::KeyOf(object).ToString());
    const absl::StatusOr<bool> reconciled = IsReconciled(object);
    MutexLock lock(mu_);
    pending_.erase(name);
    failed_.erase(name);
    if (change.type == kube::ChangeType::kDeleted) return;
    if (kube::KeyOf(object) == followed_) {
      (object.GetString("kind") == "Kustomization" ? applied_ : source_) =
          object;
      Compare();
    }
    if (!reconciled.ok() && !IsWaiting(object)) {
      failed_[name] = std::string(reconciled.status().message());
    } else if (!reconciled.ok() || !*reconciled) {
      pending_.insert(name);
    }
    changed_.NotifyAll();
  }

  absl::Status Await(const Context& ctx) {
    MutexLock lock(mu_);
    while (!ctx.is_done()) {
      if (pending_.empty() && !failed_.empty()) return Failure();
      if (pending_.empty() && is_up_to_date_) return absl::OkStatus();
      changed_.WaitUntil(
          mu_, std::min(ctx.deadline(), absl::Now() + absl::Seconds(1)));
    }
    if (!failed_.empty()) return Failure();
    for (const std::string& name : pending_) {
      return absl::DeadlineExceededError(
          absl::StrCat(name, " did not become ready in time"));
    }
    return ctx.status();
  }

 private:
  void Compare() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const auto is_handled = [&](const Value& object) {
      return object["status"].GetString("lastHandledReconcileAt") ==
             requested_at_;
    };
    const absl::string_view revision =
        source_["status"]["artifact"].GetString("revision");
    is_up_to_date_ =
        followed_.name.empty() ||
        (!requested_at_.empty() && !revision.empty() &&
         (source_.GetString("kind") == "ExternalArtifact" ||
          is_handled(source_)) &&
         is_handled(applied_) &&
         applied_["status"].GetString("lastAppliedRevision") == revision);
  }

  absl::Status Failure() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    std::string text;
    for (const auto& [name, why] : failed_) {
      absl::StrAppend(&text, text.empty() ? "" : "\n", name, ": ", why);
    }
    return absl::FailedPreconditionError(text);
  }

  const kube::ObjectKey followed_;
  Mutex mu_;
  CondVar changed_;
  std::set<std::string> pending_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::string> failed_ ABSL_GUARDED_BY(mu_);
  std::string requested_at_ ABSL_GUARDED_BY(mu_);
  Value source_ ABSL_GUARDED_BY(mu_), applied_ ABSL_GUARDED_BY(mu_);
  bool is_up_to_date_ ABSL_GUARDED_BY(mu_) = false;
};

std::vector<std::string> Heading(const UpSession& session) {
  std::vector<std::string> lines;
  if (!session.server_url().empty()) {
    lines.push_back(absl::StrCat("► API server ", session.server_url(),
                                 ", kubectl --kubeconfig ",
                                 session.kubeconfig()));
  }
  if (!session.webhooks_url().empty()) {
    lines.push_back(
        absl::StrCat("► webhooks of Receivers at ", session.webhooks_url()));
  }
  if (!session.followed().empty()) {
    lines.push_back(absl::StrCat("► following ", session.followed()));
  } else {
    lines.push_back(
        "► following nothing yet: apply a source and a Kustomization, or "
        "name a folder or --git");
  }
  return lines;
}

// --once: 0 when all is ready, 1 with the reasons.
int AwaitOnce(const Context& ctx, const Globals& globals, Outcome& outcome) {
  const auto timeout = TimeoutOf(globals);
  if (!timeout.ok()) return Fail(timeout.status());
  const absl::Status status = outcome.Await(ctx.WithTimeout(*timeout));
  if (!status.ok()) return Fail(status);
  PrintSuccess("all is ready");
  return 0;
}

int Run(const Context& ctx, const Invocation& invocation,
        const UpOptions& options) {
  UpView view(isatty(STDOUT_FILENO) != 0 && !options.once);
  auto session =
      UpSession::Start(ctx, invocation.globals, options,
                       [&view](absl::string_view line) { view.Say(line); });
  if (!session.ok()) return Fail(session.status());
  reconcile::Manager& manager = (*session)->manager();

  Outcome outcome((*session)->key());
  for (const kube::GroupVersionKind& gvk : ShownKinds()) {
    manager.SharedInformer(gvk)->AddHandler([&](const kube::Change& change) {
      view.OnChange(change);
      outcome.OnChange(change);
    });
  }
  const auto events = manager.events().Subscribe(
      0,
      [&view](const reconcile::RecordedEvent& event) { view.OnEvent(event); });
  view.SetHeading(Heading(**session));

  int code = 0;
  ThreadGroup threads(ctx);
  threads.Start("manager",
                [&](const Context& stop) { return manager.Run(stop); });
  if (const absl::Status status = (*session)->Follow(threads.context());
      !status.ok()) {
    code = Fail(status);
  } else if (options.once) {
    outcome.Begin((*session)->requested_at());
    code = AwaitOnce(threads.context(), invocation.globals, outcome);
  } else {
    while (threads.context().SleepFor(absl::Seconds(10)).ok()) view.Tick();
  }
  threads.Stop();
  const absl::Status status = threads.Join();
  return status.ok() ? code : Fail(status);
}

}  // namespace

void AddUpCommand(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<UpOptions>();
  CLI::App* up = app.add_subcommand(
      "up", "Holds a cluster at a folder or a repository, in one process");
  up->footer(
      "Without --kubeconfig or --context Weir brings a local API server of its "
      "own;\nits data and kubeconfig are in --data.\n\n"
      "Examples:\n"
      "  weir up ./manifests                  follow a folder as you edit it\n"
      "  weir up --git . --path deploy        follow this repository's "
      "commits\n"
      "  weir up --git https://example.com/app.git --branch main\n"
      "  weir up ./manifests --once           apply, wait, and exit\n"
      "  weir up ./manifests --context kind   on a real cluster\n");
  up->add_option("DIR", options->directory,
                 "Folder to follow, uncommitted edits included");
  up->add_option("--git", options->git, "Repository to follow")
      ->type_name("URL|PATH");
  up->add_option("--branch", options->branch,
                 "Branch; default: the repository's own, else main");
  up->add_option("--path", options->path,
                 "Folder of the manifests within DIR or the repository");
  up->add_option("--target-namespace", options->target_namespace,
                 "Namespace for all objects, whatever the manifests say");
  up->add_option("--data", options->data,
                 "Where kubeconfig, database, artifacts and log are kept")
      ->capture_default_str();
  up->add_option("--listen", options->listen,
                 "Address of the embedded API server")
      ->capture_default_str();
  up->add_option("--webhooks", options->webhooks,
                 "Address that takes webhooks of Receivers; \"\": none")
      ->capture_default_str();
  up->add_option("--simulate", options->simulate,
                 "What the embedded server pretends: off, ready or pods")
      ->capture_default_str();
  up->add_option("--log-level", options->log_level,
                 "trace, debug, info or error")
      ->capture_default_str();
  up->add_flag("--once", options->once,
               "Exit when all is ready: 0, or 1 with the reasons");
  up->callback([&invocation, options] {
    invocation.run = [&invocation, options](const Context& ctx) {
      return Run(ctx, invocation, *options);
    };
  });
}

}  // namespace weir::cli
