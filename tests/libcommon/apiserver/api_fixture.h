// An embedded API server in memory, and calls on it that wait.
//
// Touches: nothing.
// Threads: of one test.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "weir/apiserver/server.h"
#include "weir/base/mutex.h"
#include "weir/kube/transport.h"
#include "weir/kube/types.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::apiserver {

class ApiTest : public testing::Test {
 protected:
  using Query = std::vector<std::pair<std::string, std::string>>;

  void SetUp() override { Open(MakeOptions()); }
  virtual ServerOptions MakeOptions() {
    ServerOptions options;
    options.simulation = Simulation::kOff;
    return options;
  }
  void Open(ServerOptions options) {
    server_.reset();
    auto server = Server::Create(std::move(options));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    transport_ = server_->transport();
  }

  kube::Response Send(kube::Request request) {
    auto answer =
        kube::SendAndWait(*transport_, Context().WithTimeout(absl::Seconds(20)),
                          std::move(request));
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *std::move(answer) : kube::Response();
  }
  kube::Response Get(const std::string& path, Query query = {},
                     const std::string& accept = "application/json") {
    kube::Request request;
    request.path = path;
    request.query = std::move(query);
    request.accept = accept;
    return Send(std::move(request));
  }
  kube::Response Post(const std::string& path, const std::string& yaml,
                      Query query = {}) {
    return Write(kube::Method::kPost, path, yaml, std::move(query));
  }
  kube::Response Put(const std::string& path, const std::string& yaml,
                     Query query = {}) {
    return Write(kube::Method::kPut, path, yaml, std::move(query));
  }
  kube::Response Put(const std::string& path, const Value& object,
                     Query query = {}) {
    kube::Request request;
    request.method = kube::Method::kPut;
    request.path = path;
    request.query = std::move(query);
    request.body = object;
    return Send(std::move(request));
  }
  kube::Response Merge(const std::string& path, const std::string& yaml,
                       Query query = {}) {
    return Write(kube::Method::kPatch, path, yaml, std::move(query),
                 "application/merge-patch+json");
  }
  kube::Response Apply(const std::string& path, const std::string& yaml,
                       const std::string& manager = "tester",
                       Query query = {}) {
    query.emplace_back("fieldManager", manager);
    return Write(kube::Method::kPatch, path, yaml, std::move(query),
                 "application/apply-patch+yaml");
  }
  kube::Response Delete(const std::string& path,
                        const std::string& options = "{}", Query query = {}) {
    return Write(kube::Method::kDelete, path, options, std::move(query));
  }
  kube::Response Write(kube::Method method, const std::string& path,
                       const std::string& yaml, Query query,
                       const std::string& content_type = "") {
    kube::Request request;
    request.method = method;
    request.path = path;
    request.query = std::move(query);
    request.content_type = content_type;
    auto body = ParseYaml(yaml);
    EXPECT_TRUE(body.ok()) << body.status();
    if (body.ok()) request.body = *std::move(body);
    return Send(std::move(request));
  }

  // Polls until `check` holds of the object at `path`.
  template <typename F>
  bool Eventually(const std::string& path, F check) {
    const Context ctx = Context().WithTimeout(absl::Seconds(10));
    while (true) {
      if (check(Get(path))) return true;
      if (!ctx.SleepFor(absl::Milliseconds(1)).ok()) return false;
    }
  }

  static std::string Text(const Value& value) { return FormatJson(value); }
  static std::string RvOf(const kube::Response& response) {
    return std::string(response.body["metadata"].GetString("resourceVersion"));
  }

  std::unique_ptr<Server> server_;
  std::shared_ptr<kube::Transport> transport_;
};

// Gathers the events of one watch.
class WatchRecorder {
 public:
  WatchRecorder(kube::Transport& transport, const std::string& path,
                std::vector<std::pair<std::string, std::string>> query,
                const std::string& accept = "application/json") {
    kube::Request request;
    request.path = path;
    request.query = std::move(query);
    request.query.emplace_back("watch", "true");
    request.accept = accept;
    kube::WatchHandler handler;
    handler.on_event = [this](Value event) {
      MutexLock lock(mu_);
      events_.push_back(std::move(event));
      changed_.NotifyAll();
    };
    handler.on_end = [this](absl::Status status) {
      MutexLock lock(mu_);
      end_ = status;
      has_ended_ = true;
      changed_.NotifyAll();
    };
    stream_ = transport.Watch(std::move(request), std::move(handler));
  }

  // The first `count` events; fewer when the watch ended or time ran out.
  std::vector<Value> WaitFor(size_t count) {
    const absl::Time deadline = absl::Now() + absl::Seconds(10);
    MutexLock lock(mu_);
    while (events_.size() < count && !has_ended_) {
      if (!changed_.WaitUntil(mu_, deadline)) break;
    }
    return events_;
  }
  // What the watch ended with; kDeadlineExceeded when it did not.
  absl::Status WaitForEnd() {
    const absl::Time deadline = absl::Now() + absl::Seconds(10);
    MutexLock lock(mu_);
    while (!has_ended_) {
      if (!changed_.WaitUntil(mu_, deadline)) {
        return absl::DeadlineExceededError("the watch goes on");
      }
    }
    return end_;
  }

 private:
  Mutex mu_;
  CondVar changed_;
  std::vector<Value> events_ ABSL_GUARDED_BY(mu_);
  bool has_ended_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status end_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<kube::WatchStream> stream_;  // Last: it calls the rest.
};

}  // namespace weir::apiserver
