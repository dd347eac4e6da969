// Command lines of `weir template` beside those of helm, clusters, and
// post-renderers that are no plugins.
#include "template_command.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cli/command_line.h"
#include "tests/libcommon/http/http_fixture.h"
#include "tests/support/embedded_cluster.h"
#include "tests/support/transport_server.h"
#include "weir/base/file.h"
#include "weir/http/server.h"
#include "weir/value/json.h"
#include "weir/value/value.h"
#include "weir/value/yaml.h"

namespace weir::cli {
namespace {

using test::Printed;
using test::RunWeir;
using test::Variable;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string DataFolder() {
  return absl::StrCat(WEIR_TESTDATA, "/command_lines");
}

class TemplateCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempDir::Create("template");
    ASSERT_TRUE(folder.ok()) << folder.status();
    folder_ = std::make_unique<TempDir>(*std::move(folder));
    was_in_ = std::filesystem::current_path();
    std::filesystem::current_path(folder_->path());
  }
  void TearDown() override { std::filesystem::current_path(was_in_); }

  // Runs `weir template`; paths in what it prints are FOLDER and OUT.
  Printed Run(const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {"template"};
    for (const std::string& one : arguments) {
      all.push_back(absl::StrReplaceAll(
          one, {{"FOLDER", DataFolder()}, {"OUT", folder_->path()}}));
    }
    Printed printed = RunWeir(all);
    for (std::string* text : {&printed.out, &printed.err}) {
      *text = absl::StrReplaceAll(
          *text, {{DataFolder(), "FOLDER"}, {folder_->path(), "OUT"}});
    }
    return printed;
  }
  void Put(const std::string& name, absl::string_view text) {
    const std::string path = Path(name);
    ASSERT_TRUE(
        MakeDirectories(std::filesystem::path(path).parent_path().string())
            .ok());
    ASSERT_TRUE(WriteFileAtomically(path, text).ok());
  }
  std::string Path(const std::string& name) const {
    return absl::StrCat(folder_->path(), "/", name);
  }
  std::string WrittenFile(std::string path) const {
    path = absl::StrReplaceAll(path, {{"OUT", folder_->path()}});
    const auto text = ReadFile(path);
    return text.ok() ? *text : text.status().ToString();
  }

  std::unique_ptr<TempDir> folder_;
  std::filesystem::path was_in_;
  Variable home_{"HOME", "/nonexistent"};
  Variable kubeconfig_{"KUBECONFIG", "/nonexistent"};
  Variable namespace_{"HELM_NAMESPACE", ""};
  Variable plugins_{"HELM_PLUGINS", absl::StrCat(DataFolder(), "/plugins")};
};

// The parser of flags has its own words.
bool IsAboutFlags(absl::string_view error) {
  for (const char* start :
       {"unknown flag", "unknown shorthand", "if any flags in the group",
        "\"helm template\" requires", "level=WARN"}) {
    if (absl::StartsWith(error, start)) return true;
  }
  return absl::StartsWith(error, "invalid argument") &&
         (absl::StrContains(error, "strconv.") ||
          absl::StrContains(error, "invalid wait input") ||
          absl::StrContains(error, "invalid duration"));
}

TEST_F(TemplateCommandTest, AnswersAsHelmDoes) {
  const auto text = ReadFile(absl::StrCat(DataFolder(), "/rows.json"));
  ASSERT_TRUE(text.ok()) << text.status();
  const auto rows = ParseJson(*text);
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_GT(rows->size(), 150u);
  for (const Value& row : rows->array()) {
    std::vector<std::string> arguments;
    for (const Value& one : row["args"].array()) {
      arguments.push_back(one.AsString());
    }
    SCOPED_TRACE(FormatJson(row["args"]));
    const Printed got = Run(arguments);
    const std::string error(row.GetString("error"));
    EXPECT_EQ(got.code == 0, error.empty()) << got.err;
    if (IsAboutFlags(error)) continue;
    EXPECT_EQ(got.out, row.GetString("out"));
    if (!error.empty()) {
      EXPECT_THAT(got.err, HasSubstr(absl::StrCat("✗ ", error, "\n")));
    }
    for (const Value::Member& file : row["files"].object()) {
      EXPECT_EQ(WrittenFile(std::string(file.key)), file.value.AsString());
    }
    std::filesystem::remove_all(Path("shop"));
    std::filesystem::remove_all(Path("release-name"));
  }
}

TEST_F(TemplateCommandTest, WritesThroughLinks) {
  std::filesystem::create_directories(Path("out/shop/templates"));
  std::filesystem::create_symlink("../../../target",
                                  Path("out/shop/templates/all.yaml"));
  const Printed got = Run({"FOLDER/chart", "--output-dir", "out"});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(WrittenFile(Path("target")), HasSubstr("kind: ConfigMap\n"));
  EXPECT_TRUE(std::filesystem::is_symlink(Path("out/shop/templates/all.yaml")));
}

TEST_F(TemplateCommandTest, SaysWhatIsInTheWayOfFiles) {
  std::filesystem::create_directories(Path("out/shop/templates/all.yaml"));
  EXPECT_EQ(Run({"FOLDER/chart", "--output-dir", "out"}).err,
            "✗ open out/shop/templates/all.yaml: is a directory\n");
  std::filesystem::create_symlink("nowhere", Path("link"));
  EXPECT_EQ(Run({"FOLDER/chart", "--output-dir", "link"}).err,
            "✗ mkdir link: file exists\n");
  Put("file", "");
  EXPECT_EQ(Run({"FOLDER/chart", "--output-dir", "file"}).err,
            "✗ stat file/shop/templates: not a directory\n");
}

TEST_F(TemplateCommandTest, OfAFlagGivenTwiceTheLastOneCounts) {
  const Printed got = Run({"FOLDER/chart", "-n", "a", "-n", "b"});
  EXPECT_THAT(got.out, HasSubstr("namespace: b\n"));
}

TEST_F(TemplateCommandTest, NamespaceIsOfTheFirstKubeconfigThatSaysOne) {
  Put("a", "contexts: [{name: x, context: {namespace: from-a}}]\n");
  Put("b",
      "current-context: x\n"
      "contexts: [{name: x, context: {namespace: from-b}}]\n");
  Variable both("KUBECONFIG", absl::StrCat(Path("a"), ":", Path("b")));
  EXPECT_THAT(Run({"FOLDER/chart"}).out, HasSubstr("namespace: from-a\n"));
  Variable given("HELM_NAMESPACE", "said");
  EXPECT_THAT(Run({"FOLDER/chart"}).out, HasSubstr("namespace: said\n"));
}

TEST_F(TemplateCommandTest, DebugShowsFilesThatCannotBeRead) {
  const Printed quiet = Run({"FOLDER/chart", "--set", "broken=true"});
  EXPECT_EQ(quiet.code, 1);
  EXPECT_THAT(quiet.out, IsEmpty());
  const Printed got = Run({"FOLDER/chart", "--set", "broken=true", "--debug"});
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(got.out, HasSubstr("# Source: shop/templates/all.yaml\n"));
  EXPECT_THAT(got.out, HasSubstr("{broken\n"));
  EXPECT_THAT(got.out, HasSubstr("# Source: shop/templates/hook.yaml\n"));
}

TEST_F(TemplateCommandTest, ValuesMayBeginWithADash) {
  const Printed got = Run({"FOLDER/chart", "--set", "-a=1", "--set-string",
                           "-b=--c", "--description=", "--set="});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("\\\"-a\\\":1,\\\"-b\\\":\\\"--c\\\""));
}

TEST_F(TemplateCommandTest, SchemasReferToDocumentsElsewhere) {
  const auto server = http::Serve(
      [](const http::ServerRequest& request,
         std::unique_ptr<http::Responder> responder) {
        const bool is_there = request.path == "/defs.json";
        responder->Send({is_there ? 200 : 404,
                         {},
                         R"({"definitions": {"size": {"type": "integer"}}})"});
      },
      {});
  Put("chart/Chart.yaml", "{apiVersion: v2, name: c, version: 1.0.0}");
  Put("chart/templates/a.yaml", "a: {{ .Values.size }}\n");
  const auto put_schema = [&](const char* reference) {
    Put("chart/values.schema.json",
        absl::StrCat(R"({"properties": {"size": {"$ref": ")", server->url(),
                     reference, R"("}}})"));
  };
  put_schema("/defs.json#/definitions/size");
  EXPECT_EQ(Run({"OUT/chart", "--set", "size=1"}).code, 0);
  const Printed wrong = Run({"OUT/chart", "--set", "size=x"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, HasSubstr("- at '/size': got string, want integer"));
  // Whether or not a value comes to them.
  put_schema("/none.json");
  const Printed missing = Run({"OUT/chart"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.err, HasSubstr(absl::StrCat(
                               "c:\nfailing loading \"", server->url(),
                               "/none.json\": HTTP request failed for ")));
}

// --- Post-renderers by path.

TEST_F(TemplateCommandTest, ProgramPostRenders) {
  Put("filter", "#!/bin/sh\nsed \"s/size/$1/\"\n");
  ASSERT_EQ(chmod(Path("filter").c_str(), 0755), 0);
  const Printed got = Run({"FOLDER/chart", "--post-renderer", "./filter",
                           "--post-renderer-args", "width"});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("{\\\"width\\\":1}"));
  EXPECT_THAT(got.out, HasSubstr("# Source: shop/templates/all.yaml\n"));
  EXPECT_THAT(got.out, Not(HasSubstr("postrender-filename")));
}

TEST_F(TemplateCommandTest, FolderIsAKustomizationOfTheObjects) {
  Put("patch/kustomization.yaml",
      "namePrefix: my-\n"
      "configMapGenerator: [{name: own, literals: [a=b]}]\n"
      "patches:\n"
      "- target: {kind: ConfigMap, name: release-name}\n"
      "  patch: |\n"
      "    - {op: add, path: /data/more, value: patched}\n");
  const Printed got = Run({"FOLDER/chart", "--post-renderer", "patch/"});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("name: my-release-name\n"));
  EXPECT_THAT(got.out, HasSubstr("more: patched\n"));
  EXPECT_THAT(got.out, HasSubstr("# Source: generated-by-postrender-"));
  // Hooks pass, too.
  EXPECT_THAT(got.out, HasSubstr("name: my-test\n"));
}

TEST_F(TemplateCommandTest, KustomizationThatIsWrongSaysWhere) {
  Put("patch/kustomization.yaml", "resources: [none.yaml]\n");
  const Printed got = Run({"FOLDER/chart", "--post-renderer", "./patch"});
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(got.err, HasSubstr("error while running post render on files: "
                                 "post-renderer \"./patch\": "));
  EXPECT_THAT(got.err, HasSubstr("none.yaml"));
}

TEST_F(TemplateCommandTest, PathThatIsNotThereIsNoPostRenderer) {
  const Printed got = Run({"FOLDER/none", "--post-renderer", "./nothing"});
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(got.err, HasSubstr("post-renderer \"./nothing\""));
}

// --- Clusters.

class TemplateServerTest : public TemplateCommandTest {
 protected:
  void SetUp() override {
    TemplateCommandTest::SetUp();
    server_ = std::make_unique<test::TransportServer>(cluster_);
    Put("kubeconfig",
        absl::StrCat("current-context: c\n"
                     "contexts: [{name: c, context: {cluster: c, user: u, "
                     "namespace: ns}}]\n"
                     "clusters: [{name: c, cluster: {server: '",
                     server_->url(), "'}}]\nusers: [{name: u}]\n"));
    setenv("KUBECONFIG", Path("kubeconfig").c_str(), 1);
  }
  void PutObject(absl::string_view text) {
    const auto object = ParseYaml(text);
    ASSERT_TRUE(object.ok()) << object.status();
    cluster_.Put(*object);
  }

  test::EmbeddedCluster cluster_;
  std::unique_ptr<test::TransportServer> server_;
};

TEST_F(TemplateServerTest, LooksUpAndSeesWhatIsServed) {
  PutObject(
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: there, namespace: "
      "ns}, data: {a: b}}");
  const Printed got = Run({"FOLDER/chart", "--dry-run=server", "--skip-crds"});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("\\\"data\\\":{\\\"a\\\":\\\"b\\\"}"));
  EXPECT_THAT(got.out, HasSubstr("things: \"false\"\n"));
  EXPECT_THAT(got.out, HasSubstr("namespace: ns\n"));
  EXPECT_THAT(got.err, IsEmpty());
}

TEST_F(TemplateServerTest, ValidateIsTheSameAndWarnsOfCrds) {
  const Printed got = Run({"FOLDER/chart", "--validate"});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("found: \"{}\"\n"));
  EXPECT_THAT(got.err, HasSubstr("contains CRDs"));
}

TEST_F(TemplateServerTest, ObjectsOfOthersAreInTheWay) {
  PutObject(
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: release-name, "
      "namespace: ns}}");
  const Printed got = Run({"FOLDER/chart", "--dry-run=server", "--skip-crds"});
  EXPECT_EQ(got.code, 1);
  EXPECT_EQ(
      got.err,
      "✗ unable to continue with install: ConfigMap \"release-name\" in "
      "namespace \"ns\" exists and cannot be imported into the current "
      "release: invalid ownership metadata; label validation error: missing "
      "key \"app.kubernetes.io/managed-by\": must be set to \"Helm\"; "
      "annotation validation error: missing key "
      "\"meta.helm.sh/release-name\": must be set to \"release-name\"; "
      "annotation validation error: missing key "
      "\"meta.helm.sh/release-namespace\": must be set to \"ns\"\n");
  for (const char* flag : {"--take-ownership", "--is-upgrade"}) {
    EXPECT_EQ(Run({"FOLDER/chart", "--dry-run=server", flag}).code, 0) << flag;
  }
  EXPECT_EQ(Run({"FOLDER/chart", "--dry-run=server", "-n", "other"}).code, 0);
}

TEST_F(TemplateServerTest, KindsThatAreNotServedAreAnError) {
  Put("chart/Chart.yaml", "{apiVersion: v2, name: c, version: 1.0.0}");
  Put("chart/templates/a.yaml",
      "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a}}\n---\n"
      "{apiVersion: v1, kind: Nothing, metadata: {name: b, namespace: "
      "away}}\n");
  const Printed got = Run({"OUT/chart", "--dry-run=server"});
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(
      got.err,
      HasSubstr(
          "✗ unable to build kubernetes objects from release manifest: "
          "[resource mapping not found for name: \"b\" namespace: \"away\" "
          "from \"\": no matches for kind \"Nothing\" in version \"v1\"\n"
          "ensure CRDs are installed first, resource mapping not found "
          "for name: \"a\" namespace: \"\" from \"\": no matches for "
          "kind \"Thing\" in version \"example.com/v1\"\n"
          "ensure CRDs are installed first]"));
}

TEST_F(TemplateServerTest, LookupOfAnUnknownVersionFails) {
  Put("chart/Chart.yaml", "{apiVersion: v2, name: c, version: 1.0.0}");
  Put("chart/templates/a.yaml", "a: {{ lookup \"x.com/v1\" \"X\" \"\" \"\" }}");
  const Printed got = Run({"OUT/chart", "--dry-run=server"});
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(got.err, HasSubstr("unable to get apiresource from unstructured: "
                                 "x.com/v1, Kind=X: the server could not find "
                                 "the requested resource"));
}

TEST_F(TemplateServerTest, ListsHaveItems) {
  Put("chart/Chart.yaml", "{apiVersion: v2, name: c, version: 1.0.0}");
  Put("chart/templates/a.yaml",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n"
      "{{- range (lookup \"v1\" \"Namespace\" \"\" \"\").items }}\n"
      "  {{ .metadata.name }}: {{ .kind }}\n{{- end }}\n"
      "  none: {{ lookup \"v1\" \"Nope\" \"\" \"\" | toJson | quote }}\n");
  const Printed got = Run({"OUT/chart", "--dry-run=server"});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("  ns: Namespace\n"));
  EXPECT_THAT(got.out, HasSubstr("  none: \"{}\"\n"));
}

TEST_F(TemplateCommandTest, ServerThatIsNotThere) {
  Put("kubeconfig",
      "current-context: c\n"
      "contexts: [{name: c, context: {cluster: c, user: u}}]\n"
      "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n"
      "users: [{name: u}]\n");
  const Printed got = Run(
      {"FOLDER/chart", "--kubeconfig", "OUT/kubeconfig", "--dry-run=server"});
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(got.err, HasSubstr("✗ cluster reachability check failed: "
                                 "kubernetes cluster unreachable: "));
}

TEST_F(TemplateCommandTest, EmbeddedServerKnowsTheChartsOwnKinds) {
  Put("chart/Chart.yaml", "{apiVersion: v2, name: c, version: 1.0.0}");
  const auto crd =
      ReadFile(absl::StrCat(DataFolder(), "/chart/crds/thing.yaml"));
  ASSERT_TRUE(crd.ok());
  Put("chart/crds/thing.yaml", *crd);
  Put("chart/templates/a.yaml",
      "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a}, spec: "
      "{served: {{ .Capabilities.APIVersions.Has \"example.com/v1/Thing\" }}}}"
      "\n");
  const Printed got = Run({"OUT/chart", "--dry-run=embedded"});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("served: true"));
}

TEST_F(TemplateCommandTest, EmbeddedServerRefusesWhatKubernetesWould) {
  Put("chart/Chart.yaml", "{apiVersion: v2, name: c, version: 1.0.0}");
  Put("chart/templates/a.yaml",
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, daata: {}}\n");
  const Printed got = Run({"OUT/chart", "--dry-run=embedded"});
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(got.err, HasSubstr("ConfigMap \"a\" in namespace \"default\": "));
  EXPECT_THAT(got.err, HasSubstr("daata"));
}

// --- What the front does itself.

TEST(TemplateIsLocalTest, OnlyChartsOnDiskWithNothingElse) {
  TemplateArgs args;
  args.positional = {absl::StrCat(DataFolder(), "/chart")};
  EXPECT_TRUE(IsLocal(args));
  TemplateArgs other = args;
  other.positional = {"repo/chart"};
  EXPECT_FALSE(IsLocal(other));
  other = args;
  other.value_files = {"a.yaml,https://example.com/values.yaml"};
  EXPECT_FALSE(IsLocal(other));
  other = args;
  other.dry_run = "server";
  EXPECT_FALSE(IsLocal(other));
  other = args;
  other.chart.dependency_update = true;
  EXPECT_FALSE(IsLocal(other));
  other = args;
  other.post_renderer = {"x"};
  EXPECT_FALSE(IsLocal(other));
}

}  // namespace
}  // namespace weir::cli
