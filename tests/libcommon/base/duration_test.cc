#include "weir/base/duration.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace weir {
namespace {

using enum absl::StatusCode;

struct ParseCase {
  const char* name;
  const char* text;
  absl::Duration want;
  const char* formatted;
};
class GoDurationTest : public testing::TestWithParam<ParseCase> {};

TEST_P(GoDurationTest, ReadsAndWritesAsGo) {
  const auto duration = ParseGoDuration(GetParam().text);
  ASSERT_TRUE(duration.ok()) << duration.status();
  EXPECT_EQ(*duration, GetParam().want);
  EXPECT_EQ(FormatGoDuration(*duration), GetParam().formatted);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GoDurationTest,
    testing::Values(
        ParseCase{"Zero", "0", absl::ZeroDuration(), "0s"},
        ParseCase{"NegativeZero", "-0", absl::ZeroDuration(), "0s"},
        ParseCase{"HoursAndMinutes", "1h30m", absl::Minutes(90), "1h30m0s"},
        ParseCase{"Fraction", "1.5s", absl::Milliseconds(1500), "1.5s"},
        ParseCase{"Millis", "300ms", absl::Milliseconds(300), "300ms"},
        ParseCase{"Negative", "-2us", -absl::Microseconds(2), "-2\xc2\xb5s"},
        ParseCase{"Plus", "+5s", absl::Seconds(5), "5s"},
        ParseCase{"Micro", "1\xc2\xb5s", absl::Microseconds(1), "1\xc2\xb5s"},
        ParseCase{"OtherMicro", "1\xce\xbcs", absl::Microseconds(1),
                  "1\xc2\xb5s"},
        ParseCase{"Nano", "1ns", absl::Nanoseconds(1), "1ns"},
        ParseCase{"NoWholePart", ".5s", absl::Milliseconds(500), "500ms"},
        ParseCase{"NoFraction", "1.s", absl::Seconds(1), "1s"},
        ParseCase{"UnitsInAnyOrder", "1s1h", absl::Seconds(3601), "1h0m1s"},
        ParseCase{"LongFraction", "0.100000000000000000000h", absl::Minutes(6),
                  "6m0s"},
        ParseCase{"Most", "9223372036854775807ns",
                  absl::Nanoseconds(9223372036854775807),
                  "2562047h47m16.854775807s"}),
    [](const auto& param) { return std::string(param.param.name); });

class BadGoDurationTest : public testing::TestWithParam<const char*> {};

TEST_P(BadGoDurationTest, IsRefusedWithGosText) {
  const auto duration = ParseGoDuration(GetParam());
  EXPECT_EQ(duration.status().code(), kInvalidArgument);
  EXPECT_NE(duration.status().message().find("time: "), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Table, BadGoDurationTest,
                         testing::Values("", "3", "-", "s", ".", "-.", ".s",
                                         "+.s", "1d", "1 s", "1e3s", "1h-1m",
                                         "9223372036854775808ns", "3000000h",
                                         "\xff"));

TEST(KubeTimeTest, WritesSecondsAndMicros) {
  const absl::Time time = absl::FromUnixMicros(1136214245'123456);
  EXPECT_EQ(FormatKubeTime(time), "2006-01-02T15:04:05Z");
  const absl::Time year_one =
      absl::FromCivil(absl::CivilSecond(1, 1, 1), absl::UTCTimeZone());
  EXPECT_EQ(FormatKubeTime(year_one), "0001-01-01T00:00:00Z");
  EXPECT_EQ(FormatKubeMicroTime(time), "2006-01-02T15:04:05.123456Z");
  EXPECT_EQ(FormatKubeMicroTime(absl::FromUnixSeconds(0)),
            "1970-01-01T00:00:00.000000Z");
}

TEST(KubeTimeTest, ReadsZonesAndFractions) {
  for (const char* text : {"2006-01-02T15:04:05Z", "2006-01-02T22:04:05+07:00",
                           "2006-01-02T15:04:05.000000Z"}) {
    const auto time = ParseKubeTime(text);
    ASSERT_TRUE(time.ok()) << time.status();
    EXPECT_EQ(*time, absl::FromUnixSeconds(1136214245)) << text;
  }
  for (const char* text : {"", "2006-01-02", "15:04:05", "2006-13-02T15:04:05Z",
                           "2006-01-02T15:04:05"}) {
    EXPECT_EQ(ParseKubeTime(text).status().code(), kInvalidArgument) << text;
  }
}

TEST(JitterTest, StaysWithinItsPercentage) {
  EXPECT_EQ(Jitter(absl::Seconds(10), 0), absl::Seconds(10));
  bool differs = false;
  for (int i = 0; i < 200; ++i) {
    const absl::Duration d = Jitter(absl::Seconds(100), 5);
    EXPECT_GE(d, absl::Seconds(95));
    EXPECT_LE(d, absl::Seconds(105));
    differs = differs || d != absl::Seconds(100);
  }
  EXPECT_TRUE(differs);
}

TEST(ExponentialBackoffTest, DoublesUpToItsMaximum) {
  const auto backoff = [](int failures) {
    return ExponentialBackoff(absl::Seconds(1), absl::Seconds(30), failures);
  };
  EXPECT_EQ(backoff(0), absl::Seconds(1));
  EXPECT_EQ(backoff(1), absl::Seconds(2));
  EXPECT_EQ(backoff(4), absl::Seconds(16));
  EXPECT_EQ(backoff(5), absl::Seconds(30));
  EXPECT_EQ(backoff(1'000'000), absl::Seconds(30));
}

}  // namespace
}  // namespace weir
