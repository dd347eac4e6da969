#include "weir/apply/prune.h"

#include <algorithm>
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

}  // namespace

PruneResult Prune(const Context& ctx, const kube::Client& client,
                  const std::vector<InventoryEntry>& entries,
                  const PruneOptions& options) {
  PruneResult result;
  ErrorList errors;
  std::vector<Candidate> candidates;
  std::vector<kube::Request> reads;
  for (const InventoryEntry& entry : entries) {
    absl::StatusOr<kube::ObjectRef> ref = ParseInventoryEntry(entry);
    if (!ref.ok()) continue;  // Names no object: nothing to delete.
    candidates.push_back({entry, *std::move(ref)});
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) {
              return AppliesBefore(b.ref, a.ref);
            });
  std::vector<Candidate> readable;
  for (Candidate& candidate : candidates) {
    absl::StatusOr<kube::Request> request =
        client.GetRequest(ctx, candidate.ref);
    if (request.ok()) {
      reads.push_back(*std::move(request));
      readable.push_back(std::move(candidate));
    } else if (absl::IsNotFound(request.status())) {
      // The kind is gone, and its objects with it.
      result.deleted.push_back({candidate.ref, Action::kDeleted});
    } else {
      errors.Add(candidate.ref, "failed to get", request.status());
      result.failed.push_back(candidate.entry);
    }
  }
  const std::vector<absl::StatusOr<kube::Response>> answers =
      client.DoAll(ctx, std::move(reads), options.concurrency);
  for (size_t i = 0; i < answers.size(); ++i) {
    const Candidate& candidate = readable[i];
    if (!answers[i].ok()) {
      if (absl::IsNotFound(answers[i].status())) {
        result.deleted.push_back({candidate.ref, Action::kDeleted});
      } else {
        errors.Add(candidate.ref, "query failed", answers[i].status());
        result.failed.push_back(candidate.entry);
      }
      continue;
    }
    const Value& live = answers[i]->body;
    if (!IsOurs(live, options.owner_labels) ||
        IsExcluded(live, options.control_prefix)) {
      continue;
    }
    const absl::Status deleted = client.Delete(
        ctx, candidate.ref,
        {.propagation_policy = "Background", .uid = "", .dry_run = false});
    if (deleted.ok() || absl::IsNotFound(deleted)) {
      result.deleted.push_back({candidate.ref, Action::kDeleted});
    } else {
      errors.Add(candidate.ref, "delete failed", deleted);
      result.failed.push_back(candidate.entry);
    }
  }
  result.status = errors.ToStatus();
  return result;
}

}  // namespace weir::apply
