#include "src/client_transfer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "src/client_error.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/http/address.h"

namespace weir::http {
namespace {

constexpr size_t kMaxHeldBytes = 32u << 20;
constexpr size_t kMaxHeaderBytes = 1u << 20;
constexpr size_t kMaxRedirectBody = 64u << 10;
constexpr long kKeepAliveIdle = 30;
constexpr long kKeepAliveInterval = 15;
constexpr unsigned kUserTimeoutMillis = 45'000;

int SetSocketOptions(void*, curl_socket_t socket, curlsocktype) noexcept {
  setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUserTimeoutMillis,
             sizeof(kUserTimeoutMillis));
  return CURL_SOCKOPT_OK;
}

curl_socket_t OpenSocketUnlessLinkLocal(void*, curlsocktype,
                                        curl_sockaddr* address) noexcept {
  if (IsLinkLocal(address->addr)) return CURL_SOCKET_BAD;
  return socket(address->family, address->socktype | SOCK_CLOEXEC,
                address->protocol);
}

bool IsRedirect(int code) {
  return code == 301 || code == 302 || code == 303 || code == 307 ||
         code == 308;
}

// Source: RFC 9110, 5.6.2.
bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("!#$%&'*+-.^_`|~", c);
  });
}

// What would end a field or start another one is refused. The value may be a
// secret, so that only the name is said.
absl::Status CheckField(absl::string_view name, absl::string_view value) {
  if (!IsToken(name)) {
    return absl::InvalidArgumentError("invalid header field name");
  }
  const bool has_control = std::any_of(value.begin(), value.end(), [](char c) {
    return absl::ascii_iscntrl(c) && c != '\t';
  });
  if (!has_control) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("invalid header field value for \"", name,
                   "\": it holds a line break or another control character"));
}

void SetBlob(CURL* easy, CURLoption option, const std::string& bytes) {
  curl_blob blob;
  blob.data = const_cast<char*>(bytes.data());  // libcurl only reads.
  blob.len = bytes.size();
  blob.flags = CURL_BLOB_NOCOPY;  // The Transfer keeps the options alive.
  curl_easy_setopt(easy, option, &blob);
}

}  // namespace

Transfer::Transfer(Request request, StreamHandlers handlers,
                   absl::Time deadline,
                   std::shared_ptr<const ClientOptions> options)
    : deadline_(deadline),
      options_(std::move(options)),
      request_(std::move(request)),
      handlers_(std::move(handlers)),
      tls_(request_.tls),
      last_activity_(absl::Now()) {}

Transfer::~Transfer() {
  if (easy_ != nullptr) curl_easy_cleanup(easy_);
  curl_slist_free_all(header_lines_);
  curl_slist_free_all(connect_to_);
}

void Transfer::SetLoop(std::weak_ptr<Loop> loop) {
  MutexLock lock(mu_);
  loop_ = std::move(loop);
}

std::shared_ptr<Loop> Transfer::loop() {
  MutexLock lock(mu_);
  return loop_.lock();
}

// --- Callbacks to the owner --------------------------------------------------

void Transfer::Detach() {
  StreamHandlers unused;  // Destroyed without the lock.
  MutexLock lock(mu_);
  is_detached_ = true;
  const auto self = std::this_thread::get_id();
  while (is_calling_ && caller_ != self) changed_.Wait(mu_);
  if (!is_calling_) unused = std::move(handlers_);
}

template <typename Body>
absl::Status Transfer::Call(Body body) {
  {
    MutexLock lock(mu_);
    if (is_detached_) return absl::CancelledError("the call was destroyed");
    is_calling_ = true;
    caller_ = std::this_thread::get_id();
  }
  absl::Status status = body();
  MutexLock lock(mu_);
  is_calling_ = false;
  changed_.NotifyAll();
  return status;
}

void Transfer::Finish(const absl::Status& status) {
  if (std::exchange(is_finished_, true)) return;
  registration_.reset();
  if (easy_ != nullptr) curl_easy_cleanup(std::exchange(easy_, nullptr));
  StreamHandlers handlers;
  Call([&] {
    handlers = std::move(handlers_);
    if (handlers.on_done != nullptr) handlers.on_done(status);
    return absl::OkStatus();
  }).IgnoreError();
  request_.follow_redirect = nullptr;
}

// --- Set-up -----------------------------------------------------------------

absl::Status Transfer::Prepare() {
  WEIR_ASSIGN_OR_RETURN(target_, ParseTarget(request_.url));
  if (target_.has_credentials && !request_.headers.Has("Authorization")) {
    request_.headers.Set(
        "Authorization",
        absl::StrCat("Basic ", absl::Base64Escape(absl::StrCat(
                                   target_.username, ":",
                                   target_.password.RevealForUse()))));
  }
  for (const auto& [name, value] : request_.headers) {
    WEIR_RETURN_IF_ERROR(CheckField(name, value));
  }
  if (!IsToken(request_.method)) {
    return absl::InvalidArgumentError("bad method");
  }
  if (easy_ == nullptr) {
    easy_ = curl_easy_init();
    if (easy_ == nullptr) return absl::ResourceExhaustedError("out of memory");
  } else {
    curl_easy_reset(easy_);
  }
  if (request_.body_source != nullptr && body_sent_ > 0) {
    WEIR_RETURN_IF_ERROR(request_.body_source->Rewind());
  }
  has_head_ = false;
  header_bytes_ = body_sent_ = body_received_ = 0;
  last_activity_ = absl::Now();
  error_[0] = '\0';

  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_.data());
  curl_easy_setopt(easy_, CURLOPT_URL, target_.url.c_str());
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, read_size_);
  // Do not wait for a resolver's thread when a call is cancelled.
  curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &OnHeaderLine);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &OnBody);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_SOCKOPTFUNCTION, &SetSocketOptions);
  if (!request_.allow_link_local) {
    curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION,
                     &OpenSocketUnlessLinkLocal);
  }
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPIDLE, kKeepAliveIdle);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPINTVL, kKeepAliveInterval);
  const absl::Duration connect = std::clamp(
      request_.connect_timeout, absl::Milliseconds(1), absl::Hours(24));
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(absl::ToInt64Milliseconds(connect)));
  const absl::Duration age = std::clamp(options_->max_idle_connection,
                                        absl::Seconds(1), absl::Hours(24));
  curl_easy_setopt(easy_, CURLOPT_MAXAGE_CONN,
                   static_cast<long>(absl::ToInt64Seconds(age)));
  if (request_.accept_gzip) {
    curl_easy_setopt(easy_, CURLOPT_ACCEPT_ENCODING, "gzip");
  }
  static const TlsOptions* const kDefaults = new TlsOptions();
  SetUpTls(tls_ != nullptr ? *tls_ : *kDefaults);
  SetUpProxy();
  SetUpBody();
  SetUpHeaders();
  return absl::OkStatus();
}

void Transfer::SetUpTls(const TlsOptions& tls) {
  const bool use_http2 = request_.allow_http2 && target_.is_https();
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION,
                   use_http2 ? static_cast<long>(CURL_HTTP_VERSION_2TLS)
                             : static_cast<long>(CURL_HTTP_VERSION_1_1));
  // Wait for a connection's ALPN instead of opening one for each call.
  curl_easy_setopt(easy_, CURLOPT_PIPEWAIT, use_http2 ? 1L : 0L);
  if (!target_.is_https()) return;
  // libcurl 7.88 would run a call that wants HTTP/1.1 over an idle HTTP/2
  // connection. It does not where their TLS settings differ, so they do: both
  // mean "at most 1.3".
  curl_easy_setopt(easy_, CURLOPT_SSLVERSION,
                   use_http2 ? static_cast<long>(CURL_SSLVERSION_TLSv1_2)
                             : static_cast<long>(CURL_SSLVERSION_TLSv1_2) |
                                   CURL_SSLVERSION_MAX_TLSv1_3);
  const curl_version_info_data* info = curl_version_info(CURLVERSION_NOW);
  if (!tls.use_system_roots) {
    curl_easy_setopt(easy_, CURLOPT_CAINFO, nullptr);
    curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
  } else if (tls.ca_pem.empty() && info->cainfo != nullptr) {
    // Without a folder libcurl parses the authorities once, not for each
    // connection.
    curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
  }
  if (!tls.ca_pem.empty()) SetBlob(easy_, CURLOPT_CAINFO_BLOB, tls.ca_pem);
  if (tls.insecure_skip_verify) {
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!tls.client_certificate_pem.empty()) {
    SetBlob(easy_, CURLOPT_SSLCERT_BLOB, tls.client_certificate_pem);
    SetBlob(easy_, CURLOPT_SSLKEY_BLOB, tls.client_key_pem.RevealForUse());
  }
  SetUpServerName();
}

// libcurl verifies, and asks for, the host of the URL. So the URL names the
// server, and the connection goes where the caller's URL said.
void Transfer::SetUpServerName() {
  curl_slist_free_all(std::exchange(connect_to_, nullptr));
  if (tls_ == nullptr || tls_->server_name.empty()) return;
  if (absl::EqualsIgnoreCase(tls_->server_name, target_.host)) return;
  const bool is_v6 = absl::StrContains(tls_->server_name, ':') &&
                     !absl::StartsWith(tls_->server_name, "[");
  const std::string name =
      is_v6 ? absl::StrCat("[", tls_->server_name, "]") : tls_->server_name;
  const std::string url = WithHost(target_.url, name);
  curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
  const std::string rule = absl::StrCat(name, ":", target_.port, ":",
                                        target_.host, ":", target_.port);
  connect_to_ = curl_slist_append(nullptr, rule.c_str());
  curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, connect_to_);
  if (!request_.headers.Has("Host")) {
    request_.headers.Set("Host", target_.Authority());
  }
}

void Transfer::SetUpProxy() {
  // Empty strings keep libcurl from reading the environment.
  curl_easy_setopt(easy_, CURLOPT_NOPROXY, "");
  std::string proxy = request_.proxy;
  // As Go does: the proxy resolves names.
  if (absl::StartsWithIgnoreCase(proxy, "socks5://")) proxy.insert(6, "h");
  curl_easy_setopt(easy_, CURLOPT_PROXY, proxy.c_str());
}

void Transfer::SetUpBody() {
  const bool has_body = request_.body_source != nullptr ||
                        !request_.body.empty() || request_.method == "POST" ||
                        request_.method == "PUT" || request_.method == "PATCH";
  if (has_body) {
    curl_easy_setopt(easy_, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy_, CURLOPT_READFUNCTION, &OnRead);
    curl_easy_setopt(easy_, CURLOPT_READDATA, this);
    curl_easy_setopt(easy_, CURLOPT_SEEKFUNCTION, &OnSeek);
    curl_easy_setopt(easy_, CURLOPT_SEEKDATA, this);
    curl_off_t size = static_cast<curl_off_t>(request_.body.size());
    if (request_.body_source != nullptr) {
      const std::optional<size_t> known = request_.body_source->size();
      size = known.has_value() ? static_cast<curl_off_t>(*known) : -1;
    }
    curl_easy_setopt(easy_, CURLOPT_INFILESIZE_LARGE, size);
  } else if (request_.method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
  } else {
    curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
  }
  if (request_.method != "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
}

void Transfer::AddHeader(const std::string& line) {
  header_lines_ = curl_slist_append(header_lines_, line.c_str());
}

void Transfer::SetUpHeaders() {
  curl_slist_free_all(std::exchange(header_lines_, nullptr));
  for (const auto& [name, value] : request_.headers) {
    // libcurl's own way to say "empty" is a semicolon.
    AddHeader(value.empty() ? absl::StrCat(name, ";")
                            : absl::StrCat(name, ": ", value));
  }
  if (!request_.headers.Has("User-Agent") && !options_->user_agent.empty()) {
    AddHeader(absl::StrCat("User-Agent: ", options_->user_agent));
  }
  AddHeader("Expect:");  // Never "100-continue", which costs a round trip.
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_lines_);
}

// --- The answer --------------------------------------------------------------

size_t Transfer::OnHeaderLine(char* data, size_t, size_t size,
                              void* self) noexcept {
  auto* transfer = static_cast<Transfer*>(self);
  transfer->last_activity_ = absl::Now();
  absl::string_view line = absl::StripAsciiWhitespace({data, size});
  if (transfer->has_head_) return size;  // A trailer.
  transfer->header_bytes_ += size;
  if (transfer->header_bytes_ > kMaxHeaderBytes) {
    transfer->status_ = absl::ResourceExhaustedError(absl::StrCat(
        "the answer's head is larger than ", kMaxHeaderBytes, " bytes"));
    return 0;
  }
  if (line.empty()) {
    transfer->status_ = transfer->HeadIsComplete();
    return transfer->status_.ok() ? size : 0;
  }
  if (absl::StartsWith(line, "HTTP/")) {  // Also after a "100 Continue".
    transfer->head_ = ResponseHead();
    return size;
  }
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos) return size;
  transfer->head_.headers.Add(
      absl::StripAsciiWhitespace(line.substr(0, colon)),
      absl::StripAsciiWhitespace(line.substr(colon + 1)));
  return size;
}

absl::Status Transfer::HeadIsComplete() {
  long code = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &code);
  if (code < 200) return absl::OkStatus();
  long version = 0;
  curl_easy_getinfo(easy_, CURLINFO_HTTP_VERSION, &version);
  has_head_ = true;
  head_.code = static_cast<int>(code);
  head_.url = target_.url;
  head_.is_http2 = version == CURL_HTTP_VERSION_2_0;
  const absl::string_view location = head_.headers.Get("Location");
  if (IsRedirect(head_.code) && !location.empty() &&
      request_.follow_redirect != nullptr) {
    WEIR_RETURN_IF_ERROR(FollowTo(std::string(location)));
    if (!redirect_to_.empty()) return absl::OkStatus();
  }
  const absl::string_view encoding = head_.headers.Get("Content-Encoding");
  if (request_.accept_gzip && request_.method != "HEAD" &&
      absl::EqualsIgnoreCase(encoding, "gzip")) {
    head_.headers.Erase("Content-Encoding");
    head_.headers.Erase("Content-Length");
  }
  uint64_t length = 0;
  if (request_.method != "HEAD" && request_.max_response_bytes > 0 &&
      absl::SimpleAtoi(head_.headers.Get("Content-Length"), &length) &&
      length > request_.max_response_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the answer is larger than the limit of ",
                     request_.max_response_bytes, " bytes"));
  }
  return Call([this] {
    return handlers_.on_head == nullptr ? absl::OkStatus()
                                        : handlers_.on_head(head_);
  });
}

absl::Status Transfer::FollowTo(const std::string& location) {
  WEIR_ASSIGN_OR_RETURN(std::string next,
                        ResolveRedirect(target_.url, location));
  const Redirect redirect{head_.code, target_.url, next};
  bool follows = false;
  WEIR_RETURN_IF_ERROR(Call([&] {
    follows = request_.follow_redirect(redirect);
    return absl::OkStatus();
  }));
  if (!follows) return absl::OkStatus();
  if (redirects_ >= request_.max_redirects) {
    return absl::UnavailableError(
        absl::StrCat("stopped after ", request_.max_redirects, " redirects"));
  }
  redirect_to_ = std::move(next);
  return absl::OkStatus();
}

size_t Transfer::OnBody(char* data, size_t, size_t size, void* self) noexcept {
  auto* transfer = static_cast<Transfer*>(self);
  transfer->last_activity_ = absl::Now();
  return transfer->TakeBody({data, size});
}

size_t Transfer::TakeBody(absl::string_view bytes) {
  if (!redirect_to_.empty()) {
    body_received_ += bytes.size();
    return body_received_ > kMaxRedirectBody ? 0 : bytes.size();
  }
  if (is_paused_) {
    if (!head_.is_http2) {
      is_held_by_libcurl_ = true;
      return CURL_WRITEFUNC_PAUSE;
    }
    if (held_.size() + bytes.size() > kMaxHeldBytes) {
      status_ = absl::ResourceExhaustedError(absl::StrCat(
          "paused with more than ", kMaxHeldBytes, " bytes on their way"));
      return 0;
    }
    held_.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  status_ = Deliver(bytes);
  return status_.ok() ? bytes.size() : 0;
}

absl::Status Transfer::Deliver(absl::string_view bytes) {
  body_received_ += bytes.size();
  if (request_.max_response_bytes > 0 &&
      body_received_ > request_.max_response_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the answer is larger than the limit of ",
                     request_.max_response_bytes, " bytes"));
  }
  return Call([&] {
    return handlers_.on_data == nullptr ? absl::OkStatus()
                                        : handlers_.on_data(bytes);
  });
}

Transfer::Outcome Transfer::Resume() {
  if (is_paused_) return Outcome::kOnHold;  // Again, in the meantime.
  if (!held_.empty()) {
    const std::string held = std::move(held_);
    held_.clear();
    const absl::Status status = Deliver(held);
    if (!status.ok()) {
      status_ = status;
      return Outcome::kEnded;
    }
  }
  if (has_ended_on_hold_) return Outcome::kEnded;
  last_activity_ = absl::Now();
  if (!std::exchange(is_held_by_libcurl_, false)) return Outcome::kOnHold;
  const CURLcode code = curl_easy_pause(easy_, CURLPAUSE_CONT);
  if (code == CURLE_OK && status_.ok()) return Outcome::kOnHold;
  if (status_.ok()) {
    status_ =
        MakeTransferError(easy_, code, error_.data(), target_, request_.proxy);
  }
  return Outcome::kEnded;
}

Transfer::Outcome Transfer::OnLibcurlDone(CURLcode code) {
  if (!redirect_to_.empty() && status_.ok() &&
      (code == CURLE_OK || has_head_)) {
    const Target from = target_;
    SwitchMethod(head_.code);
    request_.url = std::exchange(redirect_to_, "");
    ++redirects_;
    if (const auto to = ParseTarget(request_.url);
        to.ok() && !MayKeepCredentials(from, *to)) {
      DropCredentials();
    }
    if (tls_ != nullptr && !tls_->server_name.empty()) {
      request_.headers.Erase("Host");
    }
    status_ = Prepare();
    return status_.ok() ? Outcome::kAgain : Outcome::kEnded;
  }
  if (status_.ok() && code != CURLE_OK) {
    status_ =
        MakeTransferError(easy_, code, error_.data(), target_, request_.proxy);
  }
  if (is_paused_ && !held_.empty()) {
    has_ended_on_hold_ = true;
    return Outcome::kOnHold;
  }
  return Outcome::kEnded;
}

void Transfer::DropCredentials() {
  for (absl::string_view name :
       {"Authorization", "Cookie", "Proxy-Authorization", "Host",
        // Of services that have a header of their own for it.
        "DD-API-KEY", "PRIVATE-TOKEN", "X-Sentry-Auth"}) {
    request_.headers.Erase(name);
  }
  if (tls_ == nullptr) return;
  auto copy = std::make_shared<TlsOptions>(*tls_);
  copy->client_certificate_pem.clear();
  copy->client_key_pem = Secret();
  copy->server_name.clear();
  tls_ = std::move(copy);
}

void Transfer::SwitchMethod(int code) {
  const std::string method = MethodAfterRedirect(code, request_.method);
  if (method == request_.method) return;
  request_.method = method;
  request_.body.clear();
  request_.body_source = nullptr;
  for (absl::string_view name :
       {"Content-Type", "Content-Encoding", "Content-Length"}) {
    request_.headers.Erase(name);
  }
}

// --- The body of the request
// --------------------------------------------------

size_t Transfer::OnRead(char* buffer, size_t, size_t size,
                        void* self) noexcept {
  auto* transfer = static_cast<Transfer*>(self);
  transfer->last_activity_ = absl::Now();
  return transfer->ReadBody(buffer, size);
}

size_t Transfer::ReadBody(char* buffer, size_t size) {
  if (request_.body_source == nullptr) {
    const size_t count = std::min(size, request_.body.size() - body_sent_);
    std::memcpy(buffer, request_.body.data() + body_sent_, count);
    body_sent_ += count;
    return count;
  }
  size_t count = 0;
  const absl::Status status = Call([&]() -> absl::Status {
    WEIR_ASSIGN_OR_RETURN(count, request_.body_source->Read(buffer, size));
    return absl::OkStatus();
  });
  if (status.ok()) {
    body_sent_ += count;
    return count;
  }
  status_ = status;
  return CURL_READFUNC_ABORT;
}

int Transfer::OnSeek(void* self, curl_off_t offset, int origin) noexcept {
  auto* transfer = static_cast<Transfer*>(self);
  if (origin != SEEK_SET || offset != 0) return CURL_SEEKFUNC_FAIL;
  transfer->body_sent_ = 0;
  if (transfer->request_.body_source == nullptr) return CURL_SEEKFUNC_OK;
  transfer->status_ =
      transfer->Call([&] { return transfer->request_.body_source->Rewind(); });
  return transfer->status_.ok() ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

// --- Limits of time
// -----------------------------------------------------------

absl::Time Transfer::NextCheck() const {
  if (is_paused_ || request_.idle_timeout <= absl::ZeroDuration()) {
    return deadline_;
  }
  return std::min(deadline_, last_activity_ + request_.idle_timeout);
}

absl::Status Transfer::Check(absl::Time now) const {
  if (now >= deadline_) {
    return absl::DeadlineExceededError("deadline exceeded");
  }
  if (now >= NextCheck()) {
    return absl::UnavailableError(absl::StrCat(
        "no byte came or went for ", FormatGoDuration(request_.idle_timeout)));
  }
  return absl::OkStatus();
}

}  // namespace weir::http
