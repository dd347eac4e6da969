#include "weir/reconcile/manager.h"

#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/controller_impl.h"
#include "src/probes.h"
#include "src/rest.h"
#include "weir/base/memory.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"
#include "weir/base/thread_group.h"
#include "weir/kube/selector.h"

namespace weir::reconcile {
namespace {

struct Runnable {
  std::string name;
  std::function<absl::Status(const Context&)> run;
};

// Kind, namespace, selector.
using InformerKey =
    std::tuple<kube::GroupVersionKind, std::string, std::string>;

EventRecorderOptions MakeEventOptions(const ManagerOptions& options,
                                      Metrics& metrics) {
  EventRecorderOptions events;
  events.address = options.events_address;
  events.sink = options.event_sink;
  events.instance = options.hostname;
  events.logger = options.logger;
  events.clock = options.clock;
  CounterMetric& dropped =
      metrics.Counter("weir_events_dropped_total",
                      "Events that were not sent, by the way out.", {"way"});
  events.on_dropped = [&dropped](absl::string_view way) {
    dropped.Add({std::string(way)});
  };
  return events;
}

}  // namespace

struct Manager::Impl {
  explicit Impl(ManagerOptions manager_options)
      : options(std::move(manager_options)),
        clock(options.clock != nullptr ? *options.clock : Clock::Real()),
        client(MeasureTransport(options.transport, metrics, options.api_host)),
        events(client, MakeEventOptions(options, metrics)),
        tasks("informers"),
        rest(std::make_shared<Rest>(tasks, options.rest_after,
                                    ReleaseUnusedMemory)) {}
  // What handlers use goes with the controllers, before the informers do.
  ~Impl() {
    std::vector<std::shared_ptr<kube::Informer>> all;
    {
      const MutexLock lock(mu);
      all = made;
    }
    for (const auto& informer : all) informer->Stop();
  }

  // In the order of starting; the end is the reverse.
  const ManagerOptions options;
  const Clock& clock;
  Metrics metrics;
  std::unique_ptr<Probes> probes;
  const kube::Client client;
  EventRecorder events;
  TaskQueue tasks;
  const std::shared_ptr<Rest> rest;

  Mutex mu;
  std::map<InformerKey, std::shared_ptr<kube::Informer>> informers
      ABSL_GUARDED_BY(mu);
  std::vector<std::shared_ptr<kube::Informer>> made ABSL_GUARDED_BY(mu);

  // Constant once Run was called.
  std::vector<std::shared_ptr<kube::Informer>> awaited;
  std::vector<Runnable> runnables;
  std::vector<std::unique_ptr<Controller>> controllers;

  std::shared_ptr<kube::Informer> MakeInformer(kube::InformerOptions informer)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    made.push_back(std::make_shared<kube::Informer>(
        client, tasks, std::move(informer),
        options.logger.With({{"logger", "informer"}})));
    return made.back();
  }

  void EmitLeaderEvent(absl::string_view what) {
    Value lease = Value::MakeObject(
        {{"apiVersion", "coordination.k8s.io/v1"},
         {"kind", "Lease"},
         {"metadata",
          Value::MakeObject({{"name", options.lease.name},
                             {"namespace", options.lease.name_space}})}});
    Event event;
    event.object = std::move(lease);
    event.severity = Severity::kTrace;
    event.reason = "LeaderElection";
    event.message = absl::StrCat(options.lease.identity, " ", what);
    events.Emit(options.lease.identity, std::move(event));
  }

  // Works until ctx ends. `is_orderly`: whether passes may finish then.
  absl::Status Work(const Context& ctx,
                    const std::function<bool()>& is_orderly);
  absl::Status WorkAsLeader(const Context& ctx);
};

absl::Status Manager::Impl::Work(const Context& ctx,
                                 const std::function<bool()>& is_orderly) {
  const Context stop = ctx.WithCancel();
  // Neither of them ends with ctx: each ends in its turn.
  const Context passes = Context().WithCancel();
  ThreadGroup running{Context()};
  ThreadGroup working{stop};
  for (const Runnable& runnable : runnables) {
    running.Start(runnable.name, [&runnable, &stop](const Context& own) {
      const absl::Status status = runnable.run(own);
      if (!status.ok()) stop.Cancel();
      return status;
    });
  }
  for (const auto& informer : awaited) {
    if (!informer->WaitForSync(stop).ok()) break;
  }
  for (const auto& controller : controllers) {
    working.Start(controller->options().name,
                  [&controller, &passes, &stop](const Context& own) {
                    const absl::Status status = controller->Run(own, passes);
                    if (!status.ok()) stop.Cancel();
                    return status;
                  });
  }
  stop.SleepFor(absl::InfiniteDuration()).IgnoreError();

  if (is_orderly()) {
    tasks.PostAfter(options.drain, [passes] { passes.Cancel(); });
  } else {
    passes.Cancel();
  }
  const absl::Status worked = working.Join();
  passes.Cancel();
  running.Stop();
  const absl::Status ran = running.Join();
  return ran.ok() ? worked : ran;
}

absl::Status Manager::Impl::WorkAsLeader(const Context& ctx) {
  GaugeMetric& master =
      metrics.Gauge("leader_election_master_status",
                    "Whether this process holds the lease.", {"name"});
  master.Set({options.lease.name}, 0);
  return kube::RunAsLeader(ctx, client, options.lease, options.logger,
                           [this, &master, &ctx](const Context& lead) {
                             master.Set({options.lease.name}, 1);
                             EmitLeaderEvent("became leader");
                             const absl::Status status =
                                 Work(lead, [&ctx] { return ctx.is_done(); });
                             master.Set({options.lease.name}, 0);
                             EmitLeaderEvent("stopped leading");
                             return status;
                           });
}

absl::StatusOr<std::unique_ptr<Manager>> Manager::Create(
    ManagerOptions options) {
  if (options.transport == nullptr) {
    return absl::InvalidArgumentError("no transport to an API server");
  }
  WEIR_RETURN_IF_ERROR(kube::LabelSelector::Parse(options.label_selector),
                       "label selector");
  if (options.event_sink == nullptr &&
      absl::StartsWith(options.events_address, "grpc")) {
    return absl::InvalidArgumentError(
        "events over gRPC need ManagerOptions::event_sink");
  }
  auto impl = std::make_unique<Impl>(std::move(options));
  const ManagerOptions& kept = impl->options;
  WEIR_ASSIGN_OR_RETURN(
      impl->probes,
      Probes::Start({kept.metrics_address, kept.health_address, kept.logger},
                    impl->metrics));
  return std::unique_ptr<Manager>(new Manager(std::move(impl)));
}

Manager::Manager(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Manager::~Manager() = default;

const kube::Client& Manager::client() const { return impl_->client; }
TaskQueue& Manager::tasks() const { return impl_->tasks; }
EventRecorder& Manager::events() const { return impl_->events; }
Metrics& Manager::metrics() const { return impl_->metrics; }
const Logger& Manager::logger() const { return impl_->options.logger; }
const Clock& Manager::clock() const { return impl_->clock; }
const ManagerOptions& Manager::options() const { return impl_->options; }

Controller& Manager::AddController(ControllerOptions options,
                                   std::shared_ptr<Reconciler> reconciler) {
  if (options.name_space.empty()) {
    options.name_space = impl_->options.name_space;
  }
  if (options.label_selector.empty()) {
    options.label_selector = impl_->options.label_selector;
  }
  std::shared_ptr<kube::Informer> informer;
  if (options.transform == nullptr) {
    informer =
        SharedInformer(options.gvk, options.name_space, options.label_selector);
  } else {
    kube::InformerOptions own;
    own.gvk = options.gvk;
    own.name_space = options.name_space;
    own.label_selector = options.label_selector;
    own.transform = [transform = options.transform](Value object) {
      return transform(SlimObject(std::move(object)));
    };
    const MutexLock lock(impl_->mu);
    informer = impl_->MakeInformer(std::move(own));
  }
  const ControllerParts parts{impl_->client, impl_->metrics,
                              impl_->clock,  impl_->options.logger,
                              informer,      impl_->rest};
  auto state = std::make_shared<Controller::Impl>(parts, std::move(options),
                                                  std::move(reconciler));
  informer->AddHandler([weak = std::weak_ptr<Controller::Impl>(state)](
                           const kube::Change& change) {
    if (const auto alive = weak.lock()) alive->OnChange(change);
  });
  impl_->controllers.push_back(
      std::unique_ptr<Controller>(new Controller(std::move(state))));
  return *impl_->controllers.back();
}

std::shared_ptr<kube::Informer> Manager::SharedInformer(
    const kube::GroupVersionKind& gvk, const std::string& name_space,
    const std::string& label_selector) {
  MutexLock lock(impl_->mu);
  std::shared_ptr<kube::Informer>& informer =
      impl_->informers[{gvk, name_space, label_selector}];
  if (informer == nullptr) {
    kube::InformerOptions options;
    options.gvk = gvk;
    options.name_space = name_space;
    options.label_selector = label_selector;
    options.transform = SlimObject;
    informer = impl_->MakeInformer(std::move(options));
  }
  return informer;
}

void Manager::WaitFor(std::shared_ptr<kube::Informer> informer) {
  impl_->awaited.push_back(std::move(informer));
}

void Manager::AddRunnable(std::string name,
                          std::function<absl::Status(const Context&)> run) {
  impl_->runnables.push_back({std::move(name), std::move(run)});
}

void Manager::AddReadyCheck(std::string name,
                            std::function<absl::Status()> check) {
  impl_->probes->AddReadyCheck(std::move(name), std::move(check));
}

void Manager::NoteWork() const { impl_->rest->Touch(); }

std::string Manager::metrics_address() const {
  return impl_->probes->metrics_address();
}

std::string Manager::health_address() const {
  return impl_->probes->health_address();
}

absl::Status Manager::Run(const Context& ctx) {
  impl_->options.logger.Info("starting manager");
  impl_->rest->Touch();
  const absl::Status status =
      impl_->options.use_leader_election
          ? impl_->WorkAsLeader(ctx)
          : impl_->Work(ctx, [&ctx] { return ctx.is_done(); });
  impl_->events.Flush(impl_->options.grace - impl_->options.drain);
  impl_->options.logger.Info("manager stopped");
  return absl::IsCancelled(status) ? absl::OkStatus() : status;
}

}  // namespace weir::reconcile
