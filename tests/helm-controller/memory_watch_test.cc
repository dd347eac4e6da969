#include "src/memory_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weir/base/file.h"

namespace weir::helm_controller {
namespace {

using testing::HasSubstr;

class MemoryWatchTest : public testing::Test {
 protected:
  MemoryWatchTest() {
    options_.cgroup = dir_.path();
    options_.interval = absl::Milliseconds(50);
    Write("memory.max", "1000\n");
    Write("memory.current", "940\n");
  }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(dir_.path() + "/" + name, text).ok());
  }
  TempDir dir_ = *TempDir::Create("memory");
  MemoryWatchOptions options_;
};

TEST_F(MemoryWatchTest, TellsWhenTheMemoryIsNearlyFull) {
  const auto watch = MemoryWatch::Create(options_);
  ASSERT_TRUE(watch.ok()) << watch.status();
  int full = 0;
  watch->Run(Context().WithTimeout(absl::Milliseconds(120)), Logger(),
             [&full] { ++full; });
  EXPECT_EQ(full, 0);
  Write("memory.current", "951\n");
  watch->Run(Context(), Logger(), [&full] { ++full; });
  EXPECT_EQ(full, 1);
}

TEST_F(MemoryWatchTest, NeedsALimit) {
  Write("memory.max", "max\n");
  EXPECT_THAT(MemoryWatch::Create(options_).status().message(),
              HasSubstr("holds no number of bytes"));
  options_.cgroup += "/none";
  EXPECT_THAT(MemoryWatch::Create(options_).status().message(),
              HasSubstr("please specify the path"));
}

TEST_F(MemoryWatchTest, RefusesNumbersOutOfRange) {
  options_.threshold_percent = 101;
  EXPECT_THAT(MemoryWatch::Create(options_).status().message(),
              HasSubstr("must be between 1 and 100, got 101"));
  options_.threshold_percent = 95;
  options_.interval = absl::Milliseconds(10);
  EXPECT_THAT(MemoryWatch::Create(options_).status().message(),
              HasSubstr("at least 50ms"));
}

}  // namespace
}  // namespace weir::helm_controller
