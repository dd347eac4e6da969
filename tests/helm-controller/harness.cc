#include "tests/helm-controller/harness.h"

#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/value/json.h"
#include "weir/value/patch.h"

namespace weir::helm_controller {

Harness::Harness(const std::string& name_space)
    : ControllerHarness(name_space) {
  options_.artifacts = shared_artifacts();
  options_.common.interval_jitter_percentage = 0;
  options_.common.min_retry_delay = absl::Milliseconds(50);
  EXPECT_TRUE(
      options_.common.feature_gates.Parse("ExternalArtifact=true").ok());
}

void Harness::StartController(reconcile::Manager& manager) {
  auto controller = HelmController::Create(manager, options_);
  ASSERT_TRUE(controller.ok()) << controller.status();
  controller_ = *std::move(controller);
}

void Harness::PublishChart(const std::string& version, const Files& templates,
                           const std::string& values) {
  Files files;
  files["demo/Chart.yaml"] = absl::StrCat(
      "apiVersion: v2\nname: demo\nappVersion: '2.0'\nversion: ", version,
      "\n");
  files["demo/values.yaml"] = values;
  for (const auto& [name, text] : templates) {
    files[name.find('/') == std::string::npos
              ? absl::StrCat("demo/templates/", name)
              : absl::StrCat("demo/", name)] = text;
  }
  PublishAs("ExternalArtifact", "chart", "{}", files, version);
}

void Harness::ApplyRelease(const std::string& name, const std::string& spec) {
  Value object = MustParse(R"(
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {}
spec:
  interval: 10m
  timeout: 20s
  chartRef: {kind: ExternalArtifact, name: chart}
)");
  object.Mutable("metadata").Set("name", name);
  object.Set("spec", ApplyMergePatch(object["spec"], MustParse(spec)));
  Apply(FormatJson(object));
}

Value Harness::WaitReleased(const std::string& name,
                            const std::string& version) const {
  return WaitFor(ReleaseRef(name), [&](const Value& object) {
    const Value& latest = object["status"]["history"][size_t{0}];
    return latest.GetString("chartVersion") == version &&
           latest.GetString("status") == "deployed" &&
           ConditionOf(object, "Ready").GetString("status") == "True";
  });
}

std::vector<std::string> Harness::Stored(const std::string& release) const {
  std::vector<std::string> out;
  kube::ListOptions options;
  options.label_selector = absl::StrCat("owner=helm,name=", release);
  const auto list =
      client().List(Context(), {"", "v1", "Secret"}, name_space(), options);
  EXPECT_TRUE(list.ok()) << list.status();
  if (!list.ok()) return out;
  for (const Value& secret : (*list)["items"].array()) {
    const Value& labels = secret["metadata"]["labels"];
    out.push_back(absl::StrCat(labels.GetString("version"), " ",
                               labels.GetString("status")));
    const auto read = helm::ReadReleaseSecret(secret);
    EXPECT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read.ok() ? read->status() : "", labels.GetString("status"));
  }
  return out;
}

helm::StoredRelease Harness::Revision(const std::string& release,
                                      int version) const {
  const auto read = helm::ReadReleaseSecret(
      Get(Ref("v1", "Secret", helm::ReleaseSecretName(release, version))));
  EXPECT_TRUE(read.ok()) << read.status();
  return read.value_or(helm::StoredRelease());
}

}  // namespace weir::helm_controller
