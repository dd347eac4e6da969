// What an artifact holds: modes, links, exclusions, sparse checkouts, included
// artifacts. Digests of the archives are those that Flux was seen to write.

#include "tests/source-controller/fixture.h"
#include "weir/crypto/digest.h"

namespace weir::source {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kLong1(90, 'n');
const std::string kLong2(60, 'm');

std::map<std::string, test::GitFile> ManyFiles() {
  return {{"cm.yaml",
           "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": "
           "{\"name\": \"demo\"}, \"data\": {\"color\": \"blue\"}}\n"},
          {"run.sh", test::GitFile("#!/bin/sh\n", true)},
          {"link", test::GitFile::Link("cm.yaml")},
          {"pic.png", "png"},
          {"a/b.zip", "zip"},
          {"a/.gitignore", "x"},
          {".github/w.yaml", "w"},
          {".sops.yaml", "s"},
          {"docs/readme.md", "d"},
          {"docs/keep.txt", "k"},
          {"empty/.gitkeep", ""},
          {"d\u00e9j\u00e0 vu.txt", "u"},
          {"deep/" + kLong1 + "/" + kLong2, "long"}};
}

class ContentTest : public SourceTest {
 protected:
  // The SHA-256 of the archive before compression.
  std::string TarDigest(const Value& object) const {
    auto file = archive::FileSource(ArtifactPath(object));
    if (!file.ok()) return std::string(file.status().message());
    archive::Source tar = archive::GunzipSource(*std::move(file));
    crypto::Hasher hasher(crypto::DigestAlgorithm::kSha256);
    std::string buffer(65536, '\0');
    while (true) {
      const auto got = tar(buffer.data(), buffer.size());
      if (!got.ok()) return std::string(got.status().message());
      if (*got == 0) return hasher.Finish().hex;
      hasher.Update(absl::string_view(buffer).substr(0, *got));
    }
  }
};

TEST_F(ContentTest, BytesEqualUpstreams) {
  repo_.Commit({.files = ManyFiles()});
  Start();
  Apply("ref: {branch: main}");
  EXPECT_EQ(TarDigest(WaitReady()),
            "156bfb85ddade835f58d9e115a8315c06ca7bd3deb678f76faf81371e3bbaa7"
            "d");
}

TEST_F(ContentTest, IgnoreChangesAndEndsAtTheSameCommit) {
  repo_.Commit({.files = ManyFiles()});
  Start();
  Apply("{ref: {branch: main}, ignore: \"/*\\n!/docs\\n\"}");
  Value object = WaitReady();
  EXPECT_EQ(TarDigest(object),
            "b0a373612790ebcba014e32d99e1d51fb5935136cab5996d4a9823a36dd12d4"
            "b");
  EXPECT_EQ(object["status"].GetString("observedIgnore"), "/*\n!/docs\n");
  TakeEvents();
  Apply("{ref: {branch: main}, ignore: \"/docs\\n\"}");
  object = WaitReady();
  EXPECT_EQ(TarDigest(object),
            "310d0bbcf8495b60c2a0fdda7d3bc7ca98068aa5d61b366e7a58866ce65014f"
            "3");
  EXPECT_THAT(TakeEvents(),
              ElementsAre("info NewArtifact stored artifact for commit "
                          "'change 1'"));
  Apply("{ref: {branch: main}, ignore: \"\"}");
  object = WaitReady();
  EXPECT_EQ(object["status"]["observedIgnore"], Value(""));
  const std::string digest(object["status"]["artifact"].GetString("digest"));
  TakeEvents();
  // The same contents: no news.
  Apply("ref: {branch: main}");
  object = WaitReady();
  EXPECT_FALSE(object["status"].Has("observedIgnore"));
  EXPECT_EQ(object["status"]["artifact"].GetString("digest"), digest);
  EXPECT_THAT(TakeEvents(), ::testing::IsEmpty());
}

TEST_F(ContentTest, SourceIgnoreFilesAreBoundToTheirFolders) {
  auto files = ManyFiles();
  files.emplace(".sourceignore", "/docs\n!docs/keep.txt\n*.txt\n");
  files.emplace("a/.sourceignore", "/only-here\n");
  files.emplace("a/only-here", "1");
  files.emplace("only-here", "1");
  repo_.Commit({.files = files});
  Start();
  Apply("ref: {branch: main}");
  EXPECT_EQ(TarDigest(WaitReady()),
            "bb36ded005731fc86f00d83dd453f79e8c2360e71880778076199f2a3addc9a"
            "b");
}

TEST_F(ContentTest, SparseCheckout) {
  repo_.Commit({.files = ManyFiles()});
  Start();
  Apply("{ref: {branch: main}, sparseCheckout: [docs, ./a]}");
  Value object = WaitReady();
  EXPECT_EQ(TarDigest(object),
            "190caf0e5fd3bba442b39c44f9a193239093bc6523a9113c5a73e4103435460"
            "b");
  EXPECT_EQ(object["status"]["observedSparseCheckout"].size(), 2u);
  git_.TakeRequests();
  Request("r1");
  WaitReady("True", "r1");
  EXPECT_EQ(git_.TakeRequests().size(), 1u);
  Apply("{ref: {branch: main}, sparseCheckout: [none]}");
  object = WaitReady("False");
  EXPECT_EQ(Condition(object, "Ready").GetString("message"),
            "failed to sparse checkout directories : sparse checkout dir "
            "'none' does not exist in repository: lstat none: no such file or "
            "directory");
  EXPECT_EQ(Condition(object, "Reconciling").GetString("message"),
            "processing object: new generation 1 -> 2");
}

TEST_F(ContentTest, SparsePathsArePrefixes) {
  repo_.Commit({.files = {{"dir/a", "1"},
                          {"dir2/b", "1"},
                          {"other/dir/c", "1"},
                          {"x/y/z", "1"},
                          {"x/yy", "1"},
                          {"x/q", "1"}}});
  Start();
  Apply("{ref: {branch: main}, sparseCheckout: [dir, x/y]}");
  EXPECT_THAT(
      Entries(WaitReady()),
      ElementsAre(". 750", "dir 750", "dir/a 600 1", "dir2 750", "dir2/b 600 1",
                  "x 750", "x/y 750", "x/y/z 600 1", "x/yy 600 1"));
}

TEST_F(ContentTest, ASubmoduleIsAnEmptyFolder) {
  repo_.Commit({.files = {{"a/x", "1"}, {"z", "1"}},
                .submodules = {{"a/module", std::string(40, 'a')}}});
  Start();
  Apply("ref: {branch: main}");
  EXPECT_THAT(
      Entries(WaitReady()),
      ElementsAre(". 750", "a 750", "a/module 750", "a/x 600 1", "z 600 1"));
}

TEST_F(ContentTest, APathThatIsUnsafeFails) {
  repo_.Commit({.files = {{"a", "1"}}});
  const std::string blob = repo_.Git({"hash-object", "-w", "--stdin"}, "x");
  std::string tree = "100644 ..";
  tree.push_back('\0');
  tree += absl::HexStringToBytes(blob);
  const std::string oid = repo_.Git(
      {"hash-object", "-t", "tree", "-w", "--literally", "--stdin"}, tree);
  const std::string commit = repo_.Git(
      {"hash-object", "-t", "commit", "-w", "--literally", "--stdin"},
      absl::StrCat("tree ", oid,
                   "\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\n"
                   "x\n"));
  repo_.Git({"update-ref", "refs/heads/main", commit});
  Start();
  Apply("ref: {branch: main}");
  const Value object = WaitReady("False");
  EXPECT_EQ(Condition(object, "Ready").GetString("reason"),
            "GitOperationFailed");
}

TEST_F(ContentTest, AnIncludeThatIsMissingThenReady) {
  repo_.Commit({.files = {{"cm.yaml", "1"}, {"sub/x.txt", "x\n"}}});
  options_.requeue_dependency = absl::Minutes(10);  // Woken, not polled.
  Start();
  Apply("{ref: {branch: main}, include: [{repository: {name: other}}]}");
  Value object = WaitReady("False");
  EXPECT_THAT(
      Conditions(object),
      ElementsAre(
          "Reconciling True ProgressingWithRetry 1 building artifact",
          "Ready False NotFound 1 could not get resource for include 'other': "
          "GitRepository.source.toolkit.fluxcd.io \"other\" not found",
          "IncludeUnavailable True NotFound 1 could not get resource for "
          "include 'other': GitRepository.source.toolkit.fluxcd.io \"other\" "
          "not found"));
  EXPECT_THAT(TakeEvents(), ElementsAre(HasSubstr("trace NotFound")));
  Apply("ref: {branch: main}", "other");
  WaitReady("False", "", "other");
  Request("r1");
  object = WaitReady("False", "r1");
  EXPECT_EQ(Condition(object, "Ready").GetString("message"),
            "no artifact available for include 'other'");
  test::GitRepo other(dir_.path() + "/git/ns/other.git");
  const std::string commit =
      other.Commit({.files = {{"a/in.txt", "in\n"}, {"a/x.png", "p"}}});
  object = WaitReady("True");
  EXPECT_THAT(
      Entries(object),
      ElementsAre(". 750", "cm.yaml 600 1", "other 750", "other/a 750",
                  "other/a/in.txt 600 3", "sub 750", "sub/x.txt 600 2"));
  const Value& included = object["status"]["includedArtifacts"];
  ASSERT_EQ(included.size(), 1u);
  EXPECT_EQ(included.array()[0].GetString("revision"), "main@sha1:" + commit);
  EXPECT_EQ(object["status"]["observedInclude"].size(), 1u);
  // A change of the included one is followed at once.
  const std::string next = other.Commit({.files = {{"b", "1"}}});
  Request("r2", "other");
  object = WaitFor([&](const Value& o) {
    return o["status"]["includedArtifacts"].array().at(0).GetString(
               "revision") == "main@sha1:" + next;
  });
  EXPECT_EQ(Entries(object).at(5), "other/b 600 1");
}

TEST_F(ContentTest, IncludesTakeAPartToAPath) {
  repo_.Commit({.files = {{"a", "1"}, {"to/keep", "1"}}});
  test::GitRepo other(dir_.path() + "/git/ns/other.git");
  other.Commit({.files = {{"d/x", test::GitFile("1", true)}, {"e", "22"}}});
  Start();
  Apply("ref: {branch: main}", "other");
  WaitReady("True", "", "other");
  Apply(
      "{ref: {branch: main}, include: [{repository: {name: other}, fromPath: "
      "d, toPath: to/new}, {repository: {name: other}, fromPath: e, toPath: "
      "../a}]}");
  Value object = WaitReady();
  EXPECT_THAT(Entries(object),
              ElementsAre(". 750", "a 600 2", "to 750", "to/keep 600 1",
                          "to/new 750", "to/new/x 700 1"));
  for (const char* bad : {"fromPath: d, toPath: to", "fromPath: none",
                          "toPath: a/b", "toPath: /"}) {
    SCOPED_TRACE(bad);
    Apply(
        absl::StrCat("{ref: {branch: main}, include: [{repository: {name: "
                     "other}, ",
                     bad, "}]}"));
    object = WaitReady("False");
    EXPECT_EQ(Condition(object, "StorageOperationFailed").GetString("reason"),
              "CopyFailure");
  }
}

}  // namespace
}  // namespace weir::source
