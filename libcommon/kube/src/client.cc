#include "weir/kube/client.h"

#include <deque>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/discovery.h"
#include "src/list.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"

namespace weir::kube {
namespace {

constexpr int kMaxRetries = 10;

// Adds who we act as to every request.
class ImpersonatingTransport : public Transport {
 public:
  ImpersonatingTransport(std::shared_ptr<Transport> transport, std::string user)
      : transport_(std::move(transport)), user_(std::move(user)) {}

  void Send(const Context& ctx, Request request, Done done) override {
    request.headers.emplace_back("Impersonate-User", user_);
    transport_->Send(ctx, std::move(request), std::move(done));
  }
  std::unique_ptr<WatchStream> Watch(Request request,
                                     WatchHandler handler) override {
    request.headers.emplace_back("Impersonate-User", user_);
    return transport_->Watch(std::move(request), std::move(handler));
  }

 private:
  const std::shared_ptr<Transport> transport_;
  const std::string user_;
};

const char* ContentTypeOf(PatchType type) {
  switch (type) {
    case PatchType::kJson:
      return "application/json-patch+json";
    case PatchType::kMerge:
      return "application/merge-patch+json";
    case PatchType::kStrategic:
      return "application/strategic-merge-patch+json";
    case PatchType::kApply:
      return "application/apply-patch+yaml";
  }
  return "";
}

void AddWriteOptions(const WriteOptions& options, Request& request) {
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) request.query.emplace_back(name, value);
  };
  add("dryRun", options.dry_run ? "All" : "");
  add("fieldManager", options.field_manager);
  add("fieldValidation", options.field_validation);
}

// How long to wait before the request is sent again; nothing when what came
// back is the answer. Source: client-go, rest.Request and its retries.
std::optional<absl::Duration> RetryDelay(
    const Request& request, const absl::StatusOr<Response>& answer) {
  if (!answer.ok()) {
    const bool is_read =
        request.method == Method::kGet || request.method == Method::kHead;
    if (is_read && IsConnectionLost(answer.status())) return absl::Seconds(1);
    return std::nullopt;
  }
  if (answer->code != 429 && answer->code < 500) return std::nullopt;
  return answer->retry_after;
}

// Sends many requests, a bounded number at a time. Only the calling thread
// waits: answers come on the transport's threads.
class Batch {
 public:
  Batch(const Context& ctx, Transport& transport, std::vector<Request> requests,
        int max_in_flight)
      : ctx_(ctx.WithCancel()),
        transport_(transport),
        max_in_flight_(std::max(max_in_flight, 1)),
        state_(std::make_shared<State>()) {
    MutexLock lock(state_->mu);
    for (size_t i = 0; i < requests.size(); ++i) {
      state_->ready.push_back(i);
      state_->items.push_back({std::move(requests[i]), 0, std::nullopt});
    }
    state_->unfinished = state_->items.size();
  }

  std::vector<absl::StatusOr<Response>> Run() {
    const Context::Registration registration = ctx_.OnCancel([state = state_] {
      MutexLock lock(state->mu);
      state->changed.NotifyAll();
    });
    MutexLock lock(state_->mu);
    while (state_->unfinished > 0) {
      if (!ctx_.status().ok()) break;
      absl::Time wake = ctx_.deadline();
      auto& delayed = state_->delayed;
      while (!delayed.empty() && delayed.begin()->first <= absl::Now()) {
        state_->ready.push_back(delayed.begin()->second);
        delayed.erase(delayed.begin());
      }
      if (!delayed.empty()) wake = std::min(wake, delayed.begin()->first);
      if (!state_->ready.empty() && state_->in_flight < max_in_flight_) {
        const size_t index = state_->ready.front();
        state_->ready.pop_front();
        ++state_->in_flight;
        Request request = state_->items[index].request;
        state_->mu.Unlock();
        transport_.Send(
            ctx_, std::move(request),
            [state = state_, index](absl::StatusOr<Response> answer) {
              state->Finish(index, std::move(answer));
            });
        state_->mu.Lock();
        continue;
      }
      state_->changed.WaitUntil(state_->mu, wake);
    }
    return Collect();
  }

 private:
  struct Item {
    Request request;
    int tries = 0;
    std::optional<absl::StatusOr<Response>> answer;
  };
  // Outlives the batch when answers come after the caller gave up.
  struct State {
    Mutex mu;
    CondVar changed;
    std::vector<Item> items ABSL_GUARDED_BY(mu);
    std::deque<size_t> ready ABSL_GUARDED_BY(mu);
    std::multimap<absl::Time, size_t> delayed ABSL_GUARDED_BY(mu);
    int in_flight ABSL_GUARDED_BY(mu) = 0;
    size_t unfinished ABSL_GUARDED_BY(mu) = 0;

    void Finish(size_t index, absl::StatusOr<Response> answer) {
      MutexLock lock(mu);
      Item& item = items[index];
      --in_flight;
      changed.NotifyAll();
      const std::optional<absl::Duration> delay =
          RetryDelay(item.request, answer);
      if (delay.has_value() && ++item.tries <= kMaxRetries) {
        delayed.emplace(absl::Now() + *delay, index);
        return;
      }
      --unfinished;
      item.request = Request();  // Bodies may be large.
      if (answer.ok() && answer->code >= 400) answer = ErrorOf(*answer);
      item.answer = std::move(answer);
    }
  };

  std::vector<absl::StatusOr<Response>> Collect()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mu) {
    std::vector<absl::StatusOr<Response>> out;
    out.reserve(state_->items.size());
    for (Item& item : state_->items) {
      if (item.answer.has_value()) {
        out.push_back(*std::move(item.answer));
      } else {
        out.push_back(ctx_.status());
      }
    }
    return out;
  }

  const Context ctx_;
  Transport& transport_;
  const int max_in_flight_;
  const std::shared_ptr<State> state_;
};

absl::StatusOr<std::string> ItemPath(const Resource& resource,
                                     const ObjectKey& key,
                                     const std::string& subresource = "") {
  if (key.name.empty()) {
    return absl::InvalidArgumentError("resource name may not be empty");
  }
  if (resource.is_namespaced && key.name_space.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("an empty namespace may not be set for ",
                     resource.gvk.kind, " \"", key.name, "\""));
  }
  return resource.Path(key.name_space, key.name, subresource);
}

}  // namespace

struct Client::Impl {
  std::shared_ptr<Transport> base;       // As we are ourselves.
  std::shared_ptr<Transport> transport;  // As the impersonated user.
  std::shared_ptr<Discovery> discovery;
};

Client::Client(std::shared_ptr<Transport> transport)
    : impl_(std::make_shared<Impl>()) {
  impl_->base = transport;
  impl_->discovery = std::make_shared<Discovery>(transport);
  impl_->transport = std::move(transport);
}

Client::Client(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Client::~Client() = default;

std::unique_ptr<Client> Client::Impersonate(const std::string& user) const {
  auto impl = std::make_shared<Impl>(*impl_);
  impl->transport = std::make_shared<ImpersonatingTransport>(impl_->base, user);
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

Transport& Client::transport() const { return *impl_->transport; }

absl::StatusOr<Resource> Client::FindResource(
    const Context& ctx, const GroupVersionKind& gvk) const {
  WEIR_ASSIGN_OR_RETURN(
      const std::shared_ptr<const Catalog> catalog,
      impl_->discovery->FetchAndWait(ctx, gvk.group, [gvk](const Catalog& c) {
        return c.Find(gvk).ok();
      }));
  return catalog->Find(gvk);
}

void Client::FindResourceAsync(
    const GroupVersionKind& gvk,
    std::function<void(absl::StatusOr<Resource>)> done) const {
  impl_->discovery->Fetch(
      gvk.group, [gvk](const Catalog& c) { return c.Find(gvk).ok(); },
      [gvk, done = std::move(done)](
          absl::StatusOr<std::shared_ptr<const Catalog>> catalog) {
        if (!catalog.ok()) return done(catalog.status());
        done((*catalog)->Find(gvk));
      });
}

absl::StatusOr<std::vector<Resource>> Client::FindResources(
    const Context& ctx, const GroupKind& group_kind) const {
  WEIR_ASSIGN_OR_RETURN(
      const std::shared_ptr<const Catalog> catalog,
      impl_->discovery->FetchAndWait(ctx, group_kind.group,
                                     [group_kind](const Catalog& c) {
                                       return c.FindAll(group_kind).ok();
                                     }));
  return catalog->FindAll(group_kind);
}

absl::StatusOr<std::vector<Client::DiscoveredResource>> Client::ListResources(
    const Context& ctx) const {
  WEIR_ASSIGN_OR_RETURN(const std::shared_ptr<const Catalog> catalog,
                        impl_->discovery->FetchAndWait(
                            ctx, "", [](const Catalog&) { return true; }));
  return catalog->resources;
}

void Client::InvalidateDiscovery() const { impl_->discovery->Invalidate(); }

std::shared_ptr<void> Client::OnDiscoveryInvalidated(
    std::function<void()> callback) const {
  return impl_->discovery->OnInvalidated(std::move(callback));
}

absl::StatusOr<Value> Client::Get(const Context& ctx,
                                  const ObjectRef& ref) const {
  WEIR_ASSIGN_OR_RETURN(Request request, GetRequest(ctx, ref));
  WEIR_ASSIGN_OR_RETURN(Response response, Do(ctx, std::move(request)));
  return std::move(response.body);
}

absl::StatusOr<Value> Client::List(const Context& ctx,
                                   const GroupVersionKind& gvk,
                                   const std::string& name_space,
                                   const ListOptions& options) const {
  WEIR_ASSIGN_OR_RETURN(const Resource resource, FindResource(ctx, gvk));
  ListOptions current = options;
  int limit = kPageSize;
  std::string token;
  Value::Array items;
  while (true) {
    absl::StatusOr<Response> page =
        Do(ctx, MakeListRequest(resource, name_space, current, limit, token));
    if (ApiCodeOf(page.status()) == 410 && !token.empty()) {
      // The token died on the way: once more, in one piece.
      limit = 0;
      token.clear();
      items.clear();
      continue;
    }
    WEIR_RETURN_IF_ERROR(page);
    for (const Value& item : page->body["items"].array()) {
      items.push_back(FinishItem(item, gvk, options.metadata_only));
    }
    token = std::string(page->body["metadata"].GetString("continue"));
    if (!token.empty()) continue;
    Value list = std::move(page->body);
    if (Value* metadata = list.FindMutable("metadata"); metadata != nullptr) {
      metadata->Erase("remainingItemCount");
    }
    list.Set("items", Value(std::move(items)));
    return list;
  }
}

absl::StatusOr<Value> Client::Create(const Context& ctx, const Value& object,
                                     const WriteOptions& options) const {
  const ObjectRef ref = RefOf(object);
  WEIR_ASSIGN_OR_RETURN(const Resource resource, FindResource(ctx, ref.gvk));
  if (resource.is_namespaced && ref.key.name_space.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("an empty namespace may not be set for ", ref.gvk.kind,
                     " during creation"));
  }
  Request request;
  request.method = Method::kPost;
  request.path = resource.Path(ref.key.name_space);
  request.body = object;
  AddWriteOptions(options, request);
  WEIR_ASSIGN_OR_RETURN(Response response, Do(ctx, std::move(request)));
  return std::move(response.body);
}

absl::StatusOr<Value> Client::Update(const Context& ctx, const Value& object,
                                     const WriteOptions& options,
                                     const std::string& subresource) const {
  const ObjectRef ref = RefOf(object);
  WEIR_ASSIGN_OR_RETURN(const Resource resource, FindResource(ctx, ref.gvk));
  Request request;
  request.method = Method::kPut;
  WEIR_ASSIGN_OR_RETURN(request.path, ItemPath(resource, ref.key, subresource));
  request.body = object;
  AddWriteOptions(options, request);
  WEIR_ASSIGN_OR_RETURN(Response response, Do(ctx, std::move(request)));
  return std::move(response.body);
}

absl::StatusOr<Value> Client::Patch(const Context& ctx, const ObjectRef& ref,
                                    PatchType type, const Value& patch,
                                    const WriteOptions& options,
                                    const std::string& subresource) const {
  WEIR_ASSIGN_OR_RETURN(Request request, PatchRequest(ctx, ref, type, patch,
                                                      options, subresource));
  WEIR_ASSIGN_OR_RETURN(Response response, Do(ctx, std::move(request)));
  return std::move(response.body);
}

absl::StatusOr<Value> Client::Apply(const Context& ctx, const Value& object,
                                    const WriteOptions& options,
                                    const std::string& subresource) const {
  return Patch(ctx, RefOf(object), PatchType::kApply, object, options,
               subresource);
}

absl::Status Client::Delete(const Context& ctx, const ObjectRef& ref,
                            const DeleteOptions& options) const {
  WEIR_ASSIGN_OR_RETURN(Request request, DeleteRequest(ctx, ref, options));
  return Do(ctx, std::move(request)).status();
}

absl::StatusOr<Request> Client::ApplyRequest(
    const Context& ctx, const Value& object,
    const WriteOptions& options) const {
  const ObjectRef ref = RefOf(object);
  WEIR_ASSIGN_OR_RETURN(const Resource resource, FindResource(ctx, ref.gvk));
  Request request;
  request.method = Method::kPatch;
  WEIR_ASSIGN_OR_RETURN(request.path, ItemPath(resource, ref.key));
  request.content_type = ContentTypeOf(PatchType::kApply);
  request.body = object;
  AddWriteOptions(options, request);
  request.query.emplace_back("force", options.force ? "true" : "false");
  return request;
}

absl::StatusOr<Request> Client::GetRequest(const Context& ctx,
                                           const ObjectRef& ref) const {
  WEIR_ASSIGN_OR_RETURN(const Resource resource, FindResource(ctx, ref.gvk));
  Request request;
  WEIR_ASSIGN_OR_RETURN(request.path, ItemPath(resource, ref.key));
  return request;
}

absl::StatusOr<Request> Client::PatchRequest(
    const Context& ctx, const ObjectRef& ref, PatchType type,
    const Value& patch, const WriteOptions& options,
    const std::string& subresource) const {
  WEIR_ASSIGN_OR_RETURN(const Resource resource, FindResource(ctx, ref.gvk));
  Request request;
  request.method = Method::kPatch;
  WEIR_ASSIGN_OR_RETURN(request.path, ItemPath(resource, ref.key, subresource));
  request.content_type = ContentTypeOf(type);
  request.body = patch;
  AddWriteOptions(options, request);
  if (type == PatchType::kApply) {
    request.query.emplace_back("force", options.force ? "true" : "false");
  }
  return request;
}

absl::StatusOr<Request> Client::DeleteRequest(
    const Context& ctx, const ObjectRef& ref,
    const DeleteOptions& options) const {
  WEIR_ASSIGN_OR_RETURN(const Resource resource, FindResource(ctx, ref.gvk));
  Request request;
  request.method = Method::kDelete;
  WEIR_ASSIGN_OR_RETURN(request.path, ItemPath(resource, ref.key));
  Value body =
      Value::MakeObject({{"apiVersion", "v1"}, {"kind", "DeleteOptions"}});
  if (!options.propagation_policy.empty()) {
    body.Set("propagationPolicy", options.propagation_policy);
  }
  Value preconditions = Value::MakeObject();
  if (!options.uid.empty()) preconditions.Set("uid", options.uid);
  if (!options.resource_version.empty()) {
    preconditions.Set("resourceVersion", options.resource_version);
  }
  if (!preconditions.empty()) {
    body.Set("preconditions", std::move(preconditions));
  }
  if (options.dry_run) body.Set("dryRun", Value::Array{Value("All")});
  request.body = std::move(body);
  return request;
}

absl::StatusOr<Response> Client::Do(const Context& ctx, Request request) const {
  std::vector<Request> requests;
  requests.push_back(std::move(request));
  return std::move(DoAll(ctx, std::move(requests), 1)[0]);
}

std::vector<absl::StatusOr<Response>> Client::DoAll(
    const Context& ctx, std::vector<Request> requests,
    int max_in_flight) const {
  std::vector<absl::StatusOr<Response>> answers =
      Batch(ctx, *impl_->transport, std::move(requests), max_in_flight).Run();
  for (const absl::StatusOr<Response>& answer : answers) {
    // 404 that names no object: the whole API is gone.
    if (absl::IsNotFound(answer.status()) &&
        ApiStatusOf(answer.status())["details"].GetString("name").empty()) {
      InvalidateDiscovery();
      break;
    }
  }
  return answers;
}

}  // namespace weir::kube
