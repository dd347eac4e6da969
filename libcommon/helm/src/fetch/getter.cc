#include "weir/helm/getter.h"

#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/go_text.h"
#include "weir/base/file.h"
#include "weir/base/secret.h"
#include "weir/base/status.h"
#include "weir/helm/url.h"

namespace weir::helm {
namespace {

constexpr size_t kMaxPemBytes = 4u << 20;

absl::StatusOr<std::string> ReadPem(const std::string& path,
                                    absl::string_view what) {
  absl::StatusOr<std::string> text = ReadFile(path, kMaxPemBytes);
  if (text.ok()) return text;
  return absl::Status(
      text.status().code(),
      absl::StrCat(what, ": ", GoQuote(path), ": ", text.status().message()));
}

absl::StatusCode CodeOf(int code) {
  if (code == 401) return absl::StatusCode::kUnauthenticated;
  if (code == 403) return absl::StatusCode::kPermissionDenied;
  if (code == 404) return absl::StatusCode::kNotFound;
  return code >= 500 || code == 429 ? absl::StatusCode::kUnavailable
                                    : absl::StatusCode::kFailedPrecondition;
}

bool IsOwnHost(const Url& a, const Url& b) {
  return a.scheme == b.scheme && a.hostname() == b.hostname() &&
         a.port_or_default() == b.port_or_default();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const http::TlsOptions>> TlsOf(
    const RepositoryAccess& access) {
  if (access.tls != nullptr) return access.tls;
  const bool has_pair = !access.cert_file.empty() && !access.key_file.empty();
  if (!has_pair && access.ca_file.empty() && !access.insecure_skip_tls_verify) {
    return nullptr;
  }
  auto tls = std::make_shared<http::TlsOptions>();
  tls->insecure_skip_verify = access.insecure_skip_tls_verify;
  constexpr char kDoing[] = "can't create TLS config for client";
  if (!access.cert_file.empty() || !access.key_file.empty()) {
    WEIR_ASSIGN_OR_RETURN(tls->client_certificate_pem,
                          ReadPem(access.cert_file, "unable to read cert file"),
                          kDoing);
    WEIR_ASSIGN_OR_RETURN(std::string key,
                          ReadPem(access.key_file, "unable to read key file"),
                          kDoing);
    tls->client_key_pem = Secret(std::move(key));
  }
  if (!access.ca_file.empty()) {
    WEIR_ASSIGN_OR_RETURN(
        tls->ca_pem, ReadPem(access.ca_file, "can't read CA file"), kDoing);
    tls->use_system_roots = false;
  }
  return tls;
}

absl::Status Getter::Download(
    const Context& ctx, const Wanted& wanted,
    const std::function<absl::Status(absl::string_view)>& sink) {
  WEIR_ASSIGN_OR_RETURN(const Url url, ParseUrl(wanted.url),
                        "unable to parse URL getting from");
  WEIR_ASSIGN_OR_RETURN(const Url owner, ParseUrl(wanted.credentials_url),
                        "unable to parse getter URL");
  http::Request request;
  request.url = wanted.url;
  WEIR_ASSIGN_OR_RETURN(request.tls, TlsOf(wanted.access));
  request.proxy = http::ChooseProxy(options_.proxies, wanted.url);
  request.follow_redirect = [](const http::Redirect&) { return true; };
  request.accept_gzip = false;
  request.max_response_bytes = 0;
  request.headers.Set("User-Agent", options_.user_agent);
  if (!wanted.accept.empty()) request.headers.Set("Accept", wanted.accept);
  const RepositoryAccess& access = wanted.access;
  if ((access.pass_credentials || IsOwnHost(url, owner)) &&
      !access.username.empty() && !access.password.empty()) {
    request.headers.Set(
        "Authorization",
        absl::StrCat("Basic ", absl::Base64Escape(absl::StrCat(
                                   access.username, ":",
                                   access.password.RevealForUse()))));
  }
  const Context bounded = ctx.WithTimeout(options_.timeout);
  WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<http::BodyReader> reader,
                        http_.Open(bounded, std::move(request)), "Get \"",
                        RedactUrl(wanted.url), "\"");
  const int code = reader->head().code;
  if (code != 200) {
    return absl::Status(
        CodeOf(code), absl::StrCat("failed to fetch ", RedactUrl(wanted.url),
                                   " : ", code, " ", http::ReasonPhrase(code)));
  }
  std::vector<char> buffer(256 << 10);
  int64_t total = 0;
  while (true) {
    WEIR_ASSIGN_OR_RETURN(const size_t size,
                          reader->Read(bounded, buffer.data(), buffer.size()),
                          "Get \"", RedactUrl(wanted.url), "\"");
    if (size == 0) return absl::OkStatus();
    total += static_cast<int64_t>(size);
    if (wanted.max_bytes > 0 && total > wanted.max_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("failed to fetch ", RedactUrl(wanted.url),
                       " : it is larger than ", wanted.max_bytes, " bytes"));
    }
    WEIR_RETURN_IF_ERROR(sink(absl::string_view(buffer.data(), size)));
  }
}

absl::StatusOr<std::string> Getter::Get(const Context& ctx,
                                        const Wanted& wanted) {
  std::string out;
  WEIR_RETURN_IF_ERROR(Download(ctx, wanted, [&out](absl::string_view bytes) {
    out.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }));
  return out;
}

}  // namespace weir::helm
