#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "src/event_proto.h"
#include "weir/base/status.h"
#include "weir/event/v1/event_service.grpc.pb.h"
#include "weir/reconcile/event_grpc.h"
#include "weir/rpc/channel.h"

namespace weir::reconcile {
namespace {

// Whether another try may end better. What is left is for good: a bad event, a
// duplicate, a server that takes none.
bool IsWorthAnotherTry(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNKNOWN:
      return true;
    default:
      return false;
  }
}

class GrpcEventSink : public EventSink {
 public:
  explicit GrpcEventSink(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(event::v1::EventService::NewStub(channel)) {}

  absl::string_view name() const override { return "grpc"; }

  absl::Status Send(const Context& ctx, const RecordedEvent& event) override {
    event::v1::EmitRequest request;
    ToProto(event, request.mutable_event());
    grpc::ClientContext call;
    call.set_deadline(absl::ToChronoTime(ctx.deadline()));
    // A receiver that is starting is waited for within the time of the try.
    call.set_wait_for_ready(true);
    const Context::Registration on_cancel =
        ctx.OnCancel([&call] { call.TryCancel(); });
    event::v1::EmitResponse response;
    const grpc::Status status = stub_->Emit(&call, request, &response);
    if (!IsWorthAnotherTry(status.error_code())) return absl::OkStatus();
    // Both have the same numbers.
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                        status.error_message());
  }

 private:
  const std::unique_ptr<event::v1::EventService::Stub> stub_;
};

// "[::1]:9000", "events.example.com:9000"
bool IsHostAndPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  int port = 0;
  return colon != absl::string_view::npos && colon > 0 &&
         text.find_first_of("/?#@") == absl::string_view::npos &&
         absl::SimpleAtoi(text.substr(colon + 1), &port) && port > 0 &&
         port < 65536;
}

}  // namespace

absl::StatusOr<std::shared_ptr<EventSink>> OpenEventSink(
    absl::string_view address) {
  rpc::TlsOptions tls;
  tls.is_enabled = absl::ConsumePrefix(&address, "grpcs://");
  if (!tls.is_enabled && !absl::ConsumePrefix(&address, "grpc://")) {
    return nullptr;
  }
  absl::ConsumeSuffix(&address, "/");
  if (!IsHostAndPort(address)) {
    return absl::InvalidArgumentError(
        "events over gRPC need an address like grpc://host:port");
  }
  WEIR_ASSIGN_OR_RETURN(std::shared_ptr<void> channel,
                        rpc::OpenChannel(std::string(address), tls));
  return std::make_shared<GrpcEventSink>(
      std::static_pointer_cast<grpc::Channel>(std::move(channel)));
}

}  // namespace weir::reconcile
