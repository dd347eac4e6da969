// The flags of `weir build`, and what it prints and writes.
#include "build_command.h"

#include <unistd.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "front.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "invocation.h"
#include "tests/cli/command_line.h"
#include "weir/base/file.h"

namespace weir::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using testing::internal::CaptureStderr;
using testing::internal::CaptureStdout;
using testing::internal::GetCapturedStderr;
using testing::internal::GetCapturedStdout;

struct Result {
  int code = 0;
  std::string out;
  std::string err;
};

class BuildCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempDir::Create("build");
    ASSERT_TRUE(folder.ok()) << folder.status();
    folder_ = std::make_unique<TempDir>(*std::move(folder));
    Put("kustomization.yaml", "resources: [pod.yaml]\nnamePrefix: x-\n");
    Put("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n");
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
  std::string Read(const std::string& name) const {
    const auto text = ReadFile(Path(name));
    return text.ok() ? *text : text.status().ToString();
  }

  // Runs `weir build` with these arguments; a parser's error is exit code 2.
  Result Run(std::vector<std::string> arguments) {
    Invocation invocation;
    CLI::App app;
    AddBuildCommand(app, invocation);
    arguments.insert(arguments.begin(), "build");
    std::reverse(arguments.begin(), arguments.end());
    Result result;
    try {
      app.parse(arguments);
    } catch (const CLI::ParseError& e) {
      result.code = 2;
      result.err = e.what();
      return result;
    }
    CaptureStdout();
    CaptureStderr();
    result.code = invocation.run(Context());
    std::fflush(stdout);
    result.out = GetCapturedStdout();
    result.err = GetCapturedStderr();
    return result;
  }

  // As the front does, which needs no parser for words that are no flags.
  // Code -1: it leaves the command to the other program.
  Result RunFront(std::vector<std::string> arguments) {
    std::vector<char*> argv = {nullptr};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    Result result;
    CaptureStdout();
    CaptureStderr();
    result.code =
        RunInFront(Context(), static_cast<int>(argv.size()), argv.data())
            .value_or(-1);
    std::fflush(stdout);
    result.out = GetCapturedStdout();
    result.err = GetCapturedStderr();
    return result;
  }

  // The same with a standard input.
  Result RunWithInput(const std::string& input,
                      std::vector<std::string> arguments) {
    Put("input", input);
    const int saved = dup(STDIN_FILENO);
    FILE* file = std::fopen(Path("input").c_str(), "r");
    dup2(fileno(file), STDIN_FILENO);
    std::fclose(file);
    Result result = Run(std::move(arguments));
    dup2(saved, STDIN_FILENO);
    close(saved);
    return result;
  }

  std::unique_ptr<TempDir> folder_;
};

constexpr char kPrinted[] =
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x-web\n";

TEST_F(BuildCommandTest, Prints) {
  const Result result = Run({folder_->path()});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, kPrinted);
  EXPECT_EQ(result.err, "");
}

TEST_F(BuildCommandTest, WritesAFile) {
  const Result result = Run({folder_->path(), "-o", Path("out.yaml")});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(Read("out.yaml"), kPrinted);
}

TEST_F(BuildCommandTest, WritesAFileAnObjectIntoAFolder) {
  ASSERT_TRUE(MakeDirectories(Path("out")).ok());
  const Result result =
      Run({folder_->path(), absl::StrCat("--output=", Path("out"))});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(Read("out/v1_pod_x-web.yaml"), kPrinted);
}

// kustomize v5.8.1 prints an empty line more than it writes here.
TEST_F(BuildCommandTest, WritesFoldedTextsIntoAFolderAsTheyAre) {
  Put("pod.yaml",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"
      "spec:\n  list:\n  - text: >-\n      a\n        b\n      c\n");
  const std::string head =
      absl::StrCat(kPrinted, "spec:\n  list:\n  - text: |-\n      a\n");
  EXPECT_EQ(Run({folder_->path()}).out,
            absl::StrCat(head, "\n        b\n      c\n"));
  ASSERT_TRUE(MakeDirectories(Path("out")).ok());
  EXPECT_EQ(Run({folder_->path(), "-o", Path("out")}).code, 0);
  EXPECT_EQ(Read("out/v1_pod_x-web.yaml"),
            absl::StrCat(head, "        b\n      c\n"));
}

TEST_F(BuildCommandTest, WritesThroughWhatIsThere) {
  namespace fs = std::filesystem;
  Put("kept", std::string(1000, 'x'));
  fs::permissions(Path("kept"), fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("kept", Path("link"));
  EXPECT_EQ(Run({folder_->path(), "-o", Path("link")}).code, 0);
  EXPECT_TRUE(fs::is_symlink(Path("link")));
  EXPECT_EQ(Read("kept"), kPrinted);
  EXPECT_EQ(fs::status(Path("kept")).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("/dev/null", Path("null"));
  EXPECT_EQ(Run({folder_->path(), "-o", Path("null")}).code, 0);
  EXPECT_TRUE(fs::is_character_file(Path("null")));
}

TEST_F(BuildCommandTest, NamesWhatItCannotWriteTo) {
  const Result result = Run({folder_->path(), "-o", Path("no/such.yaml")});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.err, absl::StrCat("✗ open ", Path("no/such.yaml"),
                                     ": no such file or directory\n"));
}

TEST_F(BuildCommandTest, NamesDirectoriesAsTheCommandLineDoes) {
  EXPECT_THAT(Run({"not/there"}).err,
              StartsWith("✗ must build at directory: not a valid directory: "
                         "evalsymlink failure on 'not/there' : lstat /"));
  EXPECT_EQ(Run({""}).err,
            "✗ must build at directory: directory path cannot be empty\n");
}

// Of whole command lines.
TEST_F(BuildCommandTest, TakesValuesAsGoDoes) {
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{
           {absl::StrCat("-o=", Path("out"))},
           {absl::StrCat("-o", Path("out"))},
           {"-o", Path("other"), "-o", Path("out")},
           {absl::StrCat("--output=", Path("out")), "--load-restrictor="},
           {"--reorder", "some", "--reorder=", "-o", Path("out")},
           {"-e", "--nonsense", "-e=A=B", "-o", Path("out")},
           {"--helm-command=", "-o", Path("out")}}) {
    std::filesystem::remove(Path("out"));
    std::vector<std::string> line = {"build"};
    line.insert(line.end(), flags.begin(), flags.end());
    line.push_back(folder_->path());
    const test::Printed printed = test::RunWeir(line);
    EXPECT_EQ(printed.code, 0) << printed.err;
    EXPECT_EQ(Read("out"), kPrinted) << testing::PrintToString(line);
  }
  EXPECT_THAT(test::RunWeir({"build", "--reorder", "fifo"}).err,
              HasSubstr("illegal flag value --reorder fifo; legal values: "
                        "[legacy none]"));
}

TEST_F(BuildCommandTest, TakesAKustomizationFromStandardInput) {
  const Result result = RunWithInput("resources: [pod.yaml]\nnameSuffix: -y\n",
                                     {"-", "--root", folder_->path()});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("name: web-y\n"));
}

TEST_F(BuildCommandTest, NamesStandardInputByRoot) {
  Put("app/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: app}\n");
  Put("app/text.txt", "hello");
  const Result result = RunWithInput(
      "resources: [pod.yaml]\n"
      "configMapGenerator: [{name: text, files: [text.txt]}]\n"
      "generatorOptions: {disableNameSuffixHash: true}\n",
      {"-", "--root", Path("app"), "-o", Path("out.yaml")});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(Read("out.yaml"),
            "apiVersion: v1\ndata:\n  text.txt: hello\nkind: ConfigMap\n"
            "metadata:\n  name: text\n---\n"
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: app\n");
}

TEST_F(BuildCommandTest, RestrictsWhatStandardInputNames) {
  Put("app/keep", "");
  const std::string input = "resources: [../pod.yaml]\n";
  const Result refused = RunWithInput(input, {"-", "--root", Path("app")});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("security; file '"));
  const Result taken =
      RunWithInput(input, {"-", "--root", Path("app"), "--load-restrictor",
                           "LoadRestrictionsNone"});
  EXPECT_EQ(taken.code, 0) << taken.err;
  EXPECT_THAT(taken.out, HasSubstr("name: web\n"));
}

TEST_F(BuildCommandTest, LocatesMistakesInStandardInput) {
  // The folder's own kustomization has other lines.
  const Result wrong =
      RunWithInput("resources: [pod.yaml]\n\n\npatches:\n- path: nope.yaml\n",
                   {"-", "--root", folder_->path()});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err,
              HasSubstr("in File: the given kustomization:5 (patches[0])"));
  const Result malformed =
      RunWithInput("resources: [\n", {"-", "--root", folder_->path()});
  EXPECT_EQ(malformed.code, 1);
  EXPECT_THAT(malformed.err, HasSubstr("did not find expected node content"));
  const Result empty = RunWithInput("", {"-", "--root", folder_->path()});
  EXPECT_EQ(empty.code, 1);
  EXPECT_THAT(empty.err, HasSubstr("kustomization.yaml is empty"));
}

TEST_F(BuildCommandTest, StandardInputNeedsAFolderAndNoExplanation) {
  const Result nowhere =
      RunWithInput("namePrefix: a-\n", {"-", "--root", Path("nope")});
  EXPECT_EQ(nowhere.code, 1);
  EXPECT_THAT(nowhere.err, HasSubstr("not a valid directory"));
  const Result explained =
      RunWithInput("resources: [pod.yaml]\n",
                   {"-", "--root", folder_->path(), "--explain", "web"});
  EXPECT_EQ(explained.code, 1);
  EXPECT_THAT(explained.err, HasSubstr("--explain needs a folder"));
}

TEST_F(BuildCommandTest, NamesTheFileOfWhatCannotBeWritten) {
  Put("pod.yaml",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"
      "spec:\n  text: |2\n    \ttab\n    y\n");
  const Result result = Run({folder_->path()});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err,
              HasSubstr(absl::StrCat("found a tab character where an "
                                     "indentation space is expected in File: ",
                                     Path("pod.yaml"))));
}

TEST_F(BuildCommandTest, RestrictsWhatIsLoaded) {
  Put("app/kustomization.yaml", "resources: [../pod.yaml]\n");
  const Result refused = Run({Path("app")});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("security; file '"));
  const Result taken =
      Run({Path("app"), "--load-restrictor", "LoadRestrictionsNone"});
  EXPECT_EQ(taken.code, 0) << taken.err;
  EXPECT_THAT(taken.out, HasSubstr("name: web\n"));
  EXPECT_EQ(Run({Path("app"), "--load-restrictor", "Some"}).code, 2);
}

TEST_F(BuildCommandTest, SaysErrorsOnOneLine) {
  Put("kustomization.yaml", "patches:\n- patch: |\n    a\n    b\n");
  const Result result = Run({folder_->path()});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1)
      << result.err;
  EXPECT_THAT(result.err, HasSubstr("unable to parse SM or JSON patch"));
}

TEST_F(BuildCommandTest, WarnsOfWhatIsDeprecated) {
  Put("kustomization.yaml", "bases: [base]\n");
  Put("base/kustomization.yaml", "resources: [pod.yaml]\n");
  Put("base/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n");
  const Result result = Run({folder_->path()});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("kustomization.yaml: 'bases' is "
                                    "deprecated, use 'resources'"));
}

TEST_F(BuildCommandTest, TakesUpstreamsFlags) {
  const Result result = Run({folder_->path(),
                             "--enable-exec",
                             "--as-current-user",
                             "-e",
                             "A=B",
                             "--env",
                             "C",
                             "--mount",
                             "type=bind",
                             "--network",
                             "--network-name",
                             "n",
                             "--stack-trace",
                             "--helm-command",
                             "h",
                             "--helm-api-versions",
                             "v1",
                             "--helm-api-versions",
                             "v2",
                             "--helm-kube-version",
                             "1.30",
                             "--helm-debug",
                             "--enable-helm",
                             "--enable-alpha-plugins",
                             "--reorder",
                             "none"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, kPrinted);
}

TEST_F(BuildCommandTest, LabelsWhatItManages) {
  const Result result = Run({folder_->path(), "--enable-managedby-label"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out,
              HasSubstr("app.kubernetes.io/managed-by: kustomize-v5.8.1"));
}

TEST_F(BuildCommandTest, RefusesHelmChartsAsUpstreamDoes) {
  Put("kustomization.yaml", "helmCharts: [{name: redis}]\n");
  EXPECT_THAT(Run({folder_->path()}).err,
              HasSubstr("must specify --enable-helm"));
  EXPECT_THAT(Run({folder_->path(), "--enable-helm"}).err,
              HasSubstr("no repo specified for pull"));
  EXPECT_THAT(Run({folder_->path(), "--enable-helm", "--helm-command", ""}).err,
              HasSubstr("must specify --helm-command"));
}

TEST_F(BuildCommandTest, RefusesFunctions) {
  Put("kustomization.yaml", "transformers: [t.yaml]\n");
  Put("t.yaml",
      "apiVersion: example.com/v1\nkind: Sed\nmetadata:\n  name: s\n"
      "  annotations:\n    config.kubernetes.io/function: |\n"
      "      container: {image: sed}\n");
  EXPECT_THAT(Run({folder_->path()}).err,
              HasSubstr("external plugins disabled; unable to load external "
                        "plugin 'Sed'"));
  EXPECT_THAT(Run({folder_->path(), "--enable-alpha-plugins"}).err,
              HasSubstr("programs and containers are not run"));
}

TEST_F(BuildCommandTest, ExplainsAnObject) {
  Put("kustomization.yaml",
      "resources: [pod.yaml]\n"
      "namePrefix: x-\n"
      "labels: [{pairs: {team: blue}}]\n"
      "patches:\n"
      "- path: patch.yaml\n");
  Put("pod.yaml",
      "apiVersion: v1\n"
      "kind: Pod\n"
      "metadata:\n"
      "  name: web\n"
      "spec:\n"
      "  containers:\n"
      "  - name: main\n"
      "    image: nginx:1\n"
      "  - name: side\n"
      "    image: busybox\n");
  Put("patch.yaml",
      "apiVersion: v1\n"
      "kind: Pod\n"
      "metadata: {name: web}\n"
      "spec:\n"
      "  containers:\n"
      "  - name: side\n"
      "    image: busybox:2\n"
      "    args: [sleep]\n");
  const Result result = Run({folder_->path(), "--explain", "Pod/web"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out,
            "Pod x-web (v1)\n"
            "\n"
            "   1  pod.yaml:1            resource\n"
            "   2  patch.yaml:1          patches[0] of kustomization.yaml:5\n"
            "   3  kustomization.yaml:2  namePrefix\n"
            "   4  kustomization.yaml:3  labels[0]\n"
            "\n"
            "       1:1  apiVersion: v1\n"
            "       1:2  kind: Pod\n"
            "       1:3  metadata:\n"
            "         4    labels:\n"
            "         4      team: blue\n"
            "   3 < 1:4    name: x-web\n"
            "       1:5  spec:\n"
            "       1:6    containers:\n"
            "       2:8    - args:\n"
            "       2:8      - sleep\n"
            "2:7 < 1:10      image: busybox:2\n"
            "       1:9      name: side\n"
            "       1:8    - image: nginx:1\n"
            "       1:7      name: main\n");
  const Result missing = Run({folder_->path(), "--explain", "Pod/nope"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.err, HasSubstr("no object 'Pod/nope'; it has Pod/x-web"));
}

TEST_F(BuildCommandTest, FrontTakesWordsAndFlags) {
  EXPECT_EQ(RunFront({"build", folder_->path()}).out, kPrinted);
  EXPECT_EQ(RunFront({"build", folder_->path(), "--load-restrictor",
                      "LoadRestrictionsNone"})
                .out,
            kPrinted);
  const Result written =
      RunFront({"build", folder_->path(), "-o", Path("out.yaml")});
  EXPECT_EQ(written.code, 0) << written.err;
  EXPECT_EQ(Read("out.yaml"), kPrinted);
  EXPECT_EQ(RunFront({"build", Path("none")}).code, 1);
}

TEST_F(BuildCommandTest, FrontLeavesMistakesToTheOtherProgram) {
  EXPECT_EQ(RunFront({"build", folder_->path(), "more"}).code, -1);
  EXPECT_EQ(RunFront({"build", folder_->path(), "--no-such-flag"}).code, -1);
  EXPECT_EQ(RunFront({"template"}).code, -1);
  EXPECT_EQ(RunFront({"template", "web", Path("no-chart")}).code, -1);
}

// A word is a folder, also when it is called as a command.
TEST_F(BuildCommandTest, FrontBuildsAFolderNamedAsACommand) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder_->path());
  Put("template/kustomization.yaml", "resources: [pod.yaml]\n");
  Put("template/pod.yaml", Read("pod.yaml"));
  EXPECT_EQ(RunFront({"build", "template"}).code, 0);
  std::filesystem::current_path(before);
}

}  // namespace
}  // namespace weir::cli
