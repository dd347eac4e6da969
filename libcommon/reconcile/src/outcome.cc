#include "weir/reconcile/outcome.h"

namespace weir::reconcile {

Outcome OutcomeFor(const absl::Status& status,
                   const RetryIntervals& intervals) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kCancelled:
      return Outcome::Done();
    case absl::StatusCode::kInvalidArgument:
      return Outcome::Terminal(status);
    case absl::StatusCode::kFailedPrecondition:
      return Outcome::RequeueAfter(intervals.retry);
    case absl::StatusCode::kNotFound:
      return Outcome::RequeueAfter(intervals.dependency);
    default:
      return Outcome::Retry(status);
  }
}

}  // namespace weir::reconcile
