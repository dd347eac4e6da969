#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "src/wire.h"
#include "weir/base/status.h"
#include "weir/http/client.h"

namespace weir::git {
namespace {

constexpr absl::string_view kInfoRefs = "/info/refs";
constexpr absl::string_view kService = "?service=git-upload-pack";
constexpr size_t kMaxErrorBytes = 4096;

class BodyBytes : public ByteReader {
 public:
  explicit BodyBytes(std::unique_ptr<http::BodyReader> body)
      : body_(std::move(body)) {}
  absl::StatusOr<size_t> Read(const Context& ctx, char* buffer,
                              size_t size) override {
    return body_->Read(ctx, buffer, size);
  }

 private:
  std::unique_ptr<http::BodyReader> body_;
};

absl::string_view PathOf(absl::string_view url) {
  const size_t start = url.find("://");
  const size_t slash = url.find('/', start + 3);
  if (slash == absl::string_view::npos) return "";
  return url.substr(slash, url.find_first_of("?#", slash) - slash);
}

// Servers move repositories (GitLab wants ".git"); nothing else is followed.
bool MayFollow(const http::Redirect& redirect) {
  const bool is_downgrade =
      absl::StartsWithIgnoreCase(redirect.from, "https:") &&
      !absl::StartsWithIgnoreCase(redirect.to, "https:");
  return !is_downgrade && absl::EndsWith(PathOf(redirect.to), kInfoRefs);
}

// The start of a body, for messages.
std::string ErrorText(const Context& ctx, http::BodyReader& body) {
  std::string text(kMaxErrorBytes, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const absl::StatusOr<size_t> got =
        body.Read(ctx, text.data() + size, text.size() - size);
    if (!got.ok() || *got == 0) break;
    size += *got;
  }
  text.resize(size);
  return text;
}

class HttpWire : public Wire {
 public:
  HttpWire(const RemoteOptions& options, Url url)
      : options_(options), base_(std::move(url)), tls_(options.tls) {
    username_ = options.username.empty() ? base_.username : options.username;
    password_ = options.password.empty() ? base_.password : options.password;
    bearer_token_ = options.bearer_token;
  }

  absl::StatusOr<std::unique_ptr<ByteReader>> Advertisement(
      const Context& ctx) override {
    http::Request request = NewRequest(absl::StrCat(kInfoRefs, kService));
    request.follow_redirect = MayFollow;
    const std::string origin = base_.Origin();
    WEIR_ASSIGN_OR_RETURN(std::unique_ptr<http::BodyReader> body,
                          Open(ctx, "Get", std::move(request)));
    // What follows goes where the server sent us.
    absl::string_view last = body->head().url;
    if (!last.empty() && absl::ConsumeSuffix(&last, kService) &&
        absl::ConsumeSuffix(&last, kInfoRefs)) {
      WEIR_ASSIGN_OR_RETURN(base_, ParseUrl(last));
      if (base_.Origin() != origin) {
        username_.clear();
        password_ = Secret();
        bearer_token_ = Secret();
        tls_ = WithoutClientCertificate(tls_.get());
      }
    }
    return MakeReader(std::move(body),
                      "application/x-git-upload-pack-advertisement");
  }

  absl::StatusOr<std::unique_ptr<ByteReader>> Send(const Context& ctx,
                                                   std::string text) override {
    http::Request request = NewRequest("/git-upload-pack");
    request.method = "POST";
    request.headers.Set("Content-Type",
                        "application/x-git-upload-pack-request");
    request.headers.Set("Accept", "application/x-git-upload-pack-result");
    request.body = std::move(text);
    WEIR_ASSIGN_OR_RETURN(std::unique_ptr<http::BodyReader> body,
                          Open(ctx, "Post", std::move(request)));
    return MakeReader(std::move(body), "application/x-git-upload-pack-result");
  }

 private:
  static std::shared_ptr<const http::TlsOptions> WithoutClientCertificate(
      const http::TlsOptions* tls) {
    if (tls == nullptr) return nullptr;
    auto copy = std::make_shared<http::TlsOptions>(*tls);
    copy->client_certificate_pem.clear();
    copy->client_key_pem = Secret();
    return copy;
  }

  http::Request NewRequest(absl::string_view suffix) const {
    http::Request request;
    Url url = base_;
    while (absl::EndsWith(url.path, "/")) url.path.pop_back();
    request.url = absl::StrCat(url.ToString(), suffix);
    request.tls = tls_;
    request.proxy = options_.proxy;
    request.max_response_bytes = 0;
    request.headers.Set("User-Agent", options_.user_agent);
    request.headers.Set("Accept", "*/*");
    if (!bearer_token_.empty()) {
      request.headers.Set(
          "Authorization",
          absl::StrCat("Bearer ", bearer_token_.RevealForUse()));
    } else if (!username_.empty() || !password_.empty()) {
      request.headers.Set(
          "Authorization",
          absl::StrCat("Basic ",
                       absl::Base64Escape(absl::StrCat(
                           username_, ":", password_.RevealForUse()))));
    }
    return request;
  }

  absl::StatusOr<std::unique_ptr<http::BodyReader>> Open(
      const Context& ctx, absl::string_view verb, http::Request request) const {
    const std::string url = request.url;
    absl::StatusOr<std::unique_ptr<http::BodyReader>> body =
        options_.http_client->Open(ctx, std::move(request));
    if (!body.ok()) {
      const bool is_late = absl::IsDeadlineExceeded(body.status());
      return absl::Status(body.status().code(),
                          absl::StrCat(verb, " \"", url, "\": ",
                                       is_late ? "context deadline exceeded"
                                               : body.status().message()));
    }
    const int code = (*body)->head().code;
    if (code == 200) return body;
    const std::string text = ErrorText(ctx, **body);
    switch (code) {
      case 401:
        return absl::UnauthenticatedError(
            absl::StrCat("authentication required: ", text));
      case 403:
        return absl::PermissionDeniedError(
            absl::StrCat("authorization failed: ", text));
      case 404:
        return absl::NotFoundError(
            absl::StrCat("repository not found: ", text));
      default:
        return absl::UnavailableError(
            absl::StrCat("unexpected client error: unexpected requesting \"",
                         url, "\" status code: ", code));
    }
  }

  static absl::StatusOr<std::unique_ptr<ByteReader>> MakeReader(
      std::unique_ptr<http::BodyReader> body, absl::string_view want) {
    const std::string type =
        absl::AsciiStrToLower(body->head().headers.Get("Content-Type"));
    if (!absl::StartsWith(type, want)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the server does not speak git's smart protocol (Content-Type \"",
          type, "\")"));
    }
    return std::make_unique<BodyBytes>(std::move(body));
  }

  const RemoteOptions& options_;
  Url base_;
  std::shared_ptr<const http::TlsOptions> tls_;
  std::string username_;
  Secret password_;
  Secret bearer_token_;
};

}  // namespace

std::unique_ptr<Wire> MakeHttpWire(const RemoteOptions& options, Url url) {
  return std::make_unique<HttpWire>(options, std::move(url));
}

}  // namespace weir::git
