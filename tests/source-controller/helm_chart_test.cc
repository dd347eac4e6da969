// HelmChart from a repository or from files to an artifact.

#include "tests/source-controller/helm_fixture.h"

namespace weir::source {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class HelmChartTest : public HelmTest {
 protected:
  // A repository whose artifact is there.
  void StartWithRepository() {
    Start();
    ApplyRepository();
    WaitReady("True", "", "repo");
  }
  // A GitRepository with a chart in charts/demo, and further files.
  void CommitChart(const Files& more = {}, const std::string& version = "0.1.0",
                   const Files& beside = {}) {
    test::GitCommit commit;
    for (const auto& [path, text] : beside)
      commit.files.insert_or_assign(path, text);
    for (const auto& [path, text] : ChartFiles("demo", version, more)) {
      commit.files.insert_or_assign("charts/demo/" + path, text);
    }
    repo_.Commit(commit);
  }
  void StartWithGit() {
    Start();
    Use("GitRepository");
    Apply("ref: {branch: main}");
    WaitReady();
  }
  void ApplyGitChart(const std::string& more = "") {
    ApplyChart("chart: ./charts/demo\n" + more, "demo",
               "{kind: GitRepository, name: app}");
  }
  void PullGit(const std::string& at) {
    Use("GitRepository");
    Request(at);
    WaitReady("True", at);
    Use("HelmChart");
  }
};

TEST_F(HelmChartTest, AChartOfARepositoryIsStoredAsItIs) {
  Publish("demo", "1.0.0");
  Publish("demo", "1.1.0");
  StartWithRepository();
  ApplyChart("chart: demo\nversion: 1.x");
  const Value object = WaitReady("True", "", "demo");
  EXPECT_EQ(Revision(object), "1.1.0");
  EXPECT_EQ(object["status"].GetString("observedChartName"), "demo");
  EXPECT_EQ(object["status"]["artifact"].GetString("path"),
            "helmchart/ns/demo/demo-1.1.0.tgz");
  EXPECT_EQ(object["status"].GetString("url"),
            absl::StrCat("http://", controller_->storage_address(),
                         "/helmchart/ns/demo/latest.tar.gz"));
  EXPECT_EQ(object["status"]["artifact"].GetString("digest"),
            DigestOf(ChartArchive("demo", "1.1.0")));
  EXPECT_THAT(
      Conditions(object),
      ElementsAre("Ready True ChartPullSucceeded 1 pulled 'demo' chart with "
                  "version '1.1.0'",
                  "ArtifactInStorage True ChartPullSucceeded 1 pulled 'demo' "
                  "chart with version '1.1.0'"));
  EXPECT_THAT(TakeEvents("demo"),
              ElementsAre("info ChartPullSucceeded pulled 'demo' chart with "
                          "version '1.1.0'"));
}

TEST_F(HelmChartTest, ANewIndexWakesItsCharts) {
  Publish("demo", "1.0.0");
  StartWithRepository();
  ApplyChart("chart: demo");
  WaitReady("True", "", "demo");
  Publish("demo", "1.1.0");
  Use("HelmRepository");
  Request("r1", "repo");
  Use("HelmChart");
  const Value object =
      WaitFor([](const Value& o) { return Revision(o) == "1.1.0"; }, "demo");
  EXPECT_TRUE(Condition(object, "ArtifactOutdated").is_null());
}

TEST_F(HelmChartTest, AMissingVersionStallsUntilTheIndexHasIt) {
  Publish("demo", "1.0.0");
  StartWithRepository();
  ApplyChart("chart: demo\nversion: 2.0.0");
  Value object = WaitReady("False", "", "demo");
  EXPECT_EQ(Condition(object, "Stalled").GetString("reason"),
            "InvalidChartReference");
  EXPECT_EQ(Message(object),
            "invalid chart reference: failed to get chart version for remote "
            "reference: no 'demo' chart with version matching '2.0.0' found");
  Publish("demo", "2.0.0");
  Use("HelmRepository");
  Request("r1", "repo");
  Use("HelmChart");
  WaitReady("True", "", "demo");
  ApplyChart("chart: nope");
  object = WaitReady("False", "", "demo");
  EXPECT_THAT(Message(object), HasSubstr("no chart name found"));
  ApplyChart("chart: Nope");
  object = WaitReady("False", "", "demo");
  EXPECT_THAT(Message(object), HasSubstr("invalid chart name 'Nope'"));
}

TEST_F(HelmChartTest, ARequestWithoutAChangeReadsNothing) {
  Publish("demo", "1.0.0");
  StartWithRepository();
  ApplyChart("chart: demo");
  WaitReady("True", "", "demo");
  TakeEvents("demo");
  remote_.TakeRequests();
  Request("r1", "demo");
  WaitReady("True", "r1", "demo");
  EXPECT_THAT(remote_.TakeRequests(), IsEmpty());
  EXPECT_THAT(TakeEvents("demo"),
              ElementsAre("trace ArtifactUpToDate artifact up-to-date with "
                          "remote revision: '1.0.0'"));
}

TEST_F(HelmChartTest, ManyChartsReadTheIndexOnce) {
  for (int i = 0; i < 20; ++i) Publish(absl::StrCat("c", i), "1.0.0");
  StartWithRepository();
  for (int i = 0; i < 20; ++i) {
    ApplyChart(absl::StrCat("chart: c", i), absl::StrCat("c", i));
  }
  for (int i = 0; i < 20; ++i) WaitReady("True", "", absl::StrCat("c", i));
  EXPECT_EQ(TakeCount("GET /charts/index.yaml"), 1u);
  const std::string metrics = manager_->metrics().Print();
  EXPECT_THAT(metrics,
              HasSubstr("gotk_cache_events_total{event_type=\"cache_hit\","
                        "name=\"repo\",namespace=\"ns\"} 20"));
  EXPECT_THAT(metrics, Not(HasSubstr("cache_miss")));
}

TEST_F(HelmChartTest, AfterARestartTheIndexOnDiskIsEnough) {
  Publish("demo", "1.0.0");
  StartWithRepository();
  Stop();
  Start();
  remote_.OnAll([](const auto&, auto responder) {
    responder->Send({503, {}, ""});
  });
  Use("HelmRepository");
  WaitReady("False", "", "repo");
  remote_.OnAll(nullptr);
  ApplyChart("chart: demo");
  WaitReady("True", "", "demo");
  EXPECT_THAT(manager_->metrics().Print(), HasSubstr("cache_miss"));
}

TEST_F(HelmChartTest, SourcesAreWaitedFor) {
  Start();
  ApplyChart("chart: demo");
  Value object = WaitReady("False", "", "demo");
  EXPECT_EQ(Reason(object), "SourceUnavailable");
  EXPECT_EQ(Message(object),
            "failed to get source: HelmRepository.source.toolkit.fluxcd.io "
            "\"repo\" not found");
  ApplyRepository();
  WaitReady("False", "", "repo");
  Use("HelmChart");
  object = WaitFor(
      [](const Value& o) { return Reason(o) == "NoSourceArtifact"; }, "demo");
  EXPECT_EQ(Message(object),
            "no artifact available for HelmRepository source 'repo'");
  Publish("demo", "1.0.0");
  WaitReady("True", "", "demo");
}

TEST_F(HelmChartTest, AnArchiveThatIsGoneIsToldOf) {
  Publish("demo", "1.0.0");
  remote_.On("/charts/demo-1.0.0.tgz", {404, {}, ""});
  StartWithRepository();
  ApplyChart("chart: demo");
  Value object = WaitReady("False", "", "demo");
  EXPECT_EQ(Reason(object), "ChartPullError");
  EXPECT_EQ(Message(object),
            absl::StrCat("chart pull error: failed to download chart for "
                         "remote reference: failed to fetch ",
                         remote_.url(),
                         "/charts/demo-1.0.0.tgz : 404 Not "
                         "Found"));
  remote_.On("/charts/demo-1.0.0.tgz", {401, {}, ""});
  Request("r1", "demo");
  object = WaitReady("False", "r1", "demo");
  EXPECT_EQ(Reason(object), "AuthenticationFailed");
  EXPECT_EQ(Condition(object, "FetchFailed").GetString("status"), "True");
}

TEST_F(HelmChartTest, CredentialsStayWithTheRepositorysHost) {
  Remote other;
  other.Put("/demo.tgz", ChartArchive("demo", "1.0.0"));
  remote_.Put("/charts/index.yaml",
              absl::StrCat("apiVersion: v1\nentries:\n  demo:\n  - name: demo\n"
                           "    version: 1.0.0\n    urls: [\"",
                           other.url(), "/demo.tgz\"]\n"));
  Start();
  ApplySecret({{"username", "user"}, {"password", "pass"}});
  ApplyRepository("secretRef: {name: cred}");
  WaitReady("True", "", "repo");
  ApplyChart("chart: demo");
  WaitReady("True", "", "demo");
  EXPECT_THAT(other.authorizations(), ElementsAre(""));
  other.TakeRequests();
  ApplyRepository("secretRef: {name: cred}\npassCredentials: true");
  WaitReady("True", "", "repo");
  ApplyChart("chart: demo\nversion: '>=1'");
  WaitReady("True", "", "demo");
  EXPECT_THAT(other.authorizations(),
              ElementsAre("Basic " + absl::Base64Escape("user:pass")));
}

TEST_F(HelmChartTest, ValuesFilesAreMerged) {
  Publish("demo", "1.0.0",
          {{"values.yaml", "color: blue\nnested: {a: 1, b: 2}\nlist: [1, 2]\n"},
           {"prod.yaml", "nested: {b: 3}\nlist: [9]\n"}});
  StartWithRepository();
  ApplyChart("chart: demo\nvaluesFiles: [values.yaml, prod.yaml]");
  Value object = WaitReady("True", "", "demo");
  EXPECT_EQ(Revision(object), "1.0.0+1");
  EXPECT_EQ(Message(object),
            "packaged 'demo' chart with version '1.0.0+1' and merged values "
            "files [values.yaml prod.yaml]");
  helm::Chart chart = Stored(object);
  EXPECT_EQ(chart.metadata.version, "1.0.0+1");
  EXPECT_EQ(chart.values_text,
            "color: blue\nlist:\n- 9\nnested:\n  a: 1\n  b: 3\n");
  ApplyChart("chart: demo\nvaluesFiles: [values.yaml, none.yaml]");
  object = WaitReady("False", "", "demo");
  EXPECT_EQ(Condition(object, "Stalled").GetString("reason"),
            "ValuesFilesError");
  EXPECT_EQ(Condition(object, "BuildFailed").GetString("message"),
            "values files merge error: failed to merge chart values: no values "
            "file found at path 'none.yaml'");
  ApplyChart(
      "chart: demo\nvaluesFiles: [values.yaml, none.yaml]\n"
      "ignoreMissingValuesFiles: true");
  object = WaitReady("True", "", "demo");
  EXPECT_EQ(object["status"]["observedValuesFiles"],
            Value(Value::Array{Value("values.yaml")}));
  ApplyChart(
      "chart: demo\nvaluesFiles: [none.yaml]\nignoreMissingValuesFiles: true");
  object = WaitReady("True", "", "demo");
  EXPECT_EQ(Stored(object).values_text, "");
  EXPECT_EQ(Message(object), "packaged 'demo' chart with version '1.0.0+4'");
  // Only the defaults: nothing to merge.
  ApplyChart("chart: demo\nvaluesFiles: [values.yaml]");
  EXPECT_EQ(Revision(WaitReady("True", "", "demo")), "1.0.0");
}

TEST_F(HelmChartTest, AChartInGitIsPackaged) {
  CommitChart({{".helmignore", "*.bak\n"}, {"a.bak", "x"}, {"README.md", "r"}});
  StartWithGit();
  ApplyGitChart();
  Value object = WaitReady("True", "", "demo");
  EXPECT_EQ(Message(object), "packaged 'demo' chart with version '0.1.0'");
  EXPECT_THAT(Names(object), ElementsAre("demo/Chart.yaml", "demo/values.yaml",
                                         "demo/templates/cm.yaml",
                                         "demo/.helmignore", "demo/README.md"));
  const std::string digest(object["status"]["artifact"].GetString("digest"));
  // The same version again is no news, and the same chart is the same file.
  CommitChart({{"README.md", "other"}});
  PullGit("r1");
  object = WaitFor(
      [&](const Value& o) {
        return o["status"].GetString("observedSourceArtifactRevision") ==
               Revision(cluster_
                            ->Find({{"source.toolkit.fluxcd.io", "v1",
                                     "GitRepository"},
                                    {kNamespace, "app"}})
                            .value_or(Value()));
      },
      "demo");
  EXPECT_EQ(object["status"]["artifact"].GetString("digest"), digest);
  CommitChart({}, "0.2.0");
  PullGit("r2");
  WaitFor([](const Value& o) { return Revision(o) == "0.2.0"; }, "demo");
}

TEST_F(HelmChartTest, PackagesAreTheSameEachTime) {
  CommitChart();
  StartWithGit();
  ApplyGitChart();
  const std::string first(
      WaitReady("True", "", "demo")["status"]["artifact"].GetString("digest"));
  cluster_->Delete(Ref("demo"));
  WaitFor([](const Value& o) { return o.is_null(); }, "demo");
  ApplyGitChart();
  EXPECT_EQ(
      WaitReady("True", "", "demo")["status"]["artifact"].GetString("digest"),
      first);
}

TEST_F(HelmChartTest, TheStrategyRevisionNamesTheCommit) {
  CommitChart({{"x.yaml", "color: red\n"}});
  StartWithGit();
  ApplyGitChart("reconcileStrategy: Revision");
  const std::string commit = repo_.Commit({.files = {{"other", "1"}}});
  PullGit("r1");
  WaitFor(
      [&](const Value& o) {
        return Revision(o) == "0.1.0+" + commit.substr(0, 12);
      },
      "demo");
  ApplyGitChart(
      "reconcileStrategy: Revision\n"
      "valuesFiles: [./charts/demo/values.yaml, charts/demo/x.yaml]");
  const Value object = WaitReady("True", "", "demo");
  EXPECT_EQ(Revision(object), "0.1.0+" + commit.substr(0, 12) + ".2");
  EXPECT_EQ(Stored(object).values_text, "color: red\n");
}

TEST_F(HelmChartTest, WhatIsNoChartStalls) {
  CommitChart({}, "0.1.0", {{"broken/Chart.yaml", "name: x\n"}});
  StartWithGit();
  struct Case {
    const char* chart;
    const char* message;
  };
  for (const Case& one : {
           Case{"none",
                "invalid chart reference: stat none: no such file or "
                "directory"},
           Case{"broken",
                "invalid chart reference: validation: "
                "chart.metadata.version is required"},
           Case{"/etc",
                "invalid chart reference: local chart reference path "
                "is expected to be relative"},
           Case{"../../../../etc",
                "invalid chart reference: stat etc: no such "
                "file or directory"},
       }) {
    ApplyChart(absl::StrCat("chart: ", one.chart), "demo",
               "{kind: GitRepository, name: app}");
    const Value object = WaitReady("False", "", "demo");
    EXPECT_EQ(Message(object), one.message);
    EXPECT_EQ(Condition(object, "Stalled").GetString("status"), "True");
  }
}

TEST_F(HelmChartTest, LocalDependenciesAreAdded) {
  CommitChart(
      {{"Chart.yaml",
        "apiVersion: v2\nname: demo\nversion: 0.1.0\ndependencies:\n"
        "- {name: sub, version: 0.x.x, repository: \"file://../sub\"}\n"
        "- {name: sub, alias: two, version: '*', repository: "
        "\"file://../sub\"}\n"}},
      "0.1.0",
      {{"charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 0.3.0\n"},
       {"charts/sub/templates/x.yaml", "kind: ConfigMap\n"}});
  StartWithGit();
  ApplyGitChart();
  Value object = WaitReady("True", "", "demo");
  EXPECT_THAT(Names(object), Contains("demo/charts/sub/templates/x.yaml"));
  EXPECT_THAT(Names(object), Contains("demo/charts/two/Chart.yaml"));
  EXPECT_THAT(TakeEvents("demo"),
              Contains("trace ResolvedDependencies resolved 2 chart "
                       "dependencies"));
  CommitChart(
      {{"Chart.yaml",
        "apiVersion: v2\nname: demo\nversion: 0.2.0\ndependencies:\n"
        "- {name: sub, version: 9.x.x, repository: \"file://../sub\"}\n"}},
      "0.2.0");
  PullGit("r1");
  object = WaitReady("False", "", "demo");
  EXPECT_EQ(Condition(object, "BuildFailed").GetString("message"),
            "dependency build error: failed to add local dependency 'sub': "
            "can't get a valid version for constraint '9.x.x'");
  // Out of the source nothing is read.
  CommitChart(
      {{"Chart.yaml",
        "apiVersion: v2\nname: demo\nversion: 0.3.0\ndependencies:\n"
        "- {name: sub, version: '*', repository: \"file://../../../../etc\"}"
        "\n"}},
      "0.3.0");
  PullGit("r2");
  object = WaitFor(
      [](const Value& o) { return absl::StrContains(Message(o), "etc"); },
      "demo");
  EXPECT_THAT(Message(object), HasSubstr("no chart found at '/etc'"));
}

TEST_F(HelmChartTest, DependenciesComeFromRepositories) {
  Publish("sub", "1.0.0");
  Publish("sub", "1.5.0");
  CommitChart(
      {{"Chart.yaml",
        absl::StrCat("apiVersion: v2\nname: demo\nversion: 0.1.0\n"
                     "dependencies:\n- {name: sub, version: 1.x, repository: ",
                     remote_.url(), "/charts}\n")},
       {"Chart.lock",
        absl::StrCat(
            "dependencies:\n- {name: sub, version: 1.0.0, repository: ",
            remote_.url(),
            "/charts}\ndigest: sha256:0\ngenerated: "
            "\"2020-01-01T00:00:00Z\"\n")}});
  StartWithGit();
  ApplyGitChart();
  // Nobody describes the repository: it is asked without credentials.
  const Value object = WaitReady("True", "", "demo");
  EXPECT_EQ(TakeCount("GET /charts/index.yaml"), 1u);
  const helm::Chart chart = Stored(object);
  ASSERT_THAT(chart.dependencies, SizeIs(1));
  // The lock goes before the range.
  EXPECT_EQ(chart.dependencies[0].metadata.version, "1.0.0");
  // One that is described is read from its artifact.
  ApplyRepository();
  WaitReady("True", "", "repo");
  remote_.TakeRequests();
  ApplyGitChart("ignoreMissingValuesFiles: true");
  WaitReady("True", "", "demo");
  EXPECT_THAT(remote_.TakeRequests(), ElementsAre("GET /charts/sub-1.0.0.tgz"));
}

TEST_F(HelmChartTest, AnAliasOfARepositoryIsNoUrl) {
  CommitChart({{"Chart.yaml",
                "apiVersion: v2\nname: demo\nversion: 0.1.0\ndependencies:\n"
                "- {name: sub, version: '*', repository: \"@stable\"}\n"}});
  StartWithGit();
  ApplyGitChart();
  EXPECT_THAT(Message(WaitReady("False", "", "demo")),
              HasSubstr("aliased repository dependency is not supported"));
}

TEST_F(HelmChartTest, ChartsComeFromRegistries) {
  const auto push = [this](const std::string& version, const Files& more) {
    const std::string config = "{\"name\":\"demo\"}";
    const std::string layer = ChartArchive("demo", version, more);
    remote_.PutBlob("ns/demo", config);
    remote_.PutBlob("ns/demo", layer);
    Value manifest = Value::MakeObject(
        {{"schemaVersion", 2},
         {"config",
          Remote::Describe("application/vnd.cncf.helm.config.v1+json", config)},
         {"layers", Value(Value::Array{Remote::Describe(
                        "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
                        layer)})}});
    std::string tag = version;
    std::replace(tag.begin(), tag.end(), '+', '_');
    remote_.PutManifest("ns/demo", tag, FormatJson(manifest));
  };
  push("1.0.0", {});
  push("1.1.0+b", {});
  Start();
  Use("HelmRepository");
  Apply(absl::StrCat("url: oci://", remote_.address(),
                     "/ns\ntype: oci\ninsecure: true"),
        "repo");
  ApplyChart("chart: demo\nversion: 1.0.0");
  Value object = WaitReady("True", "", "demo");
  EXPECT_EQ(Revision(object), "1.0.0");
  // A whole version needs no list of tags.
  EXPECT_THAT(remote_.TakeRequests(), Not(Contains(HasSubstr("tags/list"))));
  ApplyChart("chart: demo\nversion: 1.x");
  object = WaitReady("True", "", "demo");
  EXPECT_EQ(Revision(object), "1.1.0+b");
  ApplyChart("chart: demo\nversion: 5.0.0");
  object = WaitReady("False", "", "demo");
  EXPECT_EQ(Reason(object), "ChartPullError");
  EXPECT_EQ(Message(object),
            absl::StrCat("chart pull error: failed to download chart for "
                         "remote reference: failed to get 'oci://",
                         remote_.address(),
                         "/ns/demo:5.0.0': failed to perform "
                         "\"FetchReference\" on source: ",
                         remote_.address(), "/ns/demo:5.0.0: not found"));
  // A cloud's login is not built.
  Use("HelmRepository");
  Apply(absl::StrCat("url: oci://", remote_.address(),
                     "/ns\ntype: oci\ninsecure: true\nprovider: aws"),
        "repo");
  ApplyChart("chart: demo\nversion: '>=1'");
  object = WaitReady("False", "", "demo");
  EXPECT_EQ(Condition(object, "Stalled").GetString("reason"), "NotSupported");
}

// Archives that would grow too large, or write elsewhere.
TEST_F(HelmChartTest, HostileChartsAreRefused) {
  options_.helm_chart_file_max_bytes = 1 << 20;
  Publish("bomb", "1.0.0", {{"big", std::string(2 << 20, 'x')}});
  Publish("escape", "1.0.0");
  remote_.Put("/charts/escape-1.0.0.tgz",
              TarGz({{"escape/../../x", "1"},
                     {"escape/Chart.yaml",
                      "apiVersion: v2\nname: escape\nversion: 1.0.0\n"}}));
  Publish("junk", "1.0.0");
  remote_.Put("/charts/junk-1.0.0.tgz", "no archive");
  Publish("empty", "1.0.0");
  remote_.Put("/charts/empty-1.0.0.tgz", TarGz({{"empty/README", ""}}));
  StartWithRepository();
  for (const char* chart : {"bomb", "escape", "junk", "empty"}) {
    ApplyChart(absl::StrCat("chart: ", chart), chart);
    const Value object = WaitReady("False", "", chart);
    EXPECT_EQ(Reason(object), "ChartPullError") << chart;
    EXPECT_TRUE(object["status"]["artifact"].is_null()) << chart;
  }
  EXPECT_THAT(Message(Get("escape")),
              HasSubstr("chart illegally references parent directory"));
  EXPECT_THAT(Message(Get("bomb")), HasSubstr("larger than the maximum"));
}

TEST_F(HelmChartTest, AChartHasALimit) {
  options_.helm_chart_max_bytes = 100;
  Publish("demo", "1.0.0");
  StartWithRepository();
  ApplyChart("chart: demo");
  EXPECT_THAT(Message(WaitReady("False", "", "demo")),
              HasSubstr("larger than 100 bytes"));
}

TEST_F(HelmChartTest, WhatIsNotBuiltStalls) {
  Start();
  ApplyChart("chart: demo", "demo", "{kind: Bucket, name: b}");
  EXPECT_THAT(Message(WaitReady("False", "", "demo")),
              HasSubstr("spec.sourceRef.kind"));
  ApplyChart("chart: demo\nverify: {provider: cosign}");
  EXPECT_THAT(Message(WaitReady("False", "", "demo")),
              HasSubstr("spec.verify"));
}

}  // namespace
}  // namespace weir::source
