// Credentials knows, at any time, how we prove who we are and whom we trust:
// it re-reads tokens and certificates, and runs exec plugins when due.
//
// Touches: files and processes that the configuration names; clock.
// Threads: safe to share.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "src/exec_plugin.h"
#include "weir/base/clock.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/base/task_queue.h"
#include "weir/http/client.h"
#include "weir/kube/config.h"

namespace weir::kube {

struct Identity {
  std::string authorization;  // Value of the header; empty: none.
  std::shared_ptr<const http::TlsOptions> tls;
};

class Credentials {
 public:
  // `on_tls_change` runs when connections must not be used again.
  // Errors: those of reading the files.
  static absl::StatusOr<std::unique_ptr<Credentials>> Create(
      const Config& config, const Clock& clock,
      std::function<void()> on_tls_change);
  ~Credentials();

  // Pending calls of Get end with kCancelled; none must come after. Idempotent.
  void Stop();

  // Calls back at once, unless a plugin has to run: then on a thread of its
  // own, with kUnavailable when that failed.
  using Done = std::function<void(absl::StatusOr<Identity>)>;
  void Get(Done done);

  // A request sent at `start` was answered with 401.
  void OnUnauthorized(absl::Time start);

 private:
  // What the files of the TLS options held.
  struct TlsFiles {
    std::string ca, certificate;
    Secret key;
    bool operator==(const TlsFiles&) const = default;
  };

  Credentials(const Config& config, const Clock& clock,
              std::function<void()> on_tls_change);
  absl::StatusOr<TlsFiles> ReadTlsFiles() const;
  absl::StatusOr<Secret> ReadToken() const;
  void RefreshFiles();
  void RunPlugin();
  std::shared_ptr<const http::TlsOptions> MakeTls() const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Identity Current() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Constant after construction.
  const Config config_;
  const Clock& clock_;
  const std::function<void()> on_tls_change_;
  const bool uses_plugin_;
  const Context ctx_;  // Cancelled by Stop.

  Mutex mu_;
  Secret token_ ABSL_GUARDED_BY(mu_);  // Of config or file.
  absl::Time token_read_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
  absl::Time token_due_ ABSL_GUARDED_BY(mu_) = absl::InfiniteFuture();
  TlsFiles files_ ABSL_GUARDED_BY(mu_);
  absl::Time files_due_ ABSL_GUARDED_BY(mu_) = absl::InfiniteFuture();
  std::shared_ptr<const http::TlsOptions> tls_ ABSL_GUARDED_BY(mu_);
  ExecCredential plugin_ ABSL_GUARDED_BY(mu_);
  absl::Time plugin_ran_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
  bool is_running_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<Done> waiters_ ABSL_GUARDED_BY(mu_);

  std::unique_ptr<TaskQueue> tasks_;  // Last. Null without a plugin.
};

}  // namespace weir::kube
