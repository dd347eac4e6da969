#include "weir/kube/types.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "weir/value/json.h"

namespace weir::kube {
namespace {

constexpr absl::string_view kStatusPayload = "weir.dev/kube-api-status";

absl::StatusCode CodeFor(int code, absl::string_view reason) {
  switch (code) {
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 409:
      return reason == "AlreadyExists" ? absl::StatusCode::kAlreadyExists
                                       : absl::StatusCode::kAborted;
    case 410:
      return absl::StatusCode::kOutOfRange;
    case 429:
      return absl::StatusCode::kResourceExhausted;
    case 504:
      return absl::StatusCode::kDeadlineExceeded;
    default:
      return code >= 500 ? absl::StatusCode::kUnavailable
                         : absl::StatusCode::kFailedPrecondition;
  }
}

struct GenericAnswer {
  int code;
  const char* reason;
  const char* message;
};

// What to say of an answer that is no Status object: a proxy's page, a plain
// 404. Source: client-go, NewGenericServerResponse.
constexpr GenericAnswer kGenericAnswers[] = {
    {400, "BadRequest", "the server rejected our request as malformed"},
    {401, "Unauthorized",
     "the server has asked for the client to provide credentials"},
    {403, "Forbidden", "the server refused the request"},
    {404, "NotFound", "the server could not find the requested resource"},
    {405, "MethodNotAllowed",
     "the server does not allow this method on the requested resource"},
    {406, "NotAcceptable",
     "the server was unable to respond with a content type that the client "
     "supports"},
    {409, "Conflict", "the server reported a conflict"},
    {410, "Expired", "the resource version is no longer available"},
    {413, "RequestEntityTooLarge", "the request is larger than allowed"},
    {415, "UnsupportedMediaType",
     "the server does not support the content type of the request"},
    {422, "Invalid",
     "the server rejected our request due to an error in our request"},
    {429, "TooManyRequests",
     "the server has received too many requests and has asked us to try again "
     "later"},
    {503, "ServiceUnavailable",
     "the server is currently unable to handle the request"},
    {504, "Timeout",
     "the server was unable to return a response in the time allotted, but "
     "may still be processing the request"},
};

Value GenericStatus(int code, const Value& body) {
  std::string reason = code >= 500 ? "InternalError" : "Unknown";
  std::string message =
      absl::StrCat("the server answered with HTTP status ", code);
  for (const GenericAnswer& answer : kGenericAnswers) {
    if (answer.code != code) continue;
    reason = answer.reason;
    message = answer.message;
  }
  if (body.is_string() && !body.AsString().empty()) {
    // Proxies send whole pages; the start says enough.
    constexpr size_t kMaxText = 512;
    absl::StrAppend(&message, ": ", body.AsString().substr(0, kMaxText));
  }
  return Value::MakeObject({{"apiVersion", "v1"},
                            {"kind", "Status"},
                            {"status", "Failure"},
                            {"reason", reason},
                            {"message", message},
                            {"code", code}});
}

}  // namespace

std::string GroupVersionKind::ApiVersion() const {
  return group.empty() ? version : absl::StrCat(group, "/", version);
}

GroupVersionKind MakeGroupVersionKind(absl::string_view api_version,
                                      absl::string_view kind) {
  GroupVersionKind gvk;
  const size_t slash = api_version.find('/');
  if (slash == absl::string_view::npos) {
    gvk.version = std::string(api_version);
  } else {
    gvk.group = std::string(api_version.substr(0, slash));
    gvk.version = std::string(api_version.substr(slash + 1));
  }
  gvk.kind = std::string(kind);
  return gvk;
}

GroupVersionKind GroupVersionKindOf(const Value& object) {
  return MakeGroupVersionKind(object.GetString("apiVersion"),
                              object.GetString("kind"));
}

std::string ObjectKey::ToString() const {
  return name_space.empty() ? name : absl::StrCat(name_space, "/", name);
}

ObjectKey KeyOf(const Value& object) {
  const Value& metadata = object["metadata"];
  return ObjectKey{std::string(metadata.GetString("namespace")),
                   std::string(metadata.GetString("name"))};
}

ObjectRef RefOf(const Value& object) {
  return ObjectRef{GroupVersionKindOf(object), KeyOf(object)};
}

std::string Resource::Path(absl::string_view name_space, absl::string_view name,
                           absl::string_view subresource) const {
  std::string path = gvk.group.empty()
                         ? absl::StrCat("/api/", gvk.version)
                         : absl::StrCat("/apis/", gvk.group, "/", gvk.version);
  if (is_namespaced && !name_space.empty()) {
    absl::StrAppend(&path, "/namespaces/", name_space);
  }
  absl::StrAppend(&path, "/", plural);
  if (!name.empty()) absl::StrAppend(&path, "/", name);
  if (!subresource.empty()) absl::StrAppend(&path, "/", subresource);
  return path;
}

absl::Status MakeApiError(int code, const Value& status) {
  Value object = status.GetString("kind") == "Status"
                     ? status
                     : GenericStatus(code, status);
  object.Set("code", code);
  const absl::string_view reason = object.GetString("reason");
  std::string message(object.GetString("message"));
  if (message.empty()) message = absl::StrCat("HTTP status ", code);
  absl::Status error(CodeFor(code, reason), message);
  error.SetPayload(kStatusPayload, absl::Cord(FormatJson(object)));
  return error;
}

Value ApiStatusOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kStatusPayload);
  if (!payload.has_value()) return Value();
  absl::StatusOr<Value> object = ParseJson(std::string(*payload));
  return object.ok() ? *std::move(object) : Value();
}

std::string ApiReasonOf(const absl::Status& status) {
  return std::string(ApiStatusOf(status).GetString("reason"));
}

int ApiCodeOf(const absl::Status& status) {
  return static_cast<int>(ApiStatusOf(status).GetInt("code"));
}

std::optional<absl::Duration> RetryAfterOf(const absl::Status& status) {
  const Value object = ApiStatusOf(status);
  const int64_t seconds = object["details"].GetInt("retryAfterSeconds");
  if (seconds <= 0) return std::nullopt;
  return absl::Seconds(seconds);
}

}  // namespace weir::kube
