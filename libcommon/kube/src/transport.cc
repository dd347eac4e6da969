#include "weir/kube/transport.h"

#include <utility>

#include "absl/strings/cord.h"
#include "src/answer_waiter.h"

namespace weir::kube {
namespace {

constexpr absl::string_view kConnectionLost = "weir.dev/connection-lost";

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
  AnswerWaiter<Response> waiter;
  transport.Send(ctx, std::move(request), waiter.Callback());
  return waiter.Wait(ctx);
}

}  // namespace weir::kube
