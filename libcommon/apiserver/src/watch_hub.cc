#include "watch_hub.h"

#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api_errors.h"
#include "render.h"
#include "weir/base/duration.h"
#include "weir/base/mutex.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

constexpr absl::Duration kBookmarkInterval = absl::Seconds(60);
constexpr absl::Duration kBookmarkBeforeEnd = absl::Seconds(2);

Value MakeEvent(const char* type, Value object) {
  return Value::MakeObject({{"type", type}, {"object", std::move(object)}});
}

Value ExpiredEvent(int64_t wanted, int64_t oldest) {
  const absl::Status error = Expired(
      absl::StrCat("too old resource version: ", wanted, " (", oldest, ")"));
  return MakeEvent("ERROR", StatusObjectOf(error));
}

// Events of one change as they were rendered for the watchers so far.
struct RenderCache {
  struct Entry {
    const Served* served;
    Shape::Form form;
    std::string version, include_object;
    std::string type;
    bool with_columns;
    std::shared_ptr<WatchMessage> message;
  };
  std::vector<Entry> entries;
};

}  // namespace

const std::string& WatchMessage::bytes() {
  if (bytes_.empty()) {
    AppendJson(event_, &bytes_);
    bytes_.push_back('\n');
  }
  return bytes_;
}

// ------------------------------------------------------------------ Watcher

class WatchHub::Watcher {
 public:
  Watcher(WatchPlan plan, std::unique_ptr<WatchSink> sink)
      : plan_(std::move(plan)), sink_(std::move(sink)) {}

  const WatchPlan& plan() const { return plan_; }

  // Hands a message over; false when the watch is, or is now, at its end.
  bool Deliver(WatchMessage& message) {
    WatchSink* sink = Enter();
    if (sink == nullptr) return false;
    const bool goes_on = sink->Deliver(message);
    Leave();
    return goes_on;
  }

  void End() {
    WatchSink* sink = Enter();
    if (sink == nullptr) return;
    sink->End();
    Leave();
  }

  // From the owner: no more calls after this returns.
  void Close() {
    std::unique_ptr<WatchSink> sink;
    {
      MutexLock lock(mu_);
      is_closed_ = true;
      const bool is_inside = runner_ == std::this_thread::get_id();
      while (is_running_ && !is_inside) idle_.Wait(mu_);
      // Inside End the sink is still in use; it goes with the watcher.
      if (!is_inside) sink = std::move(sink_);
    }
  }

  bool is_closed() {
    MutexLock lock(mu_);
    return is_closed_;
  }

  // Of the hub's thread.
  int64_t seen_rv = 0;
  bool has_sent_columns = false;

 private:
  WatchSink* Enter() {
    MutexLock lock(mu_);
    if (is_closed_ || sink_ == nullptr) return nullptr;
    is_running_ = true;
    runner_ = std::this_thread::get_id();
    return sink_.get();
  }
  void Leave() {
    MutexLock lock(mu_);
    is_running_ = false;
    runner_ = {};
    idle_.NotifyAll();
  }

  const WatchPlan plan_;
  Mutex mu_;
  CondVar idle_;
  bool is_closed_ ABSL_GUARDED_BY(mu_) = false;
  bool is_running_ ABSL_GUARDED_BY(mu_) = false;
  std::thread::id runner_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<WatchSink> sink_ ABSL_GUARDED_BY(mu_);
};

class WatchHub::Handle : public kube::WatchStream {
 public:
  Handle(std::shared_ptr<Watcher> watcher) : watcher_(std::move(watcher)) {}
  ~Handle() override { watcher_->Close(); }

 private:
  const std::shared_ptr<Watcher> watcher_;
};

// ----------------------------------------------------------------- WatchHub

WatchHub::WatchHub(Store& store, const Clock& clock)
    : store_(store), clock_(clock), tasks_("watch-hub") {}

WatchHub::~WatchHub() = default;

std::unique_ptr<kube::WatchStream> WatchHub::Start(
    WatchPlan plan, std::unique_ptr<WatchSink> sink) {
  auto watcher = std::make_shared<Watcher>(std::move(plan), std::move(sink));
  tasks_.Post([this, watcher] { Begin(watcher); });
  return std::make_unique<Handle>(watcher);
}

namespace {

// Tells only the end.
class RefusedSink : public WatchSink {
 public:
  RefusedSink(absl::Status error, std::function<void(absl::Status)> on_end)
      : error_(std::move(error)), on_end_(std::move(on_end)) {}
  bool Deliver(WatchMessage&) override { return false; }
  void End() override {
    const auto on_end = std::exchange(on_end_, nullptr);
    if (on_end != nullptr) on_end(error_);
  }

 private:
  const absl::Status error_;
  std::function<void(absl::Status)> on_end_;
};

}  // namespace

std::unique_ptr<kube::WatchStream> WatchHub::Refuse(
    absl::Status error, std::function<void(absl::Status)> on_end) {
  auto watcher = std::make_shared<Watcher>(
      WatchPlan(),
      std::make_unique<RefusedSink>(std::move(error), std::move(on_end)));
  tasks_.Post([watcher] { watcher->End(); });
  return std::make_unique<Handle>(watcher);
}

void WatchHub::Begin(const std::shared_ptr<Watcher>& watcher) {
  DropClosed();
  if (is_down_) return Finish(watcher);
  const WatchPlan& plan = watcher->plan();
  const bool goes_on =
      plan.from_rv == 0 ? SendInitial(*watcher) : SendLog(*watcher);
  if (!goes_on) return Finish(watcher);
  watchers_.push_back(watcher);
  if (plan.wants_bookmarks) ScheduleBookmark(watcher);
  std::weak_ptr<Watcher> weak = watcher;
  if (plan.wants_bookmarks && plan.timeout > 2 * kBookmarkBeforeEnd) {
    tasks_.PostAfter(plan.timeout - kBookmarkBeforeEnd, [this, weak] {
      const std::shared_ptr<Watcher> w = weak.lock();
      if (w == nullptr) return;
      WatchMessage message(MakeEvent(
          "BOOKMARK", RenderBookmark(*w->plan().served, w->plan().shape,
                                     std::max(seen_rv_, w->seen_rv), false)));
      w->Deliver(message);
    });
  }
  tasks_.PostAfter(plan.timeout, [this, weak] {
    if (const std::shared_ptr<Watcher> w = weak.lock()) Finish(w);
  });
}

// The present objects as ADDED.
bool WatchHub::SendInitial(Watcher& watcher) {
  const WatchPlan& plan = watcher.plan();
  Store::Snapshot now = store_.List(plan.served->storage, plan.name_space);
  watcher.seen_rv = now.rv;
  for (const Value& object : now.objects) {
    if (!plan.selection.Matches(object)) continue;
    WatchMessage message(MakeEvent(
        "ADDED", RenderObject(*plan.served, plan.shape, object, clock_.Now(),
                              !watcher.has_sent_columns)));
    watcher.has_sent_columns = true;
    if (!watcher.Deliver(message)) return false;
  }
  if (!plan.ends_initial_with_bookmark) return true;
  WatchMessage end(MakeEvent(
      "BOOKMARK", RenderBookmark(*plan.served, plan.shape, now.rv, true)));
  return watcher.Deliver(end);
}

namespace {

// What a change is to a watcher; null when nothing.
const char* EventTypeFor(const WatchPlan& plan, const LoggedChange& change) {
  if (!plan.name_space.empty() && change.key.name_space != plan.name_space) {
    return nullptr;
  }
  if (!plan.selection.name().empty() &&
      change.key.name != plan.selection.name()) {
    return nullptr;
  }
  const bool before =
      !change.previous.is_null() && plan.selection.Matches(change.previous);
  const bool after =
      change.op != ChangeOp::kDelete && plan.selection.Matches(change.object);
  if (before && after) return "MODIFIED";
  if (after) return "ADDED";
  return before ? "DELETED" : nullptr;
}

Value ObjectFor(const LoggedChange& change, absl::string_view type) {
  if (type != "DELETED" || change.op == ChangeOp::kDelete) {
    return change.object;
  }
  // It no longer matches: its last matching state, as of now.
  Value object = change.previous;
  object.Mutable("metadata").Set("resourceVersion", absl::StrCat(change.rv));
  return object;
}

}  // namespace

// What happened between the version asked for and now.
bool WatchHub::SendLog(Watcher& watcher) {
  const WatchPlan& plan = watcher.plan();
  const int64_t now = store_.rv();
  watcher.seen_rv = std::max(plan.from_rv, now);
  const std::string& storage = plan.served->storage;
  if (plan.from_rv < store_.compacted_rv()) {
    WatchMessage expired(ExpiredEvent(plan.from_rv, store_.compacted_rv()));
    watcher.Deliver(expired);
    return false;
  }
  if (store_.LastChange(storage) <= plan.from_rv) return true;
  auto log = store_.ReadLog(storage, plan.from_rv, now);
  if (!log.ok()) {
    WatchMessage error(absl::IsOutOfRange(log.status())
                           ? ExpiredEvent(plan.from_rv, store_.compacted_rv())
                           : MakeEvent("ERROR", StatusObjectOf(log.status())));
    watcher.Deliver(error);
    return false;
  }
  for (const LoggedChange& change : *log) {
    const char* type = EventTypeFor(plan, change);
    if (type == nullptr) continue;
    WatchMessage message(MakeEvent(
        type, RenderObject(*plan.served, plan.shape, ObjectFor(change, type),
                           clock_.Now(), !watcher.has_sent_columns)));
    watcher.has_sent_columns = true;
    if (!watcher.Deliver(message)) return false;
  }
  return true;
}

void WatchHub::Publish(const std::vector<LoggedChange>& changes) {
  tasks_.Post([this, changes] {
    for (const LoggedChange& change : changes) Dispatch(change);
    seen_rv_ = changes.back().rv;
    if (observer_ != nullptr) observer_(changes);
  });
}

void WatchHub::Dispatch(const LoggedChange& change) {
  RenderCache cache;
  bool has_ended = false;
  for (const std::shared_ptr<Watcher>& watcher : watchers_) {
    const WatchPlan& plan = watcher->plan();
    if (plan.served->storage != change.resource ||
        change.rv <= watcher->seen_rv) {
      continue;
    }
    const char* type = EventTypeFor(plan, change);
    if (type == nullptr) continue;
    const bool with_columns =
        !watcher->has_sent_columns && plan.shape.form == Shape::Form::kTable;
    watcher->has_sent_columns = true;
    std::shared_ptr<WatchMessage> message;
    for (const RenderCache::Entry& entry : cache.entries) {
      if (entry.served == plan.served && entry.form == plan.shape.form &&
          entry.version == plan.shape.version &&
          entry.include_object == plan.shape.include_object &&
          entry.type == type && entry.with_columns == with_columns) {
        message = entry.message;
      }
    }
    if (message == nullptr) {
      message = std::make_shared<WatchMessage>(MakeEvent(
          type, RenderObject(*plan.served, plan.shape, ObjectFor(change, type),
                             clock_.Now(), with_columns)));
      cache.entries.push_back({plan.served, plan.shape.form, plan.shape.version,
                               plan.shape.include_object, type, with_columns,
                               message});
    }
    if (!watcher->Deliver(*message)) {
      watcher->End();
      watcher->seen_rv = INT64_MAX;  // Marks it for removal.
      has_ended = true;
    }
  }
  if (has_ended) DropClosed();
}

void WatchHub::DropClosed() {
  std::erase_if(watchers_, [](const std::shared_ptr<Watcher>& watcher) {
    return watcher->seen_rv == INT64_MAX || watcher->is_closed();
  });
}

void WatchHub::ScheduleBookmark(const std::shared_ptr<Watcher>& watcher) {
  std::weak_ptr<Watcher> weak = watcher;
  tasks_.PostAfter(Jitter(kBookmarkInterval, 20), [this, weak] {
    const std::shared_ptr<Watcher> w = weak.lock();
    if (w == nullptr || w->is_closed()) return DropClosed();
    WatchMessage message(MakeEvent(
        "BOOKMARK", RenderBookmark(*w->plan().served, w->plan().shape,
                                   std::max(seen_rv_, w->seen_rv), false)));
    if (!w->Deliver(message)) return Finish(w);
    ScheduleBookmark(w);
  });
}

void WatchHub::Finish(const std::shared_ptr<Watcher>& watcher) {
  watcher->End();
  watcher->seen_rv = INT64_MAX;
  DropClosed();
}

void WatchHub::EndAll(const std::string& storage) {
  tasks_.Post([this, storage] {
    for (const std::shared_ptr<Watcher>& watcher : watchers_) {
      if (watcher->plan().served->storage != storage) continue;
      watcher->End();
      watcher->seen_rv = INT64_MAX;
    }
    DropClosed();
  });
}

void WatchHub::Shutdown() {
  struct State {
    Mutex mu;
    CondVar done;
    bool is_done ABSL_GUARDED_BY(mu) = false;
  };
  auto state = std::make_shared<State>();
  tasks_.Post([this, state] {
    is_down_ = true;
    observer_ = nullptr;
    for (const std::shared_ptr<Watcher>& watcher : watchers_) watcher->End();
    watchers_.clear();
    MutexLock lock(state->mu);
    state->is_done = true;
    state->done.NotifyAll();
  });
  MutexLock lock(state->mu);
  while (!state->is_done) state->done.Wait(state->mu);
}

}  // namespace weir::apiserver
