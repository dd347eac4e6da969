#include "cluster.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "nouns.h"
#include "weir/base/duration.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"
#include "weir/base/task_queue.h"
#include "weir/kube/conditions.h"
#include "weir/kube/config.h"
#include "weir/kube/informer.h"

namespace weir::cli {

absl::StatusOr<std::shared_ptr<kube::Transport>> OpenTransport(
    const Globals& globals) {
  kube::LoadOptions options = kube::LoadOptionsFromEnvironment();
  options.kubeconfig = globals.kubeconfig;
  options.context = globals.context;
  options.prefer_in_cluster = false;
  WEIR_ASSIGN_OR_RETURN(const kube::Config config, kube::LoadConfig(options));
  return kube::MakeHttpTransport(config, {});
}

absl::StatusOr<std::unique_ptr<kube::Client>> Connect(const Globals& globals) {
  WEIR_ASSIGN_OR_RETURN(auto transport, OpenTransport(globals));
  return std::make_unique<kube::Client>(std::move(transport));
}

absl::StatusOr<absl::Duration> TimeoutOf(const Globals& globals) {
  WEIR_ASSIGN_OR_RETURN(const absl::Duration timeout,
                        ParseGoDuration(globals.timeout), "--timeout");
  if (timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("--timeout must be above zero");
  }
  return timeout;
}

absl::StatusOr<Value> AwaitObject(const Context& ctx,
                                  const kube::Client& client,
                                  const kube::ObjectRef& ref,
                                  const IsDone& is_done) {
  Mutex mu;
  CondVar changed;
  std::optional<absl::StatusOr<Value>> result;
  TaskQueue tasks("await");
  kube::InformerOptions options;
  options.gvk = ref.gvk;
  options.name_space = ref.key.name_space;
  options.field_selector = absl::StrCat("metadata.name=", ref.key.name);
  kube::Informer informer(client, tasks, std::move(options));
  informer.AddHandler([&](const kube::Change& change) {
    absl::StatusOr<bool> done =
        change.type == kube::ChangeType::kDeleted
            ? absl::NotFoundError(absl::StrCat(
                  ref.gvk.kind, " ", ref.key.ToString(), " was deleted"))
            : is_done(change.after);
    if (done.ok() && !*done) return;
    MutexLock lock(mu);
    if (result.has_value()) return;
    if (done.ok()) {
      result = change.after;
    } else {
      result = done.status();
    }
    changed.NotifyAll();
  });
  // A cancelled context must wake the wait below.
  const auto registration = ctx.OnCancel([&] { changed.NotifyAll(); });
  MutexLock lock(mu);
  while (!result.has_value() && !ctx.is_done()) {
    changed.WaitUntil(mu,
                      std::min(ctx.deadline(), absl::Now() + absl::Seconds(1)));
  }
  if (result.has_value()) return *std::move(result);
  return ctx.status();
}

absl::StatusOr<bool> IsReconciled(const Value& object) {
  if (IsStatic(object)) return true;
  const int64_t generation = object["metadata"].GetInt("generation");
  const auto is_current = [&](const Value& condition) {
    return condition.GetInt("observedGeneration", generation) == generation;
  };
  const Value& stalled = kube::FindCondition(object, "Stalled");
  if (stalled.GetString("status") == "True" && is_current(stalled)) {
    return absl::FailedPreconditionError(stalled.GetString("message"));
  }
  const Value& ready = kube::FindCondition(object, "Ready");
  const Value& reconciling = kube::FindCondition(object, "Reconciling");
  if (reconciling.GetString("status") == "True") {
    // A failed pass leaves this reason: the next try may come much later.
    if (ready.GetString("status") == "False" && is_current(ready) &&
        reconciling.GetString("reason") == "ProgressingWithRetry") {
      return absl::FailedPreconditionError(ready.GetString("message"));
    }
    return false;
  }
  if (object["status"].GetInt("observedGeneration", generation) != generation ||
      ready.is_null() || ready.GetString("status") == "Unknown") {
    return false;
  }
  if (ready.GetString("status") == "False") {
    return absl::FailedPreconditionError(ready.GetString("message"));
  }
  return true;
}

}  // namespace weir::cli
