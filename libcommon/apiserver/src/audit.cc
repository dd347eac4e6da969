#include "audit.h"

#include <fcntl.h>
#include <unistd.h>

#include "weir/base/duration.h"
#include "weir/base/file.h"
#include "weir/http/headers.h"
#include "weir/value/json.h"

namespace weir::apiserver {

absl::StatusOr<std::unique_ptr<Audit>> Audit::Open(const std::string& path) {
  int fd = -1;
  if (!path.empty()) {
    fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return ErrnoToStatus(errno, path);
  }
  return std::unique_ptr<Audit>(new Audit(fd));
}

Audit::~Audit() {
  if (fd_ >= 0) close(fd_);
}

AuditEntry Audit::Begin(const ApiRequest& request) const {
  AuditEntry entry;
  entry.is_wanted = fd_ >= 0;
  if (!entry.is_wanted) return entry;
  entry.start = absl::Now();
  entry.method = kube::MethodName(request.method);
  entry.target = request.path;
  if (!request.query.empty()) {
    entry.target += "?" + http::FormatQuery(request.query);
  }
  entry.user_agent = request.user_agent;
  entry.user = request.user.name;
  return entry;
}

void Audit::Finish(const AuditEntry& entry, int code) {
  if (!entry.is_wanted) return;
  const absl::Time now = absl::Now();
  const size_t mark = entry.target.find('?');
  std::string line = FormatJson(Value::MakeObject(
      {{"ts", FormatKubeMicroTime(now)},
       {"method", entry.method},
       {"path", entry.target.substr(0, mark)},
       {"query", mark == std::string::npos ? std::string()
                                           : entry.target.substr(mark + 1)},
       {"userAgent", entry.user_agent},
       {"user", entry.user},
       {"code", code},
       {"ms", absl::ToDoubleMilliseconds(now - entry.start)}}));
  line.push_back('\n');
  // One write call keeps lines whole; an audit that cannot be written must
  // not fail the request.
  MutexLock lock(mu_);
  const ssize_t written = write(fd_, line.data(), line.size());
  (void)written;
}

}  // namespace weir::apiserver
