#include "weir/base/memory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace weir {
namespace {

// Resident pages that files back, of this process.
int64_t FilePages() {
  int64_t size = 0, resident = 0, shared = 0;
  std::ifstream("/proc/self/statm") >> size >> resident >> shared;
  return shared;
}

TEST(ReleaseUnusedMemoryTest, DropsPagesThatFilesHave) {
  const int64_t before = FilePages();
  ReleaseUnusedMemory();
  const int64_t after = FilePages();
  EXPECT_LT(after, before / 2) << "of " << before;
}

TEST(ReleaseUnusedMemoryTest, LosesNothing) {
  static constexpr char kRead[] = "only read";
  static char written[] = "before";
  written[0] = 'B';
  const std::string heap = absl::StrCat("heap ", 42);
  ReleaseUnusedMemory();
  EXPECT_EQ(std::string(kRead), absl::StrCat("only ", "read"));
  EXPECT_STREQ(written, "Before");
  EXPECT_EQ(heap, "heap 42");
}

}  // namespace
}  // namespace weir
