#include "nouns.h"

#include <set>

#include "weir/value/yaml.h"

namespace weir::cli {
namespace {

constexpr char kDigest[] = "696f056df216eea4f9401adbee0ff744d4df390f";

const Noun& Find(absl::string_view kind) {
  for (const Noun& noun : Nouns()) {
    if (noun.gvk.kind == kind) return noun;
  }
  static const Noun* const none = new Noun();
  return *none;
}

Value Parse(absl::string_view yaml) { return *ParseYaml(yaml); }

TEST(ShortenDigestsTest, CutsWholeWordsOnly) {
  EXPECT_EQ(ShortenDigests(absl::StrCat("main@sha1:", kDigest)),
            "main@sha1:696f056d");
  EXPECT_EQ(ShortenDigests(absl::StrCat("x", kDigest)),
            absl::StrCat("x", kDigest));
  EXPECT_EQ(ShortenDigests("cafe and beef"), "cafe and beef");
}

TEST(NounsTest, AreUniqueInTheirGroup) {
  std::set<std::string> seen;
  for (const Noun& noun : Nouns()) {
    std::set<absl::string_view> names(noun.names.begin(), noun.names.end());
    names.insert(noun.plural);
    for (const absl::string_view name : names) {
      EXPECT_TRUE(
          seen.insert(absl::StrCat(static_cast<int>(noun.group), name)).second)
          << name;
    }
  }
}

TEST(NounsTest, ShowsAKustomization) {
  const Value object = Parse(absl::StrCat(R"(
spec: {suspend: true}
status:
  lastAppliedRevision: main@sha1:)",
                                          kDigest, R"(
  conditions:
  - {type: Ready, status: "True", message: "Applied revision: main@sha1:)",
                                          kDigest, R"("}
)"));
  EXPECT_THAT(Find("Kustomization").cells(object),
              testing::ElementsAre("main@sha1:696f056d", "True", "True",
                                   "Applied revision: main@sha1:696f056d"));
}

TEST(NounsTest, ShowsWhatWasNotReconciledYet) {
  EXPECT_THAT(
      Find("GitRepository").cells(Parse("spec: {}")),
      testing::ElementsAre("", "False", "False", "waiting to be reconciled"));
}

TEST(NounsTest, ShowsTheSourceOfAnExternalArtifact) {
  const Value object = Parse(R"(
metadata: {namespace: apps}
spec: {sourceRef: {kind: ArtifactGenerator, name: gen}}
)");
  EXPECT_EQ(Find("ExternalArtifact").cells(object)[1],
            "ArtifactGenerator/apps/gen");
}

TEST(NounsTest, ShowsAHelmRepositoryOfTypeOciAsReady) {
  const Value object = Parse("{kind: HelmRepository, spec: {type: oci}}");
  EXPECT_THAT(
      Find("HelmRepository").cells(object),
      testing::ElementsAre("", "False", "True", "Helm repository is Ready"));
}

TEST(NounsTest, CellsMatchTheColumns) {
  for (const Noun& noun : Nouns()) {
    EXPECT_EQ(noun.cells(Value()).size(), noun.columns.size()) << noun.gvk.kind;
  }
}

TEST(RevisionLineTest, SaysWhatWasDone) {
  EXPECT_EQ(RevisionLine(Find("GitRepository"),
                         Parse("status: {artifact: {revision: a@sha1:b}}")),
            "fetched revision a@sha1:b");
  EXPECT_EQ(RevisionLine(Find("Kustomization"),
                         Parse("status: {lastAppliedRevision: r}")),
            "applied revision r");
}

}  // namespace
}  // namespace weir::cli
