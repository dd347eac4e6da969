#include "tests/support/fake_transport.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/base/random.h"
#include "weir/value/patch.h"

namespace weir::test {
namespace {

using kube::Method;
using kube::ObjectRef;
using kube::Request;
using kube::Resource;
using kube::Response;

std::string DescribeRequest(const Request& request) {
  std::string text =
      absl::StrCat(kube::MethodName(request.method), " ", request.path);
  char separator = '?';
  for (const auto& [name, value] : request.query) {
    absl::StrAppend(&text, std::string(1, separator), name, "=", value);
    separator = '&';
  }
  return text;
}

Value GroupVersionEntry(const std::string& group, const std::string& version) {
  return Value::MakeObject({{"groupVersion", absl::StrCat(group, "/", version)},
                            {"version", version}});
}

}  // namespace

std::string QueryOf(const Request& request, absl::string_view name) {
  for (const auto& [key, value] : request.query) {
    if (key == name) return value;
  }
  return "";
}

Response Failure(int code, const std::string& reason,
                 const std::string& message) {
  Response response;
  response.code = code;
  response.body = Value::MakeObject({{"apiVersion", "v1"},
                                     {"kind", "Status"},
                                     {"status", "Failure"},
                                     {"reason", reason},
                                     {"message", message},
                                     {"code", code}});
  return response;
}

struct FakeTransport::Watcher {
  Resource resource;
  std::string name_space;
  std::string only_name;  // fieldSelector=metadata.name=...
  kube::WatchHandler handler;

  Mutex mu;
  CondVar changed;
  bool is_over ABSL_GUARDED_BY(mu) = false;
  bool is_calling ABSL_GUARDED_BY(mu) = false;
  std::thread::id caller ABSL_GUARDED_BY(mu);

  bool Wants(const ObjectRef& ref) const {
    return ref.gvk == resource.gvk &&
           (name_space.empty() || ref.key.name_space == name_space) &&
           (only_name.empty() || ref.key.name == only_name);
  }

  // Runs `call` unless the stream is gone.
  void Run(bool is_last, const std::function<void()>& call) {
    {
      MutexLock lock(mu);
      if (is_over) return;
      if (is_last) is_over = true;
      is_calling = true;
      caller = std::this_thread::get_id();
    }
    call();
    MutexLock lock(mu);
    is_calling = false;
    changed.NotifyAll();
  }
  void End(const absl::Status& status) {
    Run(true, [&] { handler.on_end(status); });
  }
};

struct FakeTransport::Stream : public kube::WatchStream {
  explicit Stream(std::shared_ptr<Watcher> w) : watcher(std::move(w)) {}
  ~Stream() override {
    MutexLock lock(watcher->mu);
    watcher->is_over = true;
    while (watcher->is_calling &&
           watcher->caller != std::this_thread::get_id()) {
      watcher->changed.Wait(watcher->mu);
    }
  }
  const std::shared_ptr<Watcher> watcher;
};

FakeTransport::FakeTransport(std::vector<Resource> resources)
    : resources_(std::move(resources)), tasks_("fake-transport") {}

FakeTransport::~FakeTransport() = default;

void FakeTransport::set_hook(Hook hook) {
  MutexLock lock(mu_);
  hook_ = std::move(hook);
}
void FakeTransport::set_streams_lists(bool streams_lists) {
  MutexLock lock(mu_);
  streams_lists_ = streams_lists;
}
void FakeTransport::set_resources(std::vector<Resource> resources) {
  MutexLock lock(mu_);
  resources_ = std::move(resources);
}
void FakeTransport::set_legacy_discovery(bool is_legacy) {
  MutexLock lock(mu_);
  has_legacy_discovery_ = is_legacy;
}

std::optional<absl::StatusOr<Response>> FakeTransport::AskHook(
    const Request& request) {
  Hook hook;
  {
    MutexLock lock(mu_);
    requests_.push_back(DescribeRequest(request));
    hook = hook_;
  }
  if (hook == nullptr) return std::nullopt;
  return hook(request);
}

void FakeTransport::Send(const Context& ctx, Request request, Done done) {
  if (ctx.is_done()) return done(ctx.status());
  if (auto answer = AskHook(request)) return done(*std::move(answer));
  done(Answer(request));
}

// --- Watches -----------------------------------------------------------------

std::unique_ptr<kube::WatchStream> FakeTransport::Watch(
    Request request, kube::WatchHandler handler) {
  auto watcher = std::make_shared<Watcher>();
  watcher->handler = std::move(handler);
  auto stream = std::make_unique<Stream>(watcher);
  std::optional<absl::Status> end;
  if (auto answer = AskHook(request)) {
    end = answer->ok() ? kube::MakeApiError((*answer)->code, (*answer)->body)
                       : answer->status();
  } else {
    MutexLock lock(mu_);
    end = Replay(request, watcher);
    if (!end.has_value()) watchers_.push_back(watcher);
  }
  if (end.has_value()) tasks_.Post([watcher, end] { watcher->End(*end); });
  return stream;
}

std::optional<absl::Status> FakeTransport::Replay(
    const Request& request, const std::shared_ptr<Watcher>& watcher) {
  const auto refuse = [](int code, const char* reason, const char* message) {
    return kube::MakeApiError(code, Failure(code, reason, message).body);
  };
  const std::optional<Target> target = Resolve(request.path);
  if (!target.has_value()) return refuse(404, "NotFound", "no such resource");
  watcher->resource = target->resource;
  watcher->name_space = target->name_space;
  const std::string field = QueryOf(request, "fieldSelector");
  if (absl::StartsWith(field, "metadata.name=")) {
    watcher->only_name = field.substr(14);
  }
  const std::string from = QueryOf(request, "resourceVersion");
  int64_t version = 0;
  if (!absl::SimpleAtoi(from, &version)) version = 0;
  if (QueryOf(request, "sendInitialEvents") == "true") {
    if (!streams_lists_) {
      return refuse(422, "Invalid", "sendInitialEvents: forbidden");
    }
    for (const auto& [ref, object] : objects_) {
      if (watcher->Wants(ref)) Post(watcher, "ADDED", object);
    }
    Post(
        watcher, "BOOKMARK",
        Value::MakeObject(
            {{"apiVersion", watcher->resource.gvk.ApiVersion()},
             {"kind", watcher->resource.gvk.kind},
             {"metadata", Value::MakeObject(
                              {{"resourceVersion", absl::StrCat(version_)},
                               {"annotations",
                                Value::MakeObject({{"k8s.io/initial-events-end",
                                                    "true"}})}})}}));
    return std::nullopt;
  }
  if (version == 0) {
    for (const auto& [ref, object] : objects_) {
      if (watcher->Wants(ref)) Post(watcher, "ADDED", object);
    }
    return std::nullopt;
  }
  if (version < oldest_) {
    return refuse(410, "Expired", "too old resource version");
  }
  for (const Event& event : history_) {
    if (event.version > version && watcher->Wants(kube::RefOf(event.object))) {
      Post(watcher, event.type, event.object);
    }
  }
  return std::nullopt;
}

void FakeTransport::Post(const std::shared_ptr<Watcher>& watcher,
                         const char* type, const Value& object) {
  tasks_.Post([watcher, event = Value::MakeObject(
                            {{"type", type}, {"object", object}})] {
    watcher->Run(false, [&] { watcher->handler.on_event(event); });
  });
}

void FakeTransport::EndWatches(const absl::Status& status) {
  MutexLock lock(mu_);
  for (const auto& watcher : watchers_) {
    tasks_.Post([watcher, status] { watcher->End(status); });
  }
  watchers_.clear();
}

void FakeTransport::SendToAll(const Value& event) {
  MutexLock lock(mu_);
  for (const auto& watcher : watchers_) {
    tasks_.Post([watcher, event] {
      watcher->Run(false, [&] { watcher->handler.on_event(event); });
    });
  }
}

void FakeTransport::SendBookmarks() {
  MutexLock lock(mu_);
  for (const auto& watcher : watchers_) {
    Post(watcher, "BOOKMARK",
         Value::MakeObject(
             {{"apiVersion", watcher->resource.gvk.ApiVersion()},
              {"kind", watcher->resource.gvk.kind},
              {"metadata", Value::MakeObject({{"resourceVersion",
                                               absl::StrCat(version_)}})}}));
  }
}

void FakeTransport::Compact() {
  MutexLock lock(mu_);
  history_.clear();
  oldest_ = ++version_;
}

size_t FakeTransport::watch_count() const {
  MutexLock lock(mu_);
  size_t count = 0;
  for (const auto& watcher : watchers_) {
    MutexLock watcher_lock(watcher->mu);
    if (!watcher->is_over) ++count;
  }
  return count;
}

std::string FakeTransport::version() const {
  MutexLock lock(mu_);
  return absl::StrCat(version_);
}

std::vector<std::string> FakeTransport::requests() const {
  MutexLock lock(mu_);
  return requests_;
}

// --- Objects -----------------------------------------------------------------

Value FakeTransport::Put(Value object) {
  MutexLock lock(mu_);
  return Store(std::move(object));
}

void FakeTransport::Delete(const ObjectRef& ref) {
  MutexLock lock(mu_);
  Remove(ref);
}

std::optional<Value> FakeTransport::Find(const ObjectRef& ref) const {
  MutexLock lock(mu_);
  const auto found = objects_.find(ref);
  if (found == objects_.end()) return std::nullopt;
  return found->second;
}

Value FakeTransport::Store(Value object) {
  const ObjectRef ref = kube::RefOf(object);
  const auto old = objects_.find(ref);
  const bool is_new = old == objects_.end();
  Value& metadata = object.Mutable("metadata");
  metadata.Set("uid",
               is_new ? Value(RandomUuid()) : old->second["metadata"]["uid"]);
  metadata.Set("resourceVersion", absl::StrCat(++version_));
  objects_[ref] = object;
  Record(is_new ? "ADDED" : "MODIFIED", object);
  return object;
}

void FakeTransport::Remove(const ObjectRef& ref) {
  const auto found = objects_.find(ref);
  if (found == objects_.end()) return;
  Value object = found->second;
  object.Mutable("metadata").Set("resourceVersion", absl::StrCat(++version_));
  objects_.erase(found);
  Record("DELETED", object);
}

void FakeTransport::Record(const char* type, const Value& object) {
  history_.push_back({version_, type, object});
  const ObjectRef ref = kube::RefOf(object);
  for (const auto& watcher : watchers_) {
    if (watcher->Wants(ref)) Post(watcher, type, object);
  }
}

std::optional<FakeTransport::Target> FakeTransport::Resolve(
    const std::string& path) const {
  std::vector<std::string> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
  const size_t prefix = !parts.empty() && parts[0] == "api" ? 2 : 3;
  if (parts.size() <= prefix) return std::nullopt;
  const std::string group = prefix == 2 ? "" : parts[1];
  const std::string version = parts[prefix - 1];
  parts.erase(parts.begin(), parts.begin() + static_cast<long>(prefix));
  Target target;
  if (parts.size() > 2 && parts[0] == "namespaces") {
    target.name_space = parts[1];
    parts.erase(parts.begin(), parts.begin() + 2);
  }
  if (parts.size() > 1) target.name = parts[1];
  if (parts.size() > 2) target.subresource = parts[2];
  for (const Resource& resource : resources_) {
    if (resource.gvk.group == group && resource.gvk.version == version &&
        resource.plural == parts[0]) {
      target.resource = resource;
      return target;
    }
  }
  return std::nullopt;
}

// --- Requests ----------------------------------------------------------------

std::optional<Response> FakeTransport::Discover(const std::string& path) const {
  const bool is_root = path == "/api" || path == "/apis";
  Response response;
  response.code = 200;
  if (is_root && !has_legacy_discovery_) {
    Value items = Value::MakeArray();
    for (const Resource& resource : resources_) {
      if (resource.gvk.group.empty() != (path == "/api")) continue;
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
    response.body = Value::MakeObject(
        {{"kind", "APIGroupDiscoveryList"}, {"items", std::move(items)}});
    return response;
  }
  if (path == "/api") {
    response.body = Value::MakeObject(
        {{"kind", "APIVersions"}, {"versions", Value::Array{Value("v1")}}});
    return response;
  }
  if (path == "/apis") {
    std::map<std::string, Value> groups;
    for (const Resource& resource : resources_) {
      const std::string& group = resource.gvk.group;
      if (group.empty()) continue;
      Value entry = GroupVersionEntry(group, resource.gvk.version);
      Value& value = groups[group];
      value.Set("name", group);
      if (!value.Has("preferredVersion")) value.Set("preferredVersion", entry);
      value.Mutable("versions").Append(std::move(entry));
    }
    Value list = Value::MakeArray();
    for (const auto& [name, group] : groups) list.Append(group);
    response.body = Value::MakeObject(
        {{"kind", "APIGroupList"}, {"groups", std::move(list)}});
    return response;
  }
  Value served = Value::MakeArray();
  bool is_known = false;
  for (const Resource& resource : resources_) {
    const std::string root = resource.gvk.group.empty()
                                 ? absl::StrCat("/api/", resource.gvk.version)
                                 : absl::StrCat("/apis/", resource.gvk.group,
                                                "/", resource.gvk.version);
    if (root != path) continue;
    is_known = true;
    for (const char* suffix : {"", "/status"}) {
      served.Append(
          Value::MakeObject({{"name", absl::StrCat(resource.plural, suffix)},
                             {"kind", resource.gvk.kind},
                             {"namespaced", resource.is_namespaced}}));
    }
  }
  if (!is_known) return std::nullopt;
  response.body = Value::MakeObject(
      {{"kind", "APIResourceList"}, {"resources", std::move(served)}});
  return response;
}

Response FakeTransport::Answer(const Request& request) {
  MutexLock lock(mu_);
  if (auto discovered = Discover(request.path)) return *std::move(discovered);
  const std::optional<Target> target = Resolve(request.path);
  if (!target.has_value()) {
    return Failure(404, "NotFound",
                   "the server could not find the requested resource");
  }
  if (request.method != Method::kGet) return Write(request, *target);
  if (target->name.empty()) return List(request, *target);
  const auto found = objects_.find(target->ref());
  if (found == objects_.end()) {
    return Failure(404, "NotFound",
                   absl::StrCat(target->resource.plural, " \"", target->name,
                                "\" not found"));
  }
  Response response;
  response.code = 200;
  response.body = found->second;
  return response;
}

Response FakeTransport::List(const Request& request, const Target& target) {
  size_t limit = 0;
  size_t start = 0;
  if (!absl::SimpleAtoi(QueryOf(request, "limit"), &limit)) limit = 0;
  if (!absl::SimpleAtoi(QueryOf(request, "continue"), &start)) start = 0;
  Value::Array all;
  for (const auto& [ref, object] : objects_) {
    if (ref.gvk != target.resource.gvk) continue;
    if (!target.name_space.empty() && ref.key.name_space != target.name_space) {
      continue;
    }
    Value item = object;  // As in lists of real servers:
    item.Erase("apiVersion");
    item.Erase("kind");
    all.push_back(std::move(item));
  }
  Value metadata =
      Value::MakeObject({{"resourceVersion", absl::StrCat(version_)}});
  Value items = Value::MakeArray();
  const size_t end =
      limit == 0 ? all.size() : std::min(all.size(), start + limit);
  for (size_t i = start; i < end; ++i) items.Append(all[i]);
  if (end < all.size()) metadata.Set("continue", absl::StrCat(end));
  Response response;
  response.code = 200;
  response.body = Value::MakeObject(
      {{"apiVersion", target.resource.gvk.ApiVersion()},
       {"kind", absl::StrCat(target.resource.gvk.kind, "List")},
       {"metadata", std::move(metadata)},
       {"items", std::move(items)}});
  return response;
}

Response FakeTransport::Write(const Request& request, const Target& target) {
  Response response;
  response.code = 200;
  if (request.method == Method::kDelete) {
    if (objects_.count(target.ref()) == 0) {
      return Failure(404, "NotFound", "not found");
    }
    Remove(target.ref());
    response.body =
        Value::MakeObject({{"kind", "Status"}, {"status", "Success"}});
    return response;
  }
  if (!request.body.has_value()) {
    return Failure(400, "BadRequest", "no body");
  }
  Value object = *request.body;
  if (request.method == Method::kPost) {
    if (objects_.count(kube::RefOf(object)) != 0) {
      return Failure(409, "AlreadyExists", "already exists");
    }
    response.code = 201;
    response.body = Store(std::move(object));
    return response;
  }
  const auto old = objects_.find(target.ref());
  if (request.method == Method::kPatch) {
    if (old != objects_.end()) {
      object = ApplyMergePatch(old->second, object);
    } else if (request.content_type == "application/apply-patch+yaml") {
      response.code = 201;
    } else {
      return Failure(404, "NotFound", "not found");
    }
    response.body = Store(std::move(object));
    return response;
  }
  if (old == objects_.end()) return Failure(404, "NotFound", "not found");
  if (object["metadata"].GetString("resourceVersion") !=
      old->second["metadata"].GetString("resourceVersion")) {
    return Failure(409, "Conflict", "the object has been modified");
  }
  response.body = Store(std::move(object));
  return response;
}

}  // namespace weir::test
