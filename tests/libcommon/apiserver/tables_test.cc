// Tables, printer columns and the JSONPath they are written in.
#include "libcommon/apiserver/src/tables.h"

#include "api_fixture.h"
#include "gmock/gmock.h"
#include "libcommon/apiserver/src/json_path.h"
#include "weir/base/human_duration.h"

namespace weir::apiserver {
namespace {

struct PathCase {
  const char* name;
  const char* path;
  const char* want;  // What is found, as JSON; "error".
};

class JsonPathTest : public testing::TestWithParam<PathCase> {};

TEST_P(JsonPathTest, FindsWhatItNames) {
  const Value object = *ParseJson(
      R"({"a":{"b":[1,2,{"c":"x"}],"d.e":true},"n":[)"
      R"({"type":"Ready","status":"True"},{"type":"Other","n":7}]})");
  auto path = JsonPath::Parse(GetParam().path);
  if (!path.ok()) {
    EXPECT_STREQ(GetParam().want, "error");
    return;
  }
  Value found = Value::MakeArray();
  for (const Value& one : path->Find(object)) found.Append(one);
  EXPECT_EQ(FormatJson(found), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, JsonPathTest,
    testing::Values(
        PathCase{"Member", ".a.b[0]", "[1]"},
        PathCase{"FromTheEnd", ".a.b[-1].c", R"(["x"])"},
        PathCase{"Absent", ".a.z.y", "[]"},
        PathCase{"OutOfRange", ".a.b[9]", "[]"},
        PathCase{"Quoted", ".a['d.e']", "[true]"},
        PathCase{"Escaped", R"(.a.d\.e)", "[true]"},
        PathCase{"Braces", "{.a.b[1]}", "[2]"},
        PathCase{"All", ".n[*].type", R"(["Ready","Other"])"},
        PathCase{"Filter", R"(.n[?(@.type=="Ready")].status)", R"(["True"])"},
        PathCase{"SingleQuotes", ".n[?(@.type == 'Other')].n", "[7]"},
        PathCase{"Number", ".n[?(@.n>5)].type", R"(["Other"])"},
        PathCase{"Exists", ".n[?(@.n)].type", R"(["Other"])"},
        PathCase{"OpenBracket", ".n[0", "error"},
        PathCase{"NoOperand", ".n[?(type)]", "error"},
        PathCase{"EmptyName", ".a..b", "error"}),
    [](const auto& info) { return std::string(info.param.name); });

struct AgeCase {
  const char* name;
  int64_t seconds;
  const char* want;
};

class AgeTest : public testing::TestWithParam<AgeCase> {};

TEST_P(AgeTest, ReadsAsKubectlPrintsIt) {
  EXPECT_EQ(FormatHumanDuration(absl::Seconds(GetParam().seconds)),
            GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, AgeTest,
    testing::Values(AgeCase{"Seconds", 119, "119s"},
                    AgeCase{"Minutes", 125, "2m5s"},
                    AgeCase{"WholeMinutes", 180, "3m"},
                    AgeCase{"ManyMinutes", 3600, "60m"},
                    AgeCase{"Hours", 4 * 3600 + 60, "4h1m"},
                    AgeCase{"ManyHours", 30 * 3600, "30h"},
                    AgeCase{"Days", 50 * 3600, "2d2h"},
                    AgeCase{"ManyDays", 30 * 86400, "30d"},
                    AgeCase{"Years", 800 * 86400, "2y70d"}),
    [](const auto& info) { return std::string(info.param.name); });

constexpr char kTable[] =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

class TablesTest : public ApiTest {
 protected:
  static std::vector<std::string> Names(const Value& table) {
    std::vector<std::string> out;
    for (const Value& column : table["columnDefinitions"].array()) {
      out.emplace_back(column.GetString("name"));
    }
    return out;
  }
};

TEST_F(TablesTest, DeploymentsHaveTheirColumns) {
  Post("/apis/apps/v1/namespaces/default/deployments",
       "{metadata: {name: web}, spec: {replicas: 2, selector: {matchLabels: "
       "{app: web}}, template: {metadata: {labels: {app: web}}, spec: "
       "{containers: [{name: c, image: i}]}}}}");
  const kube::Response list =
      Get("/apis/apps/v1/namespaces/default/deployments", {}, kTable);
  EXPECT_EQ(list.body.GetString("kind"), "Table");
  EXPECT_THAT(Names(list.body),
              testing::ElementsAre("Name", "Ready", "Up-to-date", "Available",
                                   "Age", "Containers", "Images", "Selector"));
  const Value& row = list.body["rows"][size_t{0}];
  EXPECT_EQ(row["cells"][size_t{1}].AsString(), "0/2");
  EXPECT_EQ(row["cells"][size_t{7}].AsString(), "app=web");
  EXPECT_EQ(row["object"].GetString("kind"), "PartialObjectMetadata");
}

TEST_F(TablesTest, ErrorsAreNoTables) {
  const kube::Response absent =
      Get("/api/v1/namespaces/default/configmaps/none", {}, kTable);
  EXPECT_EQ(absent.body.GetString("kind"), "Status");
}

TEST_F(TablesTest, OnlyTheFirstEventOfAWatchHasColumns) {
  Post("/api/v1/namespaces/default/configmaps", "{metadata: {name: a}}");
  Post("/api/v1/namespaces/default/configmaps", "{metadata: {name: b}}");
  WatchRecorder watch(*transport_, "/api/v1/namespaces/default/configmaps", {},
                      kTable);
  const std::vector<Value> events = watch.WaitFor(2);
  ASSERT_GE(events.size(), 2u);
  EXPECT_FALSE(events[0]["object"]["columnDefinitions"].empty());
  EXPECT_TRUE(events[1]["object"]["columnDefinitions"].empty());
}

}  // namespace
}  // namespace weir::apiserver
