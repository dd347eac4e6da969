#include "weir/kustomize/three_way_merge.h"

#include <gtest/gtest.h>

#include <string>

#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

struct MergeCase {
  const char* name;
  // Fields of an object of the kind.
  const char* kind;
  const char* original;
  const char* modified;
  const char* live;
  const char* want;
  bool looks_at_custom_objects = false;
};

class MergeThreeWayTest : public testing::TestWithParam<MergeCase> {};

Value Read(const std::string& kind, const std::string& text) {
  const size_t space = kind.find(' ');
  Value object = ParseYaml(text).value();
  object.Set("apiVersion", kind.substr(0, space));
  object.Set("kind", kind.substr(space + 1));
  return object;
}

TEST_P(MergeThreeWayTest, GivesWhatIsToBe) {
  const MergeCase& given = GetParam();
  const Value got = MergeThreeWay(
      Read(given.kind, given.original), Read(given.kind, given.modified),
      Read(given.kind, given.live),
      {.looks_at_custom_objects = given.looks_at_custom_objects});
  EXPECT_EQ(FormatJson(got), FormatJson(Read(given.kind, given.want)));
}

INSTANTIATE_TEST_SUITE_P(
    Table, MergeThreeWayTest,
    testing::Values(
        MergeCase{"SetsAndKeeps", "v1 ConfigMap", "{data: {a: '1'}}",
                  "{data: {a: '2'}}", "{data: {a: '0', other: x}}",
                  "{data: {a: '2', other: x}}"},
        MergeCase{"RemovesWhatTheManifestHad", "v1 ConfigMap",
                  "{data: {a: '1', b: '1'}, immutable: false}",
                  "{data: {a: '1'}}",
                  "{data: {a: '1', b: '1', c: '1'}, immutable: false}",
                  "{data: {a: '1', c: '1'}}"},
        MergeCase{"MergesListsByKey", "v1 Pod",
                  "{spec: {containers: [{name: a, image: a:1, tty: true}, "
                  "{name: gone}]}}",
                  "{spec: {containers: [{name: new}, {name: a, image: a:2}]}}",
                  "{spec: {containers: [{name: side, image: s}, {name: a, "
                  "image: a:1, tty: true, extra: x}, {name: gone}]}}",
                  "{spec: {containers: [{name: new}, {name: side, image: s}, "
                  "{name: a, image: a:2, extra: x}]}}"},
        MergeCase{"MatchesFurtherKeysWhereTheyAreSaid", "v1 Service",
                  "{spec: {ports: [{port: 53}]}}",
                  "{spec: {ports: [{port: 53, name: x}, {port: 54, protocol: "
                  "UDP}]}}",
                  "{spec: {ports: [{port: 53, protocol: TCP}, {port: 54, "
                  "protocol: TCP}]}}",
                  "{spec: {ports: [{port: 53, protocol: TCP, name: x}, {port: "
                  "54, protocol: UDP}, {port: 54, protocol: TCP}]}}"},
        MergeCase{"MergesListsOfTexts", "v1 Pod",
                  "{metadata: {finalizers: [a, b]}}",
                  "{metadata: {finalizers: [b, c]}}",
                  "{metadata: {finalizers: [other, a, b]}}",
                  "{metadata: {finalizers: [other, b, c]}}"},
        MergeCase{"ReplacesOtherLists", "v1 Pod",
                  "{spec: {tolerations: [{key: a}]}}",
                  "{spec: {tolerations: [{key: b}]}}",
                  "{spec: {tolerations: [{key: a}, {key: c}]}}",
                  "{spec: {tolerations: [{key: b}]}}"},
        MergeCase{"KeepsNothingOfAStrategyThatChanges", "apps/v1 Deployment",
                  "{spec: {strategy: {type: RollingUpdate}}}",
                  "{spec: {strategy: {type: Recreate}}}",
                  "{spec: {strategy: {type: RollingUpdate, rollingUpdate: "
                  "{maxSurge: 1}}}}",
                  "{spec: {strategy: {type: Recreate}}}"},
        MergeCase{"KeepsAStrategyThatDoesNot", "apps/v1 Deployment",
                  "{spec: {strategy: {type: RollingUpdate}}}",
                  "{spec: {strategy: {type: RollingUpdate}}}",
                  "{spec: {strategy: {type: RollingUpdate, rollingUpdate: "
                  "{maxSurge: 1}}}}",
                  "{spec: {strategy: {type: RollingUpdate, rollingUpdate: "
                  "{maxSurge: 1}}}}"},
        MergeCase{"LeavesDriftOfCustomObjects", "example.com/v1 Thing",
                  "{spec: {a: 1, b: 1, list: [1]}}",
                  "{spec: {a: 1, b: 2, list: [1]}}",
                  "{spec: {a: 9, b: 1, list: [9]}}",
                  "{spec: {a: 9, b: 2, list: [9]}}"},
        MergeCase{"LooksAtCustomObjectsWhenAsked", "example.com/v1 Thing",
                  "{spec: {a: 1, gone: 1, list: [1]}}",
                  "{spec: {a: 1, list: [1]}}",
                  "{spec: {a: 9, gone: 1, other: 1, list: [9]}}",
                  "{spec: {a: 1, other: 1, list: [1]}}", true}),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace weir::kustomize
