#include "weir/base/memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
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
  static const std::string kConstant(10'000, 'x');
  static std::string changed = "before";
  changed = absl::StrCat("after ", 42);
  ReleaseUnusedMemory();
  EXPECT_EQ(kConstant.find_first_not_of('x'), std::string::npos);
  EXPECT_EQ(changed, "after 42");
  EXPECT_STREQ(std::getenv("PATH"), getenv("PATH"));
}

}  // namespace
}  // namespace weir
