// The backend of servers that leave nothing behind.
#include <deque>
#include <map>

#include "backend.h"
#include "weir/base/mutex.h"

namespace weir::apiserver {
namespace {

// Changes kept for watches that resume.
constexpr size_t kMaxLog = 2000;

class MemoryBackend : public Backend {
 public:
  absl::StatusOr<int64_t> Load(const Loader&) override { return 1; }

  absl::Status Commit(const std::vector<LoggedChange>& changes) override {
    MutexLock lock(mu_);
    for (const LoggedChange& change : changes) log_.push_back(change);
    while (log_.size() > kMaxLog) DropFirst();
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<LoggedChange>> ReadLog(absl::string_view resource,
                                                    int64_t after,
                                                    int64_t up_to) override {
    MutexLock lock(mu_);
    if (after < compacted_) return absl::OutOfRangeError("compacted");
    std::vector<LoggedChange> out;
    for (const LoggedChange& change : log_) {
      if (change.rv > after && change.rv <= up_to &&
          change.resource == resource) {
        out.push_back(change);
      }
    }
    return out;
  }

  int64_t compacted_rv() const override {
    MutexLock lock(mu_);
    return compacted_;
  }

  absl::Status Compact(int64_t rv) override {
    MutexLock lock(mu_);
    while (!log_.empty() && log_.front().rv <= rv) DropFirst();
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> ReadMeta(absl::string_view key) override {
    MutexLock lock(mu_);
    auto it = meta_.find(std::string(key));
    return it == meta_.end() ? std::string() : it->second;
  }

  absl::Status WriteMeta(absl::string_view key,
                         absl::string_view value) override {
    MutexLock lock(mu_);
    meta_[std::string(key)] = std::string(value);
    return absl::OkStatus();
  }

 private:
  void DropFirst() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    compacted_ = log_.front().rv;
    log_.pop_front();
  }

  mutable Mutex mu_;
  std::deque<LoggedChange> log_ ABSL_GUARDED_BY(mu_);
  int64_t compacted_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<std::string, std::string> meta_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

std::unique_ptr<Backend> MakeMemoryBackend() {
  return std::make_unique<MemoryBackend>();
}

}  // namespace weir::apiserver
