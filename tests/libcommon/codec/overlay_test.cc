#include <string>

#include "gtest/gtest.h"
#include "shapes.pb.h"
#include "weir/codec/codec.h"
#include "weir/kustomize/v1/kustomization.pb.h"
#include "weir/value/json.h"

namespace weir::codec {
namespace {

using weir::test::Shapes;

Value Json(absl::string_view text) {
  const auto value = ParseJson(text);
  EXPECT_TRUE(value.ok()) << value.status();
  return value.value_or(Value());
}

struct OverlayCase {
  const char* name;
  const char* original;
  void (*change)(Shapes& shapes);
  const char* want;
};

class OverlayTest : public testing::TestWithParam<OverlayCase> {};

TEST_P(OverlayTest, Gives) {
  const Value original = Json(GetParam().original);
  Shapes shapes;
  const absl::Status status = FromValue(original, &shapes);
  ASSERT_TRUE(status.ok()) << status;
  GetParam().change(shapes);
  EXPECT_EQ(FormatJson(Overlay(original, shapes)),
            FormatJson(Json(GetParam().want)));
}

INSTANTIATE_TEST_SUITE_P(
    Table, OverlayTest,
    testing::Values(
        OverlayCase{
            "KeepsWhatIsUnknown",
            R"({"text": "a", "x": 1, "part": {"y": [2]}})",
            [](Shapes& s) { s.mutable_part()->set_value("v"); },
            R"({"text": "a", "x": 1, "part": {"y": [2], "value": "v"}})"},
        OverlayCase{"RemovesWhatIsUnset", R"({"text": "a", "flag": true})",
                    [](Shapes& s) { s.clear_flag(); }, R"({"text": "a"})"},
        OverlayCase{"KeepsSpellings",
                    R"({"goDuration": "90s", "time":
                        "2026-02-03T04:05:06.7Z", "text": null})",
                    [](Shapes& s) {
                      s.set_go_duration("1m30s");
                      s.set_time("2026-02-03T04:05:06Z");
                    },
                    R"({"goDuration": "90s", "time":
                        "2026-02-03T04:05:06.7Z", "text": null})"},
        OverlayCase{"WritesNewSpellings", R"({"goDuration": "90s"})",
                    [](Shapes& s) { s.set_go_duration("91s"); },
                    R"({"goDuration": "1m31s"})"},
        OverlayCase{
            "FollowsKeysOfLists",
            R"({"keyed": [{"name": "a", "x": 1}, {"name": "b", "x": 2}]})",
            [](Shapes& s) {
              s.mutable_keyed()->SwapElements(0, 1);
              s.mutable_keyed(0)->set_count(7);
              s.add_keyed()->set_name("c");
            },
            R"({"keyed": [{"name": "b", "x": 2, "count": 7},
                                  {"name": "a", "x": 1}, {"name": "c"}]})"},
        OverlayCase{"FollowsContentsOfLists",
                    R"({"parts": [{"value": "a", "x": 1},
                                  {"value": "b", "x": 2}]})",
                    [](Shapes& s) { s.mutable_parts()->DeleteSubrange(0, 1); },
                    R"({"parts": [{"value": "b", "x": 2}]})"},
        OverlayCase{"FollowsIndexesOfLists",
                    R"({"parts": [{"value": "a", "x": 1}]})",
                    [](Shapes& s) { s.mutable_parts(0)->set_value("z"); },
                    R"({"parts": [{"value": "z", "x": 1}]})"},
        OverlayCase{"FollowsKeysOfMaps",
                    R"({"partsByName": {"a": {"x": 1}, "b": {"x": 2}}})",
                    [](Shapes& s) {
                      s.mutable_parts_by_name()->erase("a");
                      (*s.mutable_parts_by_name())["b"].set_value("v");
                    },
                    R"({"partsByName": {"b": {"x": 2, "value": "v"}}})"},
        OverlayCase{"EmptiesLists",
                    R"({"texts": ["a"], "requiredList": ["b"]})",
                    [](Shapes& s) {
                      s.clear_texts();
                      s.clear_required_list();
                    },
                    R"({"requiredList": []})"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(OverlayTest, OfNonsenseIsTheMessage) {
  kustomize::v1::KustomizationStatus status;
  status.set_last_applied_revision("main@sha1:1");
  EXPECT_EQ(FormatJson(Overlay(Value("text"), status)),
            R"({"lastAppliedRevision":"main@sha1:1"})");
  // A member of the wrong type gives way.
  EXPECT_EQ(FormatJson(
                Overlay(Json(R"({"lastAppliedRevision": 5, "x": 1})"), status)),
            R"({"lastAppliedRevision":"main@sha1:1","x":1})");
}

}  // namespace
}  // namespace weir::codec
