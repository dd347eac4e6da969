#include <gtest/gtest.h>

#include "src/receivers/receiver_index.h"
#include "weir/value/yaml.h"

namespace weir::notification_controller {
namespace {

Value Receiver(const std::string& name, const std::string& path,
               const std::string& created, const std::string& ready = "True",
               int generation = 1) {
  Value object = *ParseYaml(
      "{spec: {type: generic, secretRef: {name: s}, resources: []}, status: "
      "{conditions: [{type: Ready}]}}");
  object.Set("metadata", Value::MakeObject({{"name", name},
                                            {"namespace", "apps"},
                                            {"uid", name + created},
                                            {"creationTimestamp", created},
                                            {"generation", generation}}));
  Value& status = object.Mutable("status");
  status.Set("webhookPath", path);
  status.Mutable("conditions").MutableAt(0).Set("status", ready);
  return object;
}

std::string NameAt(const ReceiverIndex& index, const std::string& path) {
  const ReceiverIndex::Found found = index.Find(path);
  return found.plan == nullptr ? "" : found.plan->key.name;
}

TEST(ReceiverIndexTest, FindsByTheWholePath) {
  ReceiverIndex index{PlanRules()};
  index.Update(Receiver("a", "/hook/1", "2020-01-01T00:00:00Z"));
  EXPECT_EQ(NameAt(index, "/hook/1"), "a");
  EXPECT_TRUE(index.Find("/hook/1").is_ready);
  for (const char* path :
       {"/hook/1/", "/hook/1?x", "/hook/", "", "/hook/%31", "/HOOK/1"}) {
    EXPECT_EQ(NameAt(index, path), "") << path;
  }
}

TEST(ReceiverIndexTest, FollowsTheReceiver) {
  ReceiverIndex index{PlanRules()};
  const std::string created = "2020-01-01T00:00:00Z";
  const auto first = index.Update(Receiver("a", "/hook/1", created));
  // Only a new generation is compiled anew.
  EXPECT_EQ(index.Update(Receiver("a", "/hook/2", created, "False")), first);
  EXPECT_EQ(NameAt(index, "/hook/1"), "");
  EXPECT_EQ(NameAt(index, "/hook/2"), "a");
  EXPECT_FALSE(index.Find("/hook/2").is_ready);
  EXPECT_NE(index.Update(Receiver("a", "/hook/2", created, "True", 2)), first);
  index.Update(Receiver("a", "", created));
  EXPECT_EQ(NameAt(index, ""), "");
  index.Update(Receiver("a", "/hook/3", created));
  index.Remove({"apps", "a"});
  EXPECT_EQ(NameAt(index, "/hook/3"), "");
}

// "hook" in "team-a" and "hookt" in "eam-a" have one path when their tokens
// are alike.
TEST(ReceiverIndexTest, ANewcomerWithTheSamePathTakesNothingAway) {
  ReceiverIndex index{PlanRules()};
  index.Update(Receiver("b", "/hook/1", "2020-01-01T00:00:00Z"));
  index.Update(Receiver("a", "/hook/1", "2020-01-02T00:00:00Z"));
  EXPECT_EQ(NameAt(index, "/hook/1"), "b");
  index.Remove({"apps", "b"});
  EXPECT_EQ(NameAt(index, "/hook/1"), "a");
}

}  // namespace
}  // namespace weir::notification_controller
