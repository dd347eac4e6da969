#include "weir/codec/codec.h"

#include <cstdint>
#include <limits>
#include <string>

#include "gtest/gtest.h"
#include "shapes.pb.h"
#include "weir/kustomize/v1/kustomization.pb.h"
#include "weir/source/v1/gitrepository.pb.h"
#include "weir/value/json.h"

namespace weir::codec {
namespace {

using weir::test::Shapes;

Value Json(absl::string_view text) {
  const auto value = ParseJson(text);
  EXPECT_TRUE(value.ok()) << value.status();
  return value.value_or(Value());
}

Shapes Read(absl::string_view text) {
  Shapes shapes;
  const absl::Status status = FromValue(Json(text), &shapes);
  EXPECT_TRUE(status.ok()) << status;
  return shapes;
}

// Without the members that are always there.
std::string Write(const Shapes& shapes) {
  Value value = ToValue(shapes);
  for (const char* name :
       {"requiredText", "requiredFlag", "requiredNumber", "requiredList"}) {
    value.Erase(name);
  }
  return FormatJson(value);
}

TEST(CodecTest, ReadsAKustomization) {
  kustomize::v1::Kustomization object;
  const absl::Status status = FromValue(Json(R"({
    "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
    "metadata": {"name": "app"},
    "spec": {
      "interval": "10m", "prune": true, "wait": false, "path": "./deploy",
      "sourceRef": {"kind": "GitRepository", "name": "src"},
      "dependsOn": [{"name": "a"}, {"name": "b", "namespace": "c"}],
      "postBuild": {"substitute": {"x": "1"}, "substituteFrom": [
        {"kind": "Secret", "name": "s", "optional": true}]}},
    "status": {"observedGeneration": -1}})"),
                                        &object);
  ASSERT_TRUE(status.ok()) << status;
  const kustomize::v1::KustomizationSpec& spec = object.spec();
  EXPECT_EQ(spec.interval(), "10m");
  EXPECT_TRUE(spec.prune());
  EXPECT_TRUE(spec.has_wait());
  EXPECT_FALSE(spec.has_force());
  EXPECT_EQ(spec.source_ref().name(), "src");
  EXPECT_FALSE(spec.source_ref().has_namespace_());
  ASSERT_EQ(spec.depends_on_size(), 2);
  EXPECT_EQ(spec.depends_on(1).namespace_(), "c");
  EXPECT_EQ(spec.post_build().substitute().at("x"), "1");
  EXPECT_TRUE(spec.post_build().substitute_from(0).optional());
  EXPECT_EQ(object.status().observed_generation(), -1);
}

TEST(CodecTest, AbsentAndZeroDiffer) {
  Shapes shapes;
  EXPECT_EQ(Write(shapes), "{}");
  shapes.set_text("");
  shapes.set_flag(false);
  shapes.set_large(0);
  shapes.mutable_part();
  EXPECT_EQ(Write(shapes), R"({"flag":false,"large":0,"part":{},"text":""})");
  const Shapes read = Read(R"({"text": "", "part": {}})");
  EXPECT_TRUE(read.has_text());
  EXPECT_TRUE(read.has_part());
  EXPECT_FALSE(read.has_flag());
}

TEST(CodecTest, WritesRequiredMembersAlways) {
  EXPECT_EQ(FormatJson(ToValue(Shapes())),
            R"({"requiredFlag":false,"requiredList":[],)"
            R"("requiredNumber":0,"requiredText":""})");
}

TEST(CodecTest, NullIsAbsent) {
  const Shapes read = Read(
      R"({"text": null, "part": null, "texts": null, "labels": null,
          "anything": null, "requiredText": null})");
  EXPECT_EQ(Write(read), "{}");
}

// As Go has it.
TEST(CodecTest, NullElementsAreZero) {
  const Shapes read = Read(
      R"({"texts": ["a", null], "numbers": [null], "parts": [null],
          "labels": {"k": null}})");
  EXPECT_EQ(Write(read), R"({"labels":{"k":""},"numbers":[0],"parts":[{}],)"
                         R"("texts":["a",""]})");
}

TEST(CodecTest, IntegersStayIntegers) {
  const Shapes read = Read(
      R"({"small": -2147483648, "large": 9223372036854775807,
          "natural": 4294967295, "huge": 18446744073709551615})");
  EXPECT_EQ(read.small(), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(read.large(), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Write(read),
            R"({"huge":18446744073709551615,"large":9223372036854775807,)"
            R"("natural":4294967295,"small":-2147483648})");
}

TEST(CodecTest, DoublesTakeIntegers) {
  EXPECT_EQ(Write(Read(R"({"number": 5})")), R"({"number":5})");
  EXPECT_EQ(Write(Read(R"({"number": 0.25})")), R"({"number":0.25})");
}

TEST(CodecTest, KeepsRawJson) {
  const Shapes read = Read(R"({"anything": {"b": [1, 2.5, null], "a": "x"}})");
  EXPECT_EQ(read.anything(), R"({"a":"x","b":[1,2.5,null]})");
  EXPECT_EQ(Write(read), R"({"anything":{"a":"x","b":[1,2.5,null]}})");
}

TEST(CodecTest, WritesBytesAsBase64) {
  Shapes shapes;
  shapes.set_blob(std::string("\0\xff", 2));
  EXPECT_EQ(Write(shapes), R"({"blob":"AP8="})");
  EXPECT_EQ(Read(R"({"blob": "AP8="})").blob(), std::string("\0\xff", 2));
}

TEST(CodecTest, WritesTimesAsGoDoes) {
  Shapes shapes;
  shapes.set_time("2026-02-03T04:05:06.789+02:00");
  EXPECT_EQ(Write(shapes), R"({"time":"2026-02-03T02:05:06Z"})");
  shapes.set_time("");
  EXPECT_EQ(Write(shapes), R"({"time":null})");
}

TEST(CodecTest, WritesDurationsAsGoDoesAndSpecsAsTheyWere) {
  Shapes shapes;
  shapes.set_go_duration("90s");
  shapes.set_kept_duration("90s");
  EXPECT_EQ(Write(shapes), R"({"goDuration":"1m30s","keptDuration":"90s"})");
}

TEST(CodecTest, WritesStatus) {
  source::v1::GitRepository object;
  auto* status = object.mutable_status();
  status->set_observed_generation(3);
  auto* condition = status->add_conditions();
  condition->set_type("Ready");
  condition->set_status("True");
  condition->set_reason("Succeeded");
  condition->set_last_transition_time("2026-02-03T04:05:06Z");
  condition->set_observed_generation(3);
  EXPECT_EQ(FormatJson(ToValue(object)),
            R"({"status":{"conditions":[{"lastTransitionTime":)"
            R"("2026-02-03T04:05:06Z","message":"","observedGeneration":3,)"
            R"("reason":"Succeeded","status":"True","type":"Ready"}],)"
            R"("observedGeneration":3}})");
}

struct BadCase {
  const char* name;
  const char* json;
  const char* want;
};

class CodecErrorTest : public testing::TestWithParam<BadCase> {};

TEST_P(CodecErrorTest, NamesThePath) {
  Shapes shapes;
  const absl::Status status = FromValue(Json(GetParam().json), &shapes);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(status.message(), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, CodecErrorTest,
    testing::Values(
        BadCase{"NoObject", "[]", "must be an object, not an array"},
        BadCase{"NumberForString", R"({"text": 1})",
                "text: must be a string, not a number"},
        BadCase{"StringForBool", R"({"flag": "true"})",
                "flag: must be a boolean, not a string"},
        BadCase{"StringForInteger", R"({"large": "1"})",
                "large: must be an integer, not a string"},
        BadCase{"FractionForInteger", R"({"large": 1.5})",
                "large: must be an integer"},
        BadCase{"TooLargeForInt32", R"({"small": 2147483648})",
                "small: is out of range"},
        BadCase{"TooLargeForInt64", R"({"large": 9223372036854775808})",
                "large: is out of range"},
        BadCase{"NegativeForUnsigned", R"({"huge": -1})",
                "huge: is out of range"},
        BadCase{"InAList", R"({"parts": [{}, {"deeper": {"value": true}}]})",
                "parts[1].deeper.value: must be a string, not a boolean"},
        BadCase{"InAMap", R"({"labels": {"a/b": 1}})",
                "labels[\"a/b\"]: must be a string, not a number"},
        BadCase{"MapOfMessages", R"({"partsByName": {"x": {"value": 1}}})",
                "partsByName.x.value: must be a string, not a number"},
        BadCase{"ObjectForList", R"({"texts": {}})",
                "texts: must be an array, not an object"},
        BadCase{"ListForMap", R"({"labels": []})",
                "labels: must be an object, not an array"},
        BadCase{"ElementOfAList", R"({"texts": ["a", 2]})",
                "texts[1]: must be a string, not a number"},
        BadCase{"Duration", R"({"keptDuration": "5 minutes"})",
                "keptDuration: time: unknown unit \" minutes\" in duration "
                "\"5 minutes\""},
        BadCase{"Base64", R"({"blob": "*"})", "blob: must be base64"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(CodecErrorTest, RefusesBadTimes) {
  Shapes shapes;
  const absl::Status status =
      FromValue(Json(R"({"time": "yesterday"})"), &shapes);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(status.message().substr(0, 6), "time: ");
}

}  // namespace
}  // namespace weir::codec
