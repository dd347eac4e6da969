#include "weir/kube/lease.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/libcommon/kube/kube_fixture.h"
#include "tests/support/fake_transport.h"
#include "weir/base/duration.h"
#include "weir/base/mutex.h"
#include "weir/base/thread_group.h"

namespace weir::kube {
namespace {

using testing::HasSubstr;
using enum absl::StatusCode;

const ObjectRef kLease{{"coordination.k8s.io", "v1", "Lease"},
                       {"flux-system", "controller-leader-election"}};

// One contender, on a thread of its own.
class Contender {
 public:
  Contender(std::shared_ptr<test::FakeTransport> fake, std::string identity,
            bool release_on_cancel = true)
      : client_(std::move(fake)) {
    options_.name_space = kLease.key.name_space;
    options_.name = kLease.key.name;
    options_.identity = std::move(identity);
    options_.lease_duration = absl::Seconds(1);
    options_.renew_deadline = absl::Milliseconds(300);
    options_.retry_period = absl::Milliseconds(20);
    options_.release_on_cancel = release_on_cancel;
    threads_.Start("contender", [this](const Context& ctx) {
      absl::Status end = RunAsLeader(
          ctx, client_, options_, {}, [this](const Context& leading) {
            Set(&is_leading_, true);
            while (leading.SleepFor(absl::Hours(1)).ok()) {
            }
            Set(&is_leading_, false);
            return absl::OkStatus();
          });
      MutexLock lock(mu_);
      end_ = std::move(end);
      changed_.NotifyAll();
      return absl::OkStatus();
    });
  }

  void Stop() {
    threads_.Stop();
    threads_.Join().IgnoreError();
  }
  bool WaitForLeading() {
    MutexLock lock(mu_);
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (!is_leading_ && changed_.WaitUntil(mu_, deadline)) {
    }
    return is_leading_;
  }
  absl::Status WaitForEnd() {
    MutexLock lock(mu_);
    while (!end_.has_value()) changed_.Wait(mu_);
    return *end_;
  }
  bool is_leading() {
    MutexLock lock(mu_);
    return is_leading_;
  }

 private:
  void Set(bool* flag, bool value) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    MutexLock lock(mu_);
    *flag = value;
    changed_.NotifyAll();
  }

  const Client client_;
  LeaderElectorOptions options_;
  Mutex mu_;
  CondVar changed_;
  bool is_leading_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);
  ThreadGroup threads_;
};

class LeaseTest : public testing::Test {
 protected:
  Value Spec() const {
    const auto lease = fake_->Find(kLease);
    return lease.has_value() ? (*lease)["spec"] : Value();
  }
  std::string Holder() const {
    return std::string(Spec().GetString("holderIdentity"));
  }

  const std::shared_ptr<test::FakeTransport> fake_ =
      std::make_shared<test::FakeTransport>(Resources());
};

TEST_F(LeaseTest, TheFirstCreatesTheLeaseAndReleasesIt) {
  Contender a(fake_, "a");
  ASSERT_TRUE(a.WaitForLeading());
  Value spec = Spec();
  EXPECT_EQ(spec.GetString("holderIdentity"), "a");
  EXPECT_EQ(spec.GetInt("leaseDurationSeconds"), 1);
  EXPECT_EQ(spec.GetInt("leaseTransitions", -1), 0);
  EXPECT_TRUE(ParseKubeTime(spec.GetString("acquireTime")).ok());
  const std::string renewed(spec.GetString("renewTime"));
  ASSERT_TRUE(
      Eventually([&] { return Spec().GetString("renewTime") != renewed; }));
  EXPECT_EQ(Spec()["acquireTime"], spec["acquireTime"]);
  a.Stop();
  EXPECT_TRUE(a.WaitForEnd().ok());
  EXPECT_EQ(Holder(), "");
  EXPECT_EQ(Spec().GetInt("leaseDurationSeconds"), 1);
}

TEST_F(LeaseTest, TheSecondWaitsForARelease) {
  Contender a(fake_, "a");
  ASSERT_TRUE(a.WaitForLeading());
  Contender b(fake_, "b");
  Context().SleepFor(absl::Milliseconds(60)).IgnoreError();
  EXPECT_FALSE(b.is_leading());
  a.Stop();
  ASSERT_TRUE(b.WaitForLeading());
  EXPECT_EQ(Holder(), "b");
  EXPECT_EQ(Spec().GetInt("leaseTransitions"), 1);
}

TEST_F(LeaseTest, TheSecondTakesOverWhenTheFirstFellSilent) {
  {
    Contender a(fake_, "a", /*release_on_cancel=*/false);
    ASSERT_TRUE(a.WaitForLeading());
  }
  EXPECT_EQ(Holder(), "a");
  const absl::Time start = absl::Now();
  Contender b(fake_, "b");
  ASSERT_TRUE(b.WaitForLeading());
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(900));
  EXPECT_EQ(Spec().GetInt("leaseTransitions"), 1);
}

TEST_F(LeaseTest, TheHoldersClockDoesNotMatter) {
  // Its clock is an hour behind; for us its lease is fresh.
  fake_->Put(Value::MakeObject(
      {{"apiVersion", "coordination.k8s.io/v1"},
       {"kind", "Lease"},
       {"metadata", Value::MakeObject({{"namespace", kLease.key.name_space},
                                       {"name", kLease.key.name}})},
       {"spec", Value::MakeObject(
                    {{"holderIdentity", "far"},
                     {"leaseDurationSeconds", 1},
                     {"renewTime",
                      FormatKubeMicroTime(absl::Now() - absl::Hours(1))}})}}));
  Contender a(fake_, "a");
  Context().SleepFor(absl::Milliseconds(60)).IgnoreError();
  EXPECT_FALSE(a.is_leading());
  EXPECT_EQ(Holder(), "far");
}

TEST_F(LeaseTest, AServerThatIsAwayCostsTheLease) {
  Contender a(fake_, "a");
  ASSERT_TRUE(a.WaitForLeading());
  fake_->set_hook(
      [](const Request&) -> std::optional<absl::StatusOr<Response>> {
        return absl::UnavailableError("connection refused");
      });
  const absl::Status end = a.WaitForEnd();
  EXPECT_EQ(end.code(), kAborted);
  EXPECT_THAT(end.message(), HasSubstr("connection refused"));
  EXPECT_FALSE(a.is_leading());
}

TEST_F(LeaseTest, AShortFailureDoesNot) {
  Contender a(fake_, "a");
  ASSERT_TRUE(a.WaitForLeading());
  int failures = 0;
  fake_->set_hook(
      [&](const Request&) -> std::optional<absl::StatusOr<Response>> {
        if (++failures > 4) return std::nullopt;
        return absl::UnavailableError("connection refused");
      });
  const std::string renewed(Spec().GetString("renewTime"));
  ASSERT_TRUE(
      Eventually([&] { return Spec().GetString("renewTime") != renewed; }));
  EXPECT_TRUE(a.is_leading());
}

TEST_F(LeaseTest, ALostRaceEndsTheLeadership) {
  Contender a(fake_, "a");
  ASSERT_TRUE(a.WaitForLeading());
  Value lease = *fake_->Find(kLease);
  lease.Mutable("spec").Set("holderIdentity", "thief");
  lease.Mutable("spec").Set("leaseDurationSeconds", 60);
  fake_->Put(lease);
  EXPECT_EQ(a.WaitForEnd().code(), kAborted);
  EXPECT_EQ(Holder(), "thief");
}

TEST_F(LeaseTest, ItsWorksResultIsTheResult) {
  const Client client(fake_);
  LeaderElectorOptions options;
  options.name_space = "a";
  options.name = "b";
  options.identity = "c";
  EXPECT_EQ(
      RunAsLeader(Soon(), client, options, {},
                  [](const Context&) { return absl::DataLossError("broken"); }),
      absl::DataLossError("broken"));
}

TEST_F(LeaseTest, ItTellsTheCluster) {
  Contender a(fake_, "a");
  ASSERT_TRUE(a.WaitForLeading());
  const Client client(fake_);
  ASSERT_TRUE(Eventually([&] {
    const auto events =
        client.List(Soon(), {"", "v1", "Event"}, kLease.key.name_space);
    if (!events.ok() || (*events)["items"].empty()) return false;
    const Value& event = (*events)["items"][size_t{0}];
    EXPECT_EQ(event.GetString("reason"), "LeaderElection");
    EXPECT_EQ(event.GetString("message"), "a became leader");
    EXPECT_EQ(event["involvedObject"].GetString("name"), kLease.key.name);
    return true;
  }));
}

struct BadTimesCase {
  const char* name;
  absl::Duration lease, deadline, retry;
};
class BadTimesTest : public testing::TestWithParam<BadTimesCase> {};

TEST_P(BadTimesTest, AreRefused) {
  const Client client(std::make_shared<test::FakeTransport>(Resources()));
  LeaderElectorOptions options;
  options.name_space = "a";
  options.name = "b";
  options.identity = "c";
  options.lease_duration = GetParam().lease;
  options.renew_deadline = GetParam().deadline;
  options.retry_period = GetParam().retry;
  EXPECT_EQ(RunAsLeader(Soon(), client, options, {},
                        [](const Context&) { return absl::OkStatus(); })
                .code(),
            kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadTimesTest,
    testing::Values(BadTimesCase{"LeaseNotAboveDeadline", absl::Seconds(10),
                                 absl::Seconds(10), absl::Seconds(2)},
                    BadTimesCase{"DeadlineNotAboveRetry", absl::Seconds(15),
                                 absl::Seconds(12), absl::Seconds(10)},
                    BadTimesCase{"NoRetry", absl::Seconds(15),
                                 absl::Seconds(10), absl::ZeroDuration()}),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace weir::kube
