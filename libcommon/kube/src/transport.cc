#include "weir/kube/transport.h"

#include <utility>

#include "absl/strings/cord.h"
#include "weir/base/mutex.h"

namespace weir::kube {
namespace {

constexpr absl::string_view kConnectionLost = "weir.dev/connection-lost";

// Outlives SendAndWait when the answer comes after the caller gave up.
struct Waiter {
  Mutex mu;
  CondVar changed;
  bool cancelled ABSL_GUARDED_BY(mu) = false;
  std::optional<absl::StatusOr<Response>> answer ABSL_GUARDED_BY(mu);
};

}  // namespace

absl::Status MakeConnectionLost(absl::string_view message) {
  absl::Status status = absl::UnavailableError(message);
  status.SetPayload(kConnectionLost, absl::Cord());
  return status;
}

bool IsConnectionLost(const absl::Status& status) {
  return status.GetPayload(kConnectionLost).has_value();
}

const char* MethodName(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
    case Method::kDelete:
      return "DELETE";
  }
  return "GET";
}

absl::StatusOr<Response> SendAndWait(Transport& transport, const Context& ctx,
                                     Request request) {
  auto waiter = std::make_shared<Waiter>();
  const Context::Registration registration = ctx.OnCancel([waiter] {
    MutexLock lock(waiter->mu);
    waiter->cancelled = true;
    waiter->changed.NotifyAll();
  });
  transport.Send(ctx, std::move(request),
                 [waiter](absl::StatusOr<Response> answer) {
                   MutexLock lock(waiter->mu);
                   waiter->answer = std::move(answer);
                   waiter->changed.NotifyAll();
                 });
  MutexLock lock(waiter->mu);
  while (!waiter->answer.has_value()) {
    if (waiter->cancelled) return absl::CancelledError("cancelled");
    if (!waiter->changed.WaitUntil(waiter->mu, ctx.deadline()) &&
        !waiter->answer.has_value()) {
      return absl::DeadlineExceededError("deadline exceeded");
    }
  }
  return *std::move(waiter->answer);
}

}  // namespace weir::kube
