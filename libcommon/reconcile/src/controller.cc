#include "weir/reconcile/controller.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "src/controller_impl.h"
#include "src/guard.h"
#include "weir/base/random.h"
#include "weir/base/status.h"
#include "weir/base/thread_group.h"

namespace weir::reconcile {
namespace {

// After this long without a list, somebody must be told.
constexpr absl::Duration kSlowCache = absl::Seconds(10);
constexpr char kLastApplied[] =
    "kubectl.kubernetes.io/last-applied-configuration";

ControllerOptions WithDefaults(ControllerOptions options) {
  if (options.name.empty()) {
    options.name = absl::AsciiStrToLower(options.gvk.kind);
  }
  if (options.field_manager.empty()) options.field_manager = options.component;
  if (options.filter == nullptr) options.filter = IsRelevantChange;
  if (options.concurrency < 1) options.concurrency = 1;
  return options;
}

QueueOptions MakeQueueOptions(const ControllerOptions& options,
                              const Clock& clock, ControllerMetrics& series) {
  QueueOptions queue;
  queue.min_retry_delay = options.min_retry_delay;
  queue.max_retry_delay = options.max_retry_delay;
  queue.clock = &clock;
  queue.observer = series.MakeObserver();
  return queue;
}

StatusWriterOptions MakeWriterOptions(
    const ControllerOptions& options,
    std::function<void(const Value&)> on_written) {
  StatusWriterOptions writer;
  writer.gvk = options.gvk;
  writer.field_manager = options.field_manager;
  writer.owned_conditions = options.owned_conditions;
  writer.on_written = std::move(on_written);
  return writer;
}

absl::string_view VersionOf(const Value& object) {
  return object["metadata"].GetString("resourceVersion");
}

}  // namespace

Value SlimObject(Value object) {
  const Value& metadata = object["metadata"];
  if (metadata.Has("managedFields")) {
    object.Mutable("metadata").Erase("managedFields");
  }
  if (object["metadata"]["annotations"].Has(kLastApplied)) {
    object.Mutable("metadata").Mutable("annotations").Erase(kLastApplied);
  }
  return object;
}

bool IsRelevantChange(const kube::Change& change) {
  if (change.type != kube::ChangeType::kModified) return true;
  if (GenerationOf(change.before) != GenerationOf(change.after)) return true;
  if (IsBeingDeleted(change.after) && !IsBeingDeleted(change.before)) {
    return true;
  }
  // A new object of the same name, between two lists.
  if (change.before["metadata"]["uid"] != change.after["metadata"]["uid"]) {
    return true;
  }
  const absl::string_view requested = RequestedAt(change.after);
  return !requested.empty() && requested != RequestedAt(change.before);
}

Controller::Impl::Impl(const ControllerParts& parts,
                       ControllerOptions controller_options,
                       std::shared_ptr<Reconciler> controller_reconciler)
    : options(WithDefaults(std::move(controller_options))),
      reconciler(std::move(controller_reconciler)),
      informer(parts.informer),
      rest(parts.rest),
      metrics(parts.metrics),
      clock(parts.clock),
      logger(parts.logger.With({{"controller", options.name},
                                {"controllerGroup", options.gvk.group},
                                {"controllerKind", options.gvk.kind}})),
      series(parts.metrics, options.name, options.concurrency),
      queue(MakeQueueOptions(options, clock, series)),
      writer(parts.client,
             MakeWriterOptions(
                 options, [this](const Value& object) { OnWritten(object); })) {
  series.Watch(queue);
}

void Controller::Impl::OnChange(const kube::Change& change) {
  const kube::ObjectKey key = kube::KeyOf(change.after);
  {
    MutexLock lock(mu);
    const auto ours = written.find(key);
    if (ours != written.end() &&
        (change.type == kube::ChangeType::kDeleted ||
         !IsOlderVersion(VersionOf(change.after), VersionOf(ours->second)))) {
      written.erase(ours);
    }
  }
  if (!options.filter(change)) return;
  queue.Add(key, change.is_initial ? Priority::kLow : Priority::kNormal);
}

void Controller::Impl::OnWritten(const Value& object) {
  const kube::ObjectKey key = kube::KeyOf(object);
  Value slim = SlimObject(object);
  if (options.transform != nullptr) slim = options.transform(std::move(slim));
  MutexLock lock(mu);
  written[key] = std::move(slim);
}

Value Controller::Impl::Get(const kube::ObjectKey& key) const {
  // In this order: what we wrote is dropped once the cache has it, so a cache
  // that is read after finding nothing of ours is never older.
  std::optional<Value> ours;
  {
    MutexLock lock(mu);
    const auto found = written.find(key);
    if (found != written.end()) ours = found->second;
  }
  const std::optional<Value> cached = informer->Get(key);
  if (!ours.has_value()) return cached.value_or(Value());
  if (cached.has_value() &&
      !IsOlderVersion(VersionOf(*ours), VersionOf(*cached))) {
    return *std::move(ours);
  }
  // Objects are never made by us, so one that the cache lacks is gone.
  MutexLock lock(mu);
  const auto found = written.find(key);
  if (found != written.end() && found->second.IsSame(*ours)) {
    written.erase(found);
  }
  return cached.value_or(Value());
}

Logger Controller::Impl::LoggerFor(const kube::ObjectKey& key,
                                   const std::string& reconcile_id) const {
  return logger.With(
      {{options.gvk.kind,
        LogObject{{"name", key.name}, {"namespace", key.name_space}}},
       {"namespace", key.name_space},
       {"name", key.name},
       {"reconcileID", reconcile_id}});
}

void Controller::Impl::Pass(const Context& ctx, const kube::ObjectKey& key) {
  Request request;
  request.key = key;
  request.object = Get(key);
  request.reconcile_id = RandomUuid();
  request.logger = LoggerFor(key, request.reconcile_id);
  request.failures = queue.Failures(key);
  request.writer = &writer;
  const absl::Time start = clock.Now();
  request.started = start;
  {
    MutexLock lock(mu);
    const auto awaited = awaiting.find(key);
    if (awaited != awaiting.end()) {
      request.is_resumed = true;
      request.started = awaited->second;
      awaiting.erase(awaited);
    }
  }
  std::string panic;
  std::optional<Outcome> outcome =
      ReconcileGuarded(*reconciler, ctx, request, &panic);
  if (!outcome.has_value()) {
    series.CountPanic();
    outcome = Outcome::Retry(
        absl::InternalError(absl::StrCat("panic: ", panic, " [recovered]")));
  }
  const ControllerMetrics::Result result = Settle(request, *outcome);
  series.CountPass(result, clock.Now() - start);
  if (request.object.is_null()) {
    queue.Forget(key);
    metrics.ForgetObject(options.gvk.kind, key);
  } else if (outcome->kind() != Outcome::Kind::kAwait) {
    metrics.ObserveReconcile(options.gvk.kind, key,
                             clock.Now() - request.started);
  }
}

ControllerMetrics::Result Controller::Impl::Settle(const Request& request,
                                                   const Outcome& outcome) {
  using Result = ControllerMetrics::Result;
  const kube::ObjectKey& key = request.key;
  switch (outcome.kind()) {
    case Outcome::Kind::kDone:
      queue.Forget(key);
      return Result::kSuccess;
    case Outcome::Kind::kRequeueAfter:
      queue.Forget(key);
      queue.AddAfter(key, outcome.delay());
      return Result::kRequeueAfter;
    case Outcome::Kind::kRequeue:
      queue.AddRateLimited(key);
      return Result::kRequeue;
    case Outcome::Kind::kRetry:
      if (outcome.error().ok() || absl::IsCancelled(outcome.error())) {
        queue.Forget(key);
        return Result::kSuccess;
      }
      queue.AddRateLimited(key);
      break;
    case Outcome::Kind::kTerminal:
      queue.Forget(key);
      series.CountTerminalError();
      break;
    case Outcome::Kind::kAwait: {
      {
        MutexLock lock(mu);
        awaiting[key] = request.started;
      }
      queue.AddAfter(key, outcome.delay());
      return Result::kRequeueAfter;
    }
  }
  request.logger.Error("Reconciler error", {{"error", outcome.error()}});
  return Result::kError;
}

Controller::Controller(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Controller::~Controller() = default;

const ControllerOptions& Controller::options() const { return impl_->options; }

void Controller::Enqueue(const kube::ObjectKey& key) {
  impl_->queue.Add(key, Priority::kNormal);
}

void Controller::EnqueueAfter(const kube::ObjectKey& key,
                              absl::Duration delay) {
  impl_->queue.AddAfter(key, delay);
}

void Controller::EnqueueAll(const std::vector<kube::ObjectKey>& keys) {
  for (const kube::ObjectKey& key : keys) Enqueue(key);
}

kube::Informer& Controller::informer() const { return *impl_->informer; }

Value Controller::Get(const kube::ObjectKey& key) const {
  return impl_->Get(key);
}

const StatusWriter& Controller::writer() const { return impl_->writer; }

absl::Status Controller::Impl::WaitForCache(const Context& ctx) const {
  const absl::Status quick = informer->WaitForSync(ctx.WithTimeout(kSlowCache));
  if (quick.ok() || ctx.is_done()) return quick;
  logger.Error("cache is still empty, waiting for the API server",
               {{"error", informer->health()}});
  return informer->WaitForSync(ctx);
}

absl::Status Controller::Run(const Context& ctx, const Context& passes) {
  WEIR_RETURN_IF_ERROR(impl_->WaitForCache(ctx));
  const Context::Registration on_cancel =
      ctx.OnCancel([this] { impl_->queue.ShutDown(); });
  ThreadGroup workers(passes);
  for (int i = 0; i < impl_->options.concurrency; ++i) {
    workers.Start(absl::StrCat(impl_->options.name, "-", i),
                  [this](const Context& pass_ctx) {
                    while (const auto key = impl_->queue.Get()) {
                      impl_->Pass(pass_ctx, *key);
                      impl_->queue.Done(*key);
                      impl_->rest->Touch();
                    }
                    return absl::OkStatus();
                  });
  }
  return workers.Join();
}

}  // namespace weir::reconcile
