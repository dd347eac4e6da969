#include "weir/consumer/source_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/embedded_cluster.h"
#include "weir/base/thread_group.h"
#include "weir/value/json.h"

namespace weir::consumer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using State = SourceWatch::State;

Value Source(const std::string& revision, const std::string& digest) {
  return *ParseJson(R"({"status": {"artifact": {
      "url": "http://source/a.tar.gz", "path": "gitrepository/ns/app/a.tar.gz",
      "revision": ")" +
                    revision + R"(", "digest": ")" + digest + R"(", "size": 12,
      "lastUpdateTime": "2026-01-02T03:04:05Z",
      "metadata": {"origin": "main", "odd": 1}}}})");
}

TEST(ArtifactOfTest, ReadsTheStatus) {
  const auto artifact = ArtifactOf(Source("main@sha1:1", "sha256:2"));
  ASSERT_TRUE(artifact.has_value());
  EXPECT_EQ(artifact->url, "http://source/a.tar.gz");
  EXPECT_EQ(artifact->path, "gitrepository/ns/app/a.tar.gz");
  EXPECT_EQ(artifact->revision, "main@sha1:1");
  EXPECT_EQ(artifact->digest, "sha256:2");
  EXPECT_EQ(artifact->size, 12);
  EXPECT_EQ(artifact->last_update_time, absl::FromUnixSeconds(1767323045));
  EXPECT_THAT(artifact->metadata, ElementsAre(Pair("origin", "main")));
}

TEST(ArtifactOfTest, MayBeNothing) {
  EXPECT_FALSE(ArtifactOf(Value()).has_value());
  EXPECT_FALSE(ArtifactOf(*ParseJson(R"({"status": {}})")).has_value());
}

TEST(HasNewArtifactTest, LooksAtRevisionAndDigest) {
  const Value one = Source("1", "a");
  EXPECT_TRUE(HasNewArtifact(Value(), one));
  EXPECT_FALSE(HasNewArtifact(one, one));
  EXPECT_TRUE(HasNewArtifact(one, Source("2", "a")));
  EXPECT_TRUE(HasNewArtifact(one, Source("1", "b")));
  EXPECT_FALSE(HasNewArtifact(one, Value()));
}

class SourceWatchTest : public ::testing::TestWithParam<bool> {
 protected:
  SourceWatchTest() {
    reconcile::ManagerOptions options;
    options.transport = cluster_;
    manager_ = *reconcile::Manager::Create(std::move(options));
  }
  Value Put(const std::string& name) {
    return cluster_->Put(*ParseJson(
        R"({"apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "GitRepository",
            "metadata": {"namespace": "ns", "name": ")" +
        name + R"("}, "spec": {"interval": "1m", "url": "https://a/b"}})"));
  }
  // Asks until the cache knows.
  SourceWatch::Answer Find(SourceWatch& watch,
                           const artifact::SourceKey& source) {
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    for (;;) {
      SourceWatch::Answer answer = watch.Find(Context(), source);
      if (answer.state != State::kNotYetKnown || absl::Now() > deadline) {
        return answer;
      }
      absl::SleepFor(absl::Milliseconds(5));
    }
  }

  std::shared_ptr<test::EmbeddedCluster> cluster_ =
      std::make_shared<test::EmbeddedCluster>();
  std::unique_ptr<reconcile::Manager> manager_;
};

TEST_P(SourceWatchTest, FindsWhatIsThere) {
  Put("app");
  SourceWatch watch(*manager_, GetParam(), [](const auto&, const auto&) {});
  const auto found = Find(watch, {"GitRepository", "ns", "app"});
  EXPECT_EQ(found.state, State::kFound);
  EXPECT_EQ(found.object["metadata"].GetString("name"), "app");
  const auto missing = Find(watch, {"GitRepository", "ns", "other"});
  EXPECT_EQ(missing.state, State::kMissing);
  EXPECT_THAT(missing.error.message(), HasSubstr("\"other\" not found"));
}

TEST_P(SourceWatchTest, OfAKindThatIsNotServed) {
  SourceWatch watch(*manager_, GetParam(), [](const auto&, const auto&) {});
  const auto found = Find(watch, {"Teapot", "ns", "app"});
  EXPECT_TRUE(found.state == State::kMissing || found.state == State::kFailed);
  EXPECT_FALSE(found.error.ok());
}

INSTANTIATE_TEST_SUITE_P(All, SourceWatchTest, ::testing::Bool(),
                         [](const auto& info) {
                           return info.param ? "Direct" : "Cached";
                         });

TEST_F(SourceWatchTest, TellsOfChangesAndNotOfDeletions) {
  Mutex mu;
  std::vector<std::string> told;
  SourceWatch watch(
      *manager_, false,
      [&](const std::string& kind, const kube::Change& change) {
        MutexLock lock(mu);
        told.push_back(kind + "/" + kube::KeyOf(change.after).name);
      });
  Find(watch, {"GitRepository", "ns", "app"});
  const Value app = Put("app");
  cluster_->Delete({SourceKind("GitRepository"), {"ns", "app"}});
  Put("last");
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  for (;;) {
    MutexLock lock(mu);
    if ((!told.empty() && told.back() == "GitRepository/last") ||
        absl::Now() > deadline) {
      break;
    }
    mu.Unlock();
    absl::SleepFor(absl::Milliseconds(5));
    mu.Lock();
  }
  MutexLock lock(mu);
  EXPECT_THAT(told, ElementsAre("GitRepository/app", "GitRepository/last"));
}

}  // namespace
}  // namespace weir::consumer
