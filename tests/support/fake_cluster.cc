#include "tests/support/fake_cluster.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "weir/base/duration.h"
#include "weir/base/random.h"
#include "weir/kube/selector.h"
#include "weir/value/patch.h"

namespace weir::test {
namespace {

using kube::ObjectRef;
using kube::Request;
using kube::Response;

kube::Response Error(int code, const char* reason, const std::string& message) {
  return {code, Value::MakeObject({{"apiVersion", "v1"},
                                   {"kind", "Status"},
                                   {"status", "Failure"},
                                   {"reason", reason},
                                   {"message", message},
                                   {"code", code}})};
}

std::string QueryValue(const Request& request, absl::string_view name) {
  for (const auto& [key, value] : request.query) {
    if (key == name) return value;
  }
  return "";
}

absl::string_view VersionOf(const Value& object) {
  return object["metadata"].GetString("resourceVersion");
}

Value WithoutStatus(Value object) {
  object.Erase("status");
  return object;
}

}  // namespace

struct FakeCluster::Target {
  kube::Resource resource;
  std::string name_space, name, subresource;
  ObjectRef ref() const { return {resource.gvk, {name_space, name}}; }
};

struct FakeCluster::Watcher {
  kube::GroupVersionKind gvk;
  std::string name_space;
  kube::LabelSelector selector;
  kube::WatchHandler handler;

  Mutex mu;  // Held while the handler runs.
  bool is_over ABSL_GUARDED_BY(mu) = false;

  bool Wants(const ObjectRef& ref, const Value& object) const {
    return ref.gvk == gvk &&
           (name_space.empty() || ref.key.name_space == name_space) &&
           selector.Matches(object["metadata"]["labels"]);
  }
  void Deliver(Value event) {
    MutexLock lock(mu);
    if (!is_over) handler.on_event(std::move(event));
  }
};

struct FakeCluster::Stream : public kube::WatchStream {
  explicit Stream(std::shared_ptr<Watcher> w) : watcher(std::move(w)) {}
  ~Stream() override {
    MutexLock lock(watcher->mu);
    watcher->is_over = true;
  }
  const std::shared_ptr<Watcher> watcher;
};

FakeCluster::FakeCluster(std::vector<kube::Resource> resources)
    : resources_([&resources] {
        resources.push_back({{"", "v1", "Event"}, "events", true});
        resources.push_back(
            {{"coordination.k8s.io", "v1", "Lease"}, "leases", true});
        return resources;
      }()),
      tasks_("fake-cluster") {}

FakeCluster::~FakeCluster() = default;

void FakeCluster::Send(const Context& ctx, Request request, Done done) {
  if (ctx.is_done()) return done(ctx.status());
  done(Answer(request));
}

std::unique_ptr<kube::WatchStream> FakeCluster::Watch(
    Request request, kube::WatchHandler handler) {
  auto watcher = std::make_shared<Watcher>();
  watcher->handler = std::move(handler);
  auto stream = std::make_unique<Stream>(watcher);
  MutexLock lock(mu_);
  const std::optional<Target> target = Resolve(request.path);
  if (!target.has_value()) {
    tasks_.Post([watcher] {
      watcher->handler.on_end(kube::MakeApiError(
          404, Error(404, "NotFound", "no such resource").body));
    });
    return stream;
  }
  watcher->gvk = target->resource.gvk;
  watcher->name_space = target->name_space;
  watcher->selector =
      kube::LabelSelector::Parse(QueryValue(request, "labelSelector")).value();
  watchers_.push_back(watcher);
  if (QueryValue(request, "sendInitialEvents") != "true") return stream;
  const auto post = [&](const char* type, Value object) {
    tasks_.Post([watcher, event = Value::MakeObject(
                              {{"type", type}, {"object", object}})] {
      watcher->Deliver(event);
    });
  };
  for (const auto& [ref, object] : objects_) {
    if (watcher->Wants(ref, object)) post("ADDED", object);
  }
  post("BOOKMARK",
       Value::MakeObject(
           {{"apiVersion", watcher->gvk.ApiVersion()},
            {"kind", watcher->gvk.kind},
            {"metadata", Value::MakeObject(
                             {{"resourceVersion", absl::StrCat(version_)},
                              {"annotations",
                               Value::MakeObject({{"k8s.io/initial-events-end",
                                                   "true"}})}})}}));
  return stream;
}

Value FakeCluster::Put(const Value& object) {
  MutexLock lock(mu_);
  const ObjectRef ref = kube::RefOf(object);
  Value stored = object;
  Value& metadata = stored.Mutable("metadata");
  const auto old = objects_.find(ref);
  if (old == objects_.end()) {
    metadata.Set("uid", RandomUuid());
    metadata.Set("creationTimestamp", FormatKubeTime(absl::Now()));
    metadata.Set("generation", 1);
  } else {
    const Value& before = old->second["metadata"];
    for (const char* key : {"uid", "creationTimestamp", "generation"}) {
      metadata.Set(key, before[key]);
    }
    if (old->second["spec"] != stored["spec"]) {
      metadata.Set("generation", before.GetInt("generation") + 1);
    }
    stored.Set("status", old->second["status"]);
  }
  return Store(ref, std::move(stored));
}

void FakeCluster::Delete(const ObjectRef& ref) {
  MutexLock lock(mu_);
  Remove(ref);
}

Value FakeCluster::Patch(const ObjectRef& ref, const Value& patch) {
  MutexLock lock(mu_);
  return Store(ref, ApplyMergePatch(objects_[ref], patch));
}

std::optional<Value> FakeCluster::Find(const ObjectRef& ref) const {
  MutexLock lock(mu_);
  const auto found = objects_.find(ref);
  if (found == objects_.end()) return std::nullopt;
  return found->second;
}

std::vector<Value> FakeCluster::FindAll(
    const kube::GroupVersionKind& gvk) const {
  MutexLock lock(mu_);
  std::vector<Value> all;
  for (const auto& [ref, object] : objects_) {
    if (ref.gvk == gvk) all.push_back(object);
  }
  return all;
}

std::vector<std::string> FakeCluster::requests() const {
  MutexLock lock(mu_);
  return requests_;
}

void FakeCluster::set_intercept(Intercept intercept) {
  MutexLock lock(mu_);
  intercept_ = std::move(intercept);
}

std::optional<FakeCluster::Target> FakeCluster::Resolve(
    const std::string& path) const {
  std::vector<std::string> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
  const size_t prefix = !parts.empty() && parts[0] == "api" ? 2 : 3;
  if (parts.size() <= prefix) return std::nullopt;
  Target target;
  const std::string group = prefix == 2 ? "" : parts[1];
  const std::string version = parts[prefix - 1];
  parts.erase(parts.begin(), parts.begin() + static_cast<long>(prefix));
  if (parts.size() > 2 && parts[0] == "namespaces") {
    target.name_space = parts[1];
    parts.erase(parts.begin(), parts.begin() + 2);
  }
  if (parts.size() > 1) target.name = parts[1];
  if (parts.size() > 2) target.subresource = parts[2];
  for (const kube::Resource& resource : resources_) {
    if (resource.gvk.group != group || resource.gvk.version != version ||
        resource.plural != parts[0]) {
      continue;
    }
    target.resource = resource;
    return target;
  }
  return std::nullopt;
}

Response FakeCluster::Discover(bool is_core) const {
  Value items = Value::MakeArray();
  for (const kube::Resource& resource : resources_) {
    if (resource.gvk.group.empty() != is_core) continue;
    Value served = Value::MakeObject(
        {{"resource", resource.plural},
         {"responseKind", Value::MakeObject({{"kind", resource.gvk.kind}})},
         {"scope", resource.is_namespaced ? "Namespaced" : "Cluster"}});
    items.Append(Value::MakeObject(
        {{"metadata", Value::MakeObject({{"name", resource.gvk.group}})},
         {"versions",
          Value::Array{Value::MakeObject(
              {{"version", resource.gvk.version},
               {"resources", Value::Array{std::move(served)}}})}}}));
  }
  return {200, Value::MakeObject({{"kind", "APIGroupDiscoveryList"},
                                  {"items", std::move(items)}})};
}

Response FakeCluster::Answer(const Request& request) {
  if (request.path == "/api") return Discover(true);
  if (request.path == "/apis") return Discover(false);
  const std::optional<Target> target = Resolve(request.path);
  Intercept intercept;
  {
    MutexLock lock(mu_);
    intercept = intercept_;
    if (target.has_value() &&
        (request.method != kube::Method::kGet || !target->name.empty())) {
      requests_.push_back(
          absl::StrCat(kube::MethodName(request.method), " ", request.path));
    }
  }
  if (intercept != nullptr) {
    if (auto answer = intercept(request)) return *std::move(answer);
  }
  if (!target.has_value()) return Error(404, "NotFound", "no such resource");
  MutexLock lock(mu_);
  if (request.method != kube::Method::kGet) return Write(request, *target);
  if (target->name.empty()) return ListAll(request, *target);
  const auto found = objects_.find(target->ref());
  if (found == objects_.end()) {
    return Error(404, "NotFound",
                 absl::StrCat(target->resource.plural, " \"", target->name,
                              "\" not found"));
  }
  return {200, found->second};
}

Response FakeCluster::ListAll(const Request& request, const Target& target) {
  Watcher filter;
  filter.gvk = target.resource.gvk;
  filter.name_space = target.name_space;
  filter.selector =
      kube::LabelSelector::Parse(QueryValue(request, "labelSelector")).value();
  Value items = Value::MakeArray();
  for (const auto& [ref, object] : objects_) {
    if (filter.Wants(ref, object)) items.Append(object);
  }
  return {200, Value::MakeObject(
                   {{"kind", absl::StrCat(filter.gvk.kind, "List")},
                    {"metadata", Value::MakeObject({{"resourceVersion",
                                                     absl::StrCat(version_)}})},
                    {"items", std::move(items)}})};
}

Response FakeCluster::Write(const Request& request, const Target& target) {
  if (request.method == kube::Method::kPatch) {
    return WritePatch(request, target);
  }
  if (request.method == kube::Method::kDelete) {
    if (objects_.count(target.ref()) == 0) {
      return Error(404, "NotFound", "not found");
    }
    Remove(target.ref());
    return {200, Value::MakeObject({{"kind", "Status"}})};
  }
  Value object = *request.body;
  object.Set("apiVersion", target.resource.gvk.ApiVersion());
  object.Set("kind", target.resource.gvk.kind);
  object.Mutable("metadata").Set("namespace", target.name_space);
  const ObjectRef ref = kube::RefOf(object);
  const auto old = objects_.find(ref);
  if (request.method == kube::Method::kPost) {
    if (old != objects_.end()) {
      return Error(409, "AlreadyExists", "already exists");
    }
    object.Mutable("metadata").Set("uid", RandomUuid());
    object.Mutable("metadata").Set("generation", 1);
    return {201, Store(ref, std::move(object))};
  }
  if (old == objects_.end()) return Error(404, "NotFound", "not found");
  if (VersionOf(object) != VersionOf(old->second)) {
    return Error(409, "Conflict", "the object has been modified");
  }
  return {200, Store(ref, std::move(object))};
}

Response FakeCluster::WritePatch(const Request& request, const Target& target) {
  const auto old = objects_.find(target.ref());
  if (old == objects_.end()) return Error(404, "NotFound", "not found");
  const Value before = old->second;
  const absl::string_view wanted = VersionOf(*request.body);
  if (!wanted.empty() && wanted != VersionOf(before)) {
    return Error(409, "Conflict", "the object has been modified");
  }
  Value after = ApplyMergePatch(before, *request.body);
  if (target.subresource == "status") {
    Value only_status = before;
    only_status.Set("status", after["status"]);
    after = std::move(only_status);
  } else if (before.Has("status")) {
    after.Set("status", before["status"]);
  }
  after.Mutable("metadata").Set("resourceVersion", Value(VersionOf(before)));
  if (after == before) return {200, before};
  if (WithoutStatus(before)["spec"] != WithoutStatus(after)["spec"]) {
    after.Mutable("metadata")
        .Set("generation", before["metadata"].GetInt("generation") + 1);
  }
  return {200, Store(target.ref(), std::move(after))};
}

Value FakeCluster::Store(const ObjectRef& ref, Value object) {
  const bool is_new = objects_.count(ref) == 0;
  Value& metadata = object.Mutable("metadata");
  metadata.Set("resourceVersion", absl::StrCat(++version_));
  if (metadata.Has("deletionTimestamp") && metadata["finalizers"].empty()) {
    objects_.erase(ref);
    Tell("DELETED", ref, object);
    return object;
  }
  objects_[ref] = object;
  Tell(is_new ? "ADDED" : "MODIFIED", ref, object);
  return object;
}

void FakeCluster::Remove(const ObjectRef& ref) {
  const auto found = objects_.find(ref);
  if (found == objects_.end()) return;
  Value object = found->second;
  Value& metadata = object.Mutable("metadata");
  if (metadata.Has("deletionTimestamp")) return;
  metadata.Set("deletionTimestamp", FormatKubeTime(absl::Now()));
  metadata.Set("generation", metadata.GetInt("generation") + 1);
  Store(ref, std::move(object));
}

void FakeCluster::Tell(const char* type, const ObjectRef& ref,
                       const Value& object) {
  for (const auto& weak : watchers_) {
    const std::shared_ptr<Watcher> watcher = weak.lock();
    if (watcher == nullptr || !watcher->Wants(ref, object)) continue;
    tasks_.Post([watcher, event = Value::MakeObject(
                              {{"type", type}, {"object", object}})] {
      watcher->Deliver(event);
    });
  }
}

}  // namespace weir::test
