// Holds our CustomResourceDefinitions against the structure of Flux's, and the
// messages of api/ against what the codec can do.
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "weir/base/file.h"
#include "weir/codec/crd.h"
#include "weir/schema/v1/options.pb.h"
#include "weir/value/patch.h"
#include "weir/value/yaml.h"

namespace weir {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Without the texts: members named "description", but not a property of that
// name.
Value WithoutTexts(Value value, bool is_properties = false) {
  if (value.is_array()) {
    for (Value& element : value.MutableArray()) {
      element = WithoutTexts(element);
    }
  } else if (value.is_object()) {
    if (!is_properties) value.Erase("description");
    for (Value::Member& member : value.MutableObject()) {
      member.value = WithoutTexts(member.value,
                                  member.key == "properties" && !is_properties);
    }
  }
  return value;
}

class CrdFactsTest : public testing::TestWithParam<const Descriptor*> {};

TEST_P(CrdFactsTest, AreThoseOfFlux) {
  const codec::Resource names = codec::ResourceOf(GetParam());
  const auto text = ReadFile(absl::StrCat(WEIR_TESTDATA, "/", names.group, "_",
                                          names.plural, ".yaml"));
  ASSERT_TRUE(text.ok()) << text.status();
  const auto want = ParseYaml(*text);
  ASSERT_TRUE(want.ok()) << want.status();
  Value got = WithoutTexts(codec::MakeCrd(GetParam()));
  // Flux's tools find CRDs by this label; its build adds it at install.
  EXPECT_EQ(got["metadata"]["labels"].GetString("app.kubernetes.io/part-of"),
            "flux");
  got.Mutable("metadata").Erase("labels");
  for (const Difference& difference : ComputeDifferences(*want, got)) {
    ADD_FAILURE() << difference.path
                  << "\n  theirs: " << FormatYaml(difference.before)
                  << "  ours: " << FormatYaml(difference.after);
  }
}

TEST_P(CrdFactsTest, SurvivesYaml) {
  const Value crd = codec::MakeCrd(GetParam());
  const auto read = ParseYaml(FormatYaml(crd));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(*read == crd);
}

// Every property that people set has a text.
void ExpectTexts(const Value& schema, const std::string& path) {
  for (const Value::Member& member : schema["properties"].object()) {
    const std::string at = absl::StrCat(path, ".", member.key);
    if (at != ".metadata") {
      EXPECT_NE(member.value.GetString("description"), "") << at;
    }
    ExpectTexts(member.value, at);
    ExpectTexts(member.value["items"], at + "[]");
  }
}

TEST_P(CrdFactsTest, HasTexts) {
  const Value crd = codec::MakeCrd(GetParam());
  ExpectTexts(crd["spec"]["versions"][size_t{0}]["schema"]["openAPIV3Schema"],
              "");
}

void ExpectKubernetesTypes(const Descriptor* type) {
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    const std::string& name = field->full_name();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (field->is_map()) {
          EXPECT_EQ(field->message_type()->map_key()->type(),
                    FieldDescriptor::TYPE_STRING)
              << name;
        }
        ExpectKubernetesTypes(field->message_type());
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
      case FieldDescriptor::CPPTYPE_ENUM:
        ADD_FAILURE() << name << ": Kubernetes has no such type";
        break;
      default:
        break;
    }
    const schema::v1::Field& schema =
        field->options().GetExtension(schema::v1::field);
    if (field->is_repeated() || type->options().map_entry()) continue;
    // Absent and zero must differ; what is required is never absent.
    EXPECT_TRUE(schema.required() || field->has_presence()) << name;
    if (schema.required() &&
        field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      EXPECT_FALSE(field->has_presence()) << name;
    }
  }
}

TEST_P(CrdFactsTest, MessagesKeepToTheRules) {
  ExpectKubernetesTypes(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Kinds, CrdFactsTest,
                         testing::ValuesIn(codec::AllKinds()),
                         [](const auto& tested) {
                           return tested.param->name();
                         });

}  // namespace
}  // namespace weir
