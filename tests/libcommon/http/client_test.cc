#include "weir/http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/libcommon/http/http_fixture.h"
#include "weir/base/mutex.h"
#include "weir/http/server.h"

namespace weir::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using enum absl::StatusCode;

TEST(ClientTest, GetsAnAnswerWithItsHeaders) {
  const auto server = Serve([](ServerRequest request, auto responder) {
    responder->Send({418,
                     {{"X-Answer", "a"}, {"X-Answer", "b"}},
                     absl::StrCat(request.method, " ", request.target, " ",
                                  request.headers.Get("User-Agent"))});
  });
  Client client;
  const auto answer =
      client.SendAndWait(Soon(), Get(server->url() + "/a/../b%20c?x=1#y"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->code, 418);
  EXPECT_EQ(answer->body, "GET /a/../b%20c?x=1 weir/0.1.0");
  EXPECT_THAT(answer->headers.GetAll("x-answer"), ElementsAre("a", "b"));
  EXPECT_EQ(answer->url, server->url() + "/a/../b%20c?x=1");
  EXPECT_FALSE(answer->is_http2);
}

struct MethodCase {
  const char* name;
  const char* method;
  const char* body;
  const char* want;
};
class MethodTest : public testing::TestWithParam<MethodCase> {};

TEST_P(MethodTest, ArrivesWithItsBody) {
  const auto server = Serve([](ServerRequest request, auto responder) {
    const std::string seen = absl::StrCat(
        request.method, "|", request.body, "|",
        request.headers.Get("Content-Length"), "|",
        request.headers.Get("Content-Type"), request.headers.Get("Expect"));
    responder->Send({200, {{"X-Seen", seen}}, seen});
  });
  Client client;
  Request request = Get(server->url());
  request.method = GetParam().method;
  request.body = GetParam().body;
  const auto answer = client.SendAndWait(Soon(), request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->headers.Get("X-Seen"), GetParam().want);
  EXPECT_EQ(answer->body,
            GetParam().method == std::string("HEAD") ? "" : GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, MethodTest,
    testing::Values(MethodCase{"Get", "GET", "", "GET|||"},
                    MethodCase{"Head", "HEAD", "", "HEAD|||"},
                    MethodCase{"Post", "POST", "abc", "POST|abc|3|"},
                    MethodCase{"EmptyPost", "POST", "", "POST||0|"},
                    MethodCase{"Put", "PUT", "abc", "PUT|abc|3|"},
                    MethodCase{"Patch", "PATCH", "{}", "PATCH|{}|2|"},
                    MethodCase{"Delete", "DELETE", "", "DELETE|||"},
                    MethodCase{"DeleteWithBody", "DELETE", "x", "DELETE|x|1|"}),
    [](const auto& info) { return std::string(info.param.name); });

// Gives `total` bytes, with or without saying how many.
class Pattern : public BodySource {
 public:
  Pattern(size_t total, bool tells_size)
      : total_(total), tells_size_(tells_size) {}
  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    const size_t count = std::min(size, total_ - at_);
    std::memset(buffer, 'p', count);
    at_ += count;
    return count;
  }
  absl::Status Rewind() override {
    at_ = 0;
    ++rewinds;
    return absl::OkStatus();
  }
  std::optional<size_t> size() const override {
    return tells_size_ ? std::optional<size_t>(total_) : std::nullopt;
  }
  int rewinds = 0;

 private:
  const size_t total_;
  const bool tells_size_;
  size_t at_ = 0;
};

TEST(ClientTest, UploadsFromASource) {
  ServerOptions options;
  options.max_body_bytes = 16u << 20;
  const auto server = Serve(
      [](ServerRequest request, auto responder) {
        responder->Send(
            {200,
             {},
             absl::StrCat(request.body.size(), " ",
                          request.headers.Get("Transfer-Encoding"))});
      },
      options);
  Client client;
  for (bool tells_size : {true, false}) {
    Request request = Get(server->url());
    request.method = "POST";
    request.body_source = std::make_shared<Pattern>(5'000'000, tells_size);
    const auto answer = client.SendAndWait(Soon(), request);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->body, tells_size ? "5000000 " : "5000000 chunked");
  }
}

TEST(ClientTest, ASourcesErrorEndsTheCall) {
  class Broken : public Pattern {
   public:
    Broken() : Pattern(10, true) {}
    absl::StatusOr<size_t> Read(char*, size_t) override {
      return absl::DataLossError("the file shrank");
    }
  };
  const auto server = Serve(AnswerOk);
  Client client;
  Request request = Get(server->url());
  request.method = "PUT";
  request.body_source = std::make_shared<Broken>();
  EXPECT_EQ(client.SendAndWait(Soon(), request).status(),
            absl::DataLossError("the file shrank"));
}

TEST(ClientTest, ConnectionsAreUsedAgain) {
  const auto server = Serve([](ServerRequest request, auto responder) {
    responder->Send({200, {}, request.remote_address});
  });
  Client client;
  const auto first = client.SendAndWait(Soon(), Get(server->url()));
  const auto second = client.SendAndWait(Soon(), Get(server->url()));
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->body, second->body);

  client.DropConnections();
  const auto third = client.SendAndWait(Soon(), Get(server->url()));
  ASSERT_TRUE(third.ok());
  EXPECT_NE(third->body, first->body);
}

TEST(ClientTest, CredentialsInTheUrlBecomeAHeader) {
  const auto server = Serve([](ServerRequest request, auto responder) {
    responder->Send(
        {200, {}, std::string(request.headers.Get("Authorization"))});
  });
  Client client;
  const auto answer = client.SendAndWait(
      Soon(), Get(absl::StrCat("http://u%40x:p@", server->address(), "/")));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->body, "Basic dUB4OnA=");
  EXPECT_EQ(answer->url, absl::StrCat("http://", server->address(), "/"));
}

struct BadRequestCase {
  const char* name;
  Request request;
};
class BadRequestTest : public testing::TestWithParam<BadRequestCase> {};

TEST_P(BadRequestTest, IsRefusedWithoutItsSecrets) {
  Client client;
  const auto answer = client.SendAndWait(Soon(), GetParam().request);
  EXPECT_EQ(answer.status().code(), kInvalidArgument) << answer.status();
  EXPECT_THAT(answer.status().message(), Not(HasSubstr("secret")));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadRequestTest,
    testing::Values(
        BadRequestCase{"NoScheme", {.url = "u:secret@example.com/x"}},
        BadRequestCase{"OtherScheme", {.url = "file:///etc/passwd"}},
        BadRequestCase{"Space", {.url = "http://u:secret@example.com/a b"}},
        BadRequestCase{"Port", {.url = "http://example.com:99999/"}},
        BadRequestCase{"Empty", {.url = ""}},
        BadRequestCase{"HeaderWithLineBreak",
                       {.url = "http://127.0.0.1:1/",
                        .headers = {{"A", "b\r\nAuthorization: secret"}}}},
        BadRequestCase{"HeaderWithLineBreakAtItsEnd",
                       {.url = "http://127.0.0.1:1/",
                        .headers = {{"Authorization", "Bearer secret\n"}}}},
        BadRequestCase{"HeaderWhoseNameHoldsAnother",
                       {.url = "http://127.0.0.1:1/",
                        .headers = {{"Authorization: secret; X", "b"}}}},
        BadRequestCase{"NoMethod",
                       {.method = "", .url = "http://127.0.0.1:1/"}}),
    [](const auto& info) { return std::string(info.param.name); });

// --- Limits
// --------------------------------------------------------------------

std::string Gzip(const std::string& text) {
  z_stream stream = {};
  EXPECT_EQ(
      deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
      Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(ClientTest, DecodesGzipWhereAskedTo) {
  const std::string text(100'000, 'g');
  const auto server = Serve([&](ServerRequest request, auto responder) {
    responder->Send(
        {200,
         {{"Content-Encoding", "gzip"},
          {"X-Accepted", std::string(request.headers.Get("Accept-Encoding"))}},
         Gzip(text)});
  });
  Client client;
  const auto decoded = client.SendAndWait(Soon(), Get(server->url()));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->headers.Get("X-Accepted"), "gzip");
  EXPECT_FALSE(decoded->headers.Has("Content-Encoding"));
  EXPECT_FALSE(decoded->headers.Has("Content-Length"));
  EXPECT_TRUE(decoded->body == text);

  Request request = Get(server->url());
  request.accept_gzip = false;
  const auto raw = client.SendAndWait(Soon(), request);
  ASSERT_TRUE(raw.ok()) << raw.status();
  EXPECT_EQ(raw->headers.Get("X-Accepted"), "");
  EXPECT_EQ(raw->headers.Get("Content-Encoding"), "gzip");
  EXPECT_TRUE(raw->body == Gzip(text));
}

TEST(ClientTest, BoundsWhatItDecodes) {
  const auto server = Serve([](ServerRequest, auto responder) {
    responder->Send(
        {200, {{"Content-Encoding", "gzip"}}, Gzip(std::string(1 << 20, 'g'))});
  });
  Client client;
  Request request = Get(server->url());
  request.max_response_bytes = 100'000;
  EXPECT_EQ(client.SendAndWait(Soon(), request).status().code(),
            kResourceExhausted);
}

TEST(ClientTest, BoundsWhatItReads) {
  const auto server = Serve([](ServerRequest request, auto responder) {
    const std::string text(2000, 'x');
    if (request.path == "/whole") return responder->Send({200, {}, text});
    const auto stream = responder->Stream({});
    EXPECT_TRUE(stream->Write(text).ok());
  });
  Client client;
  for (const char* path : {"/whole", "/stream"}) {
    Request request = Get(server->url() + path);
    request.max_response_bytes = 1999;
    EXPECT_EQ(client.SendAndWait(Soon(), request).status().code(),
              kResourceExhausted);
    request.max_response_bytes = 2000;
    EXPECT_TRUE(client.SendAndWait(Soon(), request).ok());
  }
}

// --- Time and faults
// -------------------------------------------------------------

TEST(ClientTest, ARefusedConnectionWasNeverSent) {
  std::string url;
  {
    const auto server = Serve(AnswerOk);
    url = server->url();
  }
  Client client;
  const auto answer = client.SendAndWait(Soon(), Get(url));
  EXPECT_EQ(answer.status().code(), kUnavailable);
  EXPECT_TRUE(WasNeverSent(answer.status()));
  EXPECT_EQ(answer.status().message(),
            absl::StrCat("dial tcp ", url.substr(7),
                         ": connect: connection refused"));
}

TEST(ClientTest, AnUnknownHostWasNeverSent) {
  Client client;
  const auto answer = client.SendAndWait(Soon(), Get("http://absent.invalid/"));
  EXPECT_EQ(answer.status().code(), kUnavailable);
  EXPECT_TRUE(WasNeverSent(answer.status()));
}

TEST(ClientTest, ABrokenAnswerIsUnavailableAndMayHaveBeenSent) {
  const auto server = Serve([](ServerRequest, auto responder) {
    const auto stream = responder->Stream({});
    EXPECT_TRUE(stream->Write("begin").ok());
    while (stream->queued_bytes() > 0) {
      Context().SleepFor(absl::Milliseconds(1)).IgnoreError();
    }
    stream->Abort();
  });
  Client client;
  const auto answer = client.SendAndWait(Soon(), Get(server->url()));
  EXPECT_EQ(answer.status().code(), kUnavailable) << answer.status();
  EXPECT_FALSE(WasNeverSent(answer.status()));
}

TEST(ClientTest, ASilentPeerIsGivenUp) {
  const SilentServer server;
  Client client;
  Request request = Get(server.server().url());
  request.idle_timeout = absl::Milliseconds(30);
  const auto answer = client.SendAndWait(Soon(), request);
  EXPECT_EQ(answer.status(),
            absl::UnavailableError("no byte came or went for 30ms"));
}

TEST(ClientTest, ADeadlineEndsTheCall) {
  const SilentServer server;
  Client client;
  const auto answer =
      client.SendAndWait(Context().WithTimeout(absl::Milliseconds(30)),
                         Get(server.server().url()));
  EXPECT_EQ(answer.status().code(), kDeadlineExceeded);
}

TEST(ClientTest, ACancellationEndsTheCall) {
  SilentServer server;
  Client client;
  const Context ctx = Context().WithCancel();
  Outcome outcome;
  client.Send(ctx, Get(server.server().url()), outcome.Done());
  server.WaitForRequest();
  ctx.Cancel();
  EXPECT_EQ(outcome.Wait().status().code(), kCancelled);
}

TEST(ClientTest, ADoneContextAnswersOnTheCallersThread) {
  Client client;
  const Context ctx = Context().WithCancel();
  ctx.Cancel();
  std::optional<absl::Status> status;
  client.Send(ctx, Get("http://127.0.0.1:1/"),
              [&](const absl::StatusOr<Response>& answer) {
                status = answer.status();
              });
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->code(), kCancelled);
}

TEST(ClientTest, ItsEndCancelsItsCalls) {
  SilentServer server;
  auto client = std::make_unique<Client>();
  Outcome outcome;
  client->Send(Context(), Get(server.server().url()), outcome.Done());
  server.WaitForRequest();
  client = nullptr;
  EXPECT_EQ(outcome.Wait().status().code(), kCancelled);
}

TEST(ClientTest, ACallbackMayDestroyIt) {
  const auto server = Serve(AnswerOk);
  auto client =
      std::make_shared<std::unique_ptr<Client>>(std::make_unique<Client>());
  Outcome outcome;
  (*client)->Send(Soon(), Get(server->url()),
                  [client, done = outcome.Done()](auto answer) {
                    client->reset();
                    done(std::move(answer));
                  });
  EXPECT_TRUE(outcome.Wait().ok());
}

// --- Proxies
// ----------------------------------------------------------------------

TEST(ClientTest, AsksTheProxy) {
  const auto proxy = Serve([](ServerRequest request, auto responder) {
    responder->Send({200,
                     {},
                     absl::StrCat(request.target, " ",
                                  request.headers.Get("Proxy-Authorization"))});
  });
  Client client;
  Request request = Get("http://absent.invalid/x");
  request.proxy = absl::StrCat("http://u:p@", proxy->address());
  const auto answer = client.SendAndWait(Soon(), request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->body, "http://absent.invalid/x Basic dTpw");
}

TEST(ClientTest, AProxysCredentialsStayOutOfErrors) {
  std::string address;
  {
    const auto server = Serve(AnswerOk);
    address = server->address();
  }
  Client client;
  Request request = Get("http://absent.invalid/x");
  request.proxy = absl::StrCat("http://u:secret@", address);
  const auto answer = client.SendAndWait(Soon(), request);
  EXPECT_EQ(answer.status().code(), kUnavailable);
  EXPECT_THAT(answer.status().message(), HasSubstr("proxy"));
  EXPECT_THAT(answer.status().message(), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace weir::http
