#include "weir/kube/lease.h"

#include <optional>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"
#include "weir/base/thread_group.h"

namespace weir::kube {
namespace {

constexpr double kRetryJitter = 1.2;
constexpr absl::Duration kReleaseTimeout = absl::Seconds(5);
constexpr absl::Duration kReportTimeout = absl::Seconds(1);

absl::Status Check(const LeaderElectorOptions& options) {
  if (options.name.empty() || options.name_space.empty() ||
      options.identity.empty()) {
    return absl::InvalidArgumentError(
        "leader election needs a namespace, a name and an identity");
  }
  if (options.lease_duration <= options.renew_deadline) {
    return absl::InvalidArgumentError(
        "the lease duration must be longer than the renew deadline");
  }
  if (options.retry_period <= absl::ZeroDuration() ||
      options.renew_deadline <= kRetryJitter * options.retry_period) {
    return absl::InvalidArgumentError(
        "the renew deadline must be longer than 1.2 retry periods");
  }
  return absl::OkStatus();
}

// One candidate. Source: client-go, tools/leaderelection.
class Elector {
 public:
  Elector(const Client& client, const LeaderElectorOptions& options)
      : client_(client),
        options_(options),
        ref_{{"coordination.k8s.io", "v1", "Lease"},
             {options.name_space, options.name}},
        request_timeout_(
            std::max(absl::Seconds(1), options.renew_deadline / 2)) {}

  // One try to take or keep the lease. OK: it is ours. kAborted: another
  // holds it, or won the race.
  absl::Status Try(const Context& ctx) {
    const Context bounded = ctx.WithTimeout(request_timeout_);
    if (IsHeld() && IsFresh()) {
      // The common case takes one call: what we saw last is what is there.
      absl::Status status = Write(bounded, /*is_renewal=*/true);
      if (status.ok() || !ctx.status().ok()) return status;
    }
    absl::StatusOr<Value> lease = client_.Get(bounded, ref_);
    if (absl::IsNotFound(lease.status()) && ApiCodeOf(lease.status()) == 404) {
      return CreateLease(bounded);
    }
    WEIR_RETURN_IF_ERROR(lease);
    Observe(*std::move(lease));
    if (!IsHeld() && !holder().empty() && IsFresh()) {
      return absl::AbortedError(
          absl::StrCat("the lease is held by ", holder()));
    }
    return Write(bounded, IsHeld());
  }

  // Gives the lease back, if it is ours.
  absl::Status Release(const Context& ctx) {
    if (!IsHeld()) return absl::OkStatus();
    Value lease = observed_;
    Value& spec = lease.Mutable("spec");
    const std::string now = FormatKubeMicroTime(absl::Now());
    spec.Set("holderIdentity", "");
    spec.Set("leaseDurationSeconds", 1);
    spec.Set("renewTime", now);
    spec.Set("acquireTime", now);
    WEIR_ASSIGN_OR_RETURN(lease, client_.Update(ctx, lease, {}));
    Observe(std::move(lease));
    return absl::OkStatus();
  }

  // Tells people, in the cluster. Without success it is no harm.
  void Report(const Context& ctx, absl::string_view what) const {
    const absl::Time now = absl::Now();
    const std::string seconds = FormatKubeTime(now);
    Value involved = Value::MakeObject(
        {{"apiVersion", ref_.gvk.ApiVersion()},
         {"kind", ref_.gvk.kind},
         {"namespace", ref_.key.name_space},
         {"name", ref_.key.name},
         {"uid", observed_["metadata"]["uid"]},
         {"resourceVersion", observed_["metadata"]["resourceVersion"]}});
    Value event = Value::MakeObject(
        {{"apiVersion", "v1"},
         {"kind", "Event"},
         {"metadata",
          Value::MakeObject(
              {{"namespace", ref_.key.name_space},
               {"name", absl::StrCat(ref_.key.name, ".",
                                     absl::Hex(absl::ToUnixNanos(now)))}})},
         {"involvedObject", std::move(involved)},
         {"type", "Normal"},
         {"reason", "LeaderElection"},
         {"message", absl::StrCat(options_.identity, " ", what)},
         {"source", Value::MakeObject({{"component", options_.identity}})},
         {"reportingComponent", options_.identity},
         {"reportingInstance", ""},
         {"firstTimestamp", seconds},
         {"lastTimestamp", seconds},
         {"count", 1}});
    client_.Create(ctx.WithTimeout(kReportTimeout), event, {})
        .status()
        .IgnoreError();
  }

  std::string holder() const {
    return std::string(observed_["spec"].GetString("holderIdentity"));
  }
  bool IsHeld() const { return holder() == options_.identity; }

 private:
  // Younger than its duration by our own clock: the times in the record are
  // those of somebody else's.
  bool IsFresh() const {
    const int64_t seconds = observed_["spec"].GetInt("leaseDurationSeconds");
    return absl::Now() < observed_at_ + absl::Seconds(seconds);
  }

  void Observe(Value lease) {
    const bool is_new = !(lease["spec"] == observed_["spec"]);
    observed_ = std::move(lease);
    if (is_new) observed_at_ = absl::Now();
  }

  void FillSpec(bool is_renewal, Value& spec) const {
    const std::string now = FormatKubeMicroTime(absl::Now());
    spec.Set("holderIdentity", options_.identity);
    spec.Set("leaseDurationSeconds",
             absl::ToInt64Seconds(options_.lease_duration));
    spec.Set("renewTime", now);
    if (is_renewal) return;
    spec.Set("acquireTime", now);
    spec.Set("leaseTransitions", spec.GetInt("leaseTransitions") + 1);
  }

  absl::Status Write(const Context& ctx, bool is_renewal) {
    Value lease = observed_;
    FillSpec(is_renewal, lease.Mutable("spec"));
    WEIR_ASSIGN_OR_RETURN(lease, client_.Update(ctx, lease, {}));
    Observe(std::move(lease));
    return absl::OkStatus();
  }

  absl::Status CreateLease(const Context& ctx) {
    Value spec;
    FillSpec(false, spec);
    spec.Set("leaseTransitions", 0);
    absl::StatusOr<Value> lease = client_.Create(
        ctx,
        Value::MakeObject(
            {{"apiVersion", "coordination.k8s.io/v1"},
             {"kind", "Lease"},
             {"metadata", Value::MakeObject({{"namespace", options_.name_space},
                                             {"name", options_.name}})},
             {"spec", std::move(spec)}}),
        {});
    WEIR_RETURN_IF_ERROR(lease);
    Observe(*std::move(lease));
    return absl::OkStatus();
  }

  const Client& client_;
  const LeaderElectorOptions& options_;
  const ObjectRef ref_;
  const absl::Duration request_timeout_;
  Value observed_;  // As last read or written.
  absl::Time observed_at_ = absl::InfinitePast();
};

// Until the lease is ours, or ctx ends.
absl::Status Acquire(const Context& ctx, const LeaderElectorOptions& options,
                     const Logger& logger, Elector& elector) {
  absl::BitGen random;
  std::string reported;
  while (true) {
    const absl::Status status = elector.Try(ctx);
    if (status.ok()) return absl::OkStatus();
    WEIR_RETURN_IF_ERROR(ctx.status());
    logger.Debug("lease not acquired", {{"error", status}});
    if (const std::string holder = elector.holder();
        holder != reported && !holder.empty()) {
      reported = holder;
      logger.Info("new leader elected", {{"leader", holder}});
    }
    WEIR_RETURN_IF_ERROR(
        ctx.SleepFor(options.retry_period *
                     (1 + kRetryJitter * absl::Uniform(random, 0.0, 1.0))));
  }
}

// Until the lease is lost (kAborted), or ctx ends.
absl::Status Renew(const Context& ctx, const LeaderElectorOptions& options,
                   const Logger& logger, Elector& elector) {
  absl::Time renewed = absl::Now();
  std::string problem = "deadline exceeded";  // Until there is a better word.
  while (true) {
    WEIR_RETURN_IF_ERROR(ctx.SleepFor(options.retry_period));
    const absl::Time deadline = renewed + options.renew_deadline;
    const absl::Status status = elector.Try(ctx.WithDeadline(deadline));
    WEIR_RETURN_IF_ERROR(ctx.status());
    if (status.ok()) {
      renewed = absl::Now();
      continue;
    }
    logger.Debug("lease not renewed", {{"error", status}});
    if (!absl::IsDeadlineExceeded(status)) {
      problem = std::string(status.message());
    }
    // Another may have it already: then there is nothing left to wait for.
    if (elector.IsHeld()) {
      if (absl::Now() + options.retry_period < deadline) continue;
      // Not one try is left.
      WEIR_RETURN_IF_ERROR(
          ctx.SleepFor(std::max(deadline - absl::Now(), absl::ZeroDuration())));
    }
    return absl::AbortedError(absl::StrCat("leader election lost: ", problem));
  }
}

}  // namespace

absl::Status RunAsLeader(
    const Context& ctx, const Client& client,
    const LeaderElectorOptions& options, const Logger& logger,
    const std::function<absl::Status(const Context&)>& lead) {
  WEIR_RETURN_IF_ERROR(Check(options));
  Elector elector(client, options);
  WEIR_RETURN_IF_ERROR(Acquire(ctx, options, logger, elector));
  logger.Info("became leader", {{"identity", options.identity}});

  // The lease is renewed until the work has ended, even when ctx ends before:
  // nobody else may begin while it still runs.
  const Context leading = ctx.WithCancel();
  absl::Status lost;
  absl::Status result;
  {
    ThreadGroup renewer;
    renewer.Start("lease", [&](const Context& renewing) {
      elector.Report(renewing, "became leader");
      lost = Renew(renewing, options, logger, elector);
      leading.Cancel();
      return absl::OkStatus();
    });
    result = lead(leading);
    renewer.Stop();
    renewer.Join().IgnoreError();
  }
  logger.Info("stopped leading", {{"identity", options.identity}});
  if (absl::IsAborted(lost)) return lost;
  elector.Report(Context(), "stopped leading");
  if (options.release_on_cancel) {
    const absl::Status released =
        elector.Release(Context().WithTimeout(kReleaseTimeout));
    if (!released.ok()) {
      logger.Info("lease not released", {{"error", released}});
    }
  }
  return result;
}

}  // namespace weir::kube
