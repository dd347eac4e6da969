#include "weir/base/subprocess.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace weir {
namespace {

using testing::HasSubstr;
using enum absl::StatusCode;

Context Soon() { return Context().WithTimeout(absl::Seconds(20)); }

TEST(RunProcessTest, ExchangesTextWithTheChild) {
  ProcessOptions options;
  options.arguments = {"sh", "-c", "cat; echo $A; echo oops >&2; exit 3"};
  options.environment.emplace();
  options.environment->emplace_back("A", "b c");
  options.environment->emplace_back("PATH", "/usr/bin:/bin");
  options.input = "hello ";
  options.working_directory = "/";
  const auto result = RunProcess(Soon(), options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->output, "hello b c\n");
  EXPECT_EQ(result->error, "oops\n");
  EXPECT_EQ(result->exit_code, 3);
}

TEST(RunProcessTest, NothingElseIsHandedDown) {
  const int open_file = open("/dev/null", O_RDONLY);  // Not closed on exec.
  ASSERT_GE(open_file, 0);
  ProcessOptions options;
  options.arguments = {
      "sh", "-c",
      absl::StrCat("test -e /proc/self/fd/", open_file, " && echo there")};
  const auto result = RunProcess(Soon(), options);
  close(open_file);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->output, "");
}

TEST(RunProcessTest, AnAbsentProgramIsNotFound) {
  ProcessOptions options;
  options.arguments = {"/absent/program"};
  EXPECT_EQ(RunProcess(Soon(), options).status().code(), kNotFound);
}

TEST(RunProcessTest, AContextKillsTheChild) {
  ProcessOptions options;
  options.arguments = {"sleep", "60"};
  const absl::Time start = absl::Now();
  EXPECT_EQ(RunProcess(Context().WithTimeout(absl::Milliseconds(20)), options)
                .status()
                .code(),
            kDeadlineExceeded);
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
}

TEST(RunProcessTest, BoundsTheOutput) {
  ProcessOptions options;
  options.arguments = {"sh", "-c", "yes"};
  options.max_output_bytes = 1000;
  EXPECT_EQ(RunProcess(Soon(), options).status().code(), kResourceExhausted);
}

TEST(RunProcessTest, ASignalIsAnExitCode) {
  ProcessOptions options;
  options.arguments = {"sh", "-c", "kill -9 $$"};
  const auto result = RunProcess(Soon(), options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 128 + 9);
}

}  // namespace
}  // namespace weir
