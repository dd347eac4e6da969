// Lets many objects come due again and again without any change, and prints
// what one such interval costs.
//
//   reconcile_bench [objects=1000] [passes=200000]
//
// Budget: an unchanged pass takes under 1 ms of CPU and makes no request.

#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "absl/strings/str_cat.h"
#include "tests/support/fake_cluster.h"
#include "weir/base/thread_group.h"
#include "weir/reconcile/manager.h"

namespace {

using weir::Context;
using weir::Value;
namespace reconcile = weir::reconcile;

class Ticker : public reconcile::Reconciler {
 public:
  Ticker(int passes, const Context& done) : left_(passes), done_(done) {}
  reconcile::Outcome Reconcile(const Context&,
                               const reconcile::Request&) override {
    if (--left_ <= 0) done_.Cancel();
    return reconcile::Outcome::RequeueAfter(absl::Milliseconds(1));
  }

 private:
  std::atomic<int> left_;
  const Context done_;
};

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  const int objects = argc > 1 ? std::atoi(argv[1]) : 1000;
  const int passes = argc > 2 ? std::atoi(argv[2]) : 200000;
  const weir::kube::Resource things{
      {"example.dev", "v1", "Thing"}, "things", true};
  auto cluster = std::make_shared<weir::test::FakeCluster>(
      std::vector<weir::kube::Resource>{things});
  for (int i = 0; i < objects; ++i) {
    cluster->Put(Value::MakeObject(
        {{"apiVersion", "example.dev/v1"},
         {"kind", "Thing"},
         {"metadata", Value::MakeObject({{"name", absl::StrCat("thing-", i)},
                                         {"namespace", "ns"}})}}));
  }
  reconcile::ManagerOptions options;
  options.transport = cluster;
  auto manager = reconcile::Manager::Create(std::move(options));
  if (!manager.ok()) return 1;
  const Context ctx = Context().WithCancel();
  reconcile::ControllerOptions controller;
  controller.component = "bench";
  controller.gvk = things.gvk;
  (*manager)->AddController(std::move(controller),
                            std::make_shared<Ticker>(passes, ctx));
  const double before = CpuSeconds();
  if (!(*manager)->Run(ctx).ok()) return 1;
  const double spent = CpuSeconds() - before;
  std::printf("%d objects, %d passes: %.1f us of CPU each, %zu requests\n",
              objects, passes, spent / passes * 1e6,
              cluster->requests().size());
  return 0;
}
