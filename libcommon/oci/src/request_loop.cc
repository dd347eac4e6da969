#include "src/request_loop.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "weir/base/secret.h"
#include "weir/base/status.h"
#include "weir/value/json.h"
#include "weir/value/value.h"

namespace weir::oci {
namespace {

constexpr int64_t kMaxErrorBytes = 8 << 10;
constexpr char kAnswerPayload[] = "weir.dev/registry-answer";

absl::StatusCode CodeOf(int code) {
  switch (code) {
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 429:
      return absl::StatusCode::kResourceExhausted;
    default:
      return code >= 500 || code == 408 ? absl::StatusCode::kUnavailable
                                        : absl::StatusCode::kFailedPrecondition;
  }
}

bool IsTransient(int code) {
  return code == 408 || code == 429 || (code >= 500 && code != 501);
}

// As Go prints a value.
std::string DescribeDetail(const Value& value) {
  std::vector<std::string> parts;
  switch (value.kind()) {
    case Value::Kind::kString:
      return value.AsString();
    case Value::Kind::kObject:
      for (const Value::Member& one : value.object()) {
        parts.push_back(absl::StrCat(one.key, ":", DescribeDetail(one.value)));
      }
      return absl::StrCat("map[", absl::StrJoin(parts, " "), "]");
    case Value::Kind::kArray:
      for (const Value& one : value.array()) {
        parts.push_back(DescribeDetail(one));
      }
      return absl::StrCat("[", absl::StrJoin(parts, " "), "]");
    default:
      return FormatJson(value);
  }
}

// "name unknown: repository name not known to registry"; "" when the body
// lists no errors.
std::string DescribeErrors(absl::string_view body) {
  const absl::StatusOr<Value> value = ParseJson(body);
  if (!value.ok()) return "";
  std::vector<std::string> texts;
  for (const Value& one : (*value)["errors"].array()) {
    const std::string code = absl::AsciiStrToLower(
        absl::StrReplaceAll(one.GetString("code"), {{"_", " "}}));
    const absl::string_view message = one.GetString("message");
    std::string text =
        message.empty() ? code : absl::StrCat(code, ": ", message);
    if (!message.empty() && !one["detail"].is_null()) {
      absl::StrAppend(&text, ": ", DescribeDetail(one["detail"]));
    }
    texts.push_back(std::move(text));
  }
  return absl::StrJoin(texts, "; ");
}

absl::Duration RetryAfter(const http::ResponseHead& head) {
  const absl::string_view text = head.headers.Get("Retry-After");
  if (int64_t seconds = 0; absl::SimpleAtoi(text, &seconds)) {
    return absl::Seconds(std::max<int64_t>(seconds, 0));
  }
  const absl::Time time = http::ParseHttpTime(text);
  return time == absl::InfinitePast()
             ? absl::ZeroDuration()
             : std::max(time - absl::Now(), absl::ZeroDuration());
}

absl::StatusOr<std::string> ReadBody(const Context& ctx,
                                     http::BodyReader& reader,
                                     int64_t max_bytes) {
  std::string out;
  std::vector<char> buffer(64 << 10);
  while (true) {
    WEIR_ASSIGN_OR_RETURN(const size_t size,
                          reader.Read(ctx, buffer.data(), buffer.size()));
    if (size == 0) return out;
    out.append(buffer.data(), size);
    if (static_cast<int64_t>(out.size()) > max_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat(RedactUrl(reader.head().url),
                       ": the answer is larger than ", max_bytes, " bytes"));
    }
  }
}

// The start of an error's body.
std::string ReadStart(const Context& ctx, http::BodyReader& reader) {
  std::string out(kMaxErrorBytes, '\0');
  size_t filled = 0;
  while (filled < out.size()) {
    const absl::StatusOr<size_t> size =
        reader.Read(ctx, out.data() + filled, out.size() - filled);
    if (!size.ok() || *size == 0) break;
    filled += *size;
  }
  out.resize(filled);
  return out;
}

bool IsPrivateHost(const std::string& host) {
  const absl::string_view name =
      absl::string_view(host).substr(0, host.find(':'));
  return name == "localhost" || absl::EndsWith(name, ".localhost") ||
         IsPrivateAddress(absl::StrCat("https://", host));
}

}  // namespace

absl::Status ErrorOfAnswer(absl::string_view method, absl::string_view url,
                           int code, absl::string_view body) {
  std::string text = DescribeErrors(body);
  if (text.empty()) text = std::string(http::ReasonPhrase(code));
  const std::string redacted = RedactUrl(url);
  absl::Status status(CodeOf(code), absl::StrCat(method, " \"", redacted,
                                                 "\": response status code ",
                                                 code, ": ", text));
  status.SetPayload(kAnswerPayload, absl::Cord(absl::StrCat(
                                        method, "\n", code, "\n", redacted,
                                        "\n", body.substr(0, kMaxErrorBytes))));
  return status;
}

std::optional<RegistryAnswer> AnswerOf(const absl::Status& error) {
  const auto payload = error.GetPayload(kAnswerPayload);
  if (!payload.has_value()) return std::nullopt;
  const std::vector<std::string> parts =
      absl::StrSplit(std::string(*payload), absl::MaxSplits('\n', 3));
  RegistryAnswer out;
  if (parts.size() != 4 || !absl::SimpleAtoi(parts[1], &out.code)) {
    return std::nullopt;
  }
  out.method = parts[0];
  out.url = parts[2];
  out.body = parts[3];
  return out;
}

absl::Status Retries::Next(const Context& ctx, const absl::Status& failure,
                           absl::Duration retry_after) {
  if (attempts_ >= options_.max_attempts || !ctx.status().ok() ||
      retry_after > options_.max_retry_after) {
    return failure;
  }
  ++attempts_;
  const absl::Duration wait = std::max(wait_, retry_after);
  if (wait >= ctx.remaining()) return failure;
  wait_ = std::min(wait_ * 2, options_.max_wait);
  return ctx.SleepFor(wait);
}

absl::StatusOr<std::string> RequestLoop::BaseUrl(const Context& ctx,
                                                 const Reference& where) {
  const std::string host = where.host();
  if (options_.plain_http) return absl::StrCat("http://", host);
  if (!options_.plain_http_fallback &&
      (!options_.plain_http_for_private_hosts || !IsPrivateHost(host))) {
    return absl::StrCat("https://", host);
  }
  {
    MutexLock lock(mu_);
    const auto found = schemes_.find(host);
    if (found != schemes_.end()) return absl::StrCat(found->second, host);
  }
  http::Request ping =
      NewRequest(options_, absl::StrCat("https://", host, "/v2/"));
  const bool is_https = http_.SendAndWait(ctx, std::move(ping)).ok();
  WEIR_RETURN_IF_ERROR(ctx.status());
  const std::string scheme = is_https ? "https://" : "http://";
  MutexLock lock(mu_);
  schemes_[host] = scheme;
  return absl::StrCat(scheme, host);
}

absl::StatusOr<std::unique_ptr<http::BodyReader>> RequestLoop::OpenOnce(
    const Context& ctx, const Call& call, const std::string& url,
    const Secret& authorization) {
  http::Request request = NewRequest(options_, url);
  request.method = call.method;
  request.max_response_bytes = 0;
  if (!call.accept.empty()) request.headers.Set("Accept", call.accept);
  if (call.offset > 0) {
    request.headers.Set("Range", absl::StrCat("bytes=", call.offset, "-"));
  }
  if (!authorization.empty()) {
    request.headers.Set("Authorization", authorization.RevealForUse());
  }
  return http_.Open(ctx, std::move(request));
}

absl::StatusOr<std::unique_ptr<http::BodyReader>> RequestLoop::Open(
    const Context& ctx, const Reference& where, const Call& call,
    Retries& retries) {
  WEIR_ASSIGN_OR_RETURN(const std::string base, BaseUrl(ctx, where));
  const std::string url = absl::StrCat(base, call.path);
  Secret authorization = authorizer_.Remembered(where);
  bool logged_in = false;
  while (true) {
    absl::StatusOr<std::unique_ptr<http::BodyReader>> reader =
        OpenOnce(ctx, call, url, authorization);
    if (!reader.ok()) {
      if (!absl::IsUnavailable(reader.status()) ||
          http::WasNeverSent(reader.status())) {
        return reader.status();
      }
      WEIR_RETURN_IF_ERROR(retries.Next(ctx, reader.status()));
      continue;
    }
    const http::ResponseHead& head = (*reader)->head();
    if (head.code == 401 && !logged_in && OriginOf(head.url) == OriginOf(url)) {
      logged_in = true;
      WEIR_ASSIGN_OR_RETURN(
          authorization,
          authorizer_.Answer(ctx, where, url,
                             head.headers.GetAll("WWW-Authenticate")));
      if (!authorization.empty()) continue;
    }
    if (!IsTransient(head.code)) return reader;
    const absl::Duration after = RetryAfter(head);
    WEIR_RETURN_IF_ERROR(
        retries.Next(ctx,
                     ErrorOfAnswer(call.method, head.url, head.code,
                                   ReadStart(ctx, **reader)),
                     after));
  }
}

absl::StatusOr<Answer> RequestLoop::Send(const Context& ctx,
                                         const Reference& where,
                                         const Call& call, int64_t max_bytes) {
  Retries retries(options_);
  while (true) {
    WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<http::BodyReader> reader,
                          Open(ctx, where, call, retries));
    Answer answer;
    answer.head = reader->head();
    const bool is_error = answer.head.code < 200 || answer.head.code >= 300;
    if (is_error) {
      return ErrorOfAnswer(call.method, answer.head.url, answer.head.code,
                           ReadStart(ctx, *reader));
    }
    absl::StatusOr<std::string> body = ReadBody(ctx, *reader, max_bytes);
    if (body.ok()) {
      answer.body = *std::move(body);
      return answer;
    }
    if (!absl::IsUnavailable(body.status())) return body.status();
    WEIR_RETURN_IF_ERROR(retries.Next(ctx, body.status()));
  }
}

}  // namespace weir::oci
