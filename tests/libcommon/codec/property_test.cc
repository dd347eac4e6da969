// What must hold for every message and for every JSON.
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "google/protobuf/message.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "shapes.pb.h"
#include "tests/libcommon/codec/random_message.h"
#include "weir/codec/codec.h"
#include "weir/codec/crd.h"
#include "weir/schema/v1/options.pb.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::codec {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::util::MessageDifferencer;

std::vector<const Descriptor*> AllMessages() {
  std::vector<const Descriptor*> types = AllKinds();
  types.push_back(weir::test::Shapes::descriptor());
  return types;
}

std::unique_ptr<Message> New(const Descriptor* type) {
  return std::unique_ptr<Message>(
      MessageFactory::generated_factory()->GetPrototype(type)->New());
}

class CodecPropertyTest : public testing::TestWithParam<const Descriptor*> {};

// An empty message inside a list or a set part survives as {}.
TEST_P(CodecPropertyTest, MessagesSurviveJson) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    test::RandomMessage random(seed);
    const std::unique_ptr<Message> message = New(GetParam());
    random.Fill(message.get());
    const Value value = ToValue(*message);

    const std::unique_ptr<Message> again = New(GetParam());
    const absl::Status status = FromValue(value, again.get());
    ASSERT_TRUE(status.ok()) << status << "\n" << FormatJson(value);
    ASSERT_TRUE(MessageDifferencer::Equals(*message, *again))
        << "seed " << seed << ": " << FormatJson(value);
    // Also when it went over the wire.
    const auto parsed = ParseJson(FormatJson(value));
    ASSERT_TRUE(parsed.ok());
    ASSERT_TRUE(FromValue(*parsed, again.get()).ok());
    ASSERT_TRUE(MessageDifferencer::Equals(*message, *again));
    ASSERT_EQ(FormatJson(ToValue(*again)), FormatJson(value));
  }
}

// Names of fields whose members are known by definition: maps, raw JSON and
// messages that are written as such.
void AddOpenFields(const Descriptor* type, std::set<const Descriptor*>& seen,
                   std::set<std::string>& names) {
  if (!seen.insert(type).second) return;
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    const Descriptor* below = field->message_type();
    const bool is_wrapper =
        below != nullptr &&
        below->options().GetExtension(schema::v1::type).is_wrapper();
    if (field->is_map() || is_wrapper ||
        field->options().GetExtension(schema::v1::field).raw_json()) {
      names.insert(field->json_name());
    }
    if (below != nullptr) AddOpenFields(below, seen, names);
  }
}

const std::set<std::string>& OpenFields() {
  static const auto* const kNames = [] {
    auto* names = new std::set<std::string>{"metadata"};
    std::set<const Descriptor*> seen;
    for (const Descriptor* type : AllMessages()) {
      AddOpenFields(type, seen, *names);
    }
    return names;
  }();
  return *kNames;
}

// Adds members that no message has, and nulls and empty lists where something
// is absent anyway.
Value WithUnknownMembers(const Value& value, test::RandomMessage& random) {
  Value out = value;
  if (out.is_array()) {
    for (Value& element : out.MutableArray()) {
      element = WithUnknownMembers(element, random);
    }
  } else if (out.is_object()) {
    for (Value::Member& member : out.MutableObject()) {
      if (OpenFields().contains(member.key)) continue;
      member.value = WithUnknownMembers(member.value, random);
    }
    if (random.Below(2) == 0) out.Set("xUnknown", random.Json());
    if (random.Below(4) == 0 && !out.Has("suspend")) out.Set("suspend", {});
  }
  return out;
}

TEST_P(CodecPropertyTest, UnknownMembersSurviveOverlay) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    test::RandomMessage random(seed);
    const std::unique_ptr<Message> message = New(GetParam());
    random.Fill(message.get());
    const Value original = WithUnknownMembers(ToValue(*message), random);

    ASSERT_TRUE(FromValue(original, message.get()).ok());
    const Value overlaid = Overlay(original, *message);
    ASSERT_TRUE(overlaid == original) << "seed " << seed << "\n"
                                      << FormatJson(original) << "\n"
                                      << FormatJson(overlaid);
  }
}

TEST_P(CodecPropertyTest, OverlayOverAnythingSaysWhatTheMessageSays) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    test::RandomMessage random(seed);
    const std::unique_ptr<Message> before = New(GetParam());
    const std::unique_ptr<Message> message = New(GetParam());
    random.Fill(before.get());
    random.Fill(message.get());
    const Value original = WithUnknownMembers(ToValue(*before), random);
    const Value overlaid = Overlay(original, *message);

    const std::unique_ptr<Message> again = New(GetParam());
    ASSERT_TRUE(FromValue(overlaid, again.get()).ok());
    ASSERT_TRUE(MessageDifferencer::Equals(*message, *again))
        << "seed " << seed << "\n"
        << FormatJson(original) << "\n"
        << FormatJson(overlaid);
    if (original.Has("xUnknown")) {
      ASSERT_TRUE(overlaid["xUnknown"] == original["xUnknown"]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Messages, CodecPropertyTest,
                         testing::ValuesIn(AllMessages()),
                         [](const auto& tested) {
                           return tested.param->name();
                         });

}  // namespace
}  // namespace weir::codec
