#include "weir/reconcile/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "tests/libcommon/reconcile/fixtures.h"
#include "weir/kube/transport.h"

namespace weir::reconcile {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsTest, SameNameIsTheSameMetric) {
  Metrics metrics;
  metrics.Counter("c_total", "help", {"a", "b"}).Add({"1", "2"});
  metrics.Counter("c_total", "help", {"a", "b"}).Add({"1", "2"}, 2.5);
  metrics.Gauge("g", "help", {}).Set({}, 7);
  EXPECT_THAT(metrics.Print(), HasSubstr("c_total{a=\"1\",b=\"2\"} 3.5\n"));
  EXPECT_THAT(metrics.Print(), HasSubstr("\ng 7\n"));
}

TEST(MetricsTest, RemovedSeriesAreGone) {
  Metrics metrics;
  CounterMetric& counter = metrics.Counter("c_total", "help", {"a"});
  counter.Add({"x"});
  counter.Add({"y"});
  counter.Remove({"x"});
  counter.Remove({"never"});
  const std::string text = metrics.Print();
  EXPECT_THAT(text, Not(HasSubstr("a=\"x\"")));
  EXPECT_THAT(text, HasSubstr("c_total{a=\"y\"} 1\n"));
}

TEST(MetricsTest, ObjectsHaveFluxsBuckets) {
  Metrics metrics;
  metrics.ObserveReconcile("GitRepository", Key("a"), absl::Milliseconds(10));
  metrics.ObserveReconcile("GitRepository", Key("a"), absl::Seconds(1));
  metrics.ObserveReconcile("GitRepository", Key("a"), absl::Hours(1));
  const std::string text = metrics.Print();
  const std::string labels =
      "{kind=\"GitRepository\",name=\"a\",namespace=\"ns\"";
  const std::string name = "gotk_reconcile_duration_seconds";
  EXPECT_THAT(text, HasSubstr("# TYPE " + name + " histogram\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket" + labels + ",le=\"0.01\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket" + labels + ",le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(name + "_count" + labels + "} 3\n"));
  EXPECT_THAT(text, HasSubstr(name + "_sum" + labels + "} 3601.01"));
  EXPECT_THAT(text, HasSubstr(",le=\"0.0383"));
  metrics.ForgetObject("GitRepository", Key("a"));
  EXPECT_THAT(metrics.Print(), Not(HasSubstr("name=\"a\"")));
}

TEST(MetricsTest, CallbacksRunUntilTheirHandleGoes) {
  Metrics metrics;
  int calls = 0;
  auto handle = metrics.OnPrint([&] { ++calls; });
  metrics.Print();
  handle.reset();
  metrics.Print();
  EXPECT_EQ(calls, 1);
}

// Answers when it is told to.
class HeldTransport : public kube::Transport {
 public:
  void Send(const Context&, kube::Request, Done done) override {
    done_ = std::move(done);
  }
  std::unique_ptr<kube::WatchStream> Watch(
      kube::Request, kube::WatchHandler handler) override {
    on_end_ = std::move(handler.on_end);
    return nullptr;
  }
  void Answer() {
    done_(kube::Response{});
    on_end_(absl::OkStatus());
  }

 private:
  Done done_;
  std::function<void(absl::Status)> on_end_;
};

TEST(MetricsTest, AnswersAreCountedUntilItsEnd) {
  auto held = std::make_shared<HeldTransport>();
  auto metrics = std::make_unique<Metrics>();
  auto measured = MeasureTransport(held, *metrics, "host");
  int answers = 0;
  const auto ask = [&] {
    measured->Send(Context(), {},
                   [&](absl::StatusOr<kube::Response>) { ++answers; });
    measured->Watch({}, {nullptr, [&](absl::Status) { ++answers; }});
  };
  ask();
  held->Answer();
  EXPECT_THAT(metrics->Print(), HasSubstr("rest_client_requests_total{"));
  ask();
  measured.reset();
  metrics.reset();
  held->Answer();
  EXPECT_EQ(answers, 4);
}

TEST(MetricsTest, TellsOfTheProcess) {
  const std::string text = Metrics().Print();
  for (const char* name :
       {"process_cpu_seconds_total", "process_resident_memory_bytes",
        "process_open_fds", "process_start_time_seconds"}) {
    EXPECT_THAT(text, HasSubstr(std::string("\n") + name + " "));
  }
}

}  // namespace
}  // namespace weir::reconcile
