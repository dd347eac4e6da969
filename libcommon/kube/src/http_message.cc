#include "src/http_message.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "weir/base/secret.h"
#include "weir/value/json.h"

namespace weir::kube {
namespace {

constexpr size_t kMaxJsonBytes = 512u << 20;
constexpr char kFlowSchemaHeader[] = "X-Kubernetes-Pf-Flowschema-Uid";
// What a path may hold as it is; names such as "system:node" are common.
constexpr absl::string_view kPathCharacters = "/:@!$&'()*+,;=";

bool IsJson(absl::string_view content_type) {
  const std::string type = absl::AsciiStrToLower(absl::StripAsciiWhitespace(
      content_type.substr(0, content_type.find(';'))));
  return type == "application/json" || absl::EndsWith(type, "+json");
}

std::optional<absl::Duration> ParseRetryAfter(absl::string_view text) {
  int64_t seconds;
  if (!absl::SimpleAtoi(text, &seconds) || seconds < 0) return std::nullopt;
  return absl::Seconds(seconds);
}

// Takes a quoted string off the front; false when there is none.
bool ConsumeQuoted(absl::string_view* text, std::string* out) {
  if (!absl::ConsumePrefix(text, "\"")) return false;
  out->clear();
  while (!text->empty()) {
    char c = text->front();
    text->remove_prefix(1);
    if (c == '"') return true;
    if (c == '\\' && !text->empty()) {
      c = text->front();
      text->remove_prefix(1);
    }
    out->push_back(c);
  }
  return false;
}

absl::string_view ConsumeWord(absl::string_view* text) {
  const absl::string_view word = text->substr(0, text->find(' '));
  text->remove_prefix(word.size());
  *text = absl::StripLeadingAsciiWhitespace(*text);
  return word;
}

}  // namespace

std::string BaseUrl(const Config& config) {
  std::string url = config.server;
  while (absl::EndsWith(url, "/")) url.pop_back();
  if (absl::StrContains(url, "://")) return url;
  const bool has_tls = config.insecure_skip_tls_verify ||
                       !config.ca_pem.empty() || !config.ca_file.empty() ||
                       !config.client_certificate_pem.empty() ||
                       !config.client_certificate_file.empty();
  return absl::StrCat(has_tls ? "https://" : "http://", url);
}

http::Headers ImpersonationHeaders(const Config& config) {
  http::Headers headers;
  if (config.impersonate_user.empty()) return headers;
  headers.Add("Impersonate-User", config.impersonate_user);
  if (!config.impersonate_uid.empty()) {
    headers.Add("Impersonate-Uid", config.impersonate_uid);
  }
  for (const std::string& group : config.impersonate_groups) {
    headers.Add("Impersonate-Group", group);
  }
  for (const auto& [key, values] : config.impersonate_extra) {
    const std::string name = absl::StrCat(
        "Impersonate-Extra-",
        http::PercentEncode(absl::AsciiStrToLower(key), "!#$&'*+^`|"));
    for (const std::string& value : values) headers.Add(name, value);
  }
  return headers;
}

http::Request MakeHttpRequest(const std::string& base_url, Request request) {
  http::Request out;
  out.method = MethodName(request.method);
  out.url = absl::StrCat(base_url,
                         http::PercentEncode(request.path, kPathCharacters));
  if (!request.query.empty()) {
    absl::StrAppend(&out.url, "?", http::FormatQuery(request.query));
  }
  if (!request.accept.empty()) out.headers.Set("Accept", request.accept);
  if (request.body.has_value()) {
    out.headers.Set("Content-Type", request.content_type.empty()
                                        ? "application/json"
                                        : request.content_type);
    out.body = FormatJson(*request.body);
  }
  for (const auto& [name, value] : request.headers) {
    out.headers.Add(name, value);
  }
  return out;
}

absl::StatusOr<Response> MakeResponse(http::Response answer) {
  Response out;
  out.code = answer.code;
  out.content_type = std::string(answer.headers.Get("Content-Type"));
  out.etag = std::string(answer.headers.Get("ETag"));
  out.warnings = ParseWarnings(answer.headers.GetAll("Warning"));
  out.retry_after = ParseRetryAfter(answer.headers.Get("Retry-After"));
  out.has_flow_control = answer.headers.Has(kFlowSchemaHeader);
  if (answer.body.empty()) return out;
  if (!IsJson(out.content_type)) {
    out.text = std::move(answer.body);
    return out;
  }
  JsonParseOptions options;
  options.max_bytes = kMaxJsonBytes;
  absl::StatusOr<Value> body = ParseJson(answer.body, options);
  if (body.ok()) {
    out.body = *std::move(body);
  } else if (out.code >= 400) {
    out.text = std::move(answer.body);
  } else {
    return absl::UnavailableError(
        absl::StrCat("the answer is not JSON: ", body.status().message()));
  }
  return out;
}

std::vector<std::string> ParseWarnings(const std::vector<std::string>& values) {
  std::vector<std::string> texts;
  for (const std::string& value : values) {
    // One field may hold several: 299 agent "text" "date", 299 ...
    absl::string_view rest = value;
    while (true) {
      rest = absl::StripLeadingAsciiWhitespace(rest);
      const absl::string_view code = ConsumeWord(&rest);
      ConsumeWord(&rest);  // The agent.
      std::string text;
      std::string date;
      if (!ConsumeQuoted(&rest, &text)) break;
      if (code == "299" && !text.empty()) texts.push_back(std::move(text));
      rest = absl::StripLeadingAsciiWhitespace(rest);
      ConsumeQuoted(&rest, &date);
      rest = absl::StripLeadingAsciiWhitespace(rest);
      if (!absl::ConsumePrefix(&rest, ",")) break;
    }
  }
  return texts;
}

absl::Status MakeTransportError(const absl::Status& status,
                                absl::string_view what) {
  const std::string message = absl::StrCat(what, ": ", status.message());
  if (absl::IsCancelled(status) || absl::IsDeadlineExceeded(status)) {
    return absl::Status(status.code(), message);
  }
  if (!absl::IsUnavailable(status) || http::WasNeverSent(status)) {
    return absl::UnavailableError(message);
  }
  return MakeConnectionLost(message);
}

std::string DescribeRequest(const http::Request& request) {
  std::string method = absl::AsciiStrToLower(request.method);
  if (!method.empty()) method[0] = absl::ascii_toupper(method[0]);
  return absl::StrCat(method, " \"", RedactUrl(request.url), "\"");
}

}  // namespace weir::kube
