// Jobs, and what needs no Pods: claims of storage, addresses of services.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "api_errors.h"
#include "simulate.h"
#include "weir/base/duration.h"
#include "weir/kube/conditions.h"

namespace weir::apiserver {
namespace {

std::string NamespaceOf(const Value& object) {
  return std::string(object["metadata"].GetString("namespace"));
}
std::string NameOf(const Value& object) {
  return std::string(object["metadata"].GetString("name"));
}

bool HasFinished(const Value& job) {
  return kube::IsConditionTrue(job, "Complete") ||
         kube::IsConditionTrue(job, "Failed");
}

struct JobCounts {
  int64_t active = 0, ready = 0, succeeded = 0, failed = 0;
};

// Makes the Pods that are due and counts all.
JobCounts KeepJobPods(Simulated& sim, const Value& job, int64_t completions) {
  const int64_t parallelism = job["spec"].GetInt("parallelism", 1);
  JobCounts counts;
  std::vector<int64_t> absent;
  for (int64_t slot = 0; slot < completions; ++slot) {
    const Value pod =
        sim.Get("pods", NamespaceOf(job),
                absl::StrCat(NameOf(job), "-", SlotName(job, slot)));
    const absl::string_view phase = pod["status"].GetString("phase");
    if (pod.is_null()) {
      absent.push_back(slot);
    } else if (phase == "Succeeded") {
      ++counts.succeeded;
    } else if (phase == "Failed") {
      ++counts.failed;
    } else {
      ++counts.active;
      if (IsPodReady(pod)) ++counts.ready;
    }
  }
  if (counts.failed > 0) return counts;
  for (int64_t slot : absent) {
    if (counts.active >= parallelism) break;
    Value labels = Value::MakeObject();
    if (job["spec"].GetString("completionMode") == "Indexed") {
      labels.Set("batch.kubernetes.io/job-completion-index",
                 absl::StrCat(slot));
    }
    sim.context().Create(MakePod(
        sim, job, absl::StrCat(NameOf(job), "-", SlotName(job, slot)), labels));
    ++counts.active;
  }
  return counts;
}

JobCounts CountWithoutPods(Simulated& sim, const Value& job,
                           int64_t completions) {
  const Wish wish = WishOf(job);
  JobCounts counts;
  absl::StatusOr<absl::Time> born =
      ParseKubeTime(job["metadata"].GetString("creationTimestamp"));
  const absl::Time due = born.value_or(sim.context().Now()) + wish.delay;
  if (sim.context().Now() < due) {
    sim.EnqueueAt(due, "jobs.batch", kube::KeyOf(job));
    counts.active = 1;
  } else if (wish.outcome == Outcome::kFail) {
    counts.failed = 1;
  } else if (wish.outcome == Outcome::kReady ||
             wish.outcome == Outcome::kSucceed) {
    counts.succeeded = completions;
  } else {
    counts.active = 1;
  }
  return counts;
}

void SetCount(Value& status, const char* key, int64_t count) {
  if (count == 0) {
    status.Erase(key);
  } else {
    status.Set(key, count);
  }
}

void Complete(Value& job, absl::Time now) {
  job.Mutable("status").Set("completionTime", FormatKubeTime(now));
  for (const char* type : {"SuccessCriteriaMet", "Complete"}) {
    SetCondition(job, type, "True", "CompletionsReached",
                 "Reached expected number of succeeded pods", now);
  }
}

void Fail(Value& job, absl::Time now) {
  for (const char* type : {"FailureTarget", "Failed"}) {
    SetCondition(job, type, "True", "BackoffLimitExceeded",
                 "Job has reached the specified backoff limit", now);
  }
}

void ExpireJob(Simulated& sim, const Value& job) {
  const Value& ttl = job["spec"]["ttlSecondsAfterFinished"];
  if (!ttl.is_int()) return;
  std::string text(job["status"].GetString("completionTime"));
  if (text.empty()) {
    text = std::string(
        kube::FindCondition(job, "Failed").GetString("lastTransitionTime"));
  }
  absl::StatusOr<absl::Time> end = ParseKubeTime(text);
  if (!end.ok()) return;
  const absl::Time due = *end + absl::Seconds(ttl.AsInt());
  if (sim.context().Now() < due) {
    return sim.EnqueueAt(due, "jobs.batch", kube::KeyOf(job));
  }
  sim.context().Delete(
      kube::RefOf(job),
      Value::MakeObject({{"propagationPolicy", "Background"}}));
}

}  // namespace

void SimulateJob(Simulated& sim, const Value& job) {
  if (IsLeaving(job)) return;
  if (HasFinished(job)) return ExpireJob(sim, job);
  const absl::Time now = sim.context().Now();
  if (job["spec"].GetBool("suspend")) {
    return sim.EditStatus(job, [now](Value& edited) {
      edited.Mutable("status").Erase("startTime");
      SetCondition(edited, "Suspended", "True", "JobSuspended", "Job suspended",
                   now);
    });
  }
  const int64_t completions = job["spec"].GetInt("completions", 1);
  const JobCounts counts = sim.makes_pods()
                               ? KeepJobPods(sim, job, completions)
                               : CountWithoutPods(sim, job, completions);
  const int64_t limit = job["spec"].GetInt("backoffLimit", 6);
  sim.EditStatus(job, [=](Value& edited) {
    Value& status = edited.Mutable("status");
    if (!status.Has("startTime")) {
      status.Set("startTime", FormatKubeTime(now));
    }
    SetCount(status, "active", counts.failed > 0 ? 0 : counts.active);
    status.Set("ready", counts.ready);
    status.Set("terminating", 0);
    SetCount(status, "succeeded", counts.succeeded);
    // It would have been tried again until the limit.
    SetCount(status, "failed", counts.failed > 0 ? limit + 1 : 0);
    status.Set("uncountedTerminatedPods", Value::MakeObject());
    if (kube::IsConditionTrue(edited, "Suspended")) {
      SetCondition(edited, "Suspended", "False", "JobResumed", "Job resumed",
                   now);
    }
    if (counts.failed > 0) {
      Fail(edited, now);
    } else if (counts.succeeded >= completions) {
      Complete(edited, now);
    }
  });
}

// ------------------------------------------------------------------- claims

void SimulateClaim(Simulated& sim, const Value& claim) {
  if (IsLeaving(claim)) return;
  const Wish wish = WishOf(claim);
  if (wish.outcome == Outcome::kHang || wish.outcome == Outcome::kFail) return;
  const Value& spec = claim["spec"];
  std::string volume(spec.GetString("volumeName"));
  const Value capacity = spec["resources"]["requests"];
  if (volume.empty()) {
    if (spec["storageClassName"].is_string() &&
        spec.GetString("storageClassName").empty()) {
      return;  // It wants a volume made by hand.
    }
    volume = absl::StrCat("pvc-", claim["metadata"].GetString("uid"));
    Value volume_spec = Value::MakeObject(
        {{"capacity", capacity},
         {"accessModes", spec["accessModes"]},
         {"persistentVolumeReclaimPolicy", "Delete"},
         {"hostPath",
          Value::MakeObject({{"path", absl::StrCat("/simulated/", volume)}})},
         {"claimRef",
          Value::MakeObject({{"apiVersion", "v1"},
                             {"kind", "PersistentVolumeClaim"},
                             {"namespace", claim["metadata"]["namespace"]},
                             {"name", claim["metadata"]["name"]},
                             {"uid", claim["metadata"]["uid"]}})}});
    for (const char* key : {"storageClassName", "volumeMode"}) {
      if (spec.Has(key)) volume_spec.Set(key, spec[key]);
    }
    sim.context().Create(Value::MakeObject(
        {{"apiVersion", "v1"},
         {"kind", "PersistentVolume"},
         {"metadata",
          Value::MakeObject(
              {{"name", volume},
               {"annotations",
                Value::MakeObject({{"pv.kubernetes.io/provisioned-by",
                                    "weir.dev/simulated"}})}})},
         {"spec", std::move(volume_spec)}}));
    // The status follows when this write is seen.
    return sim.context().Edit(kube::RefOf(claim), "", [volume](Value& edited) {
      edited.Mutable("spec").Set("volumeName", volume);
      edited.Mutable("metadata")
          .Mutable("annotations")
          .Set("pv.kubernetes.io/bind-completed", "yes");
      return absl::OkStatus();
    });
  }
  const Value pv = sim.Get("persistentvolumes", "", volume);
  if (pv.is_null()) return;
  if (pv["status"].GetString("phase") != "Bound") {
    sim.EditStatus(pv, [](Value& edited) {
      edited.Mutable("status").Set("phase", "Bound");
    });
  }
  sim.EditStatus(claim, [=](Value& edited) {
    const Value modes = edited["spec"]["accessModes"];
    Value& status = edited.Mutable("status");
    status.Set("phase", "Bound");
    status.Set("accessModes", modes);
    status.Set("capacity", pv["spec"]["capacity"]);
  });
}

void ReleaseVolume(Simulated& sim, const Value& claim) {
  const std::string volume(claim["spec"].GetString("volumeName"));
  const Value pv = sim.Get("persistentvolumes", "", volume);
  if (pv.is_null() ||
      pv["spec"].GetString("persistentVolumeReclaimPolicy") != "Delete") {
    return;
  }
  sim.context().Delete(kube::RefOf(pv), Value::MakeObject());
}

// ----------------------------------------------------------------- services

void SimulateService(Simulated& sim, const Value& service) {
  if (IsLeaving(service)) return;
  const bool wants_address =
      service["spec"].GetString("type") == "LoadBalancer" &&
      WishOf(service).outcome == Outcome::kReady;
  sim.EditStatus(service, [wants_address](Value& edited) {
    Value balancer = Value::MakeObject();
    if (wants_address) {
      balancer.Set("ingress", Value(Value::Array{Value::MakeObject(
                                  {{"ip", "127.0.0.1"}, {"ipMode", "VIP"}})}));
    }
    edited.Mutable("status").Set("loadBalancer", std::move(balancer));
  });
}

}  // namespace weir::apiserver
