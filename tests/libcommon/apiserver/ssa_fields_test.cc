// Sets of field paths and FieldsV1.
#include "libcommon/apiserver/src/ssa_fields.h"

#include <random>

#include "gmock/gmock.h"
#include "kinds_support.h"

namespace weir::apiserver {
namespace {

PathElement F(absl::string_view name) { return PathElement::Field(name); }

FieldSet SetOf(const std::vector<FieldPath>& paths) {
  FieldSet out;
  for (const FieldPath& path : paths) out.Insert(path);
  return out;
}

PathElement RandomElement(std::mt19937& random) {
  auto pick = [&](int n) { return static_cast<int>(random() % n); };
  switch (pick(4)) {
    case 0:
      return PathElement::Key(Value::MakeObject(
          {{"name", std::string(1, static_cast<char>('a' + pick(3)))}}));
    case 1:
      return PathElement::Item(Value(pick(3)));
    case 2:
      return PathElement::Index(pick(3));
    default:
      return F(std::string(1, static_cast<char>('a' + pick(4))));
  }
}

FieldSet RandomSet(std::mt19937& random) {
  FieldSet out;
  for (unsigned i = random() % 12; i > 0; --i) {
    FieldPath path;
    for (unsigned j = 1 + random() % 4; j > 0; --j) {
      path.push_back(RandomElement(random));
    }
    out.Insert(path);
  }
  return out;
}

std::vector<std::string> PathsOf(const FieldSet& set) {
  std::vector<std::string> out;
  set.ForEach([&](const FieldPath& p) { out.push_back(FormatFieldPath(p)); });
  return out;
}

TEST(FieldSetTest, IsWrittenAsFieldsV1) {
  FieldSet set = SetOf({
      {F("metadata"), F("labels")},
      {F("metadata"), F("labels"), F("app")},
      {F("spec"), F("ports"),
       PathElement::Key(Yaml("{protocol: TCP, port: 80}"))},
      {F("spec"), F("ports"),
       PathElement::Key(Yaml("{protocol: TCP, port: 80}")), F("port")},
      {F("spec"), F("finalizers"), PathElement::Item("a<b")},
      {F("spec"), F("list"), PathElement::Index(3)},
  });
  EXPECT_EQ(
      FormatJson(set.Encode()),
      R"({"f:metadata":{"f:labels":{".":{},"f:app":{}}},)"
      R"("f:spec":{"f:finalizers":{"v:\"a<b\"":{}},"f:list":{"i:3":{}},)"
      R"("f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{}}}}})");
}

TEST(FieldSetTest, ReadsWhatItWrote) {
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    FieldSet set = RandomSet(random);
    auto again = FieldSet::Decode(set.Encode());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(*again, set) << FormatJson(set.Encode());
  }
}

TEST(FieldSetTest, RefusesWhatIsNoFieldsV1) {
  for (const char* text :
       {R"({"x:a":{}})", R"({"f":{}})", R"({"k:[1]":{}})", R"({"k:{":{}})",
        R"({"i:x":{}})", R"([1])", R"({"v:":{}})"}) {
    EXPECT_FALSE(FieldSet::Decode(*ParseJson(text)).ok()) << text;
  }
}

TEST(FieldSetTest, PathsReadAsInMessages) {
  FieldPath path = {F("spec"),
                    F("c"),
                    PathElement::Key(Yaml("{name: a, x: 1}")),
                    F("d"),
                    PathElement::Item("v"),
                    PathElement::Index(2)};
  EXPECT_EQ(FormatFieldPath(path), R"(.spec.c[name="a",x=1].d[="v"][2])");
}

TEST(FieldSetTest, IntegersAndTheirDoublesAreOneKey) {
  FieldSet set = SetOf({{PathElement::Item(1)}});
  EXPECT_TRUE(set.HasMember(PathElement::Item(1.0)));
}

TEST(FieldSetTest, AlgebraHolds) {
  std::mt19937 random(2);
  for (int i = 0; i < 200; ++i) {
    FieldSet a = RandomSet(random), b = RandomSet(random);
    EXPECT_EQ(a.Union(b), b.Union(a));
    EXPECT_EQ(a.Intersection(b), b.Intersection(a));
    EXPECT_EQ(a.Difference(b).Union(a.Intersection(b)), a);
    EXPECT_TRUE(a.Difference(b).Intersection(b).empty());
    EXPECT_EQ(a.Difference(a), FieldSet());
    a.Difference(b).ForEach([&](const FieldPath& p) {
      EXPECT_TRUE(a.Has(p));
      EXPECT_FALSE(b.Has(p));
    });
  }
}

TEST(FieldSetTest, RecursiveDifferenceTakesWhatIsBelow) {
  FieldSet set = SetOf({{F("a")}, {F("a"), F("b")}, {F("c"), F("d")}});
  FieldSet rest = set.RecursiveDifference(SetOf({{F("a")}}));
  EXPECT_THAT(PathsOf(rest), testing::ElementsAre(".c.d"));
}

TEST(FieldSetTest, NamedFieldsOnTheWayBecomeMembers) {
  const KindInfo& kind = KindOf("Deployment");
  FieldSet set = SetOf({{F("spec"), F("template"), F("spec"), F("containers"),
                         PathElement::Key(Yaml("{name: a}")), F("image")},
                        {F("metadata"), F("labels"), F("x")}});
  EXPECT_THAT(PathsOf(set.WithNamedFields(kind.schema.get())),
              testing::UnorderedElementsAre(
                  ".metadata", ".metadata.labels", ".metadata.labels.x",
                  ".spec", ".spec.template", ".spec.template.spec",
                  ".spec.template.spec.containers",
                  ".spec.template.spec.containers[name=\"a\"].image"));
}

}  // namespace
}  // namespace weir::apiserver
