// sentry: errors as events of Sentry, all else as transactions.
// Source: develop.sentry.dev, "Envelopes" and "Event Payloads".
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "src/providers/api_call.h"
#include "src/providers/git_repository.h"
#include "src/providers/providers.h"
#include "weir/base/duration.h"
#include "weir/base/random.h"
#include "weir/base/status.h"
#include "weir/value/go_url.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

constexpr char kSdkName[] = "weir";
constexpr char kSdkVersion[] = "0.1.0";
constexpr size_t kIdBytes = 16;
constexpr size_t kSpanIdBytes = 8;

// Where a project's data goes, and with which key.
struct Dsn {
  std::string url;
  std::string public_key;
  std::string secret_key;  // Of old servers; empty: there is none.
};

absl::Status WrongDsn(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("[Sentry] DsnParseError: ", why));
}

// Keys stand in a header, between commas.
bool IsKey(absl::string_view key) {
  return std::all_of(key.begin(), key.end(),
                     [](char c) { return absl::ascii_isgraph(c) && c != ','; });
}

absl::StatusOr<Dsn> ParseDsn(const std::string& address) {
  if (address.empty()) {
    return absl::InvalidArgumentError("DSN cannot be empty");
  }
  const absl::StatusOr<GoUrl> url = ParseGoUrl(address);
  if (!url.ok()) return WrongDsn("invalid url");
  if (url->scheme != "http" && url->scheme != "https") {
    return WrongDsn("invalid scheme");
  }
  if (url->user.empty()) return WrongDsn("empty username");
  if (!IsKey(url->user) || !IsKey(url->password)) {
    return WrongDsn("invalid username");
  }
  if (url->Hostname().empty()) return WrongDsn("empty host");
  if (url->path.empty() || url->path.back() == '/') {
    return WrongDsn("empty project id");
  }
  absl::StatusOr<std::vector<std::string>> parts =
      SplitRepositoryId(url->path.substr(1), 0);
  if (!parts.ok()) return WrongDsn("invalid project id");
  std::string api = absl::StrCat(url->scheme, "://", url->host);
  for (size_t i = 0; i + 1 < parts->size(); ++i) {
    absl::StrAppend(&api, "/", EscapeSegment((*parts)[i]));
  }
  absl::StrAppend(&api, "/api/", EscapeSegment(parts->back()), "/envelope/");
  return Dsn{std::move(api), url->user, url->password};
}

absl::Status Check(const Settings& settings) {
  return ParseDsn(settings.address).status();
}

std::string SummaryOf(const Event& event) {
  return absl::StrCat(event.object.kind, ": ", event.object.name_space, "/",
                      event.object.name);
}

Value SdkOf() {
  Value sdk = Value::MakeObject();
  sdk.Set("name", kSdkName);
  sdk.Set("version", kSdkVersion);
  return sdk;
}

// What both kinds have.
Value MakeBase(const Exchange& exchange, const std::string& id) {
  const Event& event = exchange.event;
  Value value = Value::MakeObject();
  value.Set("event_id", id);
  value.Set("transaction", SummaryOf(event));
  value.Set("message", event.message);
  value.Set("platform", "other");
  value.Set("sdk", SdkOf());
  value.Set("level", event.severity);
  value.Set("environment", exchange.settings.channel.empty()
                               ? "production"
                               : exchange.settings.channel);
  value.Set("timestamp", FormatKubeTime(event.timestamp == absl::InfinitePast()
                                            ? exchange.clock.Now()
                                            : event.timestamp));
  return value;
}

Value MakeError(const Exchange& exchange, const std::string& id) {
  Value metadata = Value::MakeObject();
  for (const auto& [key, value] : exchange.event.metadata) {
    metadata.Set(key, value);
  }
  Value event = MakeBase(exchange, id);
  event.Set("server_name", exchange.event.reporting_controller);
  event.Mutable("contexts").Set("metadata", std::move(metadata));
  return event;
}

Value TagsOf(const Event& event) {
  Value tags = Value::MakeObject();
  tags.Set("flux_involved_object_kind", event.object.kind);
  tags.Set("flux_involved_object_namespace", event.object.name_space);
  tags.Set("flux_involved_object_name", event.object.name);
  tags.Set("flux_reporting_controller", event.reporting_controller);
  tags.Set("flux_reporting_instance", event.reporting_instance);
  tags.Set("flux_reason", event.reason);
  for (const auto& [key, value] : event.metadata) tags.Set(key, value);
  return tags;
}

// One span without a length, as an event has none.
Value MakeTransaction(const Exchange& exchange, const std::string& id) {
  Value trace = Value::MakeObject();
  trace.Set("trace_id", RandomHex(kIdBytes));
  trace.Set("span_id", RandomHex(kSpanIdBytes));
  trace.Set("op", "event");
  Value transaction = MakeBase(exchange, id);
  transaction.Set("type", "transaction");
  transaction.Set("start_timestamp", transaction["timestamp"]);
  transaction.Set("tags", TagsOf(exchange.event));
  Value span = trace;
  span.Set("tags", transaction["tags"]);
  span.Set("timestamp", transaction["timestamp"]);
  span.Set("start_timestamp", transaction["timestamp"]);
  transaction.Mutable("contexts").Set("trace", std::move(trace));
  transaction.Mutable("spans").Append(std::move(span));
  return transaction;
}

http::Request MakeRequest(const Exchange& exchange, const Dsn& dsn) {
  const std::string id = RandomHex(kIdBytes);
  const bool is_error = exchange.event.is_error();
  const std::string item = FormatJson(is_error ? MakeError(exchange, id)
                                               : MakeTransaction(exchange, id));
  Value header = Value::MakeObject();
  header.Set("event_id", id);
  header.Set("sent_at", FormatKubeTime(exchange.clock.Now()));
  header.Set("dsn", exchange.settings.address);
  header.Set("sdk", SdkOf());
  Value item_header = Value::MakeObject();
  item_header.Set("type", is_error ? "event" : "transaction");
  item_header.Set("length", static_cast<int64_t>(item.size()));
  std::string login =
      absl::StrCat("Sentry sentry_version=7, sentry_client=", kSdkName, "/",
                   kSdkVersion, ", sentry_key=", dsn.public_key);
  if (!dsn.secret_key.empty()) {
    absl::StrAppend(&login, ", sentry_secret=", dsn.secret_key);
  }
  http::Request request =
      ApiRequest("POST", dsn.url,
                 {{"Content-Type", "application/x-sentry-envelope"},
                  {"X-Sentry-Auth", login}});
  request.body = absl::StrCat(FormatJson(header), "\n", FormatJson(item_header),
                              "\n", item, "\n");
  return request;
}

absl::Status Notify(const Context& ctx, const Exchange& exchange) {
  WEIR_ASSIGN_OR_RETURN(const Dsn dsn, ParseDsn(exchange.settings.address));
  return CallIgnoringAnswer(ctx, exchange.sender, MakeRequest(exchange, dsn));
}

}  // namespace

const ProviderType kSentry = {
    .name = "sentry",
    .has_tls = true,
    .check = Check,
    .notify = Notify,
};

}  // namespace weir::notification_controller
