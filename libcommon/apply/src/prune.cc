#include "weir/apply/prune.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/apply/normalize.h"
#include "weir/apply/order.h"
#include "weir/base/status.h"

namespace weir::apply {
namespace {

struct Candidate {
  InventoryEntry entry;
  kube::ObjectRef ref;
  std::optional<Action> action;  // Nothing: it could not be dealt with.
  std::string version;           // The resourceVersion it was judged by.
};

bool IsOurs(const Value& object, const Value& owner_labels) {
  const Value& labels = object["metadata"]["labels"];
  for (const Value::Member& label : owner_labels.object()) {
    if (!(labels[label.key] == label.value)) return false;
  }
  return true;
}

bool IsExcluded(const Value& object, const std::string& prefix) {
  return HasControl(object, absl::StrCat(prefix, "/reconcile"), "disabled") ||
         HasControl(object, absl::StrCat(prefix, "/ssa"), "Ignore") ||
         HasControl(object, absl::StrCat(prefix, "/prune"), "disabled");
}

// Collects errors as upstream words them.
class ErrorList {
 public:
  void Add(const kube::ObjectRef& ref, absl::string_view what,
           const absl::Status& status) {
    absl::StrAppend(&text_, Subject(ref), " ", what, ": ", status.message(),
                    ";");
    code_ = status.code();
  }
  absl::Status ToStatus() const {
    if (text_.empty()) return absl::OkStatus();
    return absl::Status(code_, absl::StrCat("delete failed, errors: ", text_));
  }

 private:
  std::string text_;
  absl::StatusCode code_ = absl::StatusCode::kOk;
};

// The objects behind the entries, the last applied first.
std::vector<Candidate> MakeCandidates(
    const std::vector<InventoryEntry>& entries) {
  std::vector<Candidate> candidates;
  for (const InventoryEntry& entry : entries) {
    absl::StatusOr<kube::ObjectRef> ref = ParseInventoryEntry(entry);
    if (!ref.ok()) continue;  // Names no object: nothing to delete.
    candidates.push_back({entry, *std::move(ref), std::nullopt, ""});
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) {
              return AppliesBefore(b.ref, a.ref);
            });
  return candidates;
}

// Sends a request for each candidate and hands on the answers; one whose kind
// is gone is answered with kNotFound.
using MakeRequest =
    std::function<absl::StatusOr<kube::Request>(const Candidate&)>;
using OnAnswer = std::function<void(
    Candidate&, const absl::StatusOr<kube::Response>& answer)>;

void ForEach(const Context& ctx, const kube::Client& client, int concurrency,
             const std::vector<Candidate*>& candidates,
             const MakeRequest& make_request, const OnAnswer& on_answer) {
  std::vector<Candidate*> asked;
  std::vector<kube::Request> requests;
  for (Candidate* candidate : candidates) {
    absl::StatusOr<kube::Request> request = make_request(*candidate);
    if (!request.ok()) {
      on_answer(*candidate, request.status());
      continue;
    }
    asked.push_back(candidate);
    requests.push_back(*std::move(request));
  }
  const std::vector<absl::StatusOr<kube::Response>> answers =
      client.DoAll(ctx, std::move(requests), concurrency);
  for (size_t i = 0; i < answers.size(); ++i) on_answer(*asked[i], answers[i]);
}

// Those of the candidates that are to be deleted; the others are settled.
std::vector<Candidate*> FindDoomed(const Context& ctx,
                                   const kube::Client& client,
                                   const std::vector<Candidate*>& candidates,
                                   const PruneOptions& options,
                                   ErrorList* errors) {
  std::vector<Candidate*> doomed;
  ForEach(
      ctx, client, options.concurrency, candidates,
      [&](const Candidate& candidate) {
        return client.GetRequest(ctx, candidate.ref);
      },
      [&](Candidate& candidate, const absl::StatusOr<kube::Response>& answer) {
        if (absl::IsNotFound(answer.status())) {
          candidate.action = Action::kDeleted;
        } else if (!answer.ok()) {
          errors->Add(candidate.ref, "query failed", answer.status());
        } else if (!IsOurs(answer->body, options.owner_labels) ||
                   IsExcluded(answer->body, options.control_prefix)) {
          candidate.action = Action::kSkipped;
        } else {
          candidate.version = std::string(
              answer->body["metadata"].GetString("resourceVersion"));
          doomed.push_back(&candidate);
        }
      });
  return doomed;
}

// Deletes kind after kind. Returns those that changed since they were read:
// another owner may have taken them over.
std::vector<Candidate*> DeleteAll(const Context& ctx,
                                  const kube::Client& client,
                                  const std::vector<Candidate*>& doomed,
                                  const PruneOptions& options, bool is_last,
                                  ErrorList* errors) {
  std::vector<Candidate*> changed;
  for (size_t start = 0; start < doomed.size();) {
    const int rank = KindRank(doomed[start]->ref.gvk);
    std::vector<Candidate*> batch;
    for (; start < doomed.size() && KindRank(doomed[start]->ref.gvk) == rank;
         ++start) {
      batch.push_back(doomed[start]);
    }
    ForEach(
        ctx, client, options.concurrency, batch,
        [&](const Candidate& candidate) {
          return client.DeleteRequest(
              ctx, candidate.ref,
              {.propagation_policy = "Background",
               .uid = "",
               .dry_run = false,
               .resource_version =
                   is_last ? std::string() : candidate.version});
        },
        [&](Candidate& candidate,
            const absl::StatusOr<kube::Response>& answer) {
          if (answer.ok() || absl::IsNotFound(answer.status())) {
            candidate.action = Action::kDeleted;
          } else if (!is_last && absl::IsAborted(answer.status())) {
            changed.push_back(&candidate);
          } else {
            errors->Add(candidate.ref, "delete failed", answer.status());
          }
        });
  }
  return changed;
}

}  // namespace

PruneResult Prune(const Context& ctx, const kube::Client& client,
                  const std::vector<InventoryEntry>& entries,
                  const PruneOptions& options) {
  // An object whose status never rests is deleted in the end as it is.
  constexpr int kRounds = 5;
  ErrorList errors;
  std::vector<Candidate> candidates = MakeCandidates(entries);
  std::vector<Candidate*> pending;
  for (Candidate& candidate : candidates) pending.push_back(&candidate);
  for (int round = 1; round <= kRounds && !pending.empty(); ++round) {
    pending = DeleteAll(ctx, client,
                        FindDoomed(ctx, client, pending, options, &errors),
                        options, round == kRounds, &errors);
  }

  PruneResult result;
  for (const Candidate& candidate : candidates) {
    if (candidate.action.has_value()) {
      result.entries.push_back({candidate.ref, *candidate.action});
    } else {
      result.failed.push_back(candidate.entry);
    }
  }
  result.status = errors.ToStatus();
  return result;
}

}  // namespace weir::apply
