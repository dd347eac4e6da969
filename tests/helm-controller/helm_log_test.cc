#include "src/helm_log.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace weir::helm_controller {
namespace {

absl::Time At(int64_t seconds) { return absl::FromUnixSeconds(seconds); }

TEST(HelmLogTest, TellsTimeMessageAndAttributes) {
  HelmLog log;
  EXPECT_TRUE(log.empty());
  log.Add(At(1) + absl::Nanoseconds(120), "creating");
  log.Add(At(2), "a <b>",
          Value::MakeObject({{"name", "x"}, {"kind", "<Pod>"}}));
  EXPECT_EQ(log.ToString(),
            "1970-01-01T00:00:01.00000012Z: creating: {}\n"
            "1970-01-01T00:00:02Z: a <b>: "
            "{\"kind\":\"\\u003cPod\\u003e\",\"name\":\"x\"}");
}

TEST(HelmLogTest, KeepsTheLastTenLinesAndCountsRepetitions) {
  HelmLog log;
  for (int i = 0; i < 12; ++i) log.Add(At(i), absl::StrCat("line ", i));
  log.Add(At(20), "line 11");
  EXPECT_EQ(log.ToString().find("line 1:"), std::string::npos);
  EXPECT_EQ(log.ToString().substr(0, 34),
            "1970-01-01T00:00:02Z: line 2: {}\n1");
  EXPECT_TRUE(
      log.ToString().ends_with("1970-01-01T00:00:11Z: line 11: {}\n"
                               "1970-01-01T00:00:20Z: line 11: {}"));
  log.Add(At(21), "line 11");
  log.Add(At(22), "line 11");
  EXPECT_TRUE(log.ToString().ends_with(
      "1970-01-01T00:00:22Z: line 11: {} (2 duplicate lines omitted)"));
}

TEST(HelmLogTest, PrintsErrorsOfTheServerAsGoDoes) {
  HelmLog log;
  const Value status =
      Value::MakeObject({{"apiVersion", "v1"},
                         {"code", 404},
                         {"details", Value::MakeObject({{"group", "batch"},
                                                        {"kind", "jobs"},
                                                        {"name", "pre"}})},
                         {"kind", "Status"},
                         {"message", "jobs.batch \"pre\" not found"},
                         {"metadata", Value::MakeObject()},
                         {"reason", "NotFound"},
                         {"status", "Failure"}});
  log.AddApiError(At(0), "ignoring delete failure",
                  kube::MakeApiError(404, status),
                  LogOf({{"batch", "v1", "Job"}, {"ns", "pre"}}));
  EXPECT_EQ(
      log.ToString(),
      "1970-01-01T00:00:00Z: ignoring delete failure: "
      "{\"error\":{\"ErrStatus\":{\"kind\":\"Status\",\"apiVersion\":\"v1\","
      "\"metadata\":{},\"status\":\"Failure\",\"message\":\"jobs.batch "
      "\\\"pre\\\" not found\",\"reason\":\"NotFound\",\"details\":{\"name\":"
      "\"pre\",\"group\":\"batch\",\"kind\":\"jobs\"},\"code\":404}},\"kind\":"
      "\"Job\",\"name\":\"pre\",\"namespace\":\"ns\"}");
}

}  // namespace
}  // namespace weir::helm_controller
