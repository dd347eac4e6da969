#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/libcommon/http/http_fixture.h"
#include "weir/base/mutex.h"

namespace weir::http {
namespace {

using enum absl::StatusCode;

// Hands its one stream to the test.
class StreamingServer {
 public:
  explicit StreamingServer(size_t max_queued_bytes = 16u << 20)
      : server_(Serve(
            [this, max_queued_bytes](const ServerRequest&, auto responder) {
              StreamOptions options;
              options.max_queued_bytes = max_queued_bytes;
              options.on_closed = [this] { closed_ = true; };
              auto stream = responder->Stream(options);
              MutexLock lock(mu_);
              stream_ = std::move(stream);
              changed_.NotifyAll();
            })) {}
  ~StreamingServer() {
    MutexLock lock(mu_);
    stream_ = nullptr;
  }
  std::string url() const { return server_->url(); }
  bool is_closed() const { return closed_; }

  ResponseStream& WaitForStream() {
    MutexLock lock(mu_);
    while (stream_ == nullptr) changed_.Wait(mu_);
    return *stream_;
  }

 private:
  std::atomic<bool> closed_ = false;
  Mutex mu_;
  CondVar changed_;
  std::unique_ptr<ResponseStream> stream_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<Server> server_;
};

// Collects what a call brings.
class Sink {
 public:
  StreamHandlers Handlers() {
    StreamHandlers handlers;
    handlers.on_head = [this](const ResponseHead& head) {
      MutexLock lock(mu_);
      code_ = head.code;
      changed_.NotifyAll();
      return absl::OkStatus();
    };
    handlers.on_data = [this](absl::string_view bytes) {
      MutexLock lock(mu_);
      text_.append(bytes.data(), bytes.size());
      changed_.NotifyAll();
      return absl::OkStatus();
    };
    handlers.on_done = [this](absl::Status status) {
      MutexLock lock(mu_);
      end_ = std::move(status);
      changed_.NotifyAll();
    };
    return handlers;
  }
  std::string WaitForText(size_t size) {
    MutexLock lock(mu_);
    while (text_.size() < size && !end_.has_value()) changed_.Wait(mu_);
    return text_;
  }
  absl::Status WaitForEnd() {
    MutexLock lock(mu_);
    while (!end_.has_value()) changed_.Wait(mu_);
    return *end_;
  }
  size_t size() {
    MutexLock lock(mu_);
    return text_.size();
  }

 private:
  Mutex mu_;
  CondVar changed_;
  int code_ ABSL_GUARDED_BY(mu_) = 0;
  std::string text_ ABSL_GUARDED_BY(mu_);
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);
};

void SleepBriefly() { Context().SleepFor(absl::Milliseconds(1)).IgnoreError(); }

TEST(StreamTest, BytesComeAsTheyAreWritten) {
  StreamingServer server;
  Client client;
  Sink sink;
  const auto call = client.Start(Get(server.url()), sink.Handlers());
  ResponseStream& stream = server.WaitForStream();
  ASSERT_TRUE(stream.Write("one").ok());
  EXPECT_EQ(sink.WaitForText(3), "one");
  ASSERT_TRUE(stream.Write("two").ok());
  EXPECT_EQ(sink.WaitForText(6), "onetwo");
  stream.Close();
  EXPECT_TRUE(sink.WaitForEnd().ok());
}

TEST(StreamTest, ABrokenConnectionEndsIt) {
  StreamingServer server;
  Client client;
  Sink sink;
  const auto call = client.Start(Get(server.url()), sink.Handlers());
  ResponseStream& stream = server.WaitForStream();
  ASSERT_TRUE(stream.Write("one").ok());
  EXPECT_EQ(sink.WaitForText(3), "one");
  stream.Abort();
  EXPECT_EQ(sink.WaitForEnd().code(), kUnavailable);
}

TEST(StreamTest, DestroyingTheCallHangsUp) {
  StreamingServer server;
  Client client;
  Sink sink;
  auto call = client.Start(Get(server.url()), sink.Handlers());
  ResponseStream& stream = server.WaitForStream();
  ASSERT_TRUE(stream.Write("one").ok());
  EXPECT_EQ(sink.WaitForText(3), "one");
  call = nullptr;
  while (!server.is_closed()) SleepBriefly();
}

TEST(StreamTest, TheCallMayBeDestroyedWhenDone) {
  const auto server = Serve(AnswerOk);
  Client client;
  std::unique_ptr<Call> call;
  Mutex mu;
  CondVar changed;
  bool is_done = false;
  StreamHandlers handlers;
  handlers.on_done = [&](const absl::Status&) {
    MutexLock lock(mu);
    call = nullptr;
    is_done = true;
    changed.NotifyAll();
  };
  MutexLock lock(mu);
  call = client.Start(Get(server->url()), std::move(handlers));
  while (!is_done) changed.Wait(mu);
  EXPECT_EQ(call, nullptr);
}

TEST(StreamTest, AnErrorOfAHandlerEndsIt) {
  const auto server = Serve(AnswerOk);
  Client client;
  for (bool in_head : {true, false}) {
    Sink sink;
    StreamHandlers handlers = sink.Handlers();
    const absl::Status refusal = absl::DataLossError("not what I asked for");
    if (in_head) {
      handlers.on_head = [&](const ResponseHead&) { return refusal; };
    } else {
      handlers.on_data = [&](absl::string_view) { return refusal; };
    }
    const auto call = client.Start(Get(server->url()), std::move(handlers));
    EXPECT_EQ(sink.WaitForEnd(), refusal);
  }
}

TEST(StreamTest, APauseSlowsTheServer) {
  StreamingServer server(1u << 20);
  Client client;
  Sink sink;
  Request request = Get(server.url());
  request.max_response_bytes = 0;
  const auto call = client.Start(request, sink.Handlers());
  ResponseStream& stream = server.WaitForStream();
  ASSERT_TRUE(stream.Write("x").ok());
  sink.WaitForText(1);
  call->Pause();
  // Until neither the sockets nor the queue takes more.
  size_t written = 1;
  int refusals = 0;
  while (refusals < 30) {
    if (stream.Write(std::string(256 << 10, 'x')).ok()) {
      written += 256 << 10;
      refusals = 0;
    } else {
      ++refusals;
      SleepBriefly();
    }
  }
  EXPECT_LT(sink.size(), written / 2);
  call->Resume();
  EXPECT_EQ(sink.WaitForText(written).size(), written);
  stream.Close();
  EXPECT_TRUE(sink.WaitForEnd().ok());
}

TEST(StreamTest, APausedCallIsNotIdle) {
  StreamingServer server;
  Client client;
  Sink sink;
  Request request = Get(server.url());
  request.idle_timeout = absl::Milliseconds(200);
  const auto call = client.Start(request, sink.Handlers());
  ResponseStream& stream = server.WaitForStream();
  call->Pause();
  Context().SleepFor(absl::Milliseconds(300)).IgnoreError();
  call->Resume();
  ASSERT_TRUE(stream.Write("x").ok());
  EXPECT_EQ(sink.WaitForText(1), "x");
  stream.Close();
  EXPECT_TRUE(sink.WaitForEnd().ok());
}

TEST(StreamTest, DroppedConnectionsServeTheirStreamsToTheEnd) {
  StreamingServer server;
  Client client;
  Sink sink;
  const auto call = client.Start(Get(server.url()), sink.Handlers());
  ResponseStream& stream = server.WaitForStream();
  client.DropConnections();
  ASSERT_TRUE(stream.Write("after").ok());
  EXPECT_EQ(sink.WaitForText(5), "after");
  stream.Close();
  EXPECT_TRUE(sink.WaitForEnd().ok());
  client.DropConnections();
}

// --- Readers -----------------------------------------------------------------

TEST(BodyReaderTest, ReadsALargeBodyInPieces) {
  std::string piece;
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&piece, i, ",");
  std::string big;
  while (big.size() < (8u << 20)) big += piece;
  const auto server = Serve([&](const ServerRequest&, auto responder) {
    responder->Send({200, {}, big});
  });
  Client client;
  const auto reader = client.Open(Soon(), Get(server->url()));
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ((*reader)->head().code, 200);
  std::string got;
  std::string buffer(100'000, '\0');
  while (true) {
    const auto count = (*reader)->Read(Soon(), buffer.data(), buffer.size());
    ASSERT_TRUE(count.ok()) << count.status();
    if (*count == 0) break;
    got.append(buffer, 0, *count);
  }
  EXPECT_TRUE(got == big);
}

TEST(BodyReaderTest, SaysThatTheBodyBroke) {
  StreamingServer server;
  Client client;
  auto serve = client.Open(Soon(), Get(server.url()));
  ASSERT_TRUE(serve.ok()) << serve.status();
  ResponseStream& stream = server.WaitForStream();
  ASSERT_TRUE(stream.Write("part").ok());
  char buffer[16];
  const auto first = (*serve)->Read(Soon(), buffer, sizeof(buffer));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(absl::string_view(buffer, *first), "part");
  stream.Abort();
  EXPECT_EQ((*serve)->Read(Soon(), buffer, sizeof(buffer)).status().code(),
            kUnavailable);
}

TEST(BodyReaderTest, WaitsNoLongerThanItsContext) {
  StreamingServer server;
  Client client;
  const auto reader = client.Open(Soon(), Get(server.url()));
  ASSERT_TRUE(reader.ok()) << reader.status();
  char buffer[16];
  EXPECT_EQ((*reader)
                ->Read(Context().WithTimeout(absl::Milliseconds(20)), buffer,
                       sizeof(buffer))
                .status()
                .code(),
            kDeadlineExceeded);
}

TEST(BodyReaderTest, TheContextOfOpenBoundsTheWhole) {
  StreamingServer server;
  Client client;
  const Context ctx = Context().WithCancel();
  const auto reader = client.Open(ctx, Get(server.url()));
  ASSERT_TRUE(reader.ok()) << reader.status();
  ctx.Cancel();
  char buffer[16];
  EXPECT_EQ((*reader)->Read(Soon(), buffer, sizeof(buffer)).status().code(),
            kCancelled);
}

}  // namespace
}  // namespace weir::http
