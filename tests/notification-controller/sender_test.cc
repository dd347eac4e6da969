// How requests travel: tries, pauses, redirects, proxies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "src/http_sender.h"
#include "tests/notification-controller/fake_sender.h"
#include "weir/base/mutex.h"
#include "weir/http/server.h"

namespace weir::notification_controller {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Answers requests in turn, the last answer for ever.
class Sink {
 public:
  explicit Sink(std::vector<http::ServerResponse> answers)
      : answers_(std::move(answers)) {
    auto server = http::Server::Start(
        {}, [this](const http::ServerRequest& request,
                   std::unique_ptr<http::Responder> responder) {
          http::ServerResponse answer;
          {
            MutexLock lock(mu_);
            answer = answers_[std::min(requests_.size(), answers_.size() - 1)];
            requests_.push_back(request);
          }
          responder->Send(std::move(answer));
        });
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  std::string url() const { return server_->url(); }
  int port() const { return server_->port(); }
  std::vector<http::ServerRequest> requests() const {
    MutexLock lock(mu_);
    return requests_;
  }

 private:
  const std::vector<http::ServerResponse> answers_;
  mutable Mutex mu_;
  std::vector<http::ServerRequest> requests_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<http::Server> server_;
};

http::ServerResponse Reply(int code, const std::string& header = "",
                           const std::string& value = "") {
  http::ServerResponse response;
  response.code = code;
  if (!header.empty()) response.headers.Set(header, value);
  return response;
}

class SenderTest : public testing::Test {
 protected:
  SenderTest() {
    options_.min_pause = absl::ZeroDuration();
    options_.max_pause = absl::ZeroDuration();
  }
  absl::StatusOr<http::Response> Send(
      http::Request request, absl::Duration timeout = absl::Seconds(10)) {
    HttpSender sender(client_, options_, settings_, has_proxy_, true);
    return sender.Send(Context().WithTimeout(timeout), std::move(request));
  }
  absl::StatusOr<http::Response> Post(const std::string& url,
                                      const std::string& header = "Accept") {
    http::Request request = PostJson(url, "{}");
    request.headers.Set(header, "s3cret");
    return Send(std::move(request));
  }

  http::Client client_;
  SenderOptions options_;
  Settings settings_;
  bool has_proxy_ = true;
};

// --- Tries ------------------------------------------------------------------

TEST_F(SenderTest, TriesAgainWhatMayPass) {
  struct Case {
    int code;
    size_t tries;
  };
  for (const Case& c :
       {Case{200, 1}, Case{204, 1}, Case{400, 1}, Case{401, 1}, Case{404, 1},
        Case{429, 5}, Case{500, 5}, Case{501, 1}, Case{502, 5}, Case{503, 5}}) {
    Sink sink({Reply(c.code)});
    const auto answer = Post(sink.url());
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->code, c.code);
    EXPECT_EQ(sink.requests().size(), c.tries) << c.code;
  }
}

TEST_F(SenderTest, SendsTheSameUntilItSucceeds) {
  Sink sink({Reply(500), Reply(429), Reply(204)});
  const auto answer = Post(sink.url() + "/a?b=c");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->code, 204);
  ASSERT_EQ(sink.requests().size(), 3);
  for (const http::ServerRequest& request : sink.requests()) {
    EXPECT_EQ(request.method + " " + request.target, "POST /a?b=c");
    EXPECT_EQ(request.body, "{}");
  }
}

TEST_F(SenderTest, ARefusedConnectionIsTriedAgainAndToldWithoutTheAddress) {
  const auto answer = Post("http://127.0.0.1:1/s3cret");
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(answer.status().message(), HasSubstr("connection refused"));
  EXPECT_THAT(answer.status().message(), Not(HasSubstr("s3cret")));
}

TEST_F(SenderTest, GivesWhatIsKnownWhenNoTimeIsLeftForAPause) {
  options_.min_pause = absl::Hours(1);
  options_.max_pause = absl::Hours(1);
  Sink sink({Reply(500)});
  const auto answer = Post(sink.url());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->code, 500);
  EXPECT_EQ(sink.requests().size(), 1);
}

TEST_F(SenderTest, AnAnswerTooLargeIsRefused) {
  options_.max_answer_bytes = 1000;
  http::ServerResponse large;
  large.body.assign(1001, 'x');
  Sink sink({large});
  EXPECT_EQ(Post(sink.url()).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(sink.requests().size(), 1);
}

TEST(PauseTest, IsWhatTheAnswerSaysOrGrows) {
  SenderOptions options;
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  struct Case {
    int code;
    std::string retry_after;
    int attempt;
    absl::Duration want;
  };
  for (const Case& c :
       std::vector<Case>{{429, "7", 0, absl::Seconds(7)},
                         {503, "0", 3, absl::ZeroDuration()},
                         {429, http::FormatHttpTime(now + absl::Seconds(9)), 0,
                          absl::Seconds(9)},
                         {429, http::FormatHttpTime(now - absl::Seconds(9)), 0,
                          absl::ZeroDuration()},
                         {500, "7", 0, absl::Seconds(2)},
                         {429, "", 1, absl::Seconds(4)},
                         {429, "soon", 2, absl::Seconds(8)},
                         {429, "-1", 0, absl::Seconds(2)},
                         {429, "99999999999999999999", 0, absl::Seconds(2)},
                         {500, "", 9, absl::Seconds(30)}}) {
    http::Response answer;
    answer.code = c.code;
    answer.headers.Set("Retry-After", c.retry_after);
    EXPECT_EQ(PauseAfter(options, c.attempt, &answer, now), c.want)
        << c.code << c.retry_after;
  }
  EXPECT_EQ(PauseAfter(options, 0, nullptr, now), absl::Seconds(2));
}

// --- Redirects --------------------------------------------------------------

struct RedirectCase {
  const char* name;
  const char* from;
  const char* to;
  bool plain;   // Whether a request with plain headers goes on.
  bool secret;  // Whether one with another header does.
};
class RedirectTest : public testing::TestWithParam<RedirectCase> {};

TEST_P(RedirectTest, IsFollowedOrNot) {
  const RedirectCase& c = GetParam();
  const http::Redirect redirect{307, c.from, c.to};
  const http::Headers plain = {{"content-type", "application/json"},
                               {"Accept", "*/*"},
                               {"User-Agent", "x"},
                               {"Gotk-Component", "x"}};
  EXPECT_EQ(CheckRedirect(redirect, plain).ok(), c.plain);
  for (const char* name :
       {"DD-API-KEY", "Authorization", "X-Signature", "PRIVATE-TOKEN", "X"}) {
    http::Headers headers = plain;
    headers.Set(name, "s3cret");
    const absl::Status status = CheckRedirect(redirect, headers);
    EXPECT_EQ(status.ok(), c.secret) << name;
    EXPECT_THAT(status.message(), Not(HasSubstr("s3cret")));
    EXPECT_THAT(status.message(), Not(HasSubstr("://")));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, RedirectTest,
    testing::Values(RedirectCase{"SameHost", "http://a.test/x",
                                 "http://a.test/y", true, true},
                    RedirectCase{"SameHostOtherCase", "http://a.test/x",
                                 "http://A.TEST/y", true, true},
                    RedirectCase{"ToTls", "http://a.test/x", "https://a.test/x",
                                 true, true},
                    RedirectCase{"SamePortSaid", "http://a.test/x",
                                 "http://a.test:80/y", true, true},
                    RedirectCase{"FromTls", "https://a.test/x",
                                 "http://a.test/x", true, false},
                    RedirectCase{"OtherPort", "http://a.test/x",
                                 "http://a.test:81/x", true, false},
                    RedirectCase{"ToTlsAtOtherPort", "http://a.test/x",
                                 "https://a.test:8443/x", true, false},
                    RedirectCase{"OtherHost", "http://a.test/x",
                                 "http://b.test/x", true, false},
                    RedirectCase{"SubDomain", "http://a.test/x",
                                 "http://b.a.test/x", true, false},
                    RedirectCase{"HostAsUser", "http://a.test/x",
                                 "http://a.test@b.test/", true, false},
                    RedirectCase{"ToLoopback", "http://a.test/x",
                                 "http://127.0.0.1/x", false, false},
                    RedirectCase{"ToLoopbackElsewhere", "http://a.test/x",
                                 "http://127.9.8.7:1/", false, false},
                    RedirectCase{"ToLocalhost", "http://a.test/x",
                                 "http://LocalHost/x", false, false},
                    RedirectCase{"ToLocalhostBelow", "http://a.test/x",
                                 "http://x.localhost/x", false, false},
                    RedirectCase{"ToIpv6Loopback", "http://a.test/x",
                                 "http://[::1]:80/x", false, false},
                    RedirectCase{"ToMappedLoopback", "http://a.test/x",
                                 "http://[::ffff:127.0.0.1]/x", false, false},
                    RedirectCase{"ToMappedLoopbackInHex", "http://a.test/x",
                                 "http://[::ffff:7f00:1]/x", false, false},
                    RedirectCase{"ToAnyAddress", "http://a.test/x",
                                 "http://0.0.0.0/x", false, false},
                    RedirectCase{"LoopbackItself", "http://127.0.0.1/x",
                                 "http://127.0.0.1/y", true, true},
                    RedirectCase{"LoopbackToOtherPort", "http://127.0.0.1:1/x",
                                 "http://127.0.0.1:2/y", true, false}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(SenderTest, FollowsARedirectWithinTheHostWithAllThatWasSent) {
  Sink sink({Reply(307, "Location", "/there"), Reply(204)});
  const auto answer = Post(sink.url() + "/here", "DD-API-KEY");
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(sink.requests().size(), 2);
  EXPECT_EQ(sink.requests()[1].target, "/there");
  EXPECT_EQ(sink.requests()[1].headers.Get("DD-API-KEY"), "s3cret");
  EXPECT_EQ(sink.requests()[1].body, "{}");
}

TEST_F(SenderTest, FollowsARedirectToAnotherHostOnlyWithoutSecrets) {
  Sink there({Reply(204)});
  Sink here({Reply(307, "Location", there.url() + "/t0ken")});
  ASSERT_TRUE(Post(here.url()).ok());
  EXPECT_EQ(there.requests().size(), 1);
  for (const char* name : {"DD-API-KEY", "Authorization", "X-Own"}) {
    const auto answer = Post(here.url(), name);
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(answer.status().message(),
              "a redirect is not followed: it leads to another host, where "
              "credentials must not go");
  }
  EXPECT_EQ(there.requests().size(), 1);
}

TEST_F(SenderTest, ARedirectInCirclesEnds) {
  Sink sink({Reply(307, "Location", "/")});
  options_.retries = 0;
  EXPECT_THAT(Post(sink.url()).status().message(),
              HasSubstr("stopped after 10 redirects"));
}

// --- What a receiver cannot make the sender reach ---------------------------

TEST_F(SenderTest, ServerSideRequestForgeryByARedirectToTheLinkIsStopped) {
  Sink sink({Reply(307, "Location", "http://169.254.169.254/latest")});
  options_.retries = 0;
  const auto answer = Post(sink.url());
  EXPECT_FALSE(answer.ok());
  EXPECT_THAT(answer.status().message(),
              HasSubstr("connect: connection failed"));
}

TEST_F(SenderTest, ServerSideRequestForgeryByAnAddressOnTheLinkIsStopped) {
  options_.retries = 0;
  for (const char* url :
       {"http://169.254.169.254/", "http://[fe80::1]/", "http://0xa9fea9fe/",
        "http://2852039166/", "http://[::ffff:169.254.169.254]/",
        "http://[fd00:ec2::254]/"}) {
    EXPECT_THAT(Post(url).status().message(),
                HasSubstr("connect: connection failed"))
        << url;
  }
}

// The proxy plays the receiver elsewhere.
TEST_F(SenderTest, ServerSideRequestForgeryByARedirectToLoopbackIsStopped) {
  Sink inside({Reply(200)});
  Sink proxy({Reply(307, "Location", inside.url())});
  settings_.proxy = proxy.url();
  const auto answer = Post("http://receiver.test/hook");
  EXPECT_EQ(answer.status().message(),
            "a redirect is not followed: it leads to this machine");
  EXPECT_THAT(inside.requests(), IsEmpty());
  EXPECT_EQ(proxy.requests().size(), 1);
}

// --- Proxies ----------------------------------------------------------------

TEST_F(SenderTest, GoesThroughTheProxyThatIsNamedOrTheProcesss) {
  Sink named({Reply(200)});
  Sink of_process({Reply(200)});
  settings_.proxy = named.url();
  options_.proxies.http_proxy = of_process.url();
  ASSERT_TRUE(Post("http://receiver.test/hook").ok());
  ASSERT_EQ(named.requests().size(), 1);
  EXPECT_EQ(named.requests()[0].target, "http://receiver.test/hook");
  has_proxy_ = false;
  ASSERT_TRUE(Post("http://receiver.test/hook").ok());
  EXPECT_EQ(of_process.requests().size(), 1) << "the row takes none";
  has_proxy_ = true;
  settings_.proxy.clear();
  ASSERT_TRUE(Post("http://receiver.test/hook").ok());
  EXPECT_EQ(of_process.requests().size(), 2);
  EXPECT_EQ(named.requests().size(), 1);
}

}  // namespace
}  // namespace weir::notification_controller
