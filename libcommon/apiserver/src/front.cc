#include "front.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api_errors.h"
#include "impersonation.h"
#include "kube_protobuf.h"
#include "weir/base/random.h"
#include "weir/base/status.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::apiserver {
namespace {

// Clients that see these leave throttling to the server.
constexpr char kFlowSchema[] = "b4f4e9a8-6d0e-4d6f-9a53-5b1f3c0a7e10";
constexpr char kPriorityLevel[] = "0e2f8c11-7a3b-4f0d-8a56-1c9d2b7e6f42";
constexpr size_t kMaxWarnings = 4096;
constexpr absl::Duration kStopGrace = absl::Seconds(1);

std::optional<kube::Method> MethodOf(absl::string_view text) {
  if (text == "GET") return kube::Method::kGet;
  if (text == "HEAD") return kube::Method::kHead;
  if (text == "POST") return kube::Method::kPost;
  if (text == "PUT") return kube::Method::kPut;
  if (text == "PATCH") return kube::Method::kPatch;
  if (text == "DELETE") return kube::Method::kDelete;
  return std::nullopt;
}

// Paths that need no credentials.
bool IsPublic(absl::string_view path) {
  return path == "/version" || path == "/healthz" || path == "/livez" ||
         path == "/readyz" || absl::StartsWith(path, "/livez/") ||
         absl::StartsWith(path, "/readyz/") ||
         absl::StartsWith(path, "/healthz/");
}

// Types of patches are judged where the kind is known.
absl::StatusOr<Value> ParseBody(const std::string& text,
                                absl::string_view content_type, bool is_patch) {
  const std::string type = MediaTypeOf(content_type);
  if (type == "application/vnd.kubernetes.protobuf") {
    absl::StatusOr<Value> object = ReadKubeProtobuf(text);
    if (object.ok()) return object;
    if (!absl::IsUnimplemented(object.status())) {
      return BadRequest(std::string(object.status().message()));
    }
    return MakeFailure(415, "UnsupportedMediaType",
                       std::string(object.status().message()));
  }
  if (absl::StrContains(type, "cbor")) {
    return MakeFailure(
        415, "UnsupportedMediaType",
        absl::StrCat("this API server reads JSON and YAML only, not ", type,
                     "; ask your client to send application/json"));
  }
  const bool is_yaml = absl::EndsWith(type, "yaml");
  const bool is_json = type.empty() || absl::EndsWith(type, "json");
  if (!is_yaml && !is_json && !is_patch) {
    return UnsupportedMediaType("application/json, application/yaml");
  }
  const absl::string_view trimmed = absl::StripLeadingAsciiWhitespace(text);
  absl::StatusOr<Value> value = !is_yaml || absl::StartsWith(trimmed, "{")
                                    ? ParseJson(text)
                                    : ParseYaml(text);
  if (value.ok()) return value;
  return BadRequest(absl::StrCat("error decoding the body: ",
                                 std::string(value.status().message())));
}

// Quotes a warning's text.
std::string QuoteWarning(absl::string_view text) {
  std::string out = "299 - \"";
  for (char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(absl::ascii_iscntrl(static_cast<unsigned char>(c)) ? ' ' : c);
  }
  out.push_back('"');
  return out;
}

void AddCommonHeaders(http::Headers& headers) {
  headers.Add("Audit-Id", RandomUuid());
  if (!headers.Has("Cache-Control")) {
    headers.Add("Cache-Control", "no-cache, private");
  }
  headers.Add("X-Kubernetes-Pf-Flowschema-Uid", kFlowSchema);
  headers.Add("X-Kubernetes-Pf-Prioritylevel-Uid", kPriorityLevel);
}

void AddWarnings(const std::vector<std::string>& warnings,
                 http::Headers& headers) {
  std::vector<std::string> sent;
  size_t bytes = 0;
  for (const std::string& text : warnings) {
    if (std::find(sent.begin(), sent.end(), text) != sent.end()) continue;
    bytes += text.size();
    if (bytes > kMaxWarnings) return;
    headers.Add("Warning", QuoteWarning(text));
    sent.push_back(text);
  }
}

http::ServerResponse ToHttp(ApiResponse response) {
  http::ServerResponse out;
  out.code = response.code;
  for (const auto& [name, value] : response.headers) {
    out.headers.Add(name, value);
  }
  AddCommonHeaders(out.headers);
  if (!response.etag.empty()) out.headers.Set("ETag", response.etag);
  AddWarnings(response.warnings, out.headers);
  if (response.code == 304) return out;
  out.headers.Set("Content-Type", response.content_type);
  if (response.body.is_null()) {
    out.body = std::move(response.text);
  } else if (response.content_type == "application/yaml") {
    out.body = FormatYaml(response.body);
  } else {
    AppendJson(response.body, &out.body);
    out.body.push_back('\n');
  }
  return out;
}

ApiRequest ToApiRequest(http::ServerRequest& request, kube::Method method) {
  ApiRequest out;
  out.method = method;
  out.path = std::move(request.path);
  out.query = std::move(request.query);
  out.accept = std::string(request.headers.Get("Accept"));
  out.content_type = std::string(request.headers.Get("Content-Type"));
  out.if_none_match = std::string(request.headers.Get("If-None-Match"));
  out.user_agent = std::string(request.headers.Get("User-Agent"));
  return out;
}

}  // namespace

// --------------------------------------------------------------------- Sink

// Writes the messages of one watch to its response.
class Front::Sink : public WatchSink {
 public:
  Sink(std::unique_ptr<http::ResponseStream> stream,
       std::function<void()> on_end)
      : stream_(std::move(stream)), on_end_(std::move(on_end)) {}

  bool Deliver(WatchMessage& message) override {
    // A client that cannot keep up is cut off cleanly; it resumes from the
    // version that it has seen.
    return stream_->Write(message.bytes()).ok();
  }
  void End() override {
    stream_->Close();
    on_end_();
  }

 private:
  const std::unique_ptr<http::ResponseStream> stream_;
  const std::function<void()> on_end_;
};

// -------------------------------------------------------------------- Front

Front::~Front() = default;

absl::Status Front::Listen(const std::string& address,
                           std::optional<http::ServerTls> tls,
                           const Logger& logger) {
  http::ServerOptions options;
  options.address = address;
  options.tls = std::move(tls);
  options.logger = logger;
  options.worker_threads = 2;
  WEIR_ASSIGN_OR_RETURN(
      server_,
      http::Server::Start(std::move(options),
                          [this](http::ServerRequest request,
                                 std::unique_ptr<http::Responder> responder) {
                            Serve(std::move(request), std::move(responder));
                          }));
  return absl::OkStatus();
}

void Front::Stop() {
  if (server_ != nullptr) server_->Stop(kStopGrace);
}

absl::StatusOr<UserInfo> Front::Authenticate(
    const http::ServerRequest& request) const {
  UserInfo user;
  absl::string_view header = request.headers.Get("Authorization");
  if (!header.empty()) {
    const size_t space = header.find(' ');
    if (space != header.npos &&
        absl::EqualsIgnoreCase(header.substr(0, space), "Bearer")) {
      std::optional<UserInfo> known = tokens_.Authenticate(
          absl::StripAsciiWhitespace(header.substr(space + 1)));
      if (known.has_value()) user = *std::move(known);
    }
  } else if (request.peer_certificate.has_value() &&
             !request.peer_certificate->common_name.empty()) {
    user.name = request.peer_certificate->common_name;
    user.groups = request.peer_certificate->organizations;
    user.groups.push_back("system:authenticated");
  } else if (IsPublic(request.path)) {
    user.name = "system:anonymous";
    user.groups = {"system:unauthenticated"};
  }
  if (user.name.empty()) {
    return MakeFailure(401, "Unauthorized", "Unauthorized");
  }
  const std::vector<std::pair<std::string, std::string>> headers(
      request.headers.begin(), request.headers.end());
  WEIR_RETURN_IF_ERROR(Impersonate(headers, user));
  return user;
}

void Front::Serve(http::ServerRequest request,
                  std::unique_ptr<http::Responder> owned) {
  std::shared_ptr<http::Responder> responder = std::move(owned);
  const std::optional<kube::Method> method = MethodOf(request.method);
  if (!method.has_value()) {
    return responder->Send(ToHttp(MakeResponse(MethodNotAllowed())));
  }
  absl::StatusOr<UserInfo> user = Authenticate(request);
  absl::Status status = user.status();
  const std::string body = std::move(request.body);
  ApiRequest call = ToApiRequest(request, *method);
  if (user.ok()) call.user = *std::move(user);
  AuditEntry entry = audit_.Begin(call);
  if (status.ok() && !body.empty() && *method != kube::Method::kGet &&
      *method != kube::Method::kHead) {
    absl::StatusOr<Value> parsed =
        ParseBody(body, call.content_type, *method == kube::Method::kPatch);
    status = parsed.status();
    if (parsed.ok()) call.body = *std::move(parsed);
  }
  if (status.ok() && ApiHandler::IsWatch(call)) {
    return ServeWatch(std::move(call), std::move(entry), responder);
  }
  const bool is_head = *method == kube::Method::kHead;
  const auto answer = [this, entry = std::move(entry), responder,
                       is_head](ApiResponse response) {
    audit_.Finish(entry, response.code);
    http::ServerResponse out = ToHttp(std::move(response));
    if (is_head) out.body.clear();
    responder->Send(std::move(out));
  };
  if (!status.ok()) return answer(MakeResponse(status));
  handler_.Handle(std::move(call), answer);
}

void Front::ServeWatch(ApiRequest request, AuditEntry entry,
                       std::shared_ptr<http::Responder> responder) {
  absl::StatusOr<WatchPlan> plan = handler_.PlanWatch(request);
  if (!plan.ok()) {
    ApiResponse response = MakeResponse(plan.status());
    audit_.Finish(entry, response.code);
    return responder->Send(ToHttp(std::move(response)));
  }
  audit_.Finish(entry, 200);
  // On the hub's thread, so that the watch is known before it can end.
  hub_.Post([this, plan = *std::move(plan), responder]() mutable {
    StartWatch(std::move(plan), std::move(responder));
  });
}

void Front::StartWatch(WatchPlan plan,
                       std::shared_ptr<http::Responder> responder) {
  const int64_t id = next_watch_++;
  const auto remove = [this, id] {
    hub_.Post([this, id] { RemoveWatch(id); });
  };
  http::StreamOptions options;
  options.headers = {{"Content-Type", "application/json"}};
  AddCommonHeaders(options.headers);
  options.on_closed = remove;
  auto sink =
      std::make_unique<Sink>(responder->Stream(std::move(options)), remove);
  watches_[id] = hub_.Start(std::move(plan), std::move(sink));
}

void Front::RemoveWatch(int64_t id) {
  auto node = watches_.extract(id);
  // The watch ends as the node does.
}

}  // namespace weir::apiserver
