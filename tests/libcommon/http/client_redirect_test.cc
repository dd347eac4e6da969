#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/libcommon/http/http_fixture.h"
#include "weir/base/mutex.h"

namespace weir::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using enum absl::StatusCode;

bool FollowAll(const Redirect&) { return true; }

// Answers "/to/<code>" with a redirect to the URL given; all else with what
// it saw.
class RedirectingServer {
 public:
  explicit RedirectingServer(std::string to = "/end")
      : server_(Serve([to](const ServerRequest& request, auto responder) {
          if (request.path.rfind("/to/", 0) == 0) {
            const int code = std::stoi(request.path.substr(4));
            return responder->Send({code, {{"Location", to}}, "moved"});
          }
          responder->Send(
              {200,
               {},
               absl::StrCat(request.method, " ", request.path, " ",
                            request.body, " ",
                            request.headers.Get("Content-Type"), " ",
                            request.headers.Get("Authorization"), " ",
                            request.headers.Get("Cookie"),
                            request.headers.Get("PRIVATE-TOKEN"))});
        })) {}
  std::string url() const { return server_->url(); }

 private:
  const std::unique_ptr<Server> server_;
};

struct RedirectCase {
  int code;
  const char* method;
  const char* want;
};
class RedirectTest : public testing::TestWithParam<RedirectCase> {};

TEST_P(RedirectTest, ChoosesMethodAndBody) {
  const RedirectingServer server;
  Client client;
  Request request = Get(absl::StrCat(server.url(), "/to/", GetParam().code));
  request.method = GetParam().method;
  request.headers = {{"Content-Type", "t"}, {"Authorization", "a"}};
  if (request.method == "POST") request.body = "body";
  request.follow_redirect = FollowAll;
  const auto answer = client.SendAndWait(Soon(), request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->code, 200);
  EXPECT_EQ(answer->body, GetParam().want);
  EXPECT_EQ(answer->url, absl::StrCat(server.url(), "/end"));
}

INSTANTIATE_TEST_SUITE_P(
    Table, RedirectTest,
    testing::Values(RedirectCase{301, "GET", "GET /end  t a "},
                    RedirectCase{302, "GET", "GET /end  t a "},
                    RedirectCase{301, "POST", "GET /end   a "},
                    RedirectCase{302, "POST", "GET /end   a "},
                    RedirectCase{303, "POST", "GET /end   a "},
                    RedirectCase{307, "POST", "POST /end body t a "},
                    RedirectCase{308, "POST", "POST /end body t a "}),
    [](const auto& info) {
      return absl::StrCat(info.param.method, info.param.code);
    });

TEST(RedirectPolicyTest, SeesEachHopAndDecides) {
  const RedirectingServer server("/to/302");
  Client client;
  Request request = Get(absl::StrCat(server.url(), "/to/301"));
  std::vector<std::string> seen;
  request.follow_redirect = [&](const Redirect& redirect) {
    seen.push_back(absl::StrCat(redirect.code, " ", redirect.to));
    return seen.size() < 2;
  };
  const auto answer = client.SendAndWait(Soon(), request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->code, 302);
  EXPECT_EQ(answer->body, "moved");
  EXPECT_THAT(seen, ElementsAre(absl::StrCat("301 ", server.url(), "/to/302"),
                                absl::StrCat("302 ", server.url(), "/to/302")));
}

TEST(RedirectPolicyTest, WithoutOneARedirectIsAnAnswer) {
  const RedirectingServer server;
  Client client;
  const auto answer =
      client.SendAndWait(Soon(), Get(absl::StrCat(server.url(), "/to/302")));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->code, 302);
  EXPECT_EQ(answer->headers.Get("Location"), "/end");
}

TEST(RedirectPolicyTest, ALoopEnds) {
  const RedirectingServer server("/to/302");
  Client client;
  Request request = Get(absl::StrCat(server.url(), "/to/302"));
  request.follow_redirect = FollowAll;
  const auto answer = client.SendAndWait(Soon(), request);
  EXPECT_EQ(answer.status(),
            absl::UnavailableError("stopped after 10 redirects"));
}

TEST(RedirectPolicyTest, AStrangeLocationIsAnError) {
  const RedirectingServer server("file:///etc/passwd");
  Client client;
  Request request = Get(absl::StrCat(server.url(), "/to/302"));
  request.follow_redirect = FollowAll;
  EXPECT_EQ(client.SendAndWait(Soon(), request).status().code(), kUnavailable);
}

TEST(RedirectPolicyTest, CredentialsStayWithTheirServer) {
  const RedirectingServer other;
  const RedirectingServer server(absl::StrCat(other.url(), "/end"));
  Client client;
  Request request = Get(absl::StrCat(server.url(), "/to/307"));
  request.headers = {{"Authorization", "secret"},
                     {"Cookie", "secret"},
                     {"Private-Token", "secret"}};
  request.follow_redirect = FollowAll;
  const auto answer = client.SendAndWait(Soon(), request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->body, "GET /end    ");
}

TEST(RedirectPolicyTest, AReaderSeesOnlyTheLastAnswer) {
  const RedirectingServer server;
  Client client;
  Request request = Get(absl::StrCat(server.url(), "/to/302"));
  request.follow_redirect = FollowAll;
  const auto reader = client.Open(Soon(), request);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ((*reader)->head().code, 200);
  EXPECT_EQ((*reader)->head().url, absl::StrCat(server.url(), "/end"));
}

}  // namespace
}  // namespace weir::http
