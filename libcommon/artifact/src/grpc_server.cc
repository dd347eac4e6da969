// The server's side of weir.artifact.v1.ArtifactService.
#include <utility>

#include "src/grpc_convert.h"
#include "src/grpc_stream.h"
#include "weir/artifact/grpc.h"
#include "weir/artifact/v1/artifact_service.grpc.pb.h"
#include "weir/base/status.h"

namespace weir::artifact {
namespace {

class ArtifactGrpcService : public rpc::Service,
                            public v1::ArtifactService::CallbackService {
 public:
  ArtifactGrpcService(std::shared_ptr<artifact::ArtifactService> artifacts,
                      int max_streams)
      : artifacts_(std::move(artifacts)), threads_(max_streams) {}

  void* grpc_service() override { return static_cast<grpc::Service*>(this); }
  void Stop() override { threads_.Stop(); }

  grpc::ServerUnaryReactor* List(grpc::CallbackServerContext* call,
                                 const v1::ListRequest* request,
                                 v1::ListResponse* response) override {
    const absl::StatusOr<ArtifactList> list =
        artifacts_->List(threads_.context(), FromProto(request->filter()));
    if (list.ok()) {
      response->set_version(list->version);
      for (const ArtifactEntry& entry : list->entries) {
        ToProto(entry, response->add_entries());
      }
    }
    return Finish(call, list.status());
  }

  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* call,
                                const v1::GetRequest* request,
                                v1::GetResponse* response) override {
    const absl::StatusOr<Artifact> artifact =
        artifacts_->Get(threads_.context(), FromProto(request->source()));
    if (artifact.ok()) ToProto(*artifact, response->mutable_artifact());
    return Finish(call, artifact.status());
  }

  grpc::ServerWriteReactor<v1::WatchResponse>* Watch(
      grpc::CallbackServerContext*, const v1::WatchRequest* request) override {
    using Stream = StreamReactor<v1::WatchResponse>;
    return Stream::Run(
        threads_,
        [artifacts = artifacts_, filter = FromProto(request->filter()),
         after = request->after_version()](Stream& stream) {
          return artifacts->Watch(stream.context(), filter, after,
                                  [&stream](const ArtifactChange& change) {
                                    v1::WatchResponse response;
                                    ToProto(change, &response);
                                    // A broken stream ends the watch.
                                    if (!stream.Write(&response).ok())
                                      stream.context().Cancel();
                                  });
        });
  }

  grpc::ServerWriteReactor<v1::ReadResponse>* Read(
      grpc::CallbackServerContext*, const v1::ReadRequest* request) override {
    using Stream = StreamReactor<v1::ReadResponse>;
    return Stream::Run(
        threads_,
        [artifacts = artifacts_,
         file = ArtifactFile{request->digest(), request->path()},
         offset = request->offset()](Stream& stream) -> absl::Status {
          v1::ReadResponse response;
          WEIR_ASSIGN_OR_RETURN(
              const std::string digest,
              artifacts->Read(stream.context(), file, offset,
                              [&](absl::string_view bytes) {
                                response.set_data(bytes.data(), bytes.size());
                                return stream.Write(&response);
                              }));
          response.clear_data();
          response.set_digest(digest);
          return stream.Write(&response);
        });
  }

 private:
  static grpc::ServerUnaryReactor* Finish(grpc::CallbackServerContext* call,
                                          const absl::Status& status) {
    grpc::ServerUnaryReactor* reactor = call->DefaultReactor();
    reactor->Finish(ToGrpcStatus(status));
    return reactor;
  }

  // Constant after construction.
  const std::shared_ptr<artifact::ArtifactService> artifacts_;
  // Has its own lock.
  StreamThreads threads_;
};

}  // namespace

std::shared_ptr<rpc::Service> MakeArtifactGrpcService(
    std::shared_ptr<ArtifactService> artifacts, int max_streams) {
  return std::make_shared<ArtifactGrpcService>(std::move(artifacts),
                                               max_streams);
}

absl::StatusOr<std::unique_ptr<rpc::Server>> StartArtifactGrpcServer(
    ArtifactGrpcServerOptions options) {
  rpc::ServerOptions server;
  server.address = std::move(options.address);
  server.tls = std::move(options.tls);
  server.logger = options.logger;
  return rpc::Server::Start(std::move(server),
                            {MakeArtifactGrpcService(options.artifacts)});
}

}  // namespace weir::artifact
