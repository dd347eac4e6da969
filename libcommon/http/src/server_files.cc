#include "src/server_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "weir/base/file.h"

namespace weir::http {
namespace {

struct Range {
  uint64_t first = 0;
  uint64_t length = 0;  // 0: cannot be satisfied.
};

// One range of bytes; nothing when the header is to be ignored, as one that
// names several ranges is. Source: RFC 9110, 14.1.2.
std::optional<Range> ParseRange(absl::string_view header, uint64_t size) {
  if (!absl::ConsumePrefix(&header, "bytes=")) return std::nullopt;
  if (absl::StrContains(header, ',')) return std::nullopt;
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(header, absl::MaxSplits('-', 1));
  if (!absl::StrContains(header, '-')) return std::nullopt;
  uint64_t first = 0, last = 0;
  if (parts.first.empty()) {
    uint64_t suffix;
    if (!absl::SimpleAtoi(parts.second, &suffix)) return std::nullopt;
    suffix = std::min(suffix, size);
    return Range{size - suffix, suffix};
  }
  if (!absl::SimpleAtoi(parts.first, &first)) return std::nullopt;
  if (parts.second.empty()) {
    last = size == 0 ? 0 : size - 1;
  } else if (!absl::SimpleAtoi(parts.second, &last) || last < first) {
    return std::nullopt;
  }
  if (first >= size) return Range{0, 0};
  last = std::min(last, size - 1);
  return Range{first, last - first + 1};
}

bool MatchesEtag(absl::string_view header, absl::string_view etag) {
  if (etag.empty()) return false;
  for (absl::string_view candidate : absl::StrSplit(header, ',')) {
    candidate = absl::StripAsciiWhitespace(candidate);
    if (candidate == "*") return true;
    if (absl::StripPrefix(candidate, "W/") == absl::StripPrefix(etag, "W/")) {
      return true;
    }
  }
  return false;
}

bool IsUnchanged(const Headers& request, absl::string_view etag,
                 absl::Time modified) {
  if (request.Has("If-None-Match")) {
    return MatchesEtag(request.Get("If-None-Match"), etag);
  }
  const absl::Time since = ParseHttpTime(request.Get("If-Modified-Since"));
  return since != absl::InfinitePast() && modified <= since;
}

// Whether a Range still applies to the file that the client knows.
bool IfRangeHolds(const Headers& request, absl::string_view etag,
                  absl::Time modified) {
  const absl::string_view header = request.Get("If-Range");
  if (header.empty()) return true;
  if (absl::StartsWith(header, "\"")) return header == etag;
  return ParseHttpTime(header) == modified;
}

FileAnswer Plain(int code, std::string text) {
  FileAnswer answer;
  answer.code = code;
  answer.text = std::move(text);
  answer.headers.Set("Content-Type", "text/plain; charset=utf-8");
  return answer;
}

}  // namespace

OpenFile::~OpenFile() { close(descriptor_); }

absl::StatusOr<std::string> OpenFile::ReadAt(uint64_t offset,
                                             size_t size) const {
  std::string bytes(size, '\0');
  size_t have = 0;
  while (have < size) {
    const ssize_t n = pread(descriptor_, bytes.data() + have, size - have,
                            static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoToStatus(errno, "reading a file");
    if (n == 0) break;
    have += static_cast<size_t>(n);
  }
  bytes.resize(have);
  return bytes;
}

FileAnswer AnswerWithFile(absl::string_view method, const Headers& request,
                          const std::string& path, const FileOptions& options) {
  if (method != "GET" && method != "HEAD") {
    FileAnswer answer = Plain(405, "method not allowed\n");
    answer.headers.Set("Allow", "GET, HEAD");
    return answer;
  }
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return Plain(404, "404 page not found\n");
  auto file = std::make_shared<const OpenFile>(descriptor);
  struct stat info;
  if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    return Plain(404, "404 page not found\n");
  }
  const auto size = static_cast<uint64_t>(info.st_size);
  const absl::Time modified = absl::FromTimeT(info.st_mtime);
  FileAnswer answer;
  answer.headers = options.headers;
  answer.headers.Set("Last-Modified", FormatHttpTime(modified));
  const absl::string_view etag = options.headers.Get("ETag");
  if (IsUnchanged(request, etag, modified)) {
    answer.code = 304;
    return answer;
  }
  answer.code = 200;
  answer.length = size;
  answer.headers.Set("Content-Type", options.content_type);
  answer.headers.Set("Accept-Ranges", "bytes");
  const std::optional<Range> range =
      IfRangeHolds(request, etag, modified)
          ? ParseRange(request.Get("Range"), size)
          : std::nullopt;
  if (range.has_value() && range->length == 0) {
    FileAnswer refusal = Plain(416, "invalid range: failed to overlap\n");
    refusal.headers.Set("Content-Range", absl::StrCat("bytes */", size));
    return refusal;
  }
  if (range.has_value()) {
    answer.code = 206;
    answer.offset = range->first;
    answer.length = range->length;
    answer.headers.Set(
        "Content-Range",
        absl::StrCat("bytes ", range->first, "-",
                     range->first + range->length - 1, "/", size));
  }
  answer.file = std::move(file);
  return answer;
}

}  // namespace weir::http
