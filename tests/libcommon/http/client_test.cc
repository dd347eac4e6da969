#include "weir/http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/base/mutex.h"
#include "weir/http/server.h"

namespace weir::http {
namespace {

using testing::HasSubstr;

std::unique_ptr<Server> Serve(Handler handler, ServerOptions options = {}) {
  auto server = Server::Start(std::move(options), std::move(handler));
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

Context Soon() { return Context().WithTimeout(absl::Seconds(10)); }

Request Get(const std::string& url) {
  Request request;
  request.url = url;
  return request;
}

TEST(ClientTest, GetsAnAnswerWithItsHeaders) {
  const auto server = Serve([](ServerRequest request, auto responder) {
    responder->Send({418,
                     {{"X-Answer", "a"}, {"X-Answer", "b"}},
                     absl::StrCat(request.method, " ", request.target, " ",
                                  request.headers.Get("User-Agent"))});
  });
  Client client;
  const auto answer =
      client.SendAndWait(Soon(), Get(server->url() + "/a/../b%20c?x=1"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->code, 418);
  EXPECT_EQ(answer->body, "GET /a/../b%20c?x=1 weir/0.1.0");
  EXPECT_THAT(answer->headers.GetAll("x-answer"),
              testing::ElementsAre("a", "b"));
  EXPECT_FALSE(answer->is_http2);
}

TEST(ClientTest, StreamsALargeAnswerThroughAReader) {
  const std::string big(8u << 20, 'x');
  const auto server = Serve([&](ServerRequest, auto responder) {
    responder->Send({200, {}, big});
  });
  Client client;
  auto reader = client.Open(Soon(), Get(server->url()));
  ASSERT_TRUE(reader.ok()) << reader.status();
  std::string got;
  std::string buffer(100'000, '\0');
  while (true) {
    const auto count = (*reader)->Read(Soon(), buffer.data(), buffer.size());
    ASSERT_TRUE(count.ok()) << count.status();
    if (*count == 0) break;
    got.append(buffer, 0, *count);
  }
  EXPECT_EQ(got.size(), big.size());
  EXPECT_TRUE(got == big);
}

}  // namespace
}  // namespace weir::http
