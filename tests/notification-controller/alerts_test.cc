// Which Alerts want an event. Tests that begin with Edge are named in the
// contract's list of edge cases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/alert.h"
#include "src/alert_index.h"
#include "tests/notification-controller/fake_sender.h"
#include "weir/value/yaml.h"

namespace weir::notification_controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// In flux-system, of the Kustomization app there, unless `spec` says else.
std::shared_ptr<const Alert> AlertOf(
    const std::string& spec, const std::string& name = "alert",
    const std::string& name_space = "flux-system") {
  const auto object =
      ParseYaml("metadata: {name: " + name + ", namespace: " + name_space +
                ", uid: u}\nspec: {providerRef: {name: p}, " + spec + "}");
  EXPECT_TRUE(object.ok()) << object.status() << spec;
  return Alert::Parse(object.value_or(Value()));
}

constexpr char kApp[] = "eventSources: [{kind: Kustomization, name: app}]";
constexpr char kInfo[] = "eventSeverity: info, ";

absl::StatusOr<Value> NoLabels(const ObjectReference& object) {
  ADD_FAILURE() << "asked for the labels of " << object.ToString();
  return Value();
}

struct Answer {
  bool wants = false;
  std::vector<std::string> warnings;  // "InvalidConfig: ..."
};

Answer Ask(const Alert& alert, const Event& event,
           const FindLabels& find_labels = NoLabels) {
  Answer answer;
  std::vector<Warning> warnings;
  answer.wants = Wants(alert, event, find_labels, warnings);
  for (const Warning& warning : warnings) {
    answer.warnings.push_back(warning.reason + ": " + warning.message);
  }
  return answer;
}

struct SourceCase {
  const char* name;
  const char* spec;
  bool wants;
};
class SourceTest : public testing::TestWithParam<SourceCase> {};

TEST_P(SourceTest, Matches) {
  EXPECT_EQ(Ask(*AlertOf(GetParam().spec), SampleEvent()).wants,
            GetParam().wants);
}

INSTANTIATE_TEST_SUITE_P(
    Table, SourceTest,
    testing::Values(
        SourceCase{"ByName",
                   "eventSeverity: info, "
                   "eventSources: [{kind: Kustomization, name: app}]",
                   true},
        SourceCase{"ByAnother",
                   "eventSeverity: info, eventSources: [{kind: Bucket, name: "
                   "app}, {kind: Kustomization, name: app}]",
                   true},
        SourceCase{"OtherName",
                   "eventSeverity: info, "
                   "eventSources: [{kind: Kustomization, name: other}]",
                   false},
        SourceCase{"OtherKind",
                   "eventSeverity: info, "
                   "eventSources: [{kind: HelmRelease, name: app}]",
                   false},
        SourceCase{"NoSources", "eventSeverity: info", false},
        SourceCase{"EdgeStarWithoutLabelsIsAll",
                   "eventSeverity: info, "
                   "eventSources: [{kind: Kustomization, name: '*'}]",
                   true},
        SourceCase{"StarIsNoPattern",
                   "eventSeverity: info, "
                   "eventSources: [{kind: Kustomization, name: 'a*'}]",
                   false},
        SourceCase{"EdgeANamespaceOfItsOwnStays",
                   "eventSeverity: info, eventSources: [{kind: Kustomization, "
                   "name: app, namespace: other}]",
                   false},
        SourceCase{"EdgeOnlyAnEmptyNamespaceIsTheAlerts",
                   "eventSeverity: info, eventSources: [{kind: Kustomization, "
                   "name: app, namespace: ''}]",
                   true},
        SourceCase{"EdgeApiVersionDoesNotCount",
                   "eventSeverity: info, eventSources: [{kind: Kustomization, "
                   "name: app, apiVersion: other.io/v9}]",
                   true},
        SourceCase{"EdgeSuspendedIsSilent",
                   "eventSeverity: info, suspend: true, "
                   "eventSources: [{kind: Kustomization, name: app}]",
                   false}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(SeverityTest, EdgeInfoTakesErrorsAndEmptyTakesNothing) {
  struct Case {
    const char* severity;
    bool takes_info, takes_error;
  };
  for (const Case& c : {Case{"info", true, true}, Case{"error", false, true},
                        Case{"''", false, false}}) {
    const auto alert =
        AlertOf(std::string("eventSeverity: ") + c.severity + ", " + kApp);
    EXPECT_EQ(Ask(*alert, SampleEvent()).wants, c.takes_info) << c.severity;
    EXPECT_EQ(Ask(*alert, SampleError()).wants, c.takes_error) << c.severity;
  }
}

TEST(OtherNamespaceTest, IsTakenWhenItIsNamed) {
  const auto alert = AlertOf(
      "eventSeverity: info, eventSources: [{kind: Kustomization, name: app, "
      "namespace: flux-system}]",
      "alert", "team");
  EXPECT_TRUE(Ask(*alert, SampleEvent()).wants)
      << "whether it may is said when it is dispatched";
}

// --- Labels -----------------------------------------------------------------

TEST(LabelsTest, EdgeNarrowEvenANamedSource) {
  struct Case {
    const char* wanted;
    const char* has;
    bool wants;
  };
  for (const Case& c :
       {Case{"{a: x}", "{a: x, b: z}", true},
        Case{"{a: x, b: z}", "{a: x}", false}, Case{"{a: x}", "{a: z}", false},
        Case{"{a: x}", "{}", false}, Case{"{a: ''}", "{a: ''}", true},
        Case{"{a: ''}", "{}", false}}) {
    for (const char* name : {"app", "'*'"}) {
      const auto alert = AlertOf(std::string(kInfo) +
                                 "eventSources: [{kind: Kustomization, "
                                 "name: " +
                                 name + ", matchLabels: " + c.wanted + "}]");
      int asked = 0;
      const Answer answer =
          Ask(*alert, SampleEvent(), [&](const ObjectReference& object) {
            ++asked;
            EXPECT_EQ(object.ToString(), "Kustomization/flux-system/app");
            return ParseYaml(c.has);
          });
      EXPECT_EQ(answer.wants, c.wants) << c.wanted << c.has;
      EXPECT_EQ(asked, 1);
      EXPECT_THAT(answer.warnings, IsEmpty());
    }
  }
}

TEST(LabelsTest, AreNotAskedForWhenNothingElseMatches) {
  for (const char* spec :
       {"eventSeverity: error, eventSources: [{kind: Kustomization, name: app, "
        "matchLabels: {a: x}}]",
        "eventSeverity: info, eventSources: [{kind: Kustomization, name: b, "
        "matchLabels: {a: x}}]"}) {
    EXPECT_FALSE(Ask(*AlertOf(spec), SampleEvent()).wants);
  }
}

TEST(LabelsTest, WithoutTheObjectThereIsAWarningAndNoMatch) {
  const auto alert = AlertOf(
      "eventSeverity: info, eventSources: [{kind: Kustomization, name: app, "
      "matchLabels: {a: x}}]");
  const Answer answer = Ask(*alert, SampleEvent(), [](const ObjectReference&) {
    return absl::StatusOr<Value>(absl::NotFoundError("s3cret"));
  });
  EXPECT_FALSE(answer.wants);
  EXPECT_THAT(answer.warnings,
              ElementsAre("SourceFetchFailed: error getting source object "
                          "Kustomization/flux-system/app"));
}

// --- Lists ------------------------------------------------------------------

struct ListCase {
  const char* name;
  const char* lists;
  const char* message;
  bool wants;
};
class ListTest : public testing::TestWithParam<ListCase> {};

TEST_P(ListTest, Decides) {
  Event event = SampleEvent();
  event.message = GetParam().message;
  const auto alert =
      AlertOf(std::string(kInfo) + kApp + ", " + GetParam().lists);
  const Answer answer = Ask(*alert, event);
  EXPECT_EQ(answer.wants, GetParam().wants);
  EXPECT_THAT(answer.warnings, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Table, ListTest,
    testing::Values(
        ListCase{"EmptyListsPassAll", "inclusionList: [], exclusionList: []",
                 "m", true},
        ListCase{"Included", "inclusionList: [x, applied]", "was applied",
                 true},
        ListCase{"NotIncluded", "inclusionList: [x, y]", "was applied", false},
        ListCase{"Excluded", "exclusionList: [x, applied]", "was applied",
                 false},
        ListCase{"ExclusionWins",
                 "inclusionList: [applied], exclusionList: [was]",
                 "was applied", false},
        ListCase{"EdgeSearchIsUnanchored", "inclusionList: [ppl]",
                 "was applied", true},
        ListCase{"EdgeDotStopsAtALineBreak", "inclusionList: ['a.*b']", "a\nb",
                 false},
        ListCase{"EdgeUnlessTheFlagSaysSo", "inclusionList: ['(?s)a.*b']",
                 "a\nb", true},
        ListCase{"EdgeDollarIsTheEndOfAll", "exclusionList: ['done$']",
                 "done\nmore", true},
        ListCase{"EdgeLaterLinesAreSearched", "inclusionList: ['ConfigMap/']",
                 "applied\nConfigMap/a", true},
        ListCase{"CaseCounts", "inclusionList: [Applied]", "applied", false}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(BrokenRegexTest, EdgeOnlyTheEntryIsSkipped) {
  const auto alert =
      AlertOf(std::string(kInfo) + kApp +
              ", inclusionList: ['a(', applied], exclusionList: ['[b', x]");
  Event event = SampleEvent();
  event.message = "applied";
  const Answer answer = Ask(*alert, event);
  EXPECT_TRUE(answer.wants);
  EXPECT_THAT(
      answer.warnings,
      ElementsAre("InvalidConfig: failed to compile inclusion regex: a(",
                  "InvalidConfig: failed to compile exclusion regex: "
                  "[b"));
}

TEST(BrokenRegexTest, EdgeAloneItIncludesNothing) {
  const auto alert =
      AlertOf(std::string(kInfo) + kApp + ", inclusionList: ['a(']");
  const Answer answer = Ask(*alert, SampleEvent());
  EXPECT_FALSE(answer.wants);
  EXPECT_EQ(answer.warnings.size(), 1);
}

TEST(BrokenRegexTest, IsNotToldWhenAnEarlierEntryMatches) {
  const auto alert =
      AlertOf(std::string(kInfo) + kApp + ", inclusionList: ['', 'a(']");
  EXPECT_THAT(Ask(*alert, SampleEvent()).warnings, IsEmpty());
}

// RE2's own, not those of engines that step back.
TEST(BrokenRegexTest, ReferencesAndLookaroundsAreNone) {
  for (const char* text : {"(a)\\1", "(?=a)", "(?<!a)b"}) {
    const auto alert = AlertOf(std::string(kInfo) + kApp +
                               ", exclusionList: ['" + text + "']");
    EXPECT_EQ(Ask(*alert, SampleEvent()).warnings.size(), 1) << text;
  }
}

// --- The index --------------------------------------------------------------

std::vector<std::string> NamesOf(const AlertIndex& index,
                                 const std::string& kind,
                                 const std::string& name_space) {
  std::vector<std::string> names;
  for (const auto& alert :
       index.Find({.kind = kind, .name_space = name_space})) {
    names.push_back(alert->key.name);
  }
  return names;
}

TEST(AlertIndexTest, FindsByNamespaceAndKindAndForgets) {
  AlertIndex index;
  const char both[] =
      "eventSources: [{kind: A, name: x}, {kind: A, name: y}, {kind: B, name: "
      "x, namespace: other}]";
  index.Update(AlertOf(both, "one"));
  index.Update(AlertOf("eventSources: [{kind: A, name: z}]", "two"));
  EXPECT_THAT(NamesOf(index, "A", "flux-system"), ElementsAre("one", "two"));
  EXPECT_THAT(NamesOf(index, "B", "other"), ElementsAre("one"));
  EXPECT_THAT(NamesOf(index, "B", "flux-system"), IsEmpty());
  index.Update(AlertOf("eventSources: [{kind: C, name: x}]", "one"));
  EXPECT_THAT(NamesOf(index, "A", "flux-system"), ElementsAre("two"));
  EXPECT_THAT(NamesOf(index, "B", "other"), IsEmpty());
  EXPECT_THAT(NamesOf(index, "C", "flux-system"), ElementsAre("one"));
  index.Remove({"flux-system", "one"});
  index.Remove({"flux-system", "one"});
  EXPECT_THAT(NamesOf(index, "C", "flux-system"), IsEmpty());
}

}  // namespace
}  // namespace weir::notification_controller
