#include "store.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api_errors.h"
#include "weir/base/status.h"

namespace weir::apiserver {
namespace {

constexpr size_t kMaxBatch = 64;
// Revisions that compaction leaves, and those it leaves at most.
constexpr int64_t kMinLog = 1000;
constexpr int64_t kMaxLog = 50000;

std::string Located(const WriteRequest& request) {
  return absl::StrCat(request.resource, "\n", request.key.name_space, "\n",
                      request.key.name);
}

}  // namespace

int64_t VersionOf(const Value& object) {
  int64_t rv = 0;
  if (!absl::SimpleAtoi(object["metadata"].GetString("resourceVersion"), &rv)) {
    return 0;
  }
  return rv;
}

// The changes of one commit as they build up.
struct Store::Batch {
  int64_t rv = 0;
  std::vector<LoggedChange> changes;
  // Later than what is in memory, by Located(); null when removed.
  absl::flat_hash_map<std::string, Value> overlay;
};

Store::Store(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {}

absl::StatusOr<std::unique_ptr<Store>> Store::Open(
    std::unique_ptr<Backend> backend) {
  std::unique_ptr<Store> store(new Store(std::move(backend)));
  {
    MutexLock lock(store->mu_);
    auto next = store->backend_->Load(
        [&](absl::string_view resource, const kube::ObjectKey& key,
            Value object) ABSL_NO_THREAD_SAFETY_ANALYSIS {
          store->objects_[resource].emplace(key, std::move(object));
        });
    WEIR_RETURN_IF_ERROR(next, "loading objects");
    store->rv_ = *next;
    store->start_rv_ = *next;
  }
  store->threads_.Start("store-writer", [s = store.get()](const Context&) {
    s->RunWriter();
    return absl::OkStatus();
  });
  return store;
}

Store::~Store() { Stop(); }

void Store::Stop() {
  {
    MutexLock lock(queue_mu_);
    is_stopping_ = true;
    queued_.NotifyAll();
  }
  threads_.Join().IgnoreError();
}

Value Store::Get(absl::string_view resource, const kube::ObjectKey& key) const {
  MutexLock lock(mu_);
  auto objects = objects_.find(resource);
  if (objects == objects_.end()) return Value();
  auto it = objects->second.find(key);
  return it == objects->second.end() ? Value() : it->second;
}

Store::Snapshot Store::List(absl::string_view resource,
                            absl::string_view name_space) const {
  MutexLock lock(mu_);
  Snapshot snapshot;
  snapshot.rv = rv_;
  auto found = objects_.find(resource);
  if (found == objects_.end()) return snapshot;
  const Objects& objects = found->second;
  if (name_space.empty()) {
    snapshot.objects.reserve(objects.size());
    for (const auto& [key, object] : objects) {
      snapshot.objects.push_back(object);
    }
    return snapshot;
  }
  for (auto it = objects.lower_bound({std::string(name_space), ""});
       it != objects.end() && it->first.name_space == name_space; ++it) {
    snapshot.objects.push_back(it->second);
  }
  return snapshot;
}

std::vector<std::string> Store::Resources() const {
  MutexLock lock(mu_);
  std::vector<std::string> out;
  for (const auto& [resource, objects] : objects_) {
    if (!objects.empty()) out.push_back(resource);
  }
  std::sort(out.begin(), out.end());
  return out;
}

int64_t Store::rv() const {
  MutexLock lock(mu_);
  return rv_;
}

int64_t Store::LastChange(absl::string_view resource) const {
  MutexLock lock(mu_);
  auto it = last_change_.find(resource);
  return it == last_change_.end() ? start_rv_ : it->second;
}

absl::StatusOr<std::vector<LoggedChange>> Store::ReadLog(
    absl::string_view resource, int64_t after, int64_t up_to) const {
  return backend_->ReadLog(resource, after, up_to);
}

absl::StatusOr<std::vector<Value>> Store::ListAt(absl::string_view resource,
                                                 absl::string_view name_space,
                                                 int64_t at) const {
  Snapshot now = List(resource, name_space);
  if (at >= now.rv || LastChange(resource) <= at) {
    if (at < compacted_rv()) return absl::OutOfRangeError("compacted");
    return std::move(now.objects);
  }
  WEIR_ASSIGN_OR_RETURN(std::vector<LoggedChange> log,
                        ReadLog(resource, at, now.rv));
  Objects objects;
  for (Value& object : now.objects) {
    kube::ObjectKey key = kube::KeyOf(object);
    objects.emplace(std::move(key), std::move(object));
  }
  for (auto change = log.rbegin(); change != log.rend(); ++change) {
    if (!name_space.empty() && change->key.name_space != name_space) continue;
    if (change->previous.is_null()) {
      objects.erase(change->key);
    } else {
      objects[change->key] = change->previous;
    }
  }
  std::vector<Value> out;
  out.reserve(objects.size());
  for (auto& [key, object] : objects) out.push_back(std::move(object));
  return out;
}

void Store::Write(WriteRequest request, Done done) {
  Pending pending;
  pending.base = Get(request.resource, request.key);
  absl::StatusOr<Decision> decision = request.decide(pending.base);
  if (!decision.ok()) return done(decision.status());
  if (decision->action == Decision::Action::kNothing) {
    return done(std::move(decision->object));
  }
  pending.decision = *std::move(decision);
  pending.request = std::move(request);
  pending.done = std::move(done);
  {
    MutexLock lock(queue_mu_);
    if (!is_stopping_) {
      queue_.push_back(std::move(pending));
      queued_.NotifyOne();
      return;
    }
  }
  pending.done(MakeFailure(503, "ServiceUnavailable",
                           "the API server is shutting down"));
}

void Store::RunWriter() {
  while (true) {
    std::vector<Pending> batch;
    {
      MutexLock lock(queue_mu_);
      while (queue_.empty() && !is_stopping_) queued_.Wait(queue_mu_);
      if (queue_.empty()) return;
      if (queue_.size() <= kMaxBatch) {
        batch.swap(queue_);
      } else {
        const auto end = queue_.begin() + kMaxBatch;
        batch.assign(std::make_move_iterator(queue_.begin()),
                     std::make_move_iterator(end));
        queue_.erase(queue_.begin(), end);
      }
    }
    CommitBatch(std::move(batch));
  }
}

Value Store::Latest(const Batch& batch, absl::string_view resource,
                    const kube::ObjectKey& key) const {
  auto it = batch.overlay.find(
      absl::StrCat(resource, "\n", key.name_space, "\n", key.name));
  return it != batch.overlay.end() ? it->second : Get(resource, key);
}

// Decides a write for good and adds its change to the batch. The answer is
// left in pending.decision.
absl::Status Store::Settle(Pending& pending, Batch& batch) {
  const WriteRequest& request = pending.request;
  Value current = Latest(batch, request.resource, request.key);
  if (!current.IsSame(pending.base)) {
    WEIR_ASSIGN_OR_RETURN(pending.decision, request.decide(current));
  }
  Decision& decision = pending.decision;
  if (decision.action == Decision::Action::kNothing) return absl::OkStatus();
  const bool is_removal = decision.action == Decision::Action::kRemove;
  if (current.is_null() && is_removal) return absl::OkStatus();
  if (current.is_null() && request.admit_to_namespace != nullptr) {
    WEIR_RETURN_IF_ERROR(request.admit_to_namespace(
        Latest(batch, "namespaces", {"", request.key.name_space})));
  }
  LoggedChange change;
  change.rv = batch.rv + 1;
  change.op = is_removal          ? ChangeOp::kDelete
              : current.is_null() ? ChangeOp::kCreate
                                  : ChangeOp::kUpdate;
  change.resource = request.resource;
  change.key = request.key;
  decision.object.Mutable("metadata")
      .Set("resourceVersion", absl::StrCat(change.rv));
  change.object = decision.object;
  change.previous = std::move(current);
  batch.rv = change.rv;
  batch.overlay[Located(request)] = is_removal ? Value() : decision.object;
  batch.changes.push_back(std::move(change));
  return absl::OkStatus();
}

void Store::CommitBatch(std::vector<Pending> pending) {
  Batch batch;
  batch.rv = rv();
  std::vector<absl::Status> results;
  results.reserve(pending.size());
  for (Pending& one : pending) results.push_back(Settle(one, batch));
  absl::Status committed;
  if (!batch.changes.empty()) {
    committed = backend_->Commit(batch.changes);
    if (committed.ok()) Publish(batch.changes);
  }
  for (size_t i = 0; i < pending.size(); ++i) {
    if (results[i].ok() && !committed.ok()) {
      results[i] = InternalError(std::string(committed.message()));
    }
    if (results[i].ok()) {
      pending[i].done(std::move(pending[i].decision.object));
    } else {
      pending[i].done(results[i]);
    }
  }
}

void Store::Publish(const std::vector<LoggedChange>& changes) {
  {
    MutexLock lock(mu_);
    for (const LoggedChange& change : changes) {
      Objects& objects = objects_[change.resource];
      if (change.op == ChangeOp::kDelete) {
        objects.erase(change.key);
      } else {
        objects[change.key] = change.object;
      }
      last_change_[change.resource] = change.rv;
    }
    rv_ = changes.back().rv;
  }
  if (observer_ != nullptr) observer_(changes);
}

void Store::Rewrite(absl::string_view resource,
                    const std::function<Value(const Value&)>& change) {
  MutexLock lock(mu_);
  auto objects = objects_.find(resource);
  if (objects == objects_.end()) return;
  for (auto& [key, object] : objects->second) object = change(object);
}

void Store::Compact() {
  int64_t up_to = 0;
  {
    MutexLock lock(mu_);
    // Two marks back is ten minutes ago.
    if (marks_.size() >= 2) {
      up_to = marks_.front();
      marks_.erase(marks_.begin());
    }
    marks_.push_back(rv_);
    up_to = std::max(std::min(up_to, rv_ - kMinLog), rv_ - kMaxLog);
  }
  if (up_to > 0) backend_->Compact(up_to).IgnoreError();
}

}  // namespace weir::apiserver
