#include "tests/support/controller_harness.h"

#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/archive/gzip.h"
#include "weir/archive/tar_writer.h"
#include "weir/base/duration.h"
#include "weir/codec/crd.h"
#include "weir/crypto/digest.h"
#include "weir/value/json.h"
#include "weir/value/patch.h"
#include "weir/value/yaml.h"

namespace weir {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);

// "/apis/apps/v1/namespaces/a/deployments/b" is "deployments/b".
std::string Describe(const kube::Request& request) {
  const std::vector<std::string> parts = absl::StrSplit(request.path, '/');
  size_t skipped = absl::StartsWith(request.path, "/api/") ? 3 : 4;
  if (parts.size() > skipped + 2 && parts[skipped] == "namespaces") {
    skipped += 2;
  }
  auto at = parts.begin() + std::min(skipped, parts.size());
  std::string text = kube::MethodName(request.method);
  std::string separator = " ";
  for (; at < parts.end(); ++at) {
    absl::StrAppend(&text, separator, *at);
    separator = "/";
  }
  for (const auto& [key, value] : request.query) {
    if (key == "dryRun") text += " dryRun";
  }
  return text;
}

}  // namespace

std::string MemoryArtifacts::Add(const Files& files) {
  std::string blob;
  archive::GzipWriter gzip([&](absl::string_view bytes) {
    blob.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  });
  archive::TarWriter tar(
      [&](absl::string_view bytes) { return gzip.Write(bytes); });
  for (const auto& [name, text] : files) {
    EXPECT_TRUE(tar.AddFile(name, false, text).ok());
  }
  EXPECT_TRUE(tar.Finish().ok());
  EXPECT_TRUE(gzip.Finish().ok());
  const std::string digest = absl::StrCat("sha256:", crypto::Sha256Hex(blob));
  MutexLock lock(mu_);
  blobs_[digest] = std::move(blob);
  return digest;
}

void MemoryArtifacts::Remove(const std::string& digest) {
  MutexLock lock(mu_);
  blobs_.erase(digest);
}

int MemoryArtifacts::reads() const {
  MutexLock lock(mu_);
  return reads_;
}

absl::StatusOr<artifact::ArtifactList> MemoryArtifacts::List(
    const Context&, const artifact::ArtifactFilter&) {
  return absl::UnimplementedError("List");
}
absl::StatusOr<artifact::Artifact> MemoryArtifacts::Get(
    const Context&, const artifact::SourceKey&) {
  return absl::UnimplementedError("Get");
}
absl::Status MemoryArtifacts::Watch(
    const Context&, const artifact::ArtifactFilter&, uint64_t,
    const std::function<void(const artifact::ArtifactChange&)>&) {
  return absl::UnimplementedError("Watch");
}

absl::StatusOr<std::string> MemoryArtifacts::Read(
    const Context&, const artifact::ArtifactFile& file, int64_t offset,
    const std::function<absl::Status(absl::string_view)>& sink) {
  std::string blob;
  {
    MutexLock lock(mu_);
    ++reads_;
    const auto found = blobs_.find(file.digest);
    if (found == blobs_.end()) return absl::NotFoundError("no such artifact");
    blob = found->second;
  }
  if (absl::Status status = sink(absl::string_view(blob).substr(offset));
      !status.ok()) {
    return status;
  }
  return file.digest;
}

void CountingTransport::Send(const Context& ctx, kube::Request request,
                             Done done) {
  // A GET without a name is a list or discovery.
  const std::string text = Describe(request);
  const bool is_left_out =
      absl::StrContains(text, " events") ||
      (request.method == kube::Method::kGet && !absl::StrContains(text, "/"));
  if (!is_left_out) {
    MutexLock lock(mu_);
    requests_.push_back(text);
  }
  if (const auto refusal = FindRefusal(request)) return done(*refusal);
  transport_->Send(ctx, std::move(request), std::move(done));
}

std::optional<kube::Response> CountingTransport::FindRefusal(
    const kube::Request& request) {
  MutexLock lock(mu_);
  for (const auto& [name, value] : request.headers) {
    if (name != "Impersonate-User" || value != denied_) continue;
    kube::Response response;
    response.code = 403;
    response.body = MustParse(absl::StrCat(
        "{kind: Status, apiVersion: v1, status: Failure, code: 403, reason: "
        "Forbidden, message: '",
        Describe(request), ": ", value, " may not'}"));
    return response;
  }
  return std::nullopt;
}

void CountingTransport::Deny(const std::string& user) {
  MutexLock lock(mu_);
  denied_ = user;
}

std::unique_ptr<kube::WatchStream> CountingTransport::Watch(
    kube::Request request, kube::WatchHandler handler) {
  return transport_->Watch(std::move(request), std::move(handler));
}

std::vector<std::string> CountingTransport::TakeRequests() {
  MutexLock lock(mu_);
  return std::exchange(requests_, {});
}

ControllerHarness::ControllerHarness(std::string name_space,
                                     apiserver::Simulation simulation)
    : name_space_(std::move(name_space)),
      artifacts_(std::make_shared<MemoryArtifacts>()) {
  apiserver::ServerOptions server;
  server.simulation = simulation;
  absl::StatusOr<std::unique_ptr<apiserver::Server>> created =
      apiserver::Server::Create(std::move(server));
  EXPECT_TRUE(created.ok()) << created.status();
  server_ = *std::move(created);
  counting_ = std::make_shared<CountingTransport>(server_->transport());
  client_ = std::make_unique<kube::Client>(server_->transport());
  for (const Value& crd : codec::AllCrds()) Apply(FormatJson(crd));
  Apply("{apiVersion: v1, kind: Namespace, metadata: {name: " + name_space_ +
        "}}");
}

ControllerHarness::~ControllerHarness() = default;

void ControllerHarness::Start() {
  reconcile::ManagerOptions manager;
  manager.transport = counting_;
  manager.hostname = "host";
  manager.drain = absl::ZeroDuration();
  manager.grace = absl::ZeroDuration();
  Prepare(manager);
  auto created = reconcile::Manager::Create(std::move(manager));
  ASSERT_TRUE(created.ok()) << created.status();
  manager_ = *std::move(created);
  subscription_ = manager_->events().Subscribe(
      0, [this](const reconcile::RecordedEvent& event) {
        MutexLock lock(mu_);
        events_.push_back({reconcile::SeverityName(event.event.severity),
                           event.event.reason, event.event.message});
      });
  StartController(*manager_);
  threads_ = std::make_unique<ThreadGroup>();
  threads_->Start("manager",
                  [this](const Context& ctx) { return manager_->Run(ctx); });
}

void ControllerHarness::Deny(const std::string& account) {
  counting_->Deny(
      account.empty()
          ? ""
          : absl::StrCat("system:serviceaccount:", name_space_, ":", account));
}

void ControllerHarness::Stop() {
  if (manager_ == nullptr) return;
  threads_.reset();
  subscription_.reset();
  StopController();
  manager_.reset();
}

void ControllerHarness::PublishAs(const std::string& kind,
                                  const std::string& source,
                                  const std::string& spec, const Files& files,
                                  const std::string& revision) {
  const std::string digest = artifacts_->Add(files);
  const kube::ObjectRef ref = Ref("source.toolkit.fluxcd.io/v1", kind, source);
  if (Get(ref).is_null()) {
    Apply(absl::StrCat("{apiVersion: source.toolkit.fluxcd.io/v1, kind: ", kind,
                       ", metadata: {name: ", source, "}, spec: ", spec, "}"));
  }
  Value artifact = Value::MakeObject(
      {{"revision", revision},
       {"digest", digest},
       {"url", "http://storage.example/" + digest.substr(7, 8) + ".tar.gz"},
       {"path", absl::StrCat(absl::AsciiStrToLower(kind), "/", name_space_, "/",
                             source, "/", digest.substr(7, 8), ".tar.gz")},
       {"lastUpdateTime", FormatKubeTime(absl::Now())}});
  const Value patch = Value::MakeObject(
      {{"status", Value::MakeObject({{"artifact", std::move(artifact)}})}});
  const auto patched =
      client_->Patch(Context(), ref, kube::PatchType::kMerge, patch,
                     {.field_manager = "source-controller"}, "status");
  ASSERT_TRUE(patched.ok()) << patched.status();
}

void ControllerHarness::Apply(const std::string& yaml) {
  const auto documents = ParseYamlDocuments(yaml);
  ASSERT_TRUE(documents.ok()) << documents.status();
  for (const YamlDocument& document : *documents) {
    Value object = document.value;
    const auto resource =
        client_->FindResource(Context(), kube::GroupVersionKindOf(object));
    ASSERT_TRUE(resource.ok()) << resource.status();
    if (resource->is_namespaced &&
        object["metadata"].GetString("namespace").empty()) {
      object.Mutable("metadata").Set("namespace", name_space_);
    }
    const auto applied = client_->Apply(
        Context(), object, {.field_manager = "recorder", .force = true});
    ASSERT_TRUE(applied.ok()) << applied.status() << yaml;
    if (resource->gvk.kind == "CustomResourceDefinition") {
      WaitFor(kube::RefOf(object), [](const Value& crd) {
        return ConditionOf(crd, "Established").GetString("status") == "True";
      });
      client_->InvalidateDiscovery();
    }
  }
}

void ControllerHarness::Patch(const kube::ObjectRef& ref,
                              const std::string& merge_patch,
                              const std::string& manager) {
  const auto patched =
      client_->Patch(Context(), ref, kube::PatchType::kMerge,
                     MustParse(merge_patch), {.field_manager = manager});
  ASSERT_TRUE(patched.ok()) << patched.status();
}

void ControllerHarness::PatchStatus(const kube::ObjectRef& ref,
                                    const std::string& merge_patch) {
  const auto patched = client_->Patch(Context(), ref, kube::PatchType::kMerge,
                                      MustParse(merge_patch),
                                      {.field_manager = "cluster"}, "status");
  ASSERT_TRUE(patched.ok()) << patched.status();
}

void ControllerHarness::Delete(const kube::ObjectRef& ref) {
  const absl::Status deleted = client_->Delete(Context(), ref);
  ASSERT_TRUE(deleted.ok()) << deleted;
}

Value ControllerHarness::Request(const kube::ObjectRef& ref,
                                 const std::string& at) {
  Patch(ref, "{metadata: {annotations: {reconcile.fluxcd.io/requestedAt: " +
                 at + "}}}");
  return WaitFor(ref, [&](const Value& object) {
    return object["status"].GetString("lastHandledReconcileAt") == at;
  });
}

Value ControllerHarness::Get(const kube::ObjectRef& ref) const {
  return client_->Get(Context(), ref).value_or(Value());
}
Value ControllerHarness::ConfigMap(const std::string& name) const {
  return Get(Ref("v1", "ConfigMap", name));
}
kube::ObjectRef ControllerHarness::Ref(const std::string& api_version,
                                       const std::string& kind,
                                       const std::string& name) const {
  return {kube::MakeGroupVersionKind(api_version, kind), {name_space_, name}};
}

Value ControllerHarness::WaitFor(
    const kube::ObjectRef& ref,
    const std::function<bool(const Value&)>& condition) const {
  const absl::Time deadline = absl::Now() + kPatience;
  while (true) {
    Value object = Get(ref);
    if (condition(object)) return object;
    if (absl::Now() > deadline) {
      ADD_FAILURE() << "waited in vain for " << ref.gvk.kind << " "
                    << ref.key.ToString() << ": " << FormatYaml(object);
      return object;
    }
    (void)Context().SleepFor(absl::Milliseconds(5));
  }
}

Value ControllerHarness::WaitReady(const kube::ObjectRef& ref,
                                   const std::string& status,
                                   const std::string& reason) const {
  return WaitFor(ref, [&](const Value& object) {
    const Value ready = ConditionOf(object, "Ready");
    return ready.GetString("status") == status &&
           (reason.empty() || ready.GetString("reason") == reason);
  });
}

void ControllerHarness::ExpectQuiet(absl::Duration duration) {
  TakeRequests();
  (void)Context().SleepFor(duration);
  EXPECT_EQ(TakeRequests(), std::vector<std::string>());
}

std::vector<EventText> ControllerHarness::TakeEvents() {
  MutexLock lock(mu_);
  return std::exchange(events_, {});
}

EventText ControllerHarness::WaitForEvent(
    const testing::Matcher<const EventText&>& matcher) {
  const absl::Time deadline = absl::Now() + kPatience;
  std::string seen;
  while (absl::Now() < deadline) {
    {
      MutexLock lock(mu_);
      seen.clear();
      for (size_t i = 0; i < events_.size(); ++i) {
        const EventText event = events_[i];
        if (matcher.Matches(event)) {
          events_.erase(events_.begin(), events_.begin() + i + 1);
          return event;
        }
        absl::StrAppend(&seen, "\n", event.reason, ": ", event.message);
      }
    }
    (void)Context().SleepFor(absl::Milliseconds(5));
  }
  ADD_FAILURE() << "no event that "
                << testing::DescribeMatcher<const EventText&>(matcher)
                << "; seen:" << seen;
  return EventText();
}

EventText ControllerHarness::WaitForEvent(const std::string& message) {
  return WaitForEvent(testing::Field(&EventText::message, message));
}

Value MustParse(const std::string& yaml) {
  absl::StatusOr<Value> value = ParseYaml(yaml);
  EXPECT_TRUE(value.ok()) << value.status() << "\n" << yaml;
  return value.value_or(Value());
}

Value ConditionOf(const Value& object, absl::string_view type) {
  for (const Value& condition : object["status"]["conditions"].array()) {
    if (condition.GetString("type") == type) return condition;
  }
  return Value();
}
std::string ReadyReason(const Value& object) {
  return std::string(ConditionOf(object, "Ready").GetString("reason"));
}
std::string ReadyMessage(const Value& object) {
  return std::string(ConditionOf(object, "Ready").GetString("message"));
}

}  // namespace weir
