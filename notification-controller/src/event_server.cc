#include "src/event_server.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

// For who follows over gRPC and comes late.
constexpr size_t kRememberedEvents = 1'000;
constexpr size_t kRememberedBytes = 4u << 20;
constexpr size_t kMaxHeaderBytes = 256u << 10;
constexpr absl::Duration kHeaderTimeout = absl::Seconds(10);
constexpr absl::Duration kReadTimeout = absl::Seconds(30);

Event FromRecorded(const reconcile::RecordedEvent& from) {
  const Value& object = from.event.object;
  const Value& metadata = object["metadata"];
  Event to;
  to.object.kind = std::string(object.GetString("kind"));
  to.object.api_version = std::string(object.GetString("apiVersion"));
  to.object.name_space = std::string(metadata.GetString("namespace"));
  to.object.name = std::string(metadata.GetString("name"));
  to.object.uid = std::string(metadata.GetString("uid"));
  to.object.resource_version =
      std::string(metadata.GetString("resourceVersion"));
  to.severity = reconcile::SeverityName(from.event.severity);
  to.timestamp = from.time;
  to.message = from.event.message;
  to.reason = from.event.reason;
  to.metadata = from.event.metadata;
  to.reporting_controller = from.component;
  to.reporting_instance = from.instance;
  return to;
}

reconcile::RecordedEvent ToRecorded(const Event& from) {
  reconcile::RecordedEvent to;
  Value metadata = Value::MakeObject({{"name", from.object.name}});
  const auto set = [&metadata](const char* key, const std::string& text) {
    if (!text.empty()) metadata.Set(key, text);
  };
  set("namespace", from.object.name_space);
  set("uid", from.object.uid);
  set("resourceVersion", from.object.resource_version);
  to.event.object = Value::MakeObject({{"apiVersion", from.object.api_version},
                                       {"kind", from.object.kind},
                                       {"metadata", std::move(metadata)}});
  to.event.severity = from.is_error()            ? reconcile::Severity::kError
                      : from.severity == "trace" ? reconcile::Severity::kTrace
                                                 : reconcile::Severity::kInfo;
  to.event.reason = from.reason;
  to.event.message = from.message;
  to.event.metadata = from.metadata;
  to.time = from.timestamp;
  to.component = from.reporting_controller;
  to.instance = from.reporting_instance;
  return to;
}

http::ServerResponse Reply(int code) {
  http::ServerResponse response;
  response.code = code;
  return response;
}

}  // namespace

// What both ways in lead to, and what followers see.
class EventServer::Source : public reconcile::EventSource {
 public:
  // `remembers`: whether somebody may follow.
  Source(reconcile::Manager& manager, Notifications& notifications,
         std::function<bool()> is_synced, bool remembers)
      : clock_(manager.clock()),
        notifications_(notifications),
        is_synced_(std::move(is_synced)),
        remembers_(remembers),
        hub_(kRememberedEvents, kRememberedBytes) {}

  // Errors: kUnavailable when it is to come again.
  absl::StatusOr<Notifications::Verdict> Accept(const Context& ctx,
                                                Event event) {
    if (is_synced_ != nullptr && !is_synced_()) {
      return absl::UnavailableError("Alerts and Providers are not known yet");
    }
    if (event.timestamp == absl::InfinitePast()) event.timestamp = clock_.Now();
    reconcile::RecordedEvent recorded;
    if (remembers_) recorded = ToRecorded(event);
    const Notifications::Verdict verdict =
        notifications_.Take(ctx, std::move(event));
    if (remembers_ && verdict.is_new) hub_.Append(std::move(recorded));
    return verdict;
  }

  std::shared_ptr<void> Subscribe(
      uint64_t after,
      std::function<void(const reconcile::RecordedEvent&)> callback) override {
    return hub_.Subscribe(after, std::move(callback));
  }
  uint64_t last_sequence() const override { return hub_.last_sequence(); }
  absl::Status Take(reconcile::RecordedEvent event) override {
    WEIR_ASSIGN_OR_RETURN(const Notifications::Verdict verdict,
                          Accept(Context(), FromRecorded(event)));
    if (verdict.is_new) return absl::OkStatus();
    return absl::ResourceExhaustedError("the same event was sent already");
  }

 private:
  const Clock& clock_;
  Notifications& notifications_;
  const std::function<bool()> is_synced_;
  const bool remembers_;
  reconcile::EventHub hub_;
};

EventServer::EventServer(reconcile::Manager& manager,
                         Notifications& notifications,
                         const EventServerOptions& options)
    : options_(options),
      logger_(manager.logger().With({{"logger", "event-server"}})),
      metrics_(manager.metrics(), "gotk_event", "/", options.tells_paths),
      source_(std::make_shared<Source>(manager, notifications,
                                       options.is_synced,
                                       !options.grpc_address.empty())) {}

EventServer::~EventServer() { Stop(absl::ZeroDuration()); }

absl::StatusOr<std::unique_ptr<EventServer>> EventServer::Start(
    reconcile::Manager& manager, Notifications& notifications,
    const EventServerOptions& options) {
  std::unique_ptr<EventServer> self(
      new EventServer(manager, notifications, options));
  if (!options.http_address.empty()) {
    http::ServerOptions http;
    http.address = options.http_address;
    http.max_header_bytes = kMaxHeaderBytes;
    http.header_timeout = kHeaderTimeout;
    http.read_timeout = kReadTimeout;
    http.logger = self->logger_;
    EventServer* const server = self.get();
    WEIR_ASSIGN_OR_RETURN(
        self->http_,
        http::Server::Start(
            std::move(http),
            [server](const http::ServerRequest& request,
                     std::unique_ptr<http::Responder> responder) {
              server->OnRequest(request, server->metrics_.Wrap(
                                             request, std::move(responder)));
            }),
        "event server");
  }
  if (!options.grpc_address.empty()) {
    rpc::ServerOptions grpc;
    grpc.address = options.grpc_address;
    grpc.tls = options.grpc_tls;
    grpc.logger = self->logger_;
    WEIR_ASSIGN_OR_RETURN(
        self->grpc_,
        rpc::Server::Start(
            std::move(grpc),
            {reconcile::MakeEventGrpcService(
                std::shared_ptr<reconcile::EventSource>(self->source_))}),
        "event service");
  }
  return self;
}

void EventServer::OnRequest(const http::ServerRequest& request,
                            std::unique_ptr<http::Responder> responder) {
  absl::StatusOr<Event> event = ParseEvent(request.body);
  if (!event.ok()) {
    logger_.Error("decoding the request body failed",
                  {{"error", event.status()}});
    return responder->Send(Reply(400));
  }
  const absl::StatusOr<Notifications::Verdict> verdict =
      source_->Accept(request.context, *std::move(event));
  if (!verdict.ok()) return responder->Send(Reply(503));
  http::ServerResponse response = Reply(202);
  if (!verdict->is_new) {
    response = Reply(429);
    response.headers.Set("Content-Type", "text/plain; charset=utf-8");
    response.headers.Set("X-Content-Type-Options", "nosniff");
    response.headers.Set("Retry-After", http::FormatHttpTime(verdict->reset));
    response.body = "Too Many Requests\n";
  }
  response.headers.Set("X-RateLimit-Limit", "1");
  response.headers.Set("X-RateLimit-Remaining", "0");
  response.headers.Set("X-RateLimit-Reset",
                       http::FormatHttpTime(verdict->reset));
  responder->Send(std::move(response));
}

absl::Status EventServer::Take(const Context& ctx,
                               const reconcile::RecordedEvent& event) {
  return source_->Accept(ctx, FromRecorded(event)).status();
}

std::string EventServer::http_address() const {
  return http_ == nullptr ? "" : http_->address();
}

std::string EventServer::grpc_address() const {
  if (grpc_ == nullptr) return "";
  const std::string& given = options_.grpc_address;
  return absl::StrCat(given.substr(0, given.rfind(':')), ":", grpc_->port());
}

void EventServer::Stop(absl::Duration grace) {
  if (http_ != nullptr) http_->Stop(grace);
  if (grpc_ != nullptr) grpc_->Stop(grace);
}

}  // namespace weir::notification_controller
