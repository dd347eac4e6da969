#include "weir/kube/informer.h"

#include <map>
#include <utility>

#include "src/list.h"
#include "src/reflector.h"
#include "weir/base/mutex.h"

namespace weir::kube {

// The store and the handlers; what happens on the wire is the Reflector's.
struct Informer::Impl : public ReflectorSink {
  explicit Impl(InformerOptions informer_options)
      : options(std::move(informer_options)) {}

  // Constant after construction.
  const InformerOptions options;

  // Used by tasks only.
  std::vector<Handler> handlers;

  mutable Mutex mu;
  mutable CondVar changed;
  std::map<ObjectKey, Value> store ABSL_GUARDED_BY(mu);
  bool synced ABSL_GUARDED_BY(mu) = false;
  bool stopped ABSL_GUARDED_BY(mu) = false;
  absl::Status health ABSL_GUARDED_BY(mu) =
      absl::UnavailableError("not yet listed");

  void Deliver(const Change& change) {
    // A handler may add another, or destroy the informer.
    for (size_t i = 0; i < handlers.size() && !is_stopped(); ++i) {
      handlers[i](change);
    }
  }

  bool is_stopped() const {
    MutexLock lock(mu);
    return stopped;
  }

  Value Transform(Value object) override {
    object = FinishItem(std::move(object), options.gvk, options.metadata_only);
    if (options.transform != nullptr) return options.transform(object);
    if (object["metadata"].Has("managedFields")) {
      object.FindMutable("metadata")->Erase("managedFields");
    }
    return object;
  }

  void OnReplace(std::map<ObjectKey, Value> objects) override {
    std::vector<Change> changes;
    {
      MutexLock lock(mu);
      const bool is_initial = !synced;
      for (const auto& [key, after] : objects) {
        const auto old = store.find(key);
        if (old == store.end()) {
          changes.push_back({ChangeType::kAdded, Value(), after, is_initial});
        } else if (!(old->second == after)) {
          changes.push_back({ChangeType::kModified, old->second, after, false});
        }
      }
      for (const auto& [key, before] : store) {
        if (objects.count(key) == 0) {
          changes.push_back({ChangeType::kDeleted, before, before, false});
        }
      }
      store = std::move(objects);
    }
    for (const Change& change : changes) Deliver(change);
    {
      MutexLock lock(mu);
      synced = true;
      changed.NotifyAll();
    }
    if (options.on_synced != nullptr && !is_stopped()) options.on_synced();
  }

  void OnChange(bool is_deleted, Value object) override {
    const ObjectKey key = KeyOf(object);
    Change change{ChangeType::kAdded, Value(), std::move(object), false};
    {
      MutexLock lock(mu);
      const auto old = store.find(key);
      if (old != store.end()) {
        change.before = old->second;
        change.type = ChangeType::kModified;
      }
      if (is_deleted) {
        if (old == store.end()) return;
        change.type = ChangeType::kDeleted;
        store.erase(old);
      } else {
        store[key] = change.after;
      }
    }
    Deliver(change);
  }

  void OnHealth(const absl::Status& status) override {
    MutexLock lock(mu);
    health = status;
  }

  std::shared_ptr<Reflector> reflector;  // Holds this until ~Informer.
};

Informer::Informer(const Client& client, TaskQueue& tasks,
                   InformerOptions options, Logger logger)
    : impl_(std::make_shared<Impl>(std::move(options))) {
  impl_->reflector =
      Reflector::Start(client, tasks, impl_->options, logger, impl_);
}

Informer::~Informer() {
  Stop();
  // Outlives what it holds, in case this runs in one of its tasks.
  const std::shared_ptr<Reflector> reflector = std::move(impl_->reflector);
}

void Informer::Stop() {
  {
    MutexLock lock(impl_->mu);
    impl_->stopped = true;
  }
  impl_->reflector->Stop();
}

void Informer::AddHandler(Handler handler) {
  // The reflector drops the task once stopped.
  impl_->reflector->Post([impl = impl_.get(), handler = std::move(handler)] {
    std::vector<Value> present;
    {
      MutexLock lock(impl->mu);
      for (const auto& [key, object] : impl->store) present.push_back(object);
    }
    impl->handlers.push_back(handler);
    for (Value& object : present) {
      handler(Change{ChangeType::kAdded, Value(), std::move(object), true});
    }
  });
}

std::optional<Value> Informer::Get(const ObjectKey& key) const {
  MutexLock lock(impl_->mu);
  const auto found = impl_->store.find(key);
  if (found == impl_->store.end()) return std::nullopt;
  return found->second;
}

std::vector<Value> Informer::List() const {
  MutexLock lock(impl_->mu);
  std::vector<Value> objects;
  objects.reserve(impl_->store.size());
  for (const auto& [key, object] : impl_->store) objects.push_back(object);
  return objects;
}

bool Informer::HasSynced() const {
  MutexLock lock(impl_->mu);
  return impl_->synced;
}

absl::Status Informer::WaitForSync(const Context& ctx) const {
  const Context::Registration registration = ctx.OnCancel([impl = impl_] {
    MutexLock lock(impl->mu);
    impl->changed.NotifyAll();
  });
  MutexLock lock(impl_->mu);
  while (!impl_->synced) {
    if (absl::Status status = ctx.status(); !status.ok()) return status;
    impl_->changed.WaitUntil(impl_->mu, ctx.deadline());
  }
  return absl::OkStatus();
}

absl::Status Informer::health() const {
  MutexLock lock(impl_->mu);
  return impl_->health;
}

}  // namespace weir::kube
