#include "src/history.h"

#include <gtest/gtest.h>

#include "weir/helm/stored_release.h"
#include "weir/value/json.h"

namespace weir::helm_controller {
namespace {

constexpr auto kSha256 = crypto::DigestAlgorithm::kSha256;

Value Json(const std::string& text) {
  const auto value = ParseJson(text);
  EXPECT_TRUE(value.ok()) << value.status() << text;
  return value.value_or(Value());
}

// Source: helm-controller.md, section 3.
TEST(DigestTest, OfValues) {
  EXPECT_EQ(DigestOfValues(Value(), kSha256),
            "sha256:"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(DigestOfValues(Value::MakeObject(), kSha256),
            DigestOfValues(Value(), kSha256));
  EXPECT_EQ(DigestOfValues(Json(R"({"replicas": 3,
                              "image": {"tag": "latest", "repository": "nginx"},
                              "ports": [{"protocol": "TCP", "port": 8080},
                                        {"port": 9090, "protocol": "UDP"}]})"),
                           kSha256),
            "sha256:"
            "fcdc2b0de1581a3633ada4afee3f918f6eaa5b5ab38c3fef03d5b48d3f85d9f6");
}

TEST(DigestTest, OfValuesDoesNotKnowNaturalOrder) {
  // "a10" stands before "a2"; an integer is the same as a whole double.
  EXPECT_EQ(DigestOfValues(Json(R"({"a10": 1, "a2": 2})"), kSha256),
            DigestOfValues(Json(R"({"a2": 2.0, "a10": 1})"), kSha256));
}

TEST(PlanTest, ShortensReleaseNames) {
  EXPECT_EQ(ShortenReleaseName(std::string(53, 'a')), std::string(53, 'a'));
  EXPECT_EQ(ShortenReleaseName(
                "a-very-lengthy-target-namespace-with-a-nice-object-name"),
            "a-very-lengthy-target-namespace-with-a-n-97af5d7f41f3");
}

helm::StoredRelease Release(int version, const std::string& status) {
  helm::StoredRelease release(Json(R"({
      "name": "app", "namespace": "ns", "manifest": "---\n# <x>\n",
      "info": {"first_deployed": "2026-01-02T03:04:05.123456789Z",
               "last_deployed": "2026-01-02T03:04:05.5+02:00"},
      "chart": {"metadata": {"version": "1.0.0", "name": "demo",
                             "apiVersion": "v2", "appVersion": "2"}},
      "config": {"b": 1, "a": "<&>"},
      "hooks": [{"name": "t", "events": ["test"], "last_run": {"phase": ""}},
                {"events": ["pre-install"], "name": "h",
                 "last_run": {"phase": "Succeeded"}, "weight": 1}]})"));
  release.mutable_json().Set("version", version);
  release.SetStatus(status, "Install complete");
  return release;
}

// The text that Go's encoder makes of the same release.
TEST(SnapshotTest, HasFluxDigest) {
  const std::string text =
      R"({"name":"app","version":1,"info":{"first_deployed":)"
      R"("2026-01-02T03:04:05.123456789Z","last_deployed":)"
      R"("2026-01-02T03:04:05.5+02:00","description":"Install complete",)"
      R"("status":"deployed"},"chartMetadata":{"name":"demo",)"
      R"("version":"1.0.0","apiVersion":"v2","appVersion":"2"},)"
      R"("config":{"a":"\u003c\u0026\u003e","b":1},)"
      R"("manifest":"---\n# \u003cx\u003e\n","hooks":[{"name":"h",)"
      R"("events":["pre-install"],"last_run":{"phase":"Succeeded"},)"
      R"("weight":1}],"namespace":"ns","ociDigest":"sha256:1"})"
      "\n";
  const Snapshot snapshot =
      MakeSnapshot(Release(1, "deployed"), "install", "sha256:1", kSha256);
  EXPECT_EQ(snapshot.digest(), crypto::ComputeDigest(kSha256, text).ToString());
  EXPECT_EQ(snapshot.first_deployed(), "2026-01-02T03:04:05Z");
  EXPECT_EQ(snapshot.last_deployed(), "2026-01-02T01:04:05Z");
  EXPECT_EQ(FullReleaseName(snapshot), "ns/app.v1");
  EXPECT_EQ(VersionedChartName(snapshot), "demo@1.0.0");
}

TEST(SnapshotTest, KnowsItsReleaseAgain) {
  const helm::StoredRelease release = Release(1, "deployed");
  Snapshot snapshot = MakeSnapshot(release, "", "", kSha256);
  EXPECT_EQ(Verify(snapshot, release), Verification::kGood);
  // A test that somebody ran by hand changes nothing.
  helm::StoredRelease tested = release;
  tested.SetLastRun(0, absl::UnixEpoch(), absl::UnixEpoch(), "Succeeded");
  EXPECT_EQ(Verify(snapshot, tested), Verification::kGood);
  helm::StoredRelease changed = release;
  changed.mutable_json().Set("manifest", "other");
  EXPECT_EQ(Verify(snapshot, changed), Verification::kOtherRelease);
  snapshot.set_digest("sha256:short");
  EXPECT_EQ(Verify(snapshot, release), Verification::kBadDigest);
  // Older controllers computed it otherwise.
  snapshot.clear_api_version();
  EXPECT_EQ(Verify(snapshot, release), Verification::kGood);
}

TEST(HistoryTest, KeepsWhatARollbackNeeds) {
  Status status;
  for (const auto& [version, state] :
       std::vector<std::pair<int, std::string>>{{1, "superseded"},
                                                {2, "superseded"},
                                                {3, "failed"},
                                                {4, "failed"}}) {
    PrependSnapshot(MakeSnapshot(Release(version, state), "", "", kSha256),
                    &status);
  }
  ASSERT_NE(Latest(status), nullptr);
  EXPECT_EQ(Latest(status)->version(), 4);
  ASSERT_NE(Previous(status, false), nullptr);
  EXPECT_EQ(Previous(status, false)->version(), 2);
  TruncateHistory(false, &status);
  EXPECT_EQ(status.history_size(), 3);
  // A release whose tests failed is no target, unless tests do not count.
  auto& hooks = *status.mutable_history(2)->mutable_test_hooks();
  (*hooks.mutable_hooks())["t"].set_phase("Failed");
  EXPECT_EQ(Previous(status, false), nullptr);
  EXPECT_NE(Previous(status, true), nullptr);
}

TEST(HistoryTest, KeepsTestsWhenASnapshotChanges) {
  Status status;
  PrependSnapshot(
      MakeSnapshot(Release(1, "deployed"), "install", "sha256:1", kSha256),
      &status);
  auto& hooks = *status.mutable_history(0)->mutable_test_hooks();
  (*hooks.mutable_hooks())["t"].set_phase("Succeeded");
  EXPECT_TRUE(RefreshSnapshot(Release(1, "superseded"), "", kSha256, &status));
  EXPECT_EQ(status.history(0).status(), "superseded");
  EXPECT_EQ(status.history(0).oci_digest(), "sha256:1");
  EXPECT_TRUE(HasBeenTested(status.history(0)));
  EXPECT_FALSE(RefreshSnapshot(Release(9, "failed"), "", kSha256, &status));
}

}  // namespace
}  // namespace weir::helm_controller
