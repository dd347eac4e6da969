// ParseCache keeps what manifests were parsed to, by their content, so that
// builds of one tree, or of the next revision of it, parse each text once.
//
// Touches: nothing.
// Threads: safe to share between threads.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "weir/base/mutex.h"
#include "weir/value/value.h"

namespace weir::kustomize {

class ParseCache {
 public:
  // Of one text. Values are shared by whoever asks, and copied when written.
  using Objects = std::shared_ptr<const std::vector<Value>>;

  // `max_bytes`: of parsed trees on the heap; beyond it, what was not used for
  // longest goes.
  explicit ParseCache(size_t max_bytes = size_t{64} << 20)
      : max_bytes_(max_bytes) {}
  ParseCache(const ParseCache&) = delete;
  ParseCache& operator=(const ParseCache&) = delete;

  static std::string KeyOf(absl::string_view text);
  // Null when it is not there.
  Objects Find(const std::string& key);
  void Add(const std::string& key, Objects objects);

  struct Stats {
    size_t bytes = 0;
    size_t hits = 0;
    size_t misses = 0;
  };
  Stats stats() const;

 private:
  struct Entry {
    std::string key;
    Objects objects;
    size_t bytes = 0;
  };

  const size_t max_bytes_;
  mutable Mutex mu_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mu_);  // Last used first.
  absl::flat_hash_map<std::string, std::list<Entry>::iterator> by_key_
      ABSL_GUARDED_BY(mu_);
  Stats stats_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::kustomize
