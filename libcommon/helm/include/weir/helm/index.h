// Indexes of chart repositories, read as streams: a chart's versions, one at a
// time, so that an index of any size needs little memory.
//
// Touches: what it is given to read from.
// Threads: pure functions.
// Source: Helm v4.2.4, pkg/repo/v1, with its messages.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/archive/stream.h"
#include "weir/helm/chart.h"

namespace weir::helm {

struct ChartVersion {
  Metadata metadata;
  std::vector<std::string> urls;  // The first is used; may be relative.
  std::string digest;             // Of the archive, SHA-256; may be empty.
  absl::Time created = absl::InfinitePast();
  std::string created_text;  // As Go writes the time; empty: there is none.
  bool removed = false;
  // checksum, engine, tillerVersion and url, of old.
  std::map<std::string, std::string> deprecated;
};

// An index but for its entries.
struct IndexHead {
  std::string api_version;
  std::string generated;  // As Go writes the time; empty: there is none.
  Value server_info;      // Null: there is none.
  std::vector<std::string> public_keys;
  std::map<std::string, std::string> annotations;
};

class IndexVisitor {
 public:
  virtual ~IndexVisitor() = default;
  // One version of a chart, in the order of the text.
  virtual void Visit(const std::string& chart, ChartVersion version) = 0;
  // Charts, also those without a version, before their versions.
  virtual void Name(const std::string&) {}
  // Once, last.
  virtual void Head(IndexHead) {}
  // What came so far is void; it comes again.
  virtual void Restart() = 0;
};

struct IndexOptions {
  int64_t max_bytes = int64_t{512} << 20;
  // Of one version of a chart.
  int64_t max_version_bytes = 4 << 20;
  // An index that is no plain list of block mappings (or no JSON) is read as a
  // whole, if it is not larger than this.
  int64_t max_whole_bytes = 64 << 20;
  // Named in warnings: a URL or a path.
  std::string source;
  std::function<void(absl::string_view)> on_warning;
};

// Gives the text from its start; called again when it has to be read anew.
using OpenIndex = std::function<absl::StatusOr<archive::Source>()>;
OpenIndex IndexFile(const std::string& path);
OpenIndex IndexText(absl::string_view text);  // Must outlive its readers.

// Reads YAML or JSON. Versions that Helm would skip are skipped, with a
// warning.
// Errors: kInvalidArgument in Helm's words; kResourceExhausted above a limit;
// the source's.
absl::Status ReadIndex(const OpenIndex& open, IndexVisitor& visitor,
                       const IndexOptions& options = {});

// The versions of those charts, newest first, as Helm sorts them. A chart that
// the index has not is not in the map.
absl::StatusOr<std::map<std::string, std::vector<ChartVersion>>>
ReadChartVersions(const OpenIndex& open, const std::set<std::string>& charts,
                  const IndexOptions& options = {});

// Picks by a version or a range, the latest without either: an equal text
// first, then the first in the range.
// Errors: kNotFound, kInvalidArgument (the range).
absl::StatusOr<const ChartVersion*> FindChartVersion(
    const std::vector<ChartVersion>& newest_first, absl::string_view version);

}  // namespace weir::helm
