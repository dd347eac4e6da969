// Lists, pages and watches.
#include "api_fixture.h"
#include "gmock/gmock.h"

namespace weir::apiserver {
namespace {

constexpr char kMaps[] = "/api/v1/namespaces/default/configmaps";

std::string MapNamed(const std::string& name, const std::string& color) {
  return "{metadata: {name: " + name + ", labels: {color: " + color + "}}}";
}

class WatchesTest : public ApiTest {
 protected:
  static std::string Brief(const Value& event) {
    return std::string(event.GetString("type")) + " " +
           std::string(event["object"]["metadata"].GetString("name"));
  }
  static std::vector<std::string> Brief(const std::vector<Value>& events) {
    std::vector<std::string> out;
    for (const Value& event : events) out.push_back(Brief(event));
    return out;
  }
  std::string NowRv() { return RvOf(Get(kMaps)); }
};

TEST_F(WatchesTest, ChangesArriveInOrder) {
  WatchRecorder watch(*transport_, kMaps, {{"resourceVersion", NowRv()}});
  Post(kMaps, MapNamed("a", "red"));
  Merge(std::string(kMaps) + "/a", "{data: {k: v}}");
  Delete(std::string(kMaps) + "/a");
  EXPECT_THAT(Brief(watch.WaitFor(3)),
              testing::ElementsAre("ADDED a", "MODIFIED a", "DELETED a"));
}

TEST_F(WatchesTest, ResumedWatchMissesNothing) {
  const std::string rv = NowRv();
  Post(kMaps, MapNamed("a", "red"));
  Delete(std::string(kMaps) + "/a");
  WatchRecorder watch(*transport_, kMaps, {{"resourceVersion", rv}});
  const std::vector<Value> events = watch.WaitFor(2);
  EXPECT_THAT(Brief(events), testing::ElementsAre("ADDED a", "DELETED a"));
  EXPECT_NE(events[0]["object"]["metadata"]["resourceVersion"],
            events[1]["object"]["metadata"]["resourceVersion"]);
}

TEST_F(WatchesTest, SelectorTransitionsAreAddedAndDeleted) {
  WatchRecorder watch(
      *transport_, kMaps,
      {{"resourceVersion", NowRv()}, {"labelSelector", "color=red"}});
  Post(kMaps, MapNamed("a", "blue"));
  Merge(std::string(kMaps) + "/a", "{metadata: {labels: {color: red}}}");
  Merge(std::string(kMaps) + "/a", "{metadata: {labels: {color: green}}}");
  EXPECT_THAT(Brief(watch.WaitFor(2)),
              testing::ElementsAre("ADDED a", "DELETED a"));
}

TEST_F(WatchesTest, StreamingListEndsWithABookmark) {
  Post(kMaps, MapNamed("a", "red"));
  WatchRecorder watch(*transport_, kMaps,
                      {{"sendInitialEvents", "true"},
                       {"resourceVersionMatch", "NotOlderThan"},
                       {"allowWatchBookmarks", "true"},
                       {"fieldSelector", "metadata.name=a"}});
  const std::vector<Value> events = watch.WaitFor(2);
  EXPECT_THAT(Brief(events), testing::ElementsAre("ADDED a", "BOOKMARK "));
  EXPECT_EQ(events[1]["object"]["metadata"]["annotations"].GetString(
                "k8s.io/initial-events-end"),
            "true");
}

TEST_F(WatchesTest, StreamingListNeedsAMatch) {
  WatchRecorder watch(*transport_, kMaps, {{"sendInitialEvents", "true"}});
  EXPECT_EQ(kube::ApiCodeOf(watch.WaitForEnd()), 422);
}

TEST_F(WatchesTest, VersionOfTheFutureIsRefused) {
  const kube::Response response = Get(kMaps, {{"resourceVersion", "99999999"}});
  EXPECT_EQ(response.code, 504);
  EXPECT_EQ(response.body["details"]["causes"][size_t{0}].GetString("reason"),
            "ResourceVersionTooLarge");
}

TEST_F(WatchesTest, PagesShowOneVersion) {
  for (const char* name : {"a", "b", "c"}) Post(kMaps, MapNamed(name, "red"));
  const kube::Response first =
      Get(kMaps, {{"limit", "2"}, {"labelSelector", "color"}});
  ASSERT_EQ(first.body["items"].size(), 2u);
  Post(kMaps, MapNamed("bb", "red"));
  const std::string token(first.body["metadata"].GetString("continue"));
  ASSERT_FALSE(token.empty());
  const kube::Response second = Get(
      kMaps, {{"limit", "2"}, {"labelSelector", "color"}, {"continue", token}});
  ASSERT_EQ(second.body["items"].size(), 1u);
  EXPECT_EQ(second.body["items"][size_t{0}]["metadata"].GetString("name"), "c");
  EXPECT_EQ(RvOf(second), RvOf(first));
  EXPECT_FALSE(second.body["metadata"].Has("continue"));
}

TEST_F(WatchesTest, ExactVersionShowsThePast) {
  Post(kMaps, MapNamed("a", "red"));
  const std::string rv = NowRv();
  Delete(std::string(kMaps) + "/a");
  Post(kMaps, MapNamed("b", "red"));
  const kube::Response past = Get(kMaps, {{"resourceVersion", rv},
                                          {"resourceVersionMatch", "Exact"},
                                          {"labelSelector", "color"}});
  ASSERT_EQ(past.body["items"].size(), 1u);
  EXPECT_EQ(past.body["items"][size_t{0}]["metadata"].GetString("name"), "a");
}

TEST_F(WatchesTest, MetadataListsHoldNoContent) {
  Post(kMaps, "{metadata: {name: a}, data: {k: v}}");
  const kube::Response list =
      Get(kMaps, {{"fieldSelector", "metadata.name=a"}},
          "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
  EXPECT_EQ(list.body.GetString("kind"), "PartialObjectMetadataList");
  EXPECT_FALSE(list.body["items"][size_t{0}].Has("data"));
}

TEST_F(WatchesTest, UnknownFieldSelectorsAreRefused) {
  const kube::Response response = Get(kMaps, {{"fieldSelector", "data.k=v"}});
  EXPECT_EQ(response.code, 400);
  EXPECT_EQ(response.body.GetString("message"),
            "\"data.k\" is not a known field selector: only "
            "\"metadata.name\", \"metadata.namespace\"");
}

}  // namespace
}  // namespace weir::apiserver
