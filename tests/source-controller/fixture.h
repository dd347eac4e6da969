// SourceTest runs a source-controller in this process, on the embedded API
// server, with a real Git server on loopback.
//
// Touches: process (threads, git), loopback sockets, a temporary folder.
// Threads: for one test thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/embedded_cluster.h"
#include "tests/support/git_servers.h"
#include "weir/archive/gzip.h"
#include "weir/archive/tar_reader.h"
#include "weir/artifact/registry.h"
#include "weir/artifact/storage.h"
#include "weir/base/file.h"
#include "weir/base/mutex.h"
#include "weir/base/thread_group.h"
#include "weir/reconcile/manager.h"
#include "weir/source/source_controller.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::source {

inline constexpr char kNamespace[] = "ns";

class SourceTest : public ::testing::Test {
 protected:
  SourceTest()
      : dir_(*TempDir::Create("source-test")),
        cluster_(std::make_shared<test::EmbeddedCluster>()),
        git_(dir_.path() + "/git"),
        repo_(dir_.path() + "/git/ns/app.git") {
    EXPECT_TRUE(MakeDirectories(StoragePath()).ok());
    options_.storage_path = StoragePath();
    options_.storage_address = "127.0.0.1:0";
    options_.min_retry_delay = absl::Milliseconds(20);
    options_.max_retry_delay = absl::Milliseconds(200);
    options_.requeue_dependency = absl::Milliseconds(200);
  }
  ~SourceTest() override { Stop(); }

  // The kind that the functions below are about.
  void Use(const std::string& kind) { kind_ = kind; }
  kube::GroupVersionKind Gvk() const {
    return {"source.toolkit.fluxcd.io", "v1", kind_};
  }
  std::string StoragePath() const { return dir_.path() + "/storage"; }

  void Start() {
    reconcile::ManagerOptions manager;
    manager.transport = cluster_;
    manager.hostname = "host";
    manager.drain = absl::ZeroDuration();
    manager.grace = absl::ZeroDuration();
    auto made = reconcile::Manager::Create(std::move(manager));
    ASSERT_TRUE(made.ok()) << made.status();
    manager_ = *std::move(made);
    auto controller = SourceController::Create(*manager_, options_);
    ASSERT_TRUE(controller.ok()) << controller.status();
    controller_ = *std::move(controller);
    {
      MutexLock lock(mu_);
      last_event_ = 0;
    }
    subscription_ = manager_->events().Subscribe(
        0, [this](const reconcile::RecordedEvent& event) {
          MutexLock lock(mu_);
          events_.push_back(event);
          last_event_ = event.sequence;
        });
    threads_ = std::make_unique<ThreadGroup>();
    threads_->Start("manager",
                    [this](const Context& ctx) { return manager_->Run(ctx); });
  }
  void Stop() {
    if (threads_ == nullptr) return;
    threads_->Stop();
    EXPECT_TRUE(threads_->Join().ok());
    threads_.reset();
    subscription_.reset();
    controller_.reset();
    manager_.reset();
  }

  kube::ObjectRef Ref(const std::string& name = "app") const {
    return {Gvk(), {kNamespace, name}};
  }
  // Creates or changes an object; `spec` is YAML of spec's members.
  void Apply(const std::string& spec, const std::string& name = "app") {
    Value object = Value::MakeObject(
        {{"apiVersion", Gvk().ApiVersion()}, {"kind", kind_}});
    object.Mutable("metadata").Set("name", name);
    object.Mutable("metadata").Set("namespace", kNamespace);
    const auto parsed = ParseYaml(spec);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    object.Set("spec", *parsed);
    if (!object["spec"].Has("interval")) {
      object.Mutable("spec").Set("interval", "10m");
    }
    if (kind_ == "GitRepository" && !object["spec"].Has("url")) {
      object.Mutable("spec").Set("url", git_.Url("ns/" + name));
    }
    cluster_->Put(object);
  }
  void ApplySecret(const std::map<std::string, std::string>& data,
                   const std::string& name = "cred",
                   const std::string& type = "Opaque") {
    Value object = Value::MakeObject(
        {{"apiVersion", "v1"}, {"kind", "Secret"}, {"type", type}});
    object.Mutable("metadata").Set("name", name);
    object.Mutable("metadata").Set("namespace", kNamespace);
    for (const auto& [key, value] : data) {
      object.Mutable("data").Set(key, absl::Base64Escape(value));
    }
    cluster_->Put(object);
  }
  void Request(const std::string& at, const std::string& name = "app") {
    Value patch;
    patch.Mutable("metadata")
        .Mutable("annotations")
        .Set("reconcile.fluxcd.io/requestedAt", at);
    cluster_->Patch(Ref(name), patch);
  }

  Value Get(const std::string& name = "app") const {
    return cluster_->Find(Ref(name)).value_or(Value());
  }
  static Value Condition(const Value& object, absl::string_view type) {
    for (const Value& condition : object["status"]["conditions"].array()) {
      if (condition["type"] == Value(type)) return condition;
    }
    return Value();
  }
  // "Ready True Succeeded 1 stored artifact ...", in order.
  static std::vector<std::string> Conditions(const Value& object) {
    std::vector<std::string> out;
    for (const Value& c : object["status"]["conditions"].array()) {
      out.push_back(absl::StrCat(
          c.GetString("type"), " ", c.GetString("status"), " ",
          c.GetString("reason"), " ", c.GetInt("observedGeneration"), " ",
          c.GetString("message")));
    }
    return out;
  }

  // Waits until the object is as the function wants it.
  Value WaitFor(const std::function<bool(const Value&)>& is_so,
                const std::string& name = "app") {
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (true) {
      const Value object = Get(name);
      if (is_so(object)) return object;
      if (absl::Now() > deadline) {
        ADD_FAILURE() << "waited in vain: " << FormatJson(object);
        return object;
      }
      absl::SleepFor(absl::Milliseconds(2));
    }
  }
  // Waits for Ready to be so at the present generation, and for the request
  // to have been handled.
  Value WaitReady(const std::string& status = "True",
                  const std::string& handled = "",
                  const std::string& name = "app") {
    return WaitFor(
        [&](const Value& object) {
          const Value ready = Condition(object, "Ready");
          return ready.GetString("status") == status &&
                 ready["observedGeneration"] ==
                     object["metadata"]["generation"] &&
                 (handled.empty() || object["status"].GetString(
                                         "lastHandledReconcileAt") == handled);
        },
        name);
  }
  static std::string Revision(const Value& object) {
    return std::string(object["status"]["artifact"].GetString("revision"));
  }

  // "Normal NewArtifact stored artifact for ..." since the last call.
  std::vector<std::string> TakeEvents(const std::string& name = "app") {
    const uint64_t last = manager_->events().last_sequence();
    const auto is_behind = [&] {
      MutexLock lock(mu_);
      return last_event_ < last;
    };
    while (is_behind()) absl::SleepFor(absl::Milliseconds(1));
    MutexLock lock(mu_);
    std::vector<std::string> out;
    std::erase_if(events_, [&](const reconcile::RecordedEvent& recorded) {
      const Value& object = recorded.event.object;
      if (kube::KeyOf(object).name != name ||
          object.GetString("kind") != kind_) {
        return false;
      }
      out.push_back(
          absl::StrCat(reconcile::SeverityName(recorded.event.severity), " ",
                       recorded.event.reason, " ", recorded.event.message));
      return true;
    });
    return out;
  }

  std::string ArtifactPath(const Value& object) const {
    return absl::StrCat(StoragePath(), "/",
                        object["status"]["artifact"].GetString("path"));
  }
  // ". 750", "run.sh 700 10", in archive order.
  std::vector<std::string> Entries(const Value& object) const {
    std::vector<std::string> out;
    auto file = archive::FileSource(ArtifactPath(object));
    if (!file.ok()) return {std::string(file.status().message())};
    archive::TarReader reader(archive::GunzipSource(*std::move(file)));
    while (true) {
      const auto entry = reader.Next();
      if (!entry.ok()) out.emplace_back(entry.status().message());
      if (!entry.ok() || !entry->has_value()) return out;
      const bool is_file = (*entry)->type == archive::TarEntry::Type::kFile;
      std::string line = absl::StrCat(
          (*entry)->name, " ", absl::Hex((*entry)->mode >> 6),
          absl::Hex((*entry)->mode >> 3 & 7), absl::Hex((*entry)->mode & 7));
      if (is_file) absl::StrAppend(&line, " ", (*entry)->size);
      out.push_back(std::move(line));
    }
  }

  // Writes to the object's status since the last call.
  size_t TakeStatusWrites() {
    const std::vector<std::string> all = cluster_->requests();
    size_t count = 0;
    for (size_t i = seen_requests_; i < all.size(); ++i) {
      if (absl::EndsWith(all[i], "/status")) ++count;
    }
    seen_requests_ = all.size();
    return count;
  }

  TempDir dir_;
  std::shared_ptr<test::EmbeddedCluster> cluster_;
  test::GitHttpServer git_;
  test::GitRepo repo_;
  Options options_;
  std::unique_ptr<reconcile::Manager> manager_;
  std::unique_ptr<SourceController> controller_;

 private:
  std::string kind_ = "GitRepository";
  std::unique_ptr<ThreadGroup> threads_;
  std::shared_ptr<void> subscription_;
  Mutex mu_;
  std::vector<reconcile::RecordedEvent> events_ ABSL_GUARDED_BY(mu_);
  uint64_t last_event_ ABSL_GUARDED_BY(mu_) = 0;
  size_t seen_requests_ = 0;
};

}  // namespace weir::source
