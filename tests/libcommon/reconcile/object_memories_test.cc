#include "weir/reconcile/object_memories.h"

#include "gtest/gtest.h"

namespace weir::reconcile {
namespace {

const kube::ObjectKey kShop = {"team", "shop"};

// Asks its memories for another object when it ends.
struct Note {
  int passes = 0;
  ObjectMemories<Note>* asked_at_the_end = nullptr;

  ~Note() {
    if (asked_at_the_end != nullptr) asked_at_the_end->Find({"team", "other"});
  }
};

TEST(ObjectMemoriesTest, RemembersEachObjectByItself) {
  ObjectMemories<Note> memories;
  EXPECT_EQ(memories.Find(kShop), nullptr);
  memories.Of(kShop)->passes = 1;
  memories.Of({"team", "blog"})->passes = 2;
  EXPECT_EQ(memories.Of(kShop)->passes, 1);
  EXPECT_EQ(memories.Find(kShop)->passes, 1);
}

TEST(ObjectMemoriesTest, ForgetsWhatIsTaken) {
  ObjectMemories<Note> memories;
  memories.Of(kShop)->passes = 3;
  const std::shared_ptr<Note> taken = memories.Take(kShop);
  ASSERT_NE(taken, nullptr);
  EXPECT_EQ(taken->passes, 3);
  EXPECT_EQ(memories.Find(kShop), nullptr);
  EXPECT_EQ(memories.Take(kShop), nullptr);
}

TEST(ObjectMemoriesTest, WhatEndsMayAskAgain) {
  ObjectMemories<Note> memories;
  memories.Of(kShop)->asked_at_the_end = &memories;
  memories.Clear();
  EXPECT_EQ(memories.Find(kShop), nullptr);
}

}  // namespace
}  // namespace weir::reconcile
