#include "src/providers/api_call.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

// The sender lets no more through.
constexpr size_t kMaxAnswerBytes = 4u << 20;
constexpr size_t kMaxValues = 500'000;
constexpr int kMaxDepth = 64;
constexpr size_t kMaxMessage = 512;

absl::StatusOr<Value> ParseAnswer(absl::string_view body) {
  if (absl::StripAsciiWhitespace(body).empty()) return Value();
  JsonParseOptions options;
  options.max_bytes = kMaxAnswerBytes;
  options.max_values = kMaxValues;
  options.max_depth = kMaxDepth;
  return ParseJson(body, options);
}

// What the API says went wrong, under one of the names in use.
std::string MessageOf(const http::Response& response) {
  const absl::StatusOr<Value> answer = ParseAnswer(response.body);
  if (answer.ok()) {
    for (const Value* from :
         {&(*answer)["message"], &(*answer)["error"]["message"],
          &(*answer)["error_description"], &(*answer)["error"],
          &(*answer)["errors"][size_t{0}]["message"]}) {
      if (from->is_string()) return from->AsString().substr(0, kMaxMessage);
    }
  }
  return std::string(http::ReasonPhrase(response.code));
}

// The words of the headers that hold credentials.
std::vector<std::string> CredentialsOf(const http::Headers& headers) {
  std::vector<std::string> credentials;
  for (const char* name : {"Authorization", "PRIVATE-TOKEN"}) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(headers.Get(name), ' ', absl::SkipEmpty());
    if (!words.empty()) credentials.emplace_back(words.back());
  }
  return credentials;
}

std::string Mask(std::string text, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    absl::StrReplaceAll({{secret, "*****"}}, &text);
  }
  return text;
}

absl::Status FailureOf(const http::Response& response, absl::string_view what,
                       const std::vector<std::string>& credentials) {
  const bool may_pass = response.code >= 500 || response.code == 429 ||
                        response.code == 408 || response.code < 400;
  return absl::Status(may_pass ? absl::StatusCode::kUnavailable
                               : absl::StatusCode::kFailedPrecondition,
                      absl::StrCat(what, ": ", response.code, " ",
                                   Mask(MessageOf(response), credentials)));
}

struct Answer {
  std::string what;  // "GET https://git.example/api"
  http::Response response;
};

absl::StatusOr<Answer> SendAndCheck(const Context& ctx, Sender& sender,
                                    http::Request request,
                                    const CallOptions& options) {
  const std::vector<absl::string_view> url = absl::StrSplit(request.url, '?');
  std::string what = options.what != nullptr
                         ? options.what
                         : absl::StrCat(request.method, " ", url[0]);
  const std::vector<std::string> credentials = CredentialsOf(request.headers);
  WEIR_ASSIGN_OR_RETURN(http::Response response,
                        sender.Send(ctx, std::move(request)), what);
  const bool is_fine = (response.code >= 200 && response.code < 300) ||
                       (response.code == 404 && options.absent_is_null);
  if (!is_fine) return FailureOf(response, what, credentials);
  return Answer{std::move(what), std::move(response)};
}

}  // namespace

http::Request ApiRequest(absl::string_view method, std::string url,
                         const http::Headers& headers) {
  http::Request request;
  request.method = std::string(method);
  request.url = std::move(url);
  request.headers = headers;
  return request;
}

http::Request ApiRequest(absl::string_view method, std::string url,
                         const http::Headers& headers, const Value& body) {
  http::Request request = ApiRequest(method, std::move(url), headers);
  request.headers.Set("Content-Type", "application/json");
  request.body = FormatJson(body);
  return request;
}

absl::StatusOr<Value> Call(const Context& ctx, Sender& sender,
                           http::Request request, const CallOptions& options) {
  WEIR_ASSIGN_OR_RETURN(const Answer answer,
                        SendAndCheck(ctx, sender, std::move(request), options));
  if (answer.response.code == 404) return Value();
  absl::StatusOr<Value> value = ParseAnswer(answer.response.body);
  if (!value.ok()) {
    return absl::UnavailableError(absl::StrCat(
        answer.what, ": the answer is no JSON: ", value.status().message()));
  }
  return value;
}

absl::Status CallIgnoringAnswer(const Context& ctx, Sender& sender,
                                http::Request request,
                                const CallOptions& options) {
  return SendAndCheck(ctx, sender, std::move(request), options).status();
}

}  // namespace weir::notification_controller
