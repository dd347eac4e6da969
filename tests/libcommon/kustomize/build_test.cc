// Flux's overrides, generated kustomizations, bounds, file systems.
#include "weir/kustomize/build.h"

#include <unistd.h>

#include <map>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/base/file.h"

namespace weir::kustomize {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Files = std::map<std::string, std::string>;

constexpr char kConfig[] =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cfg}\n"
    "data: {image: x}\n";
constexpr char kPod[] =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"
    "spec: {containers: [{name: c, image: nginx:1}]}\n";

BuildOptions FluxOptions() {
  BuildOptions options;
  options.load_restrictor = BuildOptions::LoadRestrictor::kNone;
  options.reorder = BuildOptions::Reorder::kNone;
  options.flux_mode = true;
  return options;
}

absl::StatusOr<BuildResult> BuildFiles(Files files,
                                       const BuildOptions& options = {}) {
  const auto tree = MakeMemoryFileSystem(std::move(files));
  return Build(Context(), *tree, ".", options);
}

absl::StatusOr<BuildResult> BuildAsFlux(Files files,
                                        const FluxOverrides& overrides = {},
                                        absl::string_view directory = ".") {
  const auto tree = MakeMemoryFileSystem(std::move(files));
  return BuildForFlux(Context(), *tree, directory, overrides, FluxOptions());
}

TEST(BuildTest, FormatsNoObjectsAsNothing) { EXPECT_EQ(FormatResult({}), ""); }

TEST(BuildTest, NamesFilesAsUpstreamDoes) {
  const auto one = BuildFiles(
      {{"kustomization.yaml", "resources: [a.yaml]\n"}, {"a.yaml", kPod}});
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(FormatFiles(*one).begin()->first, "v1_pod_web.yaml");
  const auto two = BuildFiles(
      {{"kustomization.yaml", "resources: [a.yaml, b.yaml, c.yaml]\n"},
       {"a.yaml", kPod},
       {"b.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: A, namespace: x}\n"},
       {"c.yaml",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"
        "metadata: {name: r}\n"}});
  ASSERT_TRUE(two.ok()) << two.status();
  std::vector<std::string> names;
  for (const auto& [name, text] : FormatFiles(*two)) names.push_back(name);
  EXPECT_THAT(names, testing::ElementsAre(
                         "default_v1_pod_web.yaml",
                         "rbac.authorization.k8s.io_v1_clusterrole_r.yaml",
                         "x_v1_configmap_a.yaml"));
}

TEST(BuildTest, NamesWhatItDoesNotSupport) {
  BuildOptions options;
  options.helm.enabled = true;
  const auto helm = BuildFiles(
      {{"kustomization.yaml", "helmCharts: [{name: c, repo: r}]\n"}}, options);
  EXPECT_EQ(helm.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(helm.status().message()),
              HasSubstr("chart 'c' of /: charts are not rendered here"));
  options.enable_alpha_plugins = true;
  const auto plugin = BuildFiles(
      {{"kustomization.yaml", "generators: [g.yaml]\n"},
       {"g.yaml",
        "apiVersion: example.com/v1\nkind: Sed\nmetadata: {name: s}\n"}},
      options);
  EXPECT_EQ(plugin.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(plugin.status().message()),
              HasSubstr("plugin Sed.v1.example.com/s.[noNs] of /: programs "
                        "and containers are not run"));
}

TEST(BuildTest, RefusesRemotesWithoutASource) {
  for (const char* path :
       {"https://example.com/a.yaml", "github.com/org/repo//base",
        "git@example.com:org/repo"}) {
    const auto built = BuildFiles(
        {{"kustomization.yaml", absl::StrCat("resources: ['", path, "']\n")}});
    EXPECT_EQ(built.status().code(), absl::StatusCode::kUnimplemented) << path;
    EXPECT_THAT(std::string(built.status().message()),
                HasSubstr("remote bases are not allowed"));
  }
}

TEST(BuildTest, TellsWhatIsDeprecatedOrUnused) {
  std::vector<std::string> warnings;
  BuildOptions options;
  options.on_warning = [&](absl::string_view text) {
    warnings.emplace_back(text);
  };
  const auto built = BuildFiles(
      {{"kustomization.yaml",
        "resources: [a.yaml]\ncommonLabels: {a: b}\nvars:\n- name: V\n"
        "  objref: {kind: Pod, apiVersion: v1, name: web}\n"},
       {"a.yaml", kPod}},
      options);
  ASSERT_TRUE(built.ok()) << built.status();
  EXPECT_THAT(
      warnings,
      testing::ElementsAre(
          "/kustomization.yaml: 'commonLabels' is deprecated, use 'labels'",
          "/kustomization.yaml: 'vars' is deprecated, use 'replacements'",
          "well-defined vars that were never replaced: V"));
}

struct PlaceCase {
  const char* name;
  const char* kustomization;
  const char* place;
};

class PlacesTest : public testing::TestWithParam<PlaceCase> {};

TEST_P(PlacesTest, ErrorsNameFileLineAndField) {
  const auto built = BuildFiles(
      {{"kustomization.yaml", GetParam().kustomization}, {"a.yaml", kPod}});
  EXPECT_TRUE(absl::EndsWith(built.status().message(), GetParam().place))
      << built.status();
}

INSTANTIATE_TEST_SUITE_P(
    Table, PlacesTest,
    testing::Values(
        PlaceCase{"UnknownField", "resources: [a.yaml]\nnamPrefix: x\n",
                  "unknown field \"namPrefix\" in File: "
                  "/kustomization.yaml:2"},
        PlaceCase{"WrongTypeInAList",
                  "resources:\n- a.yaml\n- {b: c}\n- d.yaml\n",
                  "in File: /kustomization.yaml:3"},
        PlaceCase{"NoYaml", "resources: [\n", "in File: /kustomization.yaml"},
        PlaceCase{"PatchWithoutObject",
                  "resources: [a.yaml]\npatches:\n- target: {kind: Pod}\n"
                  "  patch: '[]'\n- patch: |\n    apiVersion: v1\n"
                  "    kind: Pod\n    metadata: {name: nope}\n",
                  "in File: /kustomization.yaml:5 (patches[1])"},
        PlaceCase{"PatchThatIsNone",
                  "resources: [a.yaml]\npatches:\n- patch: hello\n",
                  "in File: /kustomization.yaml:3 (patches[0])"},
        PlaceCase{"Replicas",
                  "resources: [a.yaml]\nreplicas:\n"
                  "- {name: web, count: 2}\n",
                  "in File: /kustomization.yaml:3 (replicas[0])"},
        PlaceCase{"Generator",
                  "configMapGenerator:\n- name: a\n"
                  "- name: b\n  literals: [x]\n",
                  "in File: /kustomization.yaml:3 (configMapGenerator[1])"},
        PlaceCase{"Configurations", "configurations: [a.yaml]\n",
                  "in File: a.yaml"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(BuildTest, TakesTheKustomizationFromAText) {
  const auto tree = MakeMemoryFileSystem(
      {{"app/kustomization.yaml", "namePrefix: not-this-\n"},
       {"app/Kustomization", "namePrefix: nor-this-\n"},
       {"app/a.yaml", kPod}});
  const auto built = BuildText(Context(), *tree, "app",
                               "resources: [a.yaml]\nnamePrefix: x-\n");
  ASSERT_TRUE(built.ok()) << built.status();
  ASSERT_EQ(built->objects.size(), 1u);
  EXPECT_EQ(built->objects[0]["metadata"].GetString("name"), "x-web");
}

TEST(BuildTest, ParsesEachTextOnce) {
  ParseCache cache;
  BuildOptions options;
  options.parse_cache = &cache;
  std::map<std::string, std::string> files = {
      {"app/a.yaml", kPod},
      {"app/b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n"}};
  const auto build = [&] {
    const auto tree = MakeMemoryFileSystem(files);
    const auto built =
        BuildForFlux(Context(), *tree, "app", FluxOverrides(), options);
    EXPECT_TRUE(built.ok()) << built.status();
    return built.ok() ? FormatResult(*built) : "";
  };
  const std::string first = build();
  EXPECT_EQ(cache.stats().misses, 2u);
  EXPECT_EQ(build(), first);
  EXPECT_EQ(cache.stats().misses, 2u);
  // Another revision, in which one file changed.
  files["app/b.yaml"] =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";
  EXPECT_NE(build(), first);
  EXPECT_EQ(cache.stats().misses, 3u);
}

TEST(ParseCacheTest, ForgetsWhatWasNotUsedForLongest) {
  const auto objects_of = [](size_t bytes) {
    return std::make_shared<const std::vector<Value>>(
        std::vector<Value>{Value(std::string(bytes, 'x'))});
  };
  ParseCache cache(4000);
  cache.Add("a", objects_of(1500));
  cache.Add("b", objects_of(1500));
  EXPECT_NE(cache.Find("a"), nullptr);
  cache.Add("c", objects_of(1500));
  EXPECT_EQ(cache.Find("b"), nullptr);
  EXPECT_NE(cache.Find("a"), nullptr);
  EXPECT_NE(cache.Find("c"), nullptr);
  cache.Add("d", objects_of(10000));
  EXPECT_EQ(cache.Find("d"), nullptr);
  EXPECT_LE(cache.stats().bytes, 4000u);
}

TEST(BuildTest, IsCancelled) {
  Context ctx = Context().WithCancel();
  ctx.Cancel();
  const auto tree = MakeMemoryFileSystem(
      {{"kustomization.yaml", "resources: [a.yaml]\n"}, {"a.yaml", kPod}});
  EXPECT_EQ(Build(ctx, *tree, ".").status().code(),
            absl::StatusCode::kCancelled);
}

struct BoundCase {
  const char* name;
  std::string manifest;
};

class BoundsTest : public testing::TestWithParam<BoundCase> {};

TEST_P(BoundsTest, EndsInResourceExhausted) {
  BuildOptions options;
  options.max_input_bytes = 1 << 20;
  options.max_objects = 50;
  const auto built =
      BuildFiles({{"kustomization.yaml", "resources: [a.yaml]\n"},
                  {"a.yaml", GetParam().manifest}},
                 options);
  EXPECT_EQ(built.status().code(), absl::StatusCode::kResourceExhausted)
      << built.status();
}

std::string AliasBomb() {
  std::string text = "kind: A\nmetadata: {name: a}\na0: &a0 [x]\n";
  for (int i = 1; i < 20; ++i) {
    absl::StrAppend(&text, "a", i, ": &a", i, " [*a", i - 1, ", *a", i - 1,
                    ", *a", i - 1, ", *a", i - 1, "]\n");
  }
  return text;
}

std::string ManyObjects() {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    absl::StrAppend(&text, "---\nkind: A\nmetadata: {name: a", i, "}\n");
  }
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BoundsTest,
    testing::Values(BoundCase{"AliasBomb", AliasBomb()},
                    BoundCase{"Deep", "kind: A\nmetadata: {name: a}\nx: " +
                                          std::string(5000, '[') +
                                          std::string(5000, ']') + "\n"},
                    BoundCase{"Large", "# " + std::string(2 << 20, 'x') + "\n"},
                    BoundCase{"Many", ManyObjects()}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(BuildTest, LimitsDirectoriesThatAreNamedAgainAndAgain) {
  Files files;
  for (int i = 0; i < 30; ++i) {
    for (const char* side : {"a", "b"}) {
      files[absl::StrCat(side, i, "/kustomization.yaml")] =
          absl::StrCat("resources: [../a", i + 1, ", ../b", i + 1, "]\n");
    }
  }
  for (const char* side : {"a", "b"}) {
    files[absl::StrCat(side, 30, "/kustomization.yaml")] = "namePrefix: x-\n";
  }
  files["kustomization.yaml"] = "resources: [a0, b0]\n";
  BuildOptions options;
  options.max_directories = 100;
  EXPECT_EQ(BuildFiles(files, options).status().code(),
            absl::StatusCode::kResourceExhausted);
}

struct HostileCase {
  const char* name;
  Files files;
  const char* error;  // Part of it.
};

class HostileTest : public testing::TestWithParam<HostileCase> {};

TEST_P(HostileTest, EndsInAClearError) {
  const auto built = BuildFiles(GetParam().files);
  EXPECT_THAT(std::string(built.status().message()),
              HasSubstr(GetParam().error));
}

std::string Repeated(absl::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) absl::StrAppend(&out, text);
  return out;
}

Files PatchedBy(const std::string& patch) {
  return {{"kustomization.yaml",
           absl::StrCat("configMapGenerator: [{name: a}]\npatches:\n", patch)},
          {"p.json", absl::StrCat("[{\"op\":\"add\",\"path\":\"/a\",\"value\":",
                                  Repeated("[", 100000), "1",
                                  Repeated("]", 100000), "}]")}};
}

INSTANTIATE_TEST_SUITE_P(
    Table, HostileTest,
    testing::Values(
        HostileCase{"Cycle",
                    {{"kustomization.yaml", "resources: [a]\n"},
                     {"a/kustomization.yaml", "resources: [../b]\n"},
                     {"b/kustomization.yaml", "resources: [../a]\n"}},
                    "cycle detected"},
        HostileCase{"DeepKustomization",
                    {{"kustomization.yaml",
                      absl::StrCat("resources: ", Repeated("[", 100000))}},
                    "nested deeper than"},
        HostileCase{"AliasBombInKustomization",
                    {{"kustomization.yaml", AliasBomb()}},
                    "excessive aliasing"},
        HostileCase{"DeepJsonPatch",
                    PatchedBy("- {path: p.json, target: {name: a}}\n"),
                    "unable to parse SM or JSON patch"},
        HostileCase{"PatternOfManyStates",
                    PatchedBy("- {target: {name: '((a{0,99}){0,99}){0,99}'}, "
                              "patch: '- {op: remove, path: /a}'}\n"),
                    "invalid repeat count"},
        HostileCase{
            "FileOutside",
            {{"kustomization.yaml", "resources: [../../../../etc/passwd]\n"}},
            "passwd"}),
    [](const auto& info) { return std::string(info.param.name); });

// What a small build could come to.
class GrowthTest : public testing::TestWithParam<HostileCase> {};

TEST_P(GrowthTest, EndsInResourceExhausted) {
  Files files = GetParam().files;
  files["map.yaml"] =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\n"
      "data: {a: {x: '1', y: '2'}, t: x-y}\n";
  files["kustomization.yaml"] =
      absl::StrCat("resources: [map.yaml]\n", files["kustomization.yaml"]);
  BuildOptions options;
  options.max_object_bytes = 100000;
  const auto built = BuildFiles(files, options);
  EXPECT_EQ(built.status().code(), absl::StatusCode::kResourceExhausted)
      << built.status();
  EXPECT_THAT(std::string(built.status().message()),
              HasSubstr(GetParam().error));
}

std::string Replacements(absl::string_view source, absl::string_view targets,
                         absl::string_view options) {
  return absl::StrCat(
      "replacements:\n",
      Repeated(absl::StrCat("- source: {kind: ConfigMap, fieldPath: ", source,
                            "}\n  targets:\n  - select: {kind: ConfigMap}\n"
                            "    fieldPaths: [",
                            targets, "]\n    options: {", options, "}\n"),
               500));
}

std::string JsonPatch(absl::string_view operations) {
  return absl::StrCat("patches:\n- target: {kind: ConfigMap}\n  patch: |-\n",
                      operations);
}

std::string CopiesInto() {
  std::string operations;
  for (int i = 0; i < 100; ++i) {
    absl::StrAppend(&operations, "    - {op: copy, from: /data, path: /data/k",
                    i, "}\n");
  }
  return operations;
}

INSTANTIATE_TEST_SUITE_P(
    Table, GrowthTest,
    testing::Values(
        HostileCase{"CopiesOfCopies",
                    {{"kustomization.yaml", JsonPatch(CopiesInto())}},
                    "larger than"},
        HostileCase{
            "MovesIntoNewMaps",
            {{"kustomization.yaml",
              JsonPatch(Repeated("    - {op: add, path: /b, value: {}}\n"
                                 "    - {op: move, from: /data, path: /b/a}\n"
                                 "    - {op: move, from: /b, path: /data}\n",
                                 2000))}},
            "nested deeper than"},
        HostileCase{
            "LongPointer",
            {{"kustomization.yaml",
              JsonPatch(absl::StrCat("    - {op: add, value: x, path: /data",
                                     Repeated("/b", 100000), "}\n"))}},
            "more than 200 parts"},
        HostileCase{
            "TextIntoItself",
            {{"kustomization.yaml",
              Replacements("data.t", "data.t", "delimiter: '-', index: 1")}},
            "larger than"},
        HostileCase{
            "MapIntoItself",
            {{"kustomization.yaml",
              Replacements("data.a", "data.a.m, data.a.n", "create: true")}},
            "larger than"},
        HostileCase{"LongFieldPath",
                    {{"kustomization.yaml",
                      absl::StrCat("labels:\n- pairs: {a: b}\n  fields:\n"
                                   "  - {kind: ConfigMap, create: true, "
                                   "path: data",
                                   Repeated("/b", 100000), "}\n")}},
                    "more than 200 parts"},
        HostileCase{"DefinitionsOfDefinitions",
                    {{"kustomization.yaml", "crds: [crd.json]\n"},
                     {"crd.json",
                      "{\"v1.A\": {\"Schema\": {\"properties\": {"
                      "\"kind\": {\"$ref\": \"v1.A\"}, "
                      "\"apiVersion\": {\"$ref\": \"v1.A\"}, "
                      "\"metadata\": {\"$ref\": \"v1.A\"}}}}}"}},
                    "more than 20000 properties"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(BuildTest, LimitsStepsAndBytes) {
  const Files files = {
      {"kustomization.yaml", "resources: [a.yaml]\ncommonLabels: {a: b}\n"},
      {"a.yaml", kPod}};
  BuildOptions few_steps;
  few_steps.max_steps = 1;
  EXPECT_EQ(BuildFiles(files, few_steps).status().code(),
            absl::StatusCode::kResourceExhausted);
  BuildOptions few_bytes;
  few_bytes.max_object_bytes = 100;
  EXPECT_EQ(BuildFiles(files, few_bytes).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(BuildTest, ReferencesMeanWhatTheyDidWhenManyHadTheName) {
  std::string objects;
  for (int i = 0; i < 40; ++i) {
    absl::StrAppend(&objects,
                    "---\napiVersion: v1\nkind: ConfigMap\n"
                    "metadata: {name: cfg, namespace: n",
                    i,
                    "}\n---\napiVersion: v1\nkind: Pod\n"
                    "metadata: {name: web, namespace: n",
                    i, "}\nspec: {volumes: [{configMap: {name: cfg}}, ",
                    "{secret: {secretName: cfg}}]}\n");
  }
  const auto built = BuildFiles(
      {{"kustomization.yaml", "resources: [a.yaml]\nnamePrefix: p-\n"},
       {"a.yaml", objects}});
  ASSERT_TRUE(built.ok()) << built.status();
  ASSERT_EQ(built->objects.size(), 80u);
  for (const Value& object : built->objects) {
    if (object.GetString("kind") != "Pod") continue;
    const Value& volumes = object["spec"]["volumes"];
    EXPECT_EQ(volumes[size_t{0}]["configMap"].GetString("name"), "p-cfg");
    EXPECT_EQ(volumes[size_t{1}]["secret"].GetString("secretName"), "cfg");
  }
}

TEST(BuildTest, LimitsNestedDirectories) {
  Files files;
  std::string path;
  for (int i = 0; i < 80; ++i) {
    files[path + "kustomization.yaml"] = "resources: [d]\n";
    path += "d/";
  }
  files[path + "kustomization.yaml"] = "namePrefix: a\n";
  EXPECT_EQ(BuildFiles(files).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(FluxBuildTest, GeneratesAKustomization) {
  const auto built = BuildAsFlux(
      {{"b.yaml", kPod},
       {"a/x.yml", kConfig},
       {"a/readme.md", "# no manifest"},
       {"own/kustomization.yaml", "namePrefix: own-\nresources: [p.yaml]\n"},
       {"own/p.yaml", kPod}});
  ASSERT_TRUE(built.ok()) << built.status();
  ASSERT_EQ(built->objects.size(), 3u);
  EXPECT_EQ(built->objects[0]["metadata"].GetString("name"), "cfg");
  EXPECT_EQ(built->objects[1]["metadata"].GetString("name"), "web");
  EXPECT_EQ(built->objects[2]["metadata"].GetString("name"), "own-web");
}

TEST(FluxBuildTest, ADirectoryWithoutManifestsIsNothing) {
  const auto built = BuildAsFlux({{"readme.md", "x"}});
  ASSERT_TRUE(built.ok()) << built.status();
  EXPECT_TRUE(built->objects.empty());
}

TEST(FluxBuildTest, LaysOverridesOver) {
  FluxOverrides overrides;
  overrides.target_namespace = "prod";
  overrides.name_prefix = "p-";
  overrides.name_suffix = "-s";
  overrides.images = {{"nginx", "mirror/nginx", "", ""}};
  overrides.patches.push_back(
      {"- {op: add, path: /metadata/labels, value: {a: b}}\n",
       Value::MakeObject({{"kind", "Pod"}})});
  overrides.components = {"../comp"};
  const auto built = BuildAsFlux(
      {{"app/kustomization.yaml",
        "resources: [a.yaml]\nnamePrefix: gone-\nunknownField: x\n"
        "images: [{name: nginx, newTag: '9'}]\n"},
       {"app/a.yaml", kPod},
       {"comp/kustomization.yaml",
        "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n"
        "commonAnnotations: {c: d}\n"}},
      overrides, "app");
  ASSERT_TRUE(built.ok()) << built.status();
  EXPECT_EQ(FormatResult(*built),
            "apiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n    c: d\n"
            "  labels:\n    a: b\n  name: p-web-s\n  namespace: prod\n"
            "spec:\n  containers:\n  - image: mirror/nginx:9\n    name: c\n");
}

TEST(FluxBuildTest, AFileWithoutResourcesTracksOrigins) {
  const auto built =
      BuildAsFlux({{"kustomization.yaml",
                    "configMapGenerator: [{name: c, literals: [a=b]}]\n"}});
  ASSERT_TRUE(built.ok()) << built.status();
  EXPECT_TRUE(built->objects[0]["metadata"]["annotations"].Has(
      "config.kubernetes.io/origin"));
}

TEST(FluxBuildTest, ComponentsMustBeLocal) {
  for (const char* path : {"/abs", "https://example.com/c"}) {
    FluxOverrides overrides;
    overrides.components = {path};
    const auto built =
        BuildAsFlux({{"kustomization.yaml", "namePrefix: a\n"}}, overrides);
    EXPECT_THAT(std::string(built.status().message()),
                HasSubstr("must be local and relative"));
  }
}

TEST(FluxBuildTest, MissingComponentsMayBeIgnored) {
  FluxOverrides overrides;
  overrides.components = {"../nope"};
  overrides.ignore_missing_components = true;
  const Files files = {{"app/kustomization.yaml", "resources: [a.yaml]\n"},
                       {"app/a.yaml", kPod}};
  EXPECT_TRUE(BuildAsFlux(files, overrides, "app").ok());
  overrides.ignore_missing_components = false;
  EXPECT_FALSE(BuildAsFlux(files, overrides, "app").ok());
}

TEST(FluxBuildTest, OnlyWhatTheBuildItselfSaysIsLedByTheCallersWords) {
  FluxOverrides overrides;
  overrides.failure = "building app";
  const Files missing = {{"kustomization.yaml", "resources: [nope.yaml]\n"}};
  EXPECT_THAT(std::string(BuildAsFlux(missing, overrides).status().message()),
              StartsWith("building app: accumulating resources"));
  EXPECT_THAT(std::string(BuildAsFlux(missing).status().message()),
              StartsWith("accumulating resources"));
  EXPECT_THAT(
      std::string(
          BuildAsFlux({{"a.yaml", "a: ["}}, overrides).status().message()),
      StartsWith("failed to decode Kubernetes YAML"));
}

TEST(FluxBuildTest, AFileThatCannotBeReadIsToldInFluxsWords) {
  EXPECT_THAT(
      std::string(BuildAsFlux({{"kustomization.yaml", "patches: [a.yaml]\n"}})
                      .status()
                      .message()),
      StartsWith("error unmarshaling JSON: while decoding JSON: json: cannot "
                 "unmarshal string into Go struct field Kustomization.patches "
                 "of type types.Patch"));
  EXPECT_THAT(std::string(BuildAsFlux({{"kustomization.yaml",
                                        "patches:\n- path: a: b\n"}})
                              .status()
                              .message()),
              StartsWith("error converting YAML to JSON: yaml: line 2: mapping "
                         "values are not allowed in this context"));
}

TEST(DiskFileSystemTest, NothingLeavesTheRoot) {
  const auto dir = TempDir::Create("kustomize");
  ASSERT_TRUE(dir.ok());
  const std::string root = dir->path() + "/root";
  ASSERT_TRUE(MakeDirectories(root).ok());
  ASSERT_TRUE(WriteFileAtomically(dir->path() + "/secret.yaml", kPod).ok());
  ASSERT_TRUE(WriteFileAtomically(root + "/kustomization.yaml",
                                  "resources: [../secret.yaml]\n")
                  .ok());
  const auto files = MakeDiskFileSystem(root);
  const auto built = Build(Context(), *files, ".", FluxOptions());
  ASSERT_FALSE(built.ok());
  EXPECT_THAT(std::string(built.status().message()),
              HasSubstr("is not in or below"));
  ASSERT_EQ(symlink("../secret.yaml", (root + "/link.yaml").c_str()), 0);
  EXPECT_EQ(files->ReadFile("link.yaml").status().code(),
            absl::StatusCode::kPermissionDenied);
}

// "/root" for where the files are.
std::string ErrorOf(const std::string& root, const FileSystem& files) {
  const auto built = Build(Context(), files, ".", FluxOptions());
  return absl::StrReplaceAll(built.status().message(), {{root, "/root"}});
}

TEST(DiskFileSystemTest, LinksThatLeadNowhereAreToldOfAsGoDoes) {
  const auto dir = TempDir::Create("kustomize");
  ASSERT_TRUE(dir.ok());
  const std::string& root = dir->path();
  const auto files = MakeDiskFileSystem(root);
  ASSERT_TRUE(WriteFileAtomically(root + "/file", kPod).ok());
  const struct {
    const char* resource;
    const char* link;  // Named "link"; null: none.
    const char* error;
  } cases[] = {
      {"link", "nothing", "lstat /root/nothing: no such file or directory"},
      {"link/a.yaml", "no/thing", "lstat /root/no: no such file or directory"},
      {"link", "link", "EvalSymlinks: too many links"},
      {"link/a", "file", "not a directory"},
      {"file/a", nullptr, "not a directory"},
      {"none/a", nullptr, "lstat /root/none: no such file or directory"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.resource);
    const std::string link = root + "/link";
    unlink(link.c_str());
    if (one.link != nullptr) {
      ASSERT_EQ(symlink(one.link, link.c_str()), 0);
    }
    ASSERT_TRUE(
        WriteFileAtomically(root + "/kustomization.yaml",
                            absl::StrCat("resources: [", one.resource, "]\n"))
            .ok());
    EXPECT_THAT(ErrorOf(root, *files),
                HasSubstr(absl::StrCat(
                    "must build at directory: not a valid directory: "
                    "evalsymlink failure on '/root/",
                    one.resource, "' : ", one.error)));
  }
}

TEST(DiskFileSystemTest, ChainsOfLinksAreFollowedAsFarAsGoDoes) {
  const auto dir = TempDir::Create("kustomize");
  ASSERT_TRUE(dir.ok());
  ASSERT_TRUE(WriteFileAtomically(dir->path() + "/0", kPod).ok());
  for (int i = 1; i <= 256; ++i) {
    ASSERT_EQ(symlink(absl::StrCat(i - 1).c_str(),
                      absl::StrCat(dir->path(), "/", i).c_str()),
              0);
  }
  const auto files = MakeDiskFileSystem(dir->path());
  EXPECT_TRUE(files->ReadFile("255").ok());
  EXPECT_EQ(files->ReadFile("256").status().message(),
            "EvalSymlinks: too many links");
}

}  // namespace
}  // namespace weir::kustomize
