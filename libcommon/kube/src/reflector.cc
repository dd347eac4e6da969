#include "src/reflector.h"

#include <algorithm>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/list.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"

namespace weir::kube {
namespace {

constexpr absl::Duration kListTimeout = absl::Seconds(60);
constexpr absl::Duration kHealthyAfter = absl::Minutes(2);
constexpr absl::Duration kShortWatch = absl::Seconds(1);
constexpr absl::Duration kInternalErrorWindow = absl::Minutes(1);
constexpr absl::Duration kSlowListWarning = absl::Seconds(10);

bool IsExpired(const absl::Status& status) {
  if (ApiCodeOf(status) == 410) return true;
  const Value object = ApiStatusOf(status);
  for (const Value& cause : object["details"]["causes"].array()) {
    if (cause.GetString("reason") == "ResourceVersionTooLarge") return true;
  }
  return absl::StrContains(object.GetString("message"),
                           "Too large resource version");
}

// The server cannot be reached, or asks for patience: nothing is known to be
// wrong with our version.
bool IsTransient(const absl::Status& status) {
  const int code = ApiCodeOf(status);
  return code == 0 || code == 429;
}

}  // namespace

std::shared_ptr<Reflector> Reflector::Start(
    const Client& client, TaskQueue& tasks, const InformerOptions& options,
    const Logger& logger, std::shared_ptr<ReflectorSink> sink) {
  std::shared_ptr<Reflector> reflector(
      new Reflector(client, tasks, options, logger, std::move(sink)));
  reflector->Post([self = reflector.get()] { self->FindKind(); });
  return reflector;
}

Reflector::Reflector(const Client& client, TaskQueue& tasks,
                     const InformerOptions& options, const Logger& logger,
                     std::shared_ptr<ReflectorSink> sink)
    : client_(client),
      tasks_(tasks),
      options_(options),
      logger_(logger.With({{"watchedKind", options.gvk.kind}})),
      sink_(std::move(sink)),
      ctx_(Context().WithCancel()) {}

// --- Tasks ----------------------------------------------------------------

void Reflector::Stop() {
  std::unique_ptr<WatchStream> watch;
  {
    MutexLock lock(mu_);
    stopped_ = true;
    watch = std::move(watch_);
  }
  watch.reset();
  ctx_.Cancel();
  MutexLock lock(mu_);
  while (running_ && runner_ != std::this_thread::get_id()) {
    changed_.Wait(mu_);
  }
}

void Reflector::Post(std::function<void()> task) {
  tasks_.Post([self = shared_from_this(), task = std::move(task)] {
    self->RunGuarded(task);
  });
}

void Reflector::PostAfter(absl::Duration delay, std::function<void()> task) {
  // A timer that waits need not keep a dead reflector.
  tasks_.PostAfter(delay, [weak = weak_from_this(), task = std::move(task)] {
    if (auto self = weak.lock()) self->RunGuarded(task);
  });
}

void Reflector::RunGuarded(const std::function<void()>& task) {
  {
    MutexLock lock(mu_);
    if (stopped_) return;
    running_ = true;
    runner_ = std::this_thread::get_id();
  }
  task();
  MutexLock lock(mu_);
  running_ = false;
  changed_.NotifyAll();
}

bool Reflector::is_stopped() {
  MutexLock lock(mu_);
  return stopped_;
}

void Reflector::Retry(const absl::Status& why, Step step) {
  sink_->OnHealth(why);
  const absl::Time now = absl::Now();
  if (now - last_failure_ > kHealthyAfter) failures_ = 0;
  absl::Duration delay = ExponentialBackoff(options_.min_backoff,
                                            options_.max_backoff, failures_++);
  absl::BitGen random;
  delay += delay * absl::Uniform(random, 0.0, 1.0);
  if (const auto wish = RetryAfterOf(why); wish.has_value()) {
    delay = std::max(delay, *wish);
  }
  last_failure_ = now + delay;
  logger_.Debug("watch failed, trying again",
                {{"error", why}, {"delay", delay}});
  PostAfter(delay, [this, step, retry = ++retry_] {
    if (retry == retry_) (this->*step)();
  });
}

// --- The kind -------------------------------------------------------------

void Reflector::FindKind() {
  client_.FindResourceAsync(
      options_.gvk,
      [weak = weak_from_this()](const absl::StatusOr<Resource>& resource) {
        auto self = weak.lock();
        if (self == nullptr) return;
        self->Post([raw = self.get(), resource] { raw->OnKind(resource); });
      });
}

void Reflector::OnKind(const absl::StatusOr<Resource>& resource) {
  if (resource_.has_value()) return;  // Answered twice: asked twice.
  if (resource.ok()) {
    kind_watch_ = nullptr;
    resource_ = *resource;
    ++retry_;
    return Relist();
  }
  if (kind_watch_ == nullptr) {
    // A CRD may make the kind appear before the next try is due.
    kind_watch_ = client_.OnDiscoveryInvalidated([weak = weak_from_this()] {
      auto self = weak.lock();
      if (self == nullptr) return;
      self->Post([raw = self.get()] {
        if (!raw->resource_.has_value()) raw->FindKind();
      });
    });
  }
  Retry(resource.status(), &Reflector::FindKind);
}

// --- Lists ----------------------------------------------------------------

void Reflector::Relist() {
  if (can_stream_lists_) {
    OpenStreamedList();
  } else {
    ListInPages();
  }
}

void Reflector::ListInPages() {
  CloseStream();
  incoming_.clear();
  continue_token_.clear();
  // The first list takes any age: the watch brings what it misses.
  list_version_ = needs_newest_ ? "" : version_.empty() ? "0" : version_;
  page_limit_ = list_version_.empty() || list_version_ == "0" ? kPageSize : 0;
  SendPageRequest();
}

void Reflector::SendPageRequest() {
  ListOptions list;
  list.label_selector = options_.label_selector;
  list.field_selector = options_.field_selector;
  list.resource_version = list_version_;
  list.metadata_only = options_.metadata_only;
  client_.transport().Send(
      ctx_.WithTimeout(kListTimeout),
      MakeListRequest(*resource_, options_.name_space, list, page_limit_,
                      continue_token_),
      [weak = weak_from_this()](absl::StatusOr<Response> answer) {
        auto self = weak.lock();
        if (self == nullptr) return;
        self->Post([raw = self.get(), answer = std::move(answer)] {
          raw->OnPage(answer);
        });
      });
}

void Reflector::OnPage(absl::StatusOr<Response> answer) {
  absl::Status status = answer.ok() ? ErrorOf(*answer) : answer.status();
  if (IsExpired(status) && !continue_token_.empty()) {
    // The token died on the way: once more, in one piece.
    incoming_.clear();
    continue_token_.clear();
    list_version_.clear();
    page_limit_ = 0;
    return SendPageRequest();
  }
  if (!status.ok()) return OnListFailed(status);
  const Value body = std::move(answer->body);
  answer = absl::CancelledError();
  for (const Value& item : body["items"].array()) {
    Value object = sink_->Transform(item);
    ObjectKey key = KeyOf(object);
    incoming_[std::move(key)] = std::move(object);
  }
  continue_token_ = std::string(body["metadata"].GetString("continue"));
  if (!continue_token_.empty()) return SendPageRequest();
  FinishList(std::string(body["metadata"].GetString("resourceVersion")));
  if (!is_stopped()) OpenWatch();
}

void Reflector::FinishList(const std::string& resource_version) {
  version_ = resource_version;
  needs_newest_ = false;
  expired_in_a_row_ = 0;
  sink_->OnHealth(absl::OkStatus());
  sink_->OnReplace(std::move(incoming_));
  incoming_.clear();
}

void Reflector::OnListFailed(const absl::Status& status) {
  if (IsExpired(status)) return OnExpired(status);
  if (absl::IsNotFound(status)) {
    // The kind went away. Its objects stay in the store: a server that is
    // only just starting says the same for a moment.
    resource_.reset();
    client_.InvalidateDiscovery();
    return Retry(status, &Reflector::FindKind);
  }
  Retry(status, &Reflector::Relist);
}

void Reflector::OnExpired(const absl::Status& status) {
  needs_newest_ = true;
  // At once, but a server that cannot even serve its newest gets patience.
  if (++expired_in_a_row_ > 1) return Retry(status, &Reflector::Relist);
  Relist();
}

// --- Streams --------------------------------------------------------------

Request Reflector::WatchRequest() const {
  Request request;
  request.path = resource_->Path(options_.name_space);
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) request.query.emplace_back(name, value);
  };
  absl::BitGen random;
  add("watch", "true");
  add("allowWatchBookmarks", "true");
  add("timeoutSeconds", absl::StrCat(absl::Uniform(random, 300, 600)));
  add("labelSelector", options_.label_selector);
  add("fieldSelector", options_.field_selector);
  if (options_.metadata_only) {
    request.accept =
        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,"
        "application/json";
  }
  return request;
}

void Reflector::OpenWatch() {
  Request request = WatchRequest();
  request.query.emplace_back("resourceVersion", version_);
  in_initial_events_ = false;
  is_synthetic_ = version_.empty() || version_ == "0";
  OpenStream(std::move(request));
}

void Reflector::OpenStreamedList() {
  Request request = WatchRequest();
  request.query.emplace_back("sendInitialEvents", "true");
  request.query.emplace_back("resourceVersionMatch", "NotOlderThan");
  if (!needs_newest_ && !version_.empty()) {
    request.query.emplace_back("resourceVersion", version_);
  }
  in_initial_events_ = true;
  is_synthetic_ = false;
  incoming_.clear();
  OpenStream(std::move(request));
  PostAfter(kSlowListWarning, [this, stream = stream_] {
    if (stream == stream_ && in_initial_events_ && !saw_event_) {
      logger_.Info("no answer to a streamed list yet");
    }
  });
}

void Reflector::OpenStream(Request request) {
  CloseStream();
  const int64_t stream = stream_;
  saw_event_ = false;
  opened_ = absl::Now();
  WatchHandler handler;
  handler.on_event = [weak = weak_from_this(), stream](Value event) {
    if (auto self = weak.lock()) self->Enqueue(stream, std::move(event));
  };
  handler.on_end = [weak = weak_from_this(), stream](absl::Status status) {
    auto self = weak.lock();
    if (self == nullptr) return;
    self->Post([raw = self.get(), stream, status] {
      if (raw->stream_ == stream) raw->OnStreamEnd(status);
    });
  };
  std::unique_ptr<WatchStream> watch =
      client_.transport().Watch(std::move(request), std::move(handler));
  {
    MutexLock lock(mu_);
    if (!stopped_) watch_.swap(watch);
  }
  watch.reset();
  // Nothing tells that a quiet stream was accepted, so ask whether it lives.
  PostAfter(kShortWatch, [this, stream] {
    if (stream == stream_ && !in_initial_events_) {
      sink_->OnHealth(absl::OkStatus());
    }
  });
}

void Reflector::CloseStream() {
  std::unique_ptr<WatchStream> watch;
  {
    MutexLock lock(mu_);
    watch = std::move(watch_);
  }
  watch.reset();  // Waits for its callbacks, which take mu_.
  MutexLock lock(mu_);
  inbox_.clear();
  ++stream_;
}

void Reflector::Enqueue(int64_t stream, Value event) {
  bool is_first;
  {
    MutexLock lock(mu_);
    is_first = inbox_.empty();
    inbox_.push_back(std::move(event));
  }
  if (is_first) Post([this, stream] { Drain(stream); });
}

void Reflector::Drain(int64_t stream) {
  if (stream != stream_) return;
  std::vector<Value> events;
  {
    MutexLock lock(mu_);
    events.swap(inbox_);
  }
  for (Value& event : events) {
    OnEvent(event);
    event = Value();  // Lists are large: free as we go.
    if (stream != stream_ || is_stopped()) return;
  }
}

void Reflector::OnEvent(const Value& event) {
  const absl::string_view type = event.GetString("type");
  const Value& object = event["object"];
  if (type == "ERROR") {
    const int64_t code = object.GetInt("code", 500);
    return OnStreamEnd(
        MakeApiError(code >= 400 ? static_cast<int>(code) : 500, object));
  }
  saw_event_ = true;
  internal_errors_since_ = absl::InfiniteFuture();
  if (type == "BOOKMARK") return OnBookmark(object["metadata"]);
  const absl::string_view kind = object.GetString("kind");
  const bool is_expected =
      kind == options_.gvk.kind
          ? object.GetString("apiVersion") == options_.gvk.ApiVersion()
          : options_.metadata_only && kind == "PartialObjectMetadata";
  if (!is_expected ||
      (type != "ADDED" && type != "MODIFIED" && type != "DELETED")) {
    logger_.Info("unexpected event dropped",
                 {{"type", type},
                  {"kind", kind},
                  {"apiVersion", object.GetString("apiVersion")}});
    return;
  }
  OnObject(type, object);
}

void Reflector::OnBookmark(const Value& metadata) {
  const std::string version(metadata.GetString("resourceVersion"));
  is_synthetic_ = false;
  if (!in_initial_events_) {
    version_ = version;
    return;
  }
  if (metadata["annotations"].GetString("k8s.io/initial-events-end") ==
      "true") {
    in_initial_events_ = false;
    FinishList(version);
  }
}

void Reflector::OnObject(absl::string_view type, const Value& object) {
  std::string version(object["metadata"].GetString("resourceVersion"));
  Value kept = sink_->Transform(object);
  if (in_initial_events_) {
    ObjectKey key = KeyOf(kept);
    if (type == "DELETED") {
      incoming_.erase(key);
    } else {
      incoming_[std::move(key)] = std::move(kept);
    }
    return;
  }
  if (type != "ADDED") is_synthetic_ = false;
  if (!is_synthetic_) version_ = std::move(version);
  sink_->OnChange(type == "DELETED", std::move(kept));
}

void Reflector::OnStreamEnd(const absl::Status& status) {
  const bool was_short = absl::Now() - opened_ < kShortWatch;
  CloseStream();
  if (in_initial_events_) {
    return OnStreamedListFailed(
        status.ok() ? absl::UnavailableError(
                          "the stream ended before the list was complete")
                    : status);
  }
  if (!status.ok() && (ApiCodeOf(status) != 0 || was_short)) {
    return OnWatchFailed(status);
  }
  if (was_short && !saw_event_) {
    return Retry(absl::UnavailableError("the watch ended at once"),
                 &Reflector::OpenWatch);
  }
  OpenWatch();  // An end is normal: streams last some minutes.
}

void Reflector::OnStreamedListFailed(const absl::Status& status) {
  if (IsTransient(status)) return Retry(status, &Reflector::Relist);
  if (IsExpired(status) || absl::IsNotFound(status)) {
    return OnListFailed(status);
  }
  if (absl::IsFailedPrecondition(status)) can_stream_lists_ = false;
  logger_.Debug("no streamed list, listing in pages", {{"error", status}});
  ListInPages();
}

void Reflector::OnWatchFailed(const absl::Status& status) {
  if (IsTransient(status)) return Retry(status, &Reflector::OpenWatch);
  if (IsExpired(status)) return OnExpired(status);
  if (ApiCodeOf(status) == 500) {
    const absl::Time now = absl::Now();
    internal_errors_since_ = std::min(internal_errors_since_, now);
    if (now - internal_errors_since_ < kInternalErrorWindow) {
      return Retry(status, &Reflector::OpenWatch);
    }
  }
  Retry(status, &Reflector::Relist);
}

}  // namespace weir::kube
