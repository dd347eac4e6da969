// otel: each event as a span of OpenTelemetry, sent by OTLP over HTTP. Spans of
// one Alert and one revision are one trace.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/otlp_trace.pb.h"
#include "src/providers/api_call.h"
#include "src/providers/git_repository.h"
#include "src/providers/providers.h"
#include "weir/base/random.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"
#include "weir/value/go_url.h"

namespace weir::notification_controller {
namespace {

constexpr char kDefaultPath[] = "/v1/traces";
constexpr char kSchema[] = "https://opentelemetry.io/schemas/1.34.0";
constexpr char kScope[] = "flux:notification-controller";
constexpr size_t kTraceIdBytes = 16;
constexpr size_t kSpanIdBytes = 8;
constexpr int kMaxAttributes = 128;  // As OpenTelemetry's own programs.
// Sampled; and the parent, which the revision stands for, is another program's.
constexpr uint32_t kFlags = 0x301;

namespace otlp = weir::notification::otlp;
using Attributes = google::protobuf::RepeatedPtrField<otlp::KeyValue>;

absl::StatusOr<std::string> EndpointOf(const Settings& settings) {
  const absl::StatusOr<GoUrl> url = ParseGoUrl(settings.address);
  if (!url.ok() || (url->scheme != "http" && url->scheme != "https") ||
      url->host.empty()) {
    return absl::InvalidArgumentError(
        "the address of an OTLP receiver must be an http(s) URL");
  }
  return absl::StrCat(url->scheme, "://", url->host,
                      url->path.empty() ? kDefaultPath : url->EscapedPath());
}

absl::Status Check(const Settings& settings) {
  return EndpointOf(settings).status();
}

std::string RevisionOf(const Event& event) {
  const auto& metadata = event.metadata;
  const auto version = metadata.find("app-version");
  const auto digest = metadata.find("oci-digest");
  if (version != metadata.end() && digest != metadata.end()) {
    return absl::StrCat(version->second, "@", digest->second);
  }
  const auto revision = metadata.find("revision");
  return revision == metadata.end() ? "unknown" : revision->second;
}

void AddAttribute(absl::string_view key, absl::string_view value,
                  Attributes* attributes) {
  otlp::KeyValue* const attribute = attributes->Add();
  attribute->set_key(std::string(key));
  attribute->mutable_value()->set_string_value(std::string(value));
}

uint64_t NanosOf(absl::Time time) {
  return static_cast<uint64_t>(absl::ToUnixNanos(time));
}

void FillAttributes(const Event& event, otlp::Span* span) {
  Attributes* const attributes = span->mutable_attributes();
  AddAttribute("object.uid", event.object.uid, attributes);
  AddAttribute("object.kind", event.object.kind, attributes);
  AddAttribute("object.name", event.object.name, attributes);
  AddAttribute("object.namespace", event.object.name_space, attributes);
  for (const auto& [key, value] : event.metadata) {
    if (attributes->size() < kMaxAttributes) {
      AddAttribute(key, value, attributes);
    } else {
      span->set_dropped_attributes_count(span->dropped_attributes_count() + 1);
    }
  }
}

void FillSpan(const Exchange& exchange, otlp::Span* span) {
  const Event& event = exchange.event;
  const absl::Time now = exchange.clock.Now();
  span->set_trace_id(crypto::Sha256(absl::StrCat(exchange.settings.alert_uid,
                                                 ":", RevisionOf(event)))
                         .substr(0, kTraceIdBytes));
  span->set_span_id(RandomBytes(kSpanIdBytes));
  span->set_name(absl::StrCat(event.object.kind, ": ", event.object.name_space,
                              "/", event.object.name));
  span->set_kind(otlp::Span::KIND_INTERNAL);
  span->set_start_time_unix_nano(
      NanosOf(event.timestamp == absl::InfinitePast() ? now : event.timestamp));
  span->set_end_time_unix_nano(NanosOf(now));
  span->set_flags(kFlags);
  FillAttributes(event, span);
  if (event.is_error()) {
    span->mutable_status()->set_code(otlp::Status::CODE_ERROR);
    span->mutable_status()->set_message(event.message);
  } else {
    span->mutable_status()->set_code(otlp::Status::CODE_OK);
  }
}

std::string MakeBody(const Exchange& exchange) {
  const Settings& settings = exchange.settings;
  otlp::ExportTraceServiceRequest request;
  otlp::ResourceSpans* const spans = request.add_resource_spans();
  spans->set_schema_url(kSchema);
  Attributes* const resource = spans->mutable_resource()->mutable_attributes();
  AddAttribute("service.instance.id", settings.alert_uid, resource);
  AddAttribute(
      "service.name",
      absl::StrCat(settings.alert_name_space, "/", settings.alert_name),
      resource);
  AddAttribute("service.namespace", settings.alert_name_space, resource);
  otlp::ScopeSpans* const scope = spans->add_scope_spans();
  scope->mutable_scope()->set_name(kScope);
  FillSpan(exchange, scope->add_spans());
  return request.SerializeAsString();
}

absl::Status Notify(const Context& ctx, const Exchange& exchange) {
  const Settings& settings = exchange.settings;
  WEIR_ASSIGN_OR_RETURN(std::string endpoint, EndpointOf(settings));
  if (exchange.event.object.kind == "HelmRepository") return absl::OkStatus();
  http::Request request = ApiRequest("POST", std::move(endpoint), {});
  const Secret& token = TokenOrPassword(settings);
  if (!token.empty() && settings.username.empty()) {
    SetBearer(request, token);
  } else if (!token.empty()) {
    SetBasic(request, settings.username, token);
  }
  for (const auto& [name, value] : settings.headers) {
    request.headers.Set(name, value.RevealForUse());
  }
  request.headers.Set("Content-Type", "application/x-protobuf");
  request.body = MakeBody(exchange);
  CallOptions options;
  options.what = "sending a span";
  return CallIgnoringAnswer(ctx, exchange.sender, std::move(request), options);
}

}  // namespace

const ProviderType kOtel = {
    .name = "otel",
    .has_proxy = true,
    .has_tls = true,
    .check = Check,
    .notify = Notify,
};

}  // namespace weir::notification_controller
