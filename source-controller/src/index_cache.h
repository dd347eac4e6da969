// IndexCache knows where charts are in the indexes that HelmRepositories
// published, so that a chart's versions are read without reading the rest.
//
// Touches: files under the storage's root; clock.
// Threads: safe to share.
// Source: source.md, sections 9 and 10.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/artifact/artifact.h"
#include "weir/artifact/storage.h"
#include "weir/base/clock.h"
#include "weir/base/mutex.h"
#include "weir/helm/index.h"
#include "weir/helm/index_writer.h"

namespace weir::source {

class IndexCache {
 public:
  struct Limits {
    size_t max_indexes = 1000;
    absl::Duration ttl = absl::Minutes(15);
  };

  // Both must outlive it.
  IndexCache(const artifact::Storage& storage, const Clock& clock,
             Limits limits)
      : storage_(storage), clock_(clock), limits_(limits) {}

  // What was just written as `path`, an artifact's.
  void Put(const std::string& path, std::vector<helm::IndexSpan> spans);
  // It is still the current one.
  void Extend(const std::string& path);

  // The version of a chart that is meant: an equal text, or else the highest in
  // the range. `is_hit` says whether the index had to be read.
  // Errors: kNotFound, kInvalidArgument in the words that users know; with the
  // payload kIndexUnreadable those of reading the file.
  absl::StatusOr<helm::ChartVersion> Find(const artifact::Artifact& index,
                                          const std::string& chart,
                                          const std::string& version,
                                          bool* is_hit);

 private:
  using Spans = std::map<std::string, helm::IndexSpan>;
  struct Entry {
    std::shared_ptr<const Spans> spans;
    absl::Time used;
  };

  std::shared_ptr<const Spans> Cached(const std::string& path);
  std::shared_ptr<const Spans> Add(const std::string& path,
                                   std::vector<helm::IndexSpan> spans);

  const artifact::Storage& storage_;
  const Clock& clock_;
  const Limits limits_;
  Mutex mu_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mu_);
};

inline constexpr char kIndexUnreadable[] = "weir.dev/index-unreadable";

// As Find, of an index that is a file of its own.
absl::StatusOr<helm::ChartVersion> FindInIndex(
    const helm::OpenIndex& open, const std::string& chart,
    const std::string& version, const helm::IndexOptions& options);

}  // namespace weir::source
