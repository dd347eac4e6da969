#include "tests/support/grpc_call.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/sync_stream.h>

#include <vector>

#include "absl/time/clock.h"

namespace weir::test {

struct GrpcCall::Impl {
  std::shared_ptr<grpc::Channel> channel;
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReader<grpc::ByteBuffer>> reader;
};

GrpcCall::GrpcCall(const std::string& address, const std::string& method,
                   const std::string& request)
    : impl_(std::make_unique<Impl>()) {
  impl_->channel =
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  impl_->context.set_deadline(
      absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
  const grpc::Slice slice(request);
  const grpc::ByteBuffer message(&slice, 1);
  // On the wire a call with one answer is a stream of one.
  const grpc::internal::RpcMethod rpc(
      method.c_str(), grpc::internal::RpcMethod::SERVER_STREAMING);
  impl_->reader.reset(
      grpc::internal::ClientReaderFactory<grpc::ByteBuffer>::Create(
          impl_->channel.get(), rpc, &impl_->context, message));
}

GrpcCall::~GrpcCall() {
  impl_->context.TryCancel();
  while (Read().has_value()) {
  }
}

std::optional<std::string> GrpcCall::Read() {
  grpc::ByteBuffer message;
  if (!impl_->reader->Read(&message)) return std::nullopt;
  std::vector<grpc::Slice> slices;
  if (!message.Dump(&slices).ok()) return std::nullopt;
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

void GrpcCall::Cancel() { impl_->context.TryCancel(); }

absl::Status GrpcCall::Finish() {
  const grpc::Status status = impl_->reader->Finish();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      status.error_message());
}

}  // namespace weir::test
