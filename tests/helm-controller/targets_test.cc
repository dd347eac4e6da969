// Where a release goes, and as whom.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "tests/helm-controller/harness.h"
#include "tests/support/remote_cluster.h"
#include "weir/base/context.h"

namespace weir::helm_controller {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kRemote[] = "{kubeConfig: {secretRef: {name: remote}}}";

class TargetsTest : public testing::Test {
 protected:
  TargetsTest() : harness_("ns") {
    harness_.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  }
  std::optional<Value> Find(const std::string& kind, const std::string& name) {
    return remote_.api().Find(harness_.Ref("v1", kind, name));
  }
  std::string Color() {
    const std::optional<Value> found = Find("ConfigMap", "demo-cm");
    return found.has_value() ? std::string((*found)["data"].GetString("color"))
                             : "";
  }
  void WaitForColor(const std::string& color) {
    const absl::Time end = absl::Now() + absl::Seconds(10);
    while (Color() != color && absl::Now() < end) {
      absl::SleepFor(absl::Milliseconds(5));
    }
    EXPECT_EQ(Color(), color);
  }
  void WaitUntilGone() {
    harness_.WaitFor(harness_.ReleaseRef("demo"),
                     [](const Value& object) { return object.is_null(); });
  }
  test::RemoteCluster remote_;
  Harness harness_;
};

TEST_F(TargetsTest, ReleasesToTheClusterOfAKubeconfig) {
  harness_.Apply(remote_.KubeconfigSecret());
  harness_.ApplyRelease("demo",
                        "{kubeConfig: {secretRef: {name: remote}}, "
                        "driftDetection: {mode: enabled}}");
  harness_.Start();
  harness_.WaitReleased("demo", "1.0.0");
  EXPECT_EQ(Color(), "blue");
  EXPECT_TRUE(Find("Secret", "sh.helm.release.v1.demo.v1").has_value());
  EXPECT_TRUE(harness_.ConfigMap("demo-cm").is_null());
  EXPECT_THAT(harness_.Stored("demo"), ElementsAre());
  remote_.api().Patch(
      harness_.Ref("v1", "ConfigMap", "demo-cm"),
      Value::MakeObject({{"data", Value::MakeObject({{"color", "red"}})}}));
  WaitForColor("blue");
  harness_.PublishChart("1.1.0", {{"cm.yaml", kConfigMap}}, "color: green\n");
  harness_.WaitReleased("demo", "1.1.0");
  EXPECT_EQ(Color(), "green");
  harness_.Delete(harness_.ReleaseRef("demo"));
  WaitUntilGone();
  EXPECT_EQ(Color(), "");
  EXPECT_FALSE(Find("Secret", "sh.helm.release.v1.demo.v2").has_value());
}

TEST_F(TargetsTest, NoticesWhatOthersStoreThere) {
  harness_.Apply(remote_.KubeconfigSecret());
  harness_.ApplyRelease("demo", kRemote);
  harness_.Start();
  harness_.WaitReleased("demo", "1.0.0");
  remote_.api().Delete(
      harness_.Ref("v1", "Secret", "sh.helm.release.v1.demo.v1"));
  const absl::Time end = absl::Now() + absl::Seconds(10);
  while (!Find("Secret", "sh.helm.release.v1.demo.v1").has_value() &&
         absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_TRUE(Find("Secret", "sh.helm.release.v1.demo.v1").has_value());
}

TEST_F(TargetsTest, TellsWhatIsWrongWithAKubeconfig) {
  harness_.ApplyRelease("demo", kRemote);
  harness_.Start();
  const Value object = harness_.WaitReady("demo", "False", "RESTClientError");
  EXPECT_EQ(ReadyMessage(object),
            "could not get KubeConfig secret 'ns/remote': secrets \"remote\" "
            "not found");
  harness_.Apply(remote_.KubeconfigSecret("robot", "other"));
  harness_.WaitFor(harness_.ReleaseRef("demo"), [](const Value& seen) {
    return ReadyMessage(seen) ==
           "KubeConfig secret 'ns/remote' does not contain a 'value' or "
           "'value.yaml' key with data";
  });
  harness_.Apply(
      "{apiVersion: v1, kind: Secret, metadata: {name: remote}, stringData: "
      "{value: nonsense}}");
  harness_.WaitFor(harness_.ReleaseRef("demo"), [](const Value& seen) {
    return absl::StartsWith(
        ReadyMessage(seen),
        "failed to load KubeConfig from secret 'ns/remote': couldn't get "
        "version/kind; json parse error: json: cannot unmarshal string into");
  });
  harness_.Apply(remote_.KubeconfigSecret());
  harness_.WaitReleased("demo", "1.0.0");
}

TEST_F(TargetsTest, GoesWithoutItsKubeconfig) {
  harness_.Apply(remote_.KubeconfigSecret());
  harness_.ApplyRelease("demo", kRemote);
  harness_.Start();
  harness_.WaitReleased("demo", "1.0.0");
  harness_.Delete(harness_.Ref("v1", "Secret", "remote"));
  harness_.Delete(harness_.ReleaseRef("demo"));
  WaitUntilGone();
  EXPECT_EQ(Color(), "blue");
}

TEST_F(TargetsTest, ActsAsAnAccountOfTheOtherCluster) {
  const std::string user = "system:serviceaccount:ns:robot";
  remote_.Deny(user);
  harness_.Apply(remote_.KubeconfigSecret("admin"));
  harness_.ApplyRelease("demo",
                        "{kubeConfig: {secretRef: {name: remote}}, "
                        "serviceAccountName: robot}");
  harness_.Start();
  const Value object = harness_.WaitReady("demo", "False", "StateError");
  EXPECT_THAT(ReadyMessage(object), HasSubstr("User \"" + user + "\" may not"));
  EXPECT_THAT(remote_.callers(), Contains("admin as " + user));
  remote_.Deny("");
  harness_.WaitReleased("demo", "1.0.0");
}

}  // namespace
}  // namespace weir::helm_controller
