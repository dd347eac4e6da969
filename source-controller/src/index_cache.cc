#include "src/index_cache.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/text/semver.h"
#include "weir/value/json.h"

namespace weir::source {
namespace {

absl::Status Unreadable(absl::Status status) {
  status.SetPayload(kIndexUnreadable, absl::Cord());
  return status;
}

// Keeps the version that is meant, of those of one chart.
class Picker : public helm::IndexVisitor {
 public:
  // "*" and nothing mean the latest that is stable.
  Picker(const std::string& chart, const std::string& version)
      : chart_(chart),
        wanted_(version),
        range_(text::VersionRange::Parse(version.empty() ? "*" : version)) {}

  void Name(const std::string& chart) override {
    is_there_ = is_there_ || chart == chart_;
  }
  void Visit(const std::string& chart, helm::ChartVersion version) override {
    if (chart != chart_ || is_exact_) return;
    has_versions_ = true;
    const std::string& text = version.metadata.version;
    if (!wanted_.empty() && text == wanted_) {
      is_exact_ = true;
      best_ = std::move(version);
      return;
    }
    absl::StatusOr<text::Version> parsed = text::ParseFullVersion(text);
    if (!range_.ok() || !parsed.ok() || !range_->Contains(*parsed)) return;
    if (best_.has_value()) {
      // Of equals, those that differ in build metadata only, the younger one.
      const int order = text::CompareVersions(*parsed, best_version_);
      if (order < 0 || (order == 0 && version.created < best_->created)) return;
    }
    best_version_ = *std::move(parsed);
    best_ = std::move(version);
  }
  void Restart() override {
    is_there_ = has_versions_ = is_exact_ = false;
    best_.reset();
  }

  absl::StatusOr<helm::ChartVersion> Take() {
    if (!is_there_) return absl::NotFoundError("no chart name found");
    if (!has_versions_) return absl::NotFoundError("no chart version found");
    if (best_.has_value()) return *std::move(best_);
    if (!range_.ok()) return range_.status();
    return absl::NotFoundError(absl::StrCat(
        "no '", chart_, "' chart with version matching '", wanted_, "' found"));
  }

 private:
  const std::string chart_, wanted_;
  const absl::StatusOr<text::VersionRange> range_;
  bool is_there_ = false, has_versions_ = false, is_exact_ = false;
  std::optional<helm::ChartVersion> best_;
  text::Version best_version_;
};

// A text before and after a part of a file.
absl::StatusOr<archive::Source> PartOfFile(const std::string& path,
                                           const helm::IndexSpan& span) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoToStatus(errno, "opening the index");
  struct State {
    ~State() { close(fd); }
    int fd;
    std::string before, after;
    int64_t offset, end;
  };
  auto state = std::make_shared<State>();
  state->fd = fd;
  state->before = absl::StrCat("{\"apiVersion\":\"v1\",\"entries\":{",
                               FormatJson(Value(span.chart)), ":");
  state->after = "}}";
  state->offset = span.offset;
  state->end = span.offset + span.bytes;
  return [state](char* buffer, size_t size) -> absl::StatusOr<size_t> {
    const auto give = [&](std::string& text) {
      const size_t count = std::min(size, text.size());
      std::copy_n(text.data(), count, buffer);
      text.erase(0, count);
      return count;
    };
    if (!state->before.empty()) return give(state->before);
    if (state->offset >= state->end) return give(state->after);
    const size_t want = static_cast<size_t>(std::min<int64_t>(
        static_cast<int64_t>(size), state->end - state->offset));
    const ssize_t got = pread(state->fd, buffer, want, state->offset);
    if (got <= 0) return absl::UnavailableError("reading the index failed");
    state->offset += got;
    return static_cast<size_t>(got);
  };
}

}  // namespace

absl::StatusOr<helm::ChartVersion> FindInIndex(
    const helm::OpenIndex& open, const std::string& chart,
    const std::string& version, const helm::IndexOptions& options) {
  Picker picker(chart, version);
  const absl::Status read = helm::ReadIndex(open, picker, options);
  if (!read.ok()) return Unreadable(read);
  return picker.Take();
}

std::shared_ptr<const IndexCache::Spans> IndexCache::Add(
    const std::string& path, std::vector<helm::IndexSpan> spans) {
  auto map = std::make_shared<Spans>();
  for (helm::IndexSpan& span : spans) (*map)[span.chart] = std::move(span);
  const absl::Time now = clock_.Now();
  MutexLock lock(mu_);
  std::erase_if(entries_, [&](const auto& entry) {
    return entry.second.used + limits_.ttl < now;
  });
  entries_[path] = {map, now};
  if (entries_.size() > limits_.max_indexes) {
    const auto oldest = std::min_element(entries_.begin(), entries_.end(),
                                         [](const auto& a, const auto& b) {
                                           return a.second.used < b.second.used;
                                         });
    entries_.erase(oldest);
  }
  return map;
}

std::shared_ptr<const IndexCache::Spans> IndexCache::Cached(
    const std::string& path) {
  const absl::Time now = clock_.Now();
  MutexLock lock(mu_);
  const auto found = entries_.find(path);
  if (found == entries_.end() || found->second.used + limits_.ttl < now) {
    return nullptr;
  }
  found->second.used = now;
  return found->second.spans;
}

void IndexCache::Put(const std::string& path,
                     std::vector<helm::IndexSpan> spans) {
  (void)Add(path, std::move(spans));
}

void IndexCache::Extend(const std::string& path) { (void)Cached(path); }

absl::StatusOr<helm::ChartVersion> IndexCache::Find(
    const artifact::Artifact& index, const std::string& chart,
    const std::string& version, bool* is_hit) {
  WEIR_ASSIGN_OR_RETURN(const std::string path, storage_.LocalPath(index.path));
  std::shared_ptr<const Spans> spans = Cached(index.path);
  *is_hit = spans != nullptr;
  if (spans == nullptr) {
    absl::StatusOr<archive::Source> source = archive::FileSource(path);
    if (!source.ok()) return Unreadable(source.status());
    absl::StatusOr<std::vector<helm::IndexSpan>> found =
        helm::FindSpans(*source);
    // One that somebody else wrote is read as it is.
    if (!found.ok())
      return FindInIndex(helm::IndexFile(path), chart, version, {});
    spans = Add(index.path, *std::move(found));
  }
  const auto span = spans->find(chart);
  if (span == spans->end()) return absl::NotFoundError("no chart name found");
  if (span->second.bytes == 0) {
    return absl::NotFoundError("no chart version found");
  }
  return FindInIndex([&] { return PartOfFile(path, span->second); }, chart,
                     version, {});
}

}  // namespace weir::source
