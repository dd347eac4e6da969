// Transfer is one request of a client, through all its redirects: it sets up
// libcurl's handle, and turns libcurl's callbacks into ours.
//
// Touches: network, when a Loop drives it.
// Threads: made and detached on any thread; all else on the Loop's thread.
#pragma once

#include <curl/curl.h>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "src/client_url.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/http/client.h"

namespace weir::http {

class Loop;

class Transfer {
 public:
  Transfer(Request request, StreamHandlers handlers, absl::Time deadline,
           std::shared_ptr<const ClientOptions> options);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // --- Any thread.
  // When it returns, no callback is running (but one that called it) or will
  // come.
  void Detach();
  void SetPaused(bool is_paused) { is_paused_ = is_paused; }
  bool is_paused() const { return is_paused_; }
  void SetCancelled() { is_cancelled_ = true; }
  bool is_cancelled() const { return is_cancelled_; }
  // Before the transfer is handed to its Loop.
  void KeepRegistration(Context::Registration registration) {
    registration_ = std::move(registration);
  }

  // Before the transfer is handed to its Loop: much will come.
  void SetReadSize(long bytes) { read_size_ = bytes; }
  // Who drives it. Set once, or again when a retired Loop refused it.
  void SetLoop(std::weak_ptr<Loop> loop);
  std::shared_ptr<Loop> loop();

  // --- The Loop's thread.
  // Makes the handle ready for the next hop.
  absl::Status Prepare();
  CURL* easy() const { return easy_; }

  enum class Outcome {
    kEnded,   // Finish() with status().
    kAgain,   // Prepare() was called for the next hop of a redirect.
    kOnHold,  // All has come, but the caller paused; see Resume.
  };
  // libcurl is done with the handle, which no multi handle holds any more.
  Outcome OnLibcurlDone(CURLcode code);
  const absl::Status& status() const { return status_; }

  // Delivers what was held, and lets libcurl go on. An error or kEnded: the
  // transfer is over.
  Outcome Resume();

  // Calls on_done and lets go of everything. Idempotent.
  void Finish(const absl::Status& status);

  // When the deadline or the idle limit is due; an error then.
  absl::Time NextCheck() const;
  absl::Status Check(absl::Time now) const;

  absl::Time registered_check;  // The Loop's note of where its timer is.

 private:
  // libcurl's callbacks.
  static size_t OnHeaderLine(char* data, size_t, size_t size,
                             void* self) noexcept;
  static size_t OnBody(char* data, size_t, size_t size, void* self) noexcept;
  static size_t OnRead(char* buffer, size_t, size_t size, void* self) noexcept;
  static int OnSeek(void* self, curl_off_t offset, int origin) noexcept;

  void SetUpTls(const TlsOptions& tls);
  void SetUpProxy();
  void SetUpBody();
  void SetUpHeaders();
  void SetUpServerName();
  void AddHeader(const std::string& line);
  absl::Status HeadIsComplete();
  absl::Status FollowTo(const std::string& location);
  size_t TakeBody(absl::string_view bytes);
  size_t ReadBody(char* buffer, size_t size);
  absl::Status Deliver(absl::string_view bytes);
  void DropCredentials();
  void SwitchMethod(int code);
  template <typename Body>
  absl::Status Call(Body body);

  // Constant after construction.
  const absl::Time deadline_;
  const std::shared_ptr<const ClientOptions> options_;

  std::atomic<bool> is_paused_ = false;
  std::atomic<bool> is_cancelled_ = false;

  Mutex mu_;
  CondVar changed_;
  bool is_detached_ ABSL_GUARDED_BY(mu_) = false;
  bool is_calling_ ABSL_GUARDED_BY(mu_) = false;
  std::thread::id caller_ ABSL_GUARDED_BY(mu_);
  std::weak_ptr<Loop> loop_ ABSL_GUARDED_BY(mu_);

  // The Loop's thread only; handlers_ between the two halves of Call.
  Request request_;
  StreamHandlers handlers_;
  long read_size_ = 16 << 10;
  std::optional<Context::Registration> registration_;
  CURL* easy_ = nullptr;
  curl_slist* header_lines_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_ = {};
  Target target_;
  std::shared_ptr<const TlsOptions> tls_;
  ResponseHead head_;
  size_t header_bytes_ = 0;
  size_t body_sent_ = 0;
  size_t body_received_ = 0;
  absl::Time last_activity_;
  std::string redirect_to_;  // The next hop, while this one ends.
  std::string held_;         // Came over HTTP/2 during a pause.
  absl::Status status_;
  int redirects_ = 0;
  bool has_head_ = false;
  bool is_held_by_libcurl_ = false;
  bool has_ended_on_hold_ = false;
  bool is_finished_ = false;
};

}  // namespace weir::http
