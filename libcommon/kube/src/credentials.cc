#include "src/credentials.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "weir/base/file.h"
#include "weir/base/status.h"

namespace weir::kube {
namespace {

constexpr absl::Duration kTokenAge = absl::Seconds(50);  // A minute, less 10 s.
constexpr absl::Duration kTlsFilesAge = absl::Minutes(5);
constexpr absl::Duration kPluginTimeout = absl::Minutes(5);

bool HasOtherCredential(const Config& config) {
  return !config.token.empty() || !config.token_file.empty() ||
         !config.username.empty() || !config.client_certificate_pem.empty() ||
         !config.client_certificate_file.empty();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Credentials>> Credentials::Create(
    const Config& config, const Clock& clock,
    std::function<void()> on_tls_change) {
  std::unique_ptr<Credentials> self(
      new Credentials(config, clock, std::move(on_tls_change)));
  WEIR_ASSIGN_OR_RETURN(TlsFiles files, self->ReadTlsFiles());
  const absl::Time now = clock.Now();
  MutexLock lock(self->mu_);
  self->token_ = config.token;
  if (!config.token_file.empty()) {
    const absl::StatusOr<Secret> token = self->ReadToken();
    if (!token.ok() && config.token.empty()) return token.status();
    if (token.ok()) self->token_ = *token;
    self->token_read_ = now;
    self->token_due_ = now + kTokenAge;
  }
  self->files_ = std::move(files);
  if (!config.ca_file.empty() || !config.client_certificate_file.empty()) {
    self->files_due_ = now + kTlsFilesAge;
  }
  self->tls_ = self->MakeTls();
  return self;
}

Credentials::Credentials(const Config& config, const Clock& clock,
                         std::function<void()> on_tls_change)
    : config_(config),
      clock_(clock),
      on_tls_change_(std::move(on_tls_change)),
      uses_plugin_(config.exec != nullptr && !HasOtherCredential(config)),
      ctx_(Context().WithCancel()) {
  if (uses_plugin_) tasks_ = std::make_unique<TaskQueue>("kube-exec");
}

Credentials::~Credentials() { Stop(); }

void Credentials::Stop() {
  ctx_.Cancel();  // Kills a plugin.
  tasks_ = nullptr;
  std::vector<Done> waiters;
  {
    MutexLock lock(mu_);
    waiters.swap(waiters_);
  }
  for (const Done& done : waiters) done(absl::CancelledError("cancelled"));
}

absl::StatusOr<Credentials::TlsFiles> Credentials::ReadTlsFiles() const {
  TlsFiles files;
  if (!config_.ca_file.empty()) {
    WEIR_ASSIGN_OR_RETURN(files.ca, ReadFile(config_.ca_file));
  }
  if (!config_.client_certificate_file.empty()) {
    WEIR_ASSIGN_OR_RETURN(files.certificate,
                          ReadFile(config_.client_certificate_file));
  }
  if (!config_.client_key_file.empty()) {
    WEIR_ASSIGN_OR_RETURN(std::string key, ReadFile(config_.client_key_file));
    files.key = Secret(std::move(key));
  }
  return files;
}

absl::StatusOr<Secret> Credentials::ReadToken() const {
  WEIR_ASSIGN_OR_RETURN(const std::string text, ReadFile(config_.token_file));
  const absl::string_view token = absl::StripAsciiWhitespace(text);
  if (token.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("token file ", config_.token_file, " is empty"));
  }
  return Secret(std::string(token));
}

std::shared_ptr<const http::TlsOptions> Credentials::MakeTls() const {
  auto tls = std::make_shared<http::TlsOptions>();
  tls->ca_pem = config_.ca_pem.empty() ? files_.ca : config_.ca_pem;
  tls->use_system_roots = tls->ca_pem.empty();
  tls->server_name = config_.tls_server_name;
  tls->insecure_skip_verify = config_.insecure_skip_tls_verify;
  if (uses_plugin_) {
    tls->client_certificate_pem = plugin_.client_certificate_pem;
    tls->client_key_pem = plugin_.client_key_pem;
    return tls;
  }
  tls->client_certificate_pem = config_.client_certificate_pem.empty()
                                    ? files_.certificate
                                    : config_.client_certificate_pem;
  tls->client_key_pem =
      config_.client_key_pem.empty() ? files_.key : config_.client_key_pem;
  return tls;
}

Identity Credentials::Current() const {
  Identity identity;
  identity.tls = tls_;
  const Secret& token = uses_plugin_ ? plugin_.token : token_;
  if (!token.empty()) {
    identity.authorization = absl::StrCat("Bearer ", token.RevealForUse());
  } else if (!config_.username.empty()) {
    identity.authorization = absl::StrCat(
        "Basic ", absl::Base64Escape(absl::StrCat(
                      config_.username, ":", config_.password.RevealForUse())));
  }
  return identity;
}

void Credentials::Get(Done done) {
  RefreshFiles();
  Identity identity;
  {
    MutexLock lock(mu_);
    if (uses_plugin_ && clock_.Now() >= plugin_.expires) {
      plugin_ran_ = absl::InfinitePast();
    }
    if (uses_plugin_ && plugin_ran_ == absl::InfinitePast()) {
      waiters_.push_back(std::move(done));
      if (!std::exchange(is_running_, true)) {
        tasks_->Post([this] { RunPlugin(); });
      }
      return;
    }
    identity = Current();
  }
  done(std::move(identity));
}

// Files are read without the lock: who finds them due claims the turn, and
// the others go on with what is known.
void Credentials::RefreshFiles() {
  const absl::Time now = clock_.Now();
  bool reads_token;
  bool reads_tls;
  {
    MutexLock lock(mu_);
    reads_token = now >= token_due_;
    reads_tls = now >= files_due_;
    if (reads_token) token_due_ = now + kTokenAge;
    if (reads_tls) files_due_ = now + kTlsFilesAge;
  }
  if (reads_token) {
    const absl::StatusOr<Secret> token = ReadToken();
    MutexLock lock(mu_);
    if (token.ok()) {
      token_ = *token;
      token_read_ = now;
    }
  }
  if (!reads_tls) return;
  absl::StatusOr<TlsFiles> files = ReadTlsFiles();
  {
    MutexLock lock(mu_);
    // Half a pair, while it is being replaced, is an error of the next
    // handshake, and right again at the next look.
    if (!files.ok() || *files == files_) return;
    files_ = *std::move(files);
    tls_ = MakeTls();
  }
  on_tls_change_();
}

void Credentials::RunPlugin() {
  std::string ca_pem;
  {
    MutexLock lock(mu_);
    ca_pem = config_.ca_pem.empty() ? files_.ca : config_.ca_pem;
  }
  absl::StatusOr<ExecCredential> credential =
      RunExecPlugin(ctx_.WithTimeout(kPluginTimeout), config_, ca_pem);
  std::vector<Done> waiters;
  absl::StatusOr<Identity> answer;
  bool has_tls_changed = false;
  {
    MutexLock lock(mu_);
    is_running_ = false;
    waiters.swap(waiters_);
    if (credential.ok()) {
      has_tls_changed =
          !plugin_.client_certificate_pem.empty() &&
          plugin_.client_certificate_pem != credential->client_certificate_pem;
      plugin_ = *std::move(credential);
      plugin_ran_ = clock_.Now();
      tls_ = MakeTls();
      answer = Current();
    } else {
      answer = credential.status();
    }
  }
  if (has_tls_changed) on_tls_change_();
  // One of them may destroy this.
  for (const Done& done : waiters) done(answer);
}

void Credentials::OnUnauthorized(absl::Time start) {
  MutexLock lock(mu_);
  if (uses_plugin_) {
    if (plugin_ran_ <= start) plugin_ran_ = absl::InfinitePast();
  } else if (!config_.token_file.empty() && token_read_ <= start) {
    token_due_ = absl::InfinitePast();
  }
}

}  // namespace weir::kube
