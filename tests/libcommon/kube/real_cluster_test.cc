// Against a real kube-apiserver, when WEIR_TEST_KUBECONFIG names one:
//   scripts/control-plane start DIR; WEIR_TEST_KUBECONFIG=DIR/kubeconfig
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "weir/base/mutex.h"
#include "weir/base/random.h"
#include "weir/base/task_queue.h"
#include "weir/kube/client.h"
#include "weir/kube/config.h"
#include "weir/kube/informer.h"
#include "weir/kube/lease.h"

namespace weir::kube {
namespace {

const GroupVersionKind kConfigMap{"", "v1", "ConfigMap"};

Context Soon() { return Context().WithTimeout(absl::Seconds(30)); }

class RealClusterTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* path = std::getenv("WEIR_TEST_KUBECONFIG");
    if (path == nullptr) GTEST_SKIP() << "WEIR_TEST_KUBECONFIG is not set";
    LoadOptions options;
    options.kubeconfig = path;
    const auto config = LoadConfig(options);
    ASSERT_TRUE(config.ok()) << config.status();
    const auto transport = MakeHttpTransport(*config, {.qps = 5, .burst = 10});
    ASSERT_TRUE(transport.ok()) << transport.status();
    client_ = std::make_unique<Client>(*transport);
    name_space_ = absl::StrCat("weir-test-", RandomHex(4));
    const auto made = client_->Create(
        Soon(),
        Value::MakeObject(
            {{"apiVersion", "v1"},
             {"kind", "Namespace"},
             {"metadata", Value::MakeObject({{"name", name_space_}})}}),
        {});
    ASSERT_TRUE(made.ok()) << made.status();
  }

  void TearDown() override {
    if (client_ == nullptr) return;
    client_->Delete(Soon(), {{"", "v1", "Namespace"}, {"", name_space_}})
        .IgnoreError();
  }

  Value ConfigMap(const std::string& name, const std::string& text) const {
    return Value::MakeObject(
        {{"apiVersion", "v1"},
         {"kind", "ConfigMap"},
         {"metadata",
          Value::MakeObject({{"name", name}, {"namespace", name_space_}})},
         {"data", Value::MakeObject({{"text", text}})}});
  }

  std::unique_ptr<Client> client_;
  std::string name_space_;
};

// Of the size of a stored release of a large chart.
TEST_F(RealClusterTest, LargeObjectsComeAndGoWithoutAStall) {
  TaskQueue tasks("watch");
  InformerOptions options;
  options.gvk = kConfigMap;
  options.name_space = name_space_;
  const auto informer =
      std::make_shared<Informer>(*client_, tasks, std::move(options), Logger());
  ASSERT_TRUE(informer->WaitForSync(Soon()).ok());
  for (int size = 100'000; size <= 900'000; size += 100'000) {
    std::string text;
    while (text.size() < static_cast<size_t>(size)) text += RandomHex(500);
    const absl::Time start = absl::Now();
    const auto made = client_->Create(
        Soon(), ConfigMap(absl::StrCat("large-", size), text), {});
    ASSERT_TRUE(made.ok()) << made.status();
    const auto changed = client_->Update(Soon(), *made, {});
    ASSERT_TRUE(changed.ok()) << changed.status();
    EXPECT_LT(absl::Now() - start, absl::Seconds(5)) << size;
  }
}

TEST_F(RealClusterTest, ManyCallsShareConnectionsAndAllArrive) {
  constexpr int kCount = 300;
  std::vector<Request> requests;
  for (int i = 0; i < kCount; ++i) {
    auto request = client_->ApplyRequest(
        Soon(), ConfigMap(absl::StrCat("many-", i), std::string(20'000, 'x')),
        {.field_manager = "weir", .force = true});
    ASSERT_TRUE(request.ok()) << request.status();
    requests.push_back(*std::move(request));
  }
  const absl::Time start = absl::Now();
  const auto answers = client_->DoAll(Soon(), std::move(requests), 150);
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->code, 201);
    EXPECT_TRUE(answer->has_flow_control);
  }
  std::cerr << kCount << " applies: " << absl::Now() - start << "\n";
  const auto list = client_->List(Soon(), kConfigMap, name_space_);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_GE((*list)["items"].size(), kCount);
}

TEST_F(RealClusterTest, AnInformerSeesChanges) {
  TaskQueue tasks("informers");
  InformerOptions options;
  options.gvk = kConfigMap;
  options.name_space = name_space_;
  Informer informer(*client_, tasks, options);
  ASSERT_TRUE(informer.WaitForSync(Soon()).ok());
  Mutex mu;
  CondVar changed;
  bool seen = false;
  informer.AddHandler([&](const Change& change) {
    MutexLock lock(mu);
    if (KeyOf(change.after).name == "late" &&
        change.type == ChangeType::kDeleted) {
      seen = true;
      changed.NotifyAll();
    }
  });
  ASSERT_TRUE(client_
                  ->Apply(Soon(), ConfigMap("late", "a"),
                          {.field_manager = "weir", .force = true})
                  .ok());
  ASSERT_TRUE(
      client_->Delete(Soon(), {kConfigMap, {name_space_, "late"}}).ok());
  MutexLock lock(mu);
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (!seen && changed.WaitUntil(mu, deadline)) {
  }
  EXPECT_TRUE(seen);
}

TEST_F(RealClusterTest, MoreWatchesThanAConnectionHasStreams) {
  constexpr int kCount = 300;
  TaskQueue tasks("informers");
  std::vector<std::unique_ptr<Informer>> informers;
  for (int i = 0; i < kCount; ++i) {
    InformerOptions options;
    options.gvk = kConfigMap;
    options.name_space = name_space_;
    options.field_selector = absl::StrCat("metadata.name=watched-", i);
    informers.push_back(
        std::make_unique<Informer>(*client_, tasks, std::move(options)));
  }
  for (const auto& informer : informers) {
    ASSERT_TRUE(informer->WaitForSync(Soon()).ok());
  }
  const auto made = client_->Apply(Soon(), ConfigMap("watched-7", "a"),
                                   {.field_manager = "weir", .force = true});
  ASSERT_TRUE(made.ok()) << made.status();
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (informers[7]->List().empty() && absl::Now() < deadline) {
    ASSERT_TRUE(Soon().SleepFor(absl::Milliseconds(10)).ok());
  }
  EXPECT_EQ(informers[7]->List().size(), 1);
}

TEST_F(RealClusterTest, ErrorsKeepTheStatusObject) {
  const auto absent =
      client_->Get(Soon(), {kConfigMap, {name_space_, "absent"}});
  EXPECT_EQ(absent.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ApiReasonOf(absent.status()), "NotFound");
  EXPECT_EQ(absent.status().message(), "configmaps \"absent\" not found");
}

}  // namespace
}  // namespace weir::kube
