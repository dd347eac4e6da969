// Previews of releases, beside what the controller makes of them.
#include "weir/helm_controller/preview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/helm-controller/harness.h"
#include "weir/apply/inventory.h"
#include "weir/helm/load.h"
#include "weir/value/json.h"
#include "weir/value/patch.h"

namespace weir::helm_controller {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr char kSecret[] = R"(apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-secret
stringData:
  color: {{ .Values.color }}
  same: kept
)";

helm::Chart MakeChart(const std::string& version, const Files& templates) {
  std::vector<helm::File> files = {
      {"Chart.yaml",
       absl::StrCat("apiVersion: v2\nname: demo\nversion: ", version, "\n")},
      {"values.yaml", "color: blue\n"}};
  for (const auto& [name, text] : templates) {
    files.push_back({absl::StrCat("templates/", name), text});
  }
  return *helm::LoadChartFiles(std::move(files));
}

class PreviewTest : public testing::Test {
 protected:
  PreviewTest() {
    harness_.PublishChart("1.0.0",
                          {{"cm.yaml", kConfigMap}, {"secret.yaml", kSecret}});
    harness_.Start();
    harness_.ApplyRelease("demo");
    harness_.WaitReleased("demo", "1.0.0");
    harness_.WaitFor(harness_.ReleaseRef("demo"), [](const Value& object) {
      return object["status"].GetInt("observedGeneration") == 1;
    });
  }

  // Of the release with its spec patched, and a chart of these templates.
  Preview Look(const std::string& spec_patch, const std::string& version,
               const Files& templates) {
    PreviewRequest request;
    request.object = harness_.Release("demo");
    if (!spec_patch.empty()) {
      request.is_edited = true;
      request.object.Set("spec", ApplyMergePatch(request.object["spec"],
                                                 MustParse(spec_patch)));
    }
    request.chart = MakeChart(version, templates);
    auto preview =
        PreviewRelease(Context(), harness_.client(), std::move(request));
    EXPECT_TRUE(preview.ok()) << preview.status();
    return preview.value_or(Preview());
  }

  static std::vector<std::string> Changes(const Preview& preview) {
    std::vector<std::string> out;
    for (const ObjectChange& change : preview.changes) {
      out.push_back(absl::StrCat(
          apply::Subject(change.ref),
          change.kind == ObjectChange::Kind::kCreated   ? " created"
          : change.kind == ObjectChange::Kind::kDeleted ? " deleted"
                                                        : " changed"));
    }
    return out;
  }

  Harness harness_;
  const Files all_ = {{"cm.yaml", kConfigMap}, {"secret.yaml", kSecret}};
};

TEST_F(PreviewTest, NothingIsDueWhenAllIsInOrder) {
  const Preview preview = Look("", "1.0.0", all_);
  EXPECT_EQ(preview.action, Preview::Action::kNone);
  EXPECT_THAT(Changes(preview), IsEmpty());
  EXPECT_THAT(preview.problems, IsEmpty());
  EXPECT_EQ(preview.release, "app/demo");
  EXPECT_EQ(preview.chart, "demo@1.0.0");
}

TEST_F(PreviewTest, ShowsWhatValuesChangeAndMasksSecrets) {
  const Preview preview = Look("{values: {color: red}}", "1.0.0", all_);
  EXPECT_EQ(preview.action, Preview::Action::kUpgrade);
  ASSERT_THAT(Changes(preview), ElementsAre("Secret/app/demo-secret changed",
                                            "ConfigMap/app/demo-cm changed"));
  EXPECT_EQ(FormatJson(preview.changes[0].before["data"]),
            R"json({"color":"*** (before)","same":"***"})json");
  EXPECT_EQ(FormatJson(preview.changes[0].after["data"]),
            R"json({"color":"*** (after)","same":"***"})json");
  EXPECT_EQ(preview.changes[1].before["data"].GetString("color"), "blue");
  EXPECT_EQ(preview.changes[1].after["data"].GetString("color"), "red");
  // Nothing was written.
  EXPECT_EQ(harness_.ConfigMap("demo-cm")["data"].GetString("color"), "blue");
  EXPECT_THAT(harness_.Stored("demo"), ElementsAre("1 deployed"));
}

TEST_F(PreviewTest, ShowsWhatComesAndGoesWithAChart) {
  const Preview preview =
      Look("", "1.1.0",
           {{"cm.yaml", kConfigMap},
            {"new.yaml",
             "apiVersion: v1\nkind: Secret\nmetadata: {name: new}\n"
             "data: {a: c2VjcmV0}\n"},
            {"hook.yaml",
             "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hook, "
             "annotations: {helm.sh/hook: 'pre-upgrade,post-install'}}\n"}});
  EXPECT_EQ(preview.action, Preview::Action::kUpgrade);
  EXPECT_THAT(Changes(preview),
              UnorderedElementsAre("ConfigMap/app/demo-cm changed",
                                   "Secret/app/new created",
                                   "Secret/app/demo-secret deleted"));
  EXPECT_THAT(preview.hooks, ElementsAre("ConfigMap/app/hook (pre-upgrade)"));
  for (const ObjectChange& change : preview.changes) {
    EXPECT_THAT(FormatJson(change.after), Not(HasSubstr("c2VjcmV0")));
  }
}

TEST_F(PreviewTest, ShowsWhatWasChangedBehindItsBack) {
  harness_.Patch(harness_.Ref("v1", "ConfigMap", "demo-cm"),
                 R"({"data":{"color":"edited"}})");
  const Preview preview = Look("", "1.0.0", all_);
  EXPECT_EQ(preview.action, Preview::Action::kNone);
  ASSERT_THAT(Changes(preview), ElementsAre("ConfigMap/app/demo-cm changed"));
  EXPECT_EQ(preview.changes[0].after["data"].GetString("color"), "blue");
  EXPECT_THAT(Changes(Look("{driftDetection: {mode: enabled, ignore: [{paths: "
                           "[/data/color]}]}}",
                           "1.0.0", all_)),
              IsEmpty());
}

TEST_F(PreviewTest, AnotherNameIsAnotherRelease) {
  const Preview preview = Look("{releaseName: other}", "1.0.0", all_);
  EXPECT_EQ(preview.action, Preview::Action::kInstall);
  EXPECT_EQ(preview.target_change, "release name");
  EXPECT_THAT(Changes(preview),
              UnorderedElementsAre("ConfigMap/app/demo-cm deleted",
                                   "Secret/app/demo-secret deleted",
                                   "ConfigMap/app/other-cm created",
                                   "Secret/app/other-secret created"));
}

TEST_F(PreviewTest, TellsWhatTheServerHasAgainstIt) {
  const Preview preview = Look("", "1.1.0",
                               {{"cm.yaml",
                                 "apiVersion: v1\nkind: ConfigMap\n"
                                 "metadata: {name: Bad_Name}\n"},
                                {"thing.yaml",
                                 "apiVersion: example.com/v1\nkind: Thing\n"
                                 "metadata: {name: a}\n"}});
  EXPECT_THAT(preview.problems,
              UnorderedElementsAre(HasSubstr("ConfigMap/app/Bad_Name: "),
                                   HasSubstr("no matches for kind \"Thing\"")));
}

TEST(RenderHelmReleaseTest, RendersAsTheControllerDoes) {
  RenderRequest request;
  request.object = MustParse(R"(
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: apps}
spec:
  interval: 1m
  chartRef: {kind: OCIRepository, name: chart}
  targetNamespace: shop
  valuesFrom: [{kind: ConfigMap, name: values}]
  commonMetadata: {labels: {team: a}}
  postRenderers:
  - kustomize:
      patches:
      - target: {kind: ConfigMap}
        patch: '[{"op": "add", "path": "/data/patched", "value": "yes"}]'
)");
  request.chart = MakeChart("1.0.0", {{"cm.yaml", kConfigMap}});
  request.capabilities = helm::DefaultCapabilities();
  request.more_values = MustParse("{size: 3}");
  request.read = [](const kube::ObjectRef& ref) -> absl::StatusOr<Value> {
    EXPECT_EQ(ref.key.ToString(), "apps/values");
    return MustParse("{data: {values.yaml: 'color: red'}}");
  };
  const auto rendered = RenderHelmRelease(Context(), std::move(request));
  ASSERT_TRUE(rendered.ok()) << rendered.status();
  EXPECT_EQ(rendered->name, "shop-web");
  EXPECT_EQ(rendered->name_space, "shop");
  EXPECT_EQ(helm::FormatRelease(rendered->release),
            "---\n# Source: demo/templates/cm.yaml\napiVersion: v1\ndata:\n"
            "  color: red\n  patched: \"yes\"\n  version: 1.0.0\n"
            "kind: ConfigMap\nmetadata:\n  labels:\n"
            "    helm.toolkit.fluxcd.io/name: web\n"
            "    helm.toolkit.fluxcd.io/namespace: apps\n    team: a\n"
            "  name: shop-web-cm\n");
}

}  // namespace
}  // namespace weir::helm_controller
