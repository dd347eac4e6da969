// One contract, over the registry itself and over gRPC.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/libcommon/artifact/fixture.h"
#include "weir/artifact/grpc.h"
#include "weir/artifact/service.h"
#include "weir/base/mutex.h"
#include "weir/base/thread_group.h"

namespace weir::artifact {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string Describe(const ArtifactChange& change) {
  switch (change.type) {
    case ArtifactChange::Type::kPut:
      return absl::StrCat("put ", change.entry.source.name, " ",
                          change.entry.artifact.revision);
    case ArtifactChange::Type::kRemoved:
      return absl::StrCat("removed ", change.entry.source.name, " ",
                          change.entry.artifact.revision);
    case ArtifactChange::Type::kSynced:
      return "synced";
  }
  return "";
}

// A watch on a thread of its own.
class Watch {
 public:
  Watch(std::shared_ptr<ArtifactService> service, ArtifactFilter filter = {},
        uint64_t after = 0) {
    threads_.Start("watch", [this, service, filter, after](const Context& ctx) {
      absl::Status status =
          service->Watch(ctx, filter, after, [this](const ArtifactChange& c) {
            MutexLock lock(mu_);
            seen_.push_back(Describe(c));
            version_ = c.version;
            changed_.NotifyAll();
          });
      MutexLock lock(mu_);
      result_ = status;
      return absl::OkStatus();
    });
  }
  ~Watch() { Stop().IgnoreError(); }

  // What was told, as soon as there are so many.
  std::vector<std::string> Await(size_t count) {
    const absl::Time deadline = absl::Now() + absl::Seconds(10);
    MutexLock lock(mu_);
    while (seen_.size() < count && absl::Now() < deadline) {
      changed_.WaitUntil(mu_, deadline);
    }
    return seen_;
  }
  uint64_t version() {
    MutexLock lock(mu_);
    return version_;
  }
  absl::Status Stop() {
    threads_.Stop();
    threads_.Join().IgnoreError();
    MutexLock lock(mu_);
    return result_;
  }

 private:
  Mutex mu_;
  CondVar changed_;
  std::vector<std::string> seen_ ABSL_GUARDED_BY(mu_);
  uint64_t version_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status result_ ABSL_GUARDED_BY(mu_);
  ThreadGroup threads_;
};

enum class Way { kDirect, kGrpc };

class ServiceContractTest : public testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    service_ = fixture_.registry;
    if (GetParam() == Way::kDirect) return;
    ArtifactGrpcServerOptions options;
    options.address = "127.0.0.1:0";
    options.artifacts = fixture_.registry;
    auto server = StartArtifactGrpcServer(options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    auto client =
        MakeArtifactGrpcClient(absl::StrCat("127.0.0.1:", server_->port()));
    ASSERT_TRUE(client.ok()) << client.status();
    service_ = *client;
  }

  absl::StatusOr<std::string> Read(const ArtifactFile& file, int64_t offset,
                                   std::string* bytes) {
    bytes->clear();
    return service_->Read(ctx_, file, offset, [&](absl::string_view part) {
      bytes->append(part.data(), part.size());
      return absl::OkStatus();
    });
  }

  const Context ctx_ = Context().WithTimeout(absl::Seconds(20));
  StorageFixture fixture_;
  std::unique_ptr<rpc::Server> server_;
  std::shared_ptr<ArtifactService> service_;
};

TEST_P(ServiceContractTest, Lists) {
  auto list = service_->List(ctx_, {});
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(list->entries, IsEmpty());
  EXPECT_NE(list->version, 0u);

  const Artifact app = fixture_.Publish(kApp, "main@sha1:1");
  fixture_.Publish(kLib, "main@sha1:2");
  fixture_.Publish(kOther, "v1");
  list = service_->List(ctx_, {.kind = "GitRepository"});
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->entries.size(), 2u);
  EXPECT_EQ(list->entries[0].source, kApp);
  EXPECT_EQ(list->entries[0].artifact, app);
  EXPECT_EQ(list->entries[1].source, kLib);
}

TEST_P(ServiceContractTest, Gets) {
  Artifact want = fixture_.Store(kApp, "main@sha1:1", "bytes");
  want.metadata["a"] = "b";
  fixture_.registry->Publish(kApp, want);
  const auto got = service_->Get(ctx_, kApp);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(*got, want);
  EXPECT_TRUE(absl::IsNotFound(service_->Get(ctx_, kLib).status()));
}

TEST_P(ServiceContractTest, WatchTellsStateThenChanges) {
  fixture_.Publish(kApp, "1");
  Watch watch(service_);
  EXPECT_THAT(watch.Await(2), ElementsAre("put app 1", "synced"));
  fixture_.Publish(kApp, "2");
  fixture_.Publish(kLib, "3");
  fixture_.registry->Withdraw(kApp);
  fixture_.registry->Withdraw(kOther);  // It never had one.
  EXPECT_THAT(watch.Await(5), ElementsAre("put app 1", "synced", "put app 2",
                                          "put lib 3", "removed app 2"));
  EXPECT_TRUE(absl::IsCancelled(watch.Stop()));
}

TEST_P(ServiceContractTest, WatchFilters) {
  fixture_.Publish(kOther, "1");
  Watch watch(service_, {.kind = "GitRepository", .name = "lib"});
  EXPECT_THAT(watch.Await(1), ElementsAre("synced"));
  fixture_.Publish(kApp, "2");
  fixture_.Publish(kLib, "3");
  EXPECT_THAT(watch.Await(2), ElementsAre("synced", "put lib 3"));
}

TEST_P(ServiceContractTest, WatchResumes) {
  fixture_.Publish(kApp, "1");
  uint64_t version = 0;
  {
    Watch watch(service_);
    watch.Await(2);
    version = watch.version();
  }
  fixture_.Publish(kLib, "2");
  fixture_.registry->Withdraw(kApp);
  Watch watch(service_, {}, version);
  EXPECT_THAT(watch.Await(3),
              ElementsAre("put lib 2", "removed app 1", "synced"));
}

TEST_P(ServiceContractTest, WatchFromTooLongAgoTellsTheState) {
  fixture_.Publish(kApp, "1");
  Watch watch(service_, {}, 7);
  EXPECT_THAT(watch.Await(2), ElementsAre("put app 1", "synced"));
}

TEST_P(ServiceContractTest, WatchEndsAtTheDeadline) {
  const Context ctx = Context().WithTimeout(absl::Milliseconds(20));
  const absl::Status status =
      service_->Watch(ctx, {}, 0, [](const ArtifactChange&) {});
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
}

TEST_P(ServiceContractTest, Reads) {
  std::string contents;
  for (int i = 0; contents.size() < 300'000; ++i) absl::StrAppend(&contents, i);
  const Artifact artifact = fixture_.Publish(kApp, "1", contents);
  std::string bytes;
  for (const ArtifactFile& file :
       {ArtifactFile{artifact.digest, ""}, ArtifactFile{"", artifact.path},
        ArtifactFile{artifact.digest, artifact.path}}) {
    const auto digest = Read(file, 0, &bytes);
    ASSERT_TRUE(digest.ok()) << digest.status();
    EXPECT_EQ(*digest, artifact.digest);
    EXPECT_EQ(bytes, contents);
  }
}

TEST_P(ServiceContractTest, ReadsFromAnOffset) {
  const std::string contents(200'000, 'x');
  const Artifact artifact = fixture_.Publish(kApp, "1", contents + "tail");
  std::string bytes;
  auto digest = Read({artifact.digest, ""}, 200'000, &bytes);
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(bytes, "tail");
  EXPECT_EQ(*digest, artifact.digest);

  digest = Read({artifact.digest, ""}, 200'004, &bytes);
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(bytes, "");
  EXPECT_EQ(*digest, artifact.digest);

  EXPECT_TRUE(absl::IsOutOfRange(
      Read({artifact.digest, ""}, 200'005, &bytes).status()));
}

TEST_P(ServiceContractTest, ReadTellsWhatIsWrong) {
  const Artifact artifact = fixture_.Publish(kApp, "1", "good");
  std::string bytes;
  EXPECT_TRUE(absl::IsNotFound(Read({"sha256:00", ""}, 0, &bytes).status()));
  EXPECT_TRUE(absl::IsNotFound(Read({}, 0, &bytes).status()));
  EXPECT_TRUE(absl::IsNotFound(
      Read({"", "gitrepository/flux-system/app/x"}, 0, &bytes).status()));

  ASSERT_TRUE(
      WriteFileAtomically(fixture_.root() + "/" + artifact.path, "evil").ok());
  EXPECT_TRUE(
      absl::IsDataLoss(Read({artifact.digest, ""}, 0, &bytes).status()));
}

TEST_P(ServiceContractTest, ReadStopsWhenTheSinkDoes) {
  const Artifact artifact =
      fixture_.Publish(kApp, "1", std::string(4 << 20, 'x'));
  int calls = 0;
  const auto digest = service_->Read(
      ctx_, {artifact.digest, ""}, 0, [&calls](absl::string_view) {
        ++calls;
        return absl::ResourceExhaustedError("full");
      });
  EXPECT_EQ(digest.status(), absl::ResourceExhaustedError("full"));
  EXPECT_EQ(calls, 1);
}

TEST_P(ServiceContractTest, CancelledContextsEndCalls) {
  const Context ctx = Context().WithCancel();
  ctx.Cancel();
  EXPECT_TRUE(absl::IsCancelled(service_->List(ctx, {}).status()));
  EXPECT_TRUE(absl::IsCancelled(service_->Get(ctx, kApp).status()));
}

INSTANTIATE_TEST_SUITE_P(Ways, ServiceContractTest,
                         testing::Values(Way::kDirect, Way::kGrpc),
                         [](const auto& tested) {
                           return tested.param == Way::kDirect ? "Direct"
                                                               : "Grpc";
                         });

// What only gRPC has.
class GrpcTest : public testing::Test {
 protected:
  std::unique_ptr<rpc::Server> Serve(
      std::shared_ptr<ArtifactService> artifacts,
      const std::string& address = "127.0.0.1:0") {
    ArtifactGrpcServerOptions options;
    options.address = address;
    options.artifacts = std::move(artifacts);
    auto server = StartArtifactGrpcServer(options);
    EXPECT_TRUE(server.ok()) << server.status();
    return server.ok() ? *std::move(server) : nullptr;
  }

  const Context ctx_ = Context().WithTimeout(absl::Seconds(20));
  StorageFixture fixture_;
};

TEST_F(GrpcTest, WatchSurvivesARestartOfTheServer) {
  fixture_.Publish(kApp, "1");
  fixture_.Publish(kLib, "2");
  fixture_.Publish(kOther, "3");
  // A socket with a name: a port could be somebody else's by then.
  const std::string address = absl::StrCat("unix:", fixture_.root(), "/socket");
  auto server = Serve(fixture_.registry, address);
  const auto client = MakeArtifactGrpcClient(address);
  Watch watch(*client, {.kind = "GitRepository"});
  EXPECT_THAT(watch.Await(3), ElementsAre("put app 1", "put lib 2", "synced"));

  server->Stop(absl::ZeroDuration());
  server.reset();
  fixture_.clock.Advance(absl::Seconds(1));
  // A new process, with a memory of its own: one source is newer, one is gone.
  const auto reborn = std::make_shared<Registry>(*fixture_.storage);
  reborn->Publish(kApp, fixture_.Store(kApp, "4", "new"));
  server = Serve(reborn, address);
  EXPECT_THAT(watch.Await(5), ElementsAre("put app 1", "put lib 2", "synced",
                                          "put app 4", "removed lib 2"));
  reborn->Publish(kLib, fixture_.Store(kLib, "5", "x"));
  EXPECT_EQ(watch.Await(6).back(), "put lib 5");
}

TEST_F(GrpcTest, UnreachableServersAreUnavailable) {
  auto server = Serve(fixture_.registry);
  const auto client =
      MakeArtifactGrpcClient(absl::StrCat("127.0.0.1:", server->port()));
  server.reset();
  EXPECT_TRUE(absl::IsUnavailable((*client)->List(ctx_, {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(MakeArtifactGrpcClient("").status()));
}

TEST_F(GrpcTest, TakenAddressesAreUnavailable) {
  const auto server = Serve(fixture_.registry);
  ArtifactGrpcServerOptions options;
  options.address = absl::StrCat("127.0.0.1:", server->port());
  options.artifacts = fixture_.registry;
  EXPECT_TRUE(absl::IsUnavailable(StartArtifactGrpcServer(options).status()));
}

TEST_F(GrpcTest, StopsWhileStreamsAreUnderWay) {
  const Artifact artifact =
      fixture_.Publish(kApp, "1", std::string(8 << 20, 'x'));
  auto server = Serve(fixture_.registry);
  const auto client =
      MakeArtifactGrpcClient(absl::StrCat("127.0.0.1:", server->port()));
  Watch watch(*client);
  watch.Await(2);
  // A reader that does not read on: only the server's end can free it.
  const auto read = (*client)->Read(ctx_, {artifact.digest, ""}, 0,
                                    [&server](absl::string_view) {
                                      // Pieces that are here already still
                                      // come.
                                      server.reset();
                                      return absl::OkStatus();
                                    });
  EXPECT_FALSE(read.ok());
}

TEST_F(GrpcTest, BoundsTheStreams) {
  rpc::ServerOptions options;
  options.address = "127.0.0.1:0";
  const auto server = *rpc::Server::Start(
      options, {MakeArtifactGrpcService(fixture_.registry, 1)});
  const auto client =
      MakeArtifactGrpcClient(absl::StrCat("127.0.0.1:", server->port()));
  const Artifact artifact = fixture_.Publish(kApp, "1");
  {
    Watch watch(*client);
    watch.Await(2);
    EXPECT_TRUE(absl::IsResourceExhausted(
        (*client)
            ->Read(ctx_, {artifact.digest, ""}, 0,
                   [](absl::string_view) { return absl::OkStatus(); })
            .status()));
  }
  // Its place is free again.
  absl::Status status;
  for (int i = 0; i < 100; ++i) {
    status = (*client)
                 ->Read(ctx_, {artifact.digest, ""}, 0,
                        [](absl::string_view) { return absl::OkStatus(); })
                 .status();
    if (status.ok()) break;
    ASSERT_TRUE(ctx_.SleepFor(absl::Milliseconds(10)).ok());
  }
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace weir::artifact
