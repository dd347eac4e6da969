#include "weir/reconcile/status_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/libcommon/reconcile/fixtures.h"
#include "tests/support/fake_cluster.h"
#include "weir/kube/client.h"
#include "weir/kustomize/v1/kustomization.pb.h"

namespace weir::reconcile {
namespace {

using ::testing::ElementsAre;

class StatusWriterTest : public ::testing::Test {
 protected:
  StatusWriter MakeWriter(std::vector<std::string> owned = {}) {
    StatusWriterOptions options;
    options.gvk = ThingResource().gvk;
    options.field_manager = "test-controller";
    options.owned_conditions = std::move(owned);
    options.retry_pause = absl::Milliseconds(1);
    options.on_written = [this](const Value& object) {
      written_.push_back(object);
    };
    return StatusWriter(client_, std::move(options));
  }
  static Value Condition(const char* type, const char* status) {
    return Value::MakeObject({{"type", type}, {"status", status}});
  }

  std::shared_ptr<test::FakeCluster> cluster_ =
      std::make_shared<test::FakeCluster>(
          std::vector<kube::Resource>{ThingResource()});
  kube::Client client_{cluster_};
  std::vector<Value> written_;
};

TEST_F(StatusWriterTest, WritesTheDifferenceOnceAndThenNothing) {
  const StatusWriter writer = MakeWriter();
  const Value object = cluster_->Put(Thing("a"));
  kustomize::v1::KustomizationStatus status;
  status.set_last_applied_revision("main@sha1:1");
  const auto first = writer.WriteStatus(Context(), object, status);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ((*first)["status"].GetString("lastAppliedRevision"), "main@sha1:1");
  const auto second = writer.WriteStatus(Context(), *first, status);
  ASSERT_TRUE(second.ok());
  EXPECT_TRUE(second->IsSame(*first));
  EXPECT_THAT(
      cluster_->requests(),
      ElementsAre("PATCH /apis/example.dev/v1/namespaces/ns/things/a/status"));
  EXPECT_EQ(written_.size(), 1u);
}

TEST_F(StatusWriterTest, LeavesUnknownMembersAndDropsUnset) {
  const StatusWriter writer = MakeWriter();
  cluster_->Put(Thing("a"));
  const Value object = cluster_->Patch(
      Ref("a"), Value::MakeObject(
                    {{"status", Value::MakeObject(
                                    {{"fromTheFuture", "stays"},
                                     {"lastAttemptedRevision", "goes"}})}}));
  kustomize::v1::KustomizationStatus status;
  status.set_last_applied_revision("r");
  ASSERT_TRUE(writer.WriteStatus(Context(), object, status).ok());
  const Value stored = (*cluster_->Find(Ref("a")))["status"];
  EXPECT_EQ(stored.GetString("fromTheFuture"), "stays");
  EXPECT_FALSE(stored.Has("lastAttemptedRevision"));
  EXPECT_EQ(stored.GetString("lastAppliedRevision"), "r");
}

TEST_F(StatusWriterTest, LostRaceIsRunAgainAndKeepsForeignConditions) {
  const StatusWriter writer = MakeWriter({"Ready"});
  const Value object = cluster_->Put(Thing("a"));
  cluster_->Patch(
      Ref("a"),
      Value::MakeObject(
          {{"status",
            Value::MakeObject(
                {{"conditions", Value::Array{Condition("Foreign", "True"),
                                             Condition("Ready", "Unknown")}},
                 {"other", 1}})}}));
  const auto written = writer.WriteStatusValue(
      Context(), object,
      Value::MakeObject(
          {{"conditions", Value::Array{Condition("Ready", "True")}}}));
  ASSERT_TRUE(written.ok()) << written.status();
  const Value status = (*cluster_->Find(Ref("a")))["status"];
  EXPECT_EQ(status.GetInt("other"), 1);
  ASSERT_EQ(status["conditions"].size(), 2u);
  EXPECT_EQ(status["conditions"][size_t{0}], Condition("Ready", "True"));
  EXPECT_EQ(status["conditions"][size_t{1}], Condition("Foreign", "True"));
}

TEST_F(StatusWriterTest, GoneObjectIsNotFound) {
  const StatusWriter writer = MakeWriter();
  const Value object = cluster_->Put(Thing("a"));
  cluster_->Delete(Ref("a"));
  const auto written =
      writer.WriteStatusValue(Context(), object, Value::MakeObject({{"x", 1}}));
  EXPECT_TRUE(absl::IsNotFound(written.status()));
}

TEST_F(StatusWriterTest, GivesUpAfterFiveLostRaces) {
  const StatusWriter writer = MakeWriter();
  const Value object = cluster_->Put(Thing("a"));
  int patches = 0;
  cluster_->set_intercept(
      [&](const kube::Request& request) -> std::optional<kube::Response> {
        if (request.method != kube::Method::kPatch) return std::nullopt;
        ++patches;
        return kube::Response{409, Value::MakeObject({{"kind", "Status"},
                                                      {"reason", "Conflict"},
                                                      {"code", 409}})};
      });
  const auto written =
      writer.WriteStatusValue(Context(), object, Value::MakeObject({{"x", 1}}));
  EXPECT_TRUE(absl::IsAborted(written.status()));
  EXPECT_EQ(patches, 5);
}

TEST_F(StatusWriterTest, FinalizerComesAndGoes) {
  const StatusWriter writer = MakeWriter();
  Value object = cluster_->Put(Thing("a"));
  const auto added = writer.AddFinalizer(Context(), object);
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_TRUE(HasFinalizer(*added));
  EXPECT_TRUE(writer.AddFinalizer(Context(), *added)->IsSame(*added));

  cluster_->Delete(Ref("a"));
  object = *cluster_->Find(Ref("a"));
  EXPECT_TRUE(IsBeingDeleted(object));
  // What we hold may be older than the deletion.
  const auto removed = writer.RemoveFinalizer(Context(), *added);
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_TRUE(removed->is_null());
  EXPECT_EQ(cluster_->Find(Ref("a")), std::nullopt);
  EXPECT_FALSE(HasFinalizer(written_.back()));
  // Once more: it is gone already.
  EXPECT_TRUE(writer.RemoveFinalizer(Context(), object)->is_null());
}

TEST_F(StatusWriterTest, ForeignFinalizersStay) {
  const StatusWriter writer = MakeWriter();
  cluster_->Put(Thing("a"));
  const Value object = cluster_->Patch(
      Ref("a"),
      Value::MakeObject(
          {{"metadata",
            Value::MakeObject({{"finalizers", Value::Array{"other", kFinalizer,
                                                           "third"}}})}}));
  const auto left = writer.RemoveFinalizer(Context(), object);
  ASSERT_TRUE(left.ok());
  const Value want(Value::Array{"other", "third"});
  EXPECT_EQ((*left)["metadata"]["finalizers"], want);
}

TEST(ResourceVersionTest, ComparesAsNumbers) {
  EXPECT_TRUE(IsOlderVersion("9", "10"));
  EXPECT_TRUE(IsOlderVersion("10", "11"));
  EXPECT_FALSE(IsOlderVersion("11", "11"));
  EXPECT_FALSE(IsOlderVersion("12", "9"));
  EXPECT_FALSE(IsOlderVersion("", "9"));
  EXPECT_FALSE(IsOlderVersion("09", "10"));
  EXPECT_FALSE(IsOlderVersion("a", "b"));
}

}  // namespace
}  // namespace weir::reconcile
