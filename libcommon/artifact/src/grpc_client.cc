// The client's side of weir.artifact.v1.ArtifactService.
#include <grpcpp/grpcpp.h>

#include <map>
#include <utility>

#include "src/grpc_convert.h"
#include "weir/artifact/grpc.h"
#include "weir/artifact/v1/artifact_service.grpc.pb.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/rpc/channel.h"

namespace weir::artifact {
namespace {

// Of calls with one answer, when the caller has no earlier deadline.
constexpr absl::Duration kCallTimeout = absl::Seconds(30);
constexpr absl::Duration kMinReconnectDelay = absl::Milliseconds(100);
constexpr absl::Duration kMaxReconnectDelay = absl::Seconds(5);

absl::Status ToStatus(const grpc::Status& status) {
  // Both have the same numbers.
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      status.error_message());
}

// One call that ends when `ctx` does.
class Call {
 public:
  Call(const Context& ctx, absl::Time deadline)
      : ctx_(ctx), on_cancel_(ctx.OnCancel([this] { context_.TryCancel(); })) {
    if (deadline != absl::InfiniteFuture()) {
      context_.set_deadline(absl::ToChronoTime(deadline));
    }
  }

  grpc::ClientContext* get() { return &context_; }
  // The caller's own end of waiting goes before what gRPC says of it.
  absl::Status End(const grpc::Status& status) const {
    if (status.ok()) return absl::OkStatus();
    WEIR_RETURN_IF_ERROR(ctx_.status());
    return ToStatus(status);
  }

 private:
  const Context& ctx_;
  grpc::ClientContext context_;
  const Context::Registration on_cancel_;  // Last, so that it goes first.
};

// Whether a watch that ended like this may be taken up again.
bool CanReconnect(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return false;
    default:
      return true;
  }
}

class ArtifactGrpcClient : public artifact::ArtifactService {
 public:
  explicit ArtifactGrpcClient(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(v1::ArtifactService::NewStub(channel)) {}

  absl::StatusOr<ArtifactList> List(const Context& ctx,
                                    const ArtifactFilter& filter) override {
    v1::ListRequest request;
    v1::ListResponse response;
    ToProto(filter, request.mutable_filter());
    Call call(ctx, CallDeadline(ctx));
    WEIR_RETURN_IF_ERROR(call.End(stub_->List(call.get(), request, &response)));
    ArtifactList list;
    list.version = response.version();
    for (const v1::Entry& entry : response.entries()) {
      list.entries.push_back(FromProto(entry));
    }
    return list;
  }

  absl::StatusOr<Artifact> Get(const Context& ctx,
                               const SourceKey& source) override {
    v1::GetRequest request;
    v1::GetResponse response;
    ToProto(source, request.mutable_source());
    Call call(ctx, CallDeadline(ctx));
    WEIR_RETURN_IF_ERROR(call.End(stub_->Get(call.get(), request, &response)));
    return FromProto(response.artifact());
  }

  absl::Status Watch(
      const Context& ctx, const ArtifactFilter& filter, uint64_t after_version,
      const std::function<void(const ArtifactChange&)>& callback) override {
    Watcher watcher{*this, filter, callback};
    watcher.version = after_version;
    int failures = 0;
    while (true) {
      watcher.has_answered = false;
      const absl::Status status = watcher.Stream(ctx);
      WEIR_RETURN_IF_ERROR(ctx.status());
      if (!CanReconnect(status)) return status;
      failures = watcher.has_answered ? 0 : failures + 1;
      WEIR_RETURN_IF_ERROR(ctx.SleepFor(Jitter(
          ExponentialBackoff(kMinReconnectDelay, kMaxReconnectDelay, failures),
          20)));
    }
  }

  absl::StatusOr<std::string> Read(
      const Context& ctx, const ArtifactFile& file, int64_t offset,
      const std::function<absl::Status(absl::string_view)>& sink) override {
    v1::ReadRequest request;
    request.set_digest(file.digest);
    request.set_path(file.path);
    request.set_offset(offset);
    Call call(ctx, ctx.deadline());
    const auto reader = stub_->Read(call.get(), request);
    v1::ReadResponse response;
    std::string digest;
    while (reader->Read(&response)) {
      if (!response.digest().empty()) digest = response.digest();
      if (response.data().empty()) continue;
      const absl::Status taken = sink(response.data());
      if (!taken.ok()) {
        call.get()->TryCancel();
        reader->Finish();
        return taken;
      }
    }
    WEIR_RETURN_IF_ERROR(call.End(reader->Finish()));
    if (digest.empty()) {
      return absl::UnavailableError("the artifact's stream is incomplete");
    }
    return digest;
  }

 private:
  // One Watch, over any number of connections.
  struct Watcher {
    ArtifactGrpcClient& client;
    const ArtifactFilter& filter;
    const std::function<void(const ArtifactChange&)>& callback;
    uint64_t version = 0;
    bool is_synced = false;     // kSynced was told.
    bool has_answered = false;  // In this connection.
    // What the caller was told of.
    std::map<SourceKey, Artifact> known;

    absl::Status Stream(const Context& ctx) {
      v1::WatchRequest request;
      ToProto(filter, request.mutable_filter());
      request.set_after_version(version);
      Call call(ctx, ctx.deadline());
      const auto reader = client.stub_->Watch(call.get(), request);
      v1::WatchResponse response;
      while (reader->Read(&response)) {
        has_answered = true;
        absl::Status status = Tell(ctx, FromProto(response));
        if (!status.ok()) {
          call.get()->TryCancel();
          reader->Finish();
          return status;
        }
        version = response.version();
      }
      const absl::Status status = call.End(reader->Finish());
      return status.ok() ? absl::UnavailableError("the watch ended") : status;
    }

    absl::Status Tell(const Context& ctx, const ArtifactChange& change) {
      switch (change.type) {
        case ArtifactChange::Type::kPut: {
          auto [it, is_new] =
              known.try_emplace(change.entry.source, change.entry.artifact);
          // A state that is told again holds much that is no news.
          if (!is_new && it->second == change.entry.artifact)
            return absl::OkStatus();
          it->second = change.entry.artifact;
          callback(change);
          return absl::OkStatus();
        }
        case ArtifactChange::Type::kRemoved:
          known.erase(change.entry.source);
          callback(change);
          return absl::OkStatus();
        case ArtifactChange::Type::kSynced:
          if (is_synced) return TellRemoved(ctx, change.version);
          is_synced = true;
          callback(change);
          return absl::OkStatus();
      }
      return absl::OkStatus();
    }

    // After a reconnection: a server that does not remember our version tells
    // what there is, but not what is gone.
    absl::Status TellRemoved(const Context& ctx, uint64_t at) {
      WEIR_ASSIGN_OR_RETURN(const ArtifactList list, client.List(ctx, filter));
      std::map<SourceKey, Artifact> gone = known;
      for (const ArtifactEntry& entry : list.entries) gone.erase(entry.source);
      for (const auto& [source, artifact] : gone) {
        known.erase(source);
        callback({ArtifactChange::Type::kRemoved, {source, artifact}, at});
      }
      return absl::OkStatus();
    }
  };

  static absl::Time CallDeadline(const Context& ctx) {
    return std::min(ctx.deadline(), absl::Now() + kCallTimeout);
  }

  const std::unique_ptr<v1::ArtifactService::Stub> stub_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<ArtifactService>> MakeArtifactGrpcClient(
    const std::string& address, const rpc::TlsOptions& tls) {
  WEIR_ASSIGN_OR_RETURN(std::shared_ptr<void> channel,
                        rpc::OpenChannel(address, tls));
  return std::make_shared<ArtifactGrpcClient>(
      std::static_pointer_cast<grpc::Channel>(std::move(channel)));
}

}  // namespace weir::artifact
