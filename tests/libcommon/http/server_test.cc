#include <gmock/gmock.h>

#include "absl/synchronization/notification.h"
#include "tests/libcommon/http/http_fixture.h"
#include "weir/base/thread_group.h"

namespace weir::http {
namespace {

// The sweep of dead connections falls due while the I/O thread is held up, so
// that it is behind Stop's tasks in the queue when the thread goes on.
TEST(ServerStopTest, EndsWhenTheSweepFellDueMeanwhile) {
  absl::Notification held_up, go_on;
  ServerOptions options;
  options.body_limit = [&](absl::string_view, absl::string_view) {
    held_up.Notify();
    go_on.WaitForNotification();
    return size_t{0};
  };
  const auto server = Serve(AnswerOk, std::move(options));
  ThreadGroup threads;
  threads.Start("client", [&](const Context&) {
    Client().SendAndWait(Soon(), Get(server->url())).IgnoreError();
    return absl::OkStatus();
  });
  held_up.WaitForNotification();
  threads.Start("stop", [&](const Context&) {
    server->Stop(absl::ZeroDuration());
    return absl::OkStatus();
  });
  absl::SleepFor(absl::Milliseconds(1200));
  go_on.Notify();
  EXPECT_TRUE(threads.Join().ok());
}

TEST(ServerLimitTest, AFieldThatIsTooLongHurtsNobodyElse) {
  ServerOptions options;
  options.max_header_bytes = 256u << 10;
  const auto server = Serve(AnswerOk, std::move(options));
  Client client;
  Request request = Get(server->url());
  request.headers.Set("X-Long", std::string(100'000, 'x'));
  const auto refused = client.SendAndWait(Soon(), std::move(request));
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_EQ(refused->code, 431);
  Request many = Get(server->url());
  for (const char* name : {"X-A", "X-B", "X-C"}) {
    many.headers.Set(name, std::string(60'000, 'x'));
  }
  const auto answered = client.SendAndWait(Soon(), std::move(many));
  ASSERT_TRUE(answered.ok()) << answered.status();
  EXPECT_EQ(answered->code, 200);
}

TEST(ServerStartTest, SaysWhyItCannotListen) {
  const auto first = Serve(AnswerOk);
  ServerOptions options;
  options.address = first->address();
  const auto second = Server::Start(std::move(options), AnswerOk);
  EXPECT_THAT(second.status().message(),
              testing::AllOf(testing::HasSubstr(first->address()),
                             testing::HasSubstr("in use")));
}

}  // namespace
}  // namespace weir::http
