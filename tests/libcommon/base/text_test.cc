// Secrets, logs and statuses: what may be read, and how.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "weir/base/log.h"
#include "weir/base/random.h"
#include "weir/base/secret.h"
#include "weir/base/status.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using enum absl::StatusCode;

// --- Secret ------------------------------------------------------------------

template <typename T, typename = void>
struct IsPrintable : std::false_type {};
template <typename T>
struct IsPrintable<T, std::void_t<decltype(std::declval<std::ostream&>()
                                           << std::declval<const T&>())>>
    : std::true_type {};

static_assert(IsPrintable<std::string>::value);
static_assert(!IsPrintable<Secret>::value);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_constructible_v<absl::AlphaNum, Secret>);

TEST(SecretTest, ComparesAndMoves) {
  Secret a("word");
  EXPECT_TRUE(a == Secret("word"));
  EXPECT_FALSE(a == Secret("ward"));
  EXPECT_FALSE(a == Secret("words"));
  const Secret moved = std::move(a);
  EXPECT_EQ(moved.RevealForUse(), "word");
  EXPECT_TRUE(a.empty());  // NOLINT: that is what is tested.
  EXPECT_TRUE(Secret().empty());
}

struct RedactCase {
  const char* name;
  const char* url;
  const char* want;
};
class RedactUrlTest : public testing::TestWithParam<RedactCase> {};

TEST_P(RedactUrlTest, HidesCredentials) {
  EXPECT_EQ(RedactUrl(GetParam().url), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RedactUrlTest,
    testing::Values(
        RedactCase{"None", "https://a.b/c", "https://a.b/c"},
        RedactCase{"Both", "https://u:p@a.b/c", "https://*****@a.b/c"},
        RedactCase{"User", "ssh://git@a.b/c", "ssh://*****@a.b/c"},
        RedactCase{"TwoAts", "https://u:p@q@a.b", "https://*****@a.b"},
        RedactCase{"InThePath", "https://a.b/c@d", "https://a.b/c@d"},
        RedactCase{"InTheQuery", "https://a.b?x=c@d", "https://a.b?x=c@d"},
        RedactCase{"NoUrl", "git@a.b:c", "git@a.b:c"},
        RedactCase{"Empty", "", ""}),
    [](const auto& param) { return std::string(param.param.name); });

// --- Logger ------------------------------------------------------------------

class LoggerTest : public testing::Test {
 protected:
  Logger Make(LogLevel level, const std::string& encoding = "json") {
    LogOptions options;
    options.level = level;
    options.encoding = encoding;
    options.sink = [this](absl::string_view line) {
      lines_.emplace_back(line);
    };
    return Logger(std::move(options));
  }
  std::vector<std::string> lines_;
};

TEST_F(LoggerTest, WritesOneObjectALine) {
  Make(LogLevel::kInfo)
      .With({{"controller", "a"}})
      .Info("stored", {{"revision", "main@sha1:1"},
                       {"bytes", 7},
                       {"ok", true},
                       {"ratio", 0.5},
                       {"error", absl::DataLossError("bad \"quote\"\n")}});
  ASSERT_EQ(lines_.size(), 1);
  EXPECT_THAT(
      lines_[0],
      MatchesRegex("\\{\"level\":\"info\",\"ts\":\"[^\"]+\",\"msg\":\"stored\","
                   "\"controller\":\"a\",\"revision\":\"main@sha1:1\","
                   "\"bytes\":7,\"ok\":true,\"ratio\":0.5,"
                   "\"error\":\"bad \\\\\"quote\\\\\"\\\\n\"\\}\n"));
}

TEST_F(LoggerTest, LeavesOutWhatIsBelowItsLevel) {
  const Logger logger = Make(LogLevel::kInfo);
  logger.Trace("no");
  logger.Debug("no");
  logger.Info("yes");
  logger.Error("yes");
  EXPECT_EQ(lines_.size(), 2);
  EXPECT_FALSE(logger.IsEnabled(LogLevel::kDebug));
  EXPECT_TRUE(logger.IsEnabled(LogLevel::kError));
  EXPECT_FALSE(Logger().IsEnabled(LogLevel::kError));
  Logger().Error("nowhere");
}

TEST_F(LoggerTest, WritesForPeopleToo) {
  Make(LogLevel::kInfo, "console").Info("stored", {{"bytes", 7}});
  ASSERT_EQ(lines_.size(), 1);
  EXPECT_THAT(lines_[0], HasSubstr("\tstored\t"));
}

TEST_F(LoggerTest, NothingBreaksALine) {
  Make(LogLevel::kInfo).Info("x", {{"a\nb", std::string("\0\x1f\n\xff", 4)}});
  ASSERT_EQ(lines_.size(), 1);
  EXPECT_EQ(lines_[0].find('\n'), lines_[0].size() - 1);
}

TEST(LogLevelTest, IsParsed) {
  EXPECT_EQ(*ParseLogLevel("trace"), LogLevel::kTrace);
  EXPECT_EQ(*ParseLogLevel("debug"), LogLevel::kDebug);
  EXPECT_EQ(*ParseLogLevel("info"), LogLevel::kInfo);
  EXPECT_EQ(*ParseLogLevel("error"), LogLevel::kError);
  EXPECT_EQ(ParseLogLevel("loud").status().code(), kInvalidArgument);
}

// --- Status ------------------------------------------------------------------

absl::Status Fail() {
  absl::Status status = absl::NotFoundError("reason");
  status.SetPayload("p", absl::Cord("x"));
  return status;
}
absl::StatusOr<int> Number(bool is_there) {
  if (!is_there) return Fail();
  return 7;
}
absl::Status Outer(bool fails) {
  WEIR_ASSIGN_OR_RETURN(const int number, Number(!fails), "getting ", 7);
  WEIR_RETURN_IF_ERROR(number == 7 ? absl::OkStatus() : Fail());
  return absl::OkStatus();
}

TEST(StatusTest, AnnotationsKeepCodeAndPayload) {
  EXPECT_TRUE(Outer(false).ok());
  const absl::Status status = Outer(true);
  EXPECT_EQ(status.code(), kNotFound);
  EXPECT_EQ(status.message(), "getting 7: reason");
  EXPECT_TRUE(status.GetPayload("p").has_value());
  EXPECT_TRUE(Annotate(absl::OkStatus(), "x").ok());
}

TEST(StatusDeathTest, ABrokenInvariantEndsTheProcess) {
  EXPECT_DEATH(WEIR_CHECK(1 + 1 == 3), "1 \\+ 1 == 3");
}

// --- Random ------------------------------------------------------------------

TEST(RandomTest, IsOfItsForm) {
  EXPECT_EQ(RandomBytes(5).size(), 5);
  EXPECT_THAT(RandomHex(4), MatchesRegex("[0-9a-f]{8}"));
  const std::string uuid = RandomUuid();
  EXPECT_EQ(uuid.size(), 36);
  EXPECT_EQ(uuid[14], '4');
  EXPECT_NE(uuid, RandomUuid());
}

}  // namespace
}  // namespace weir
