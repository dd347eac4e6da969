// Audit writes one JSON line a request.
//
// Touches: one file, appended to.
// Threads: safe to share.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api_request.h"
#include "weir/base/mutex.h"

namespace weir::apiserver {

struct AuditEntry {
  bool is_wanted = false;
  absl::Time start;
  std::string method, target, user_agent, user;
};

class Audit {
 public:
  // `path` empty: nothing is written.
  static absl::StatusOr<std::unique_ptr<Audit>> Open(const std::string& path);
  ~Audit();

  AuditEntry Begin(const ApiRequest& request) const;
  void Finish(const AuditEntry& entry, int code);

 private:
  explicit Audit(int fd) : fd_(fd) {}

  const int fd_;  // -1: none.
  Mutex mu_;
};

}  // namespace weir::apiserver
