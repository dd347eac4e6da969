#include "src/pack_stream.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"

namespace weir::git {
namespace {

constexpr int kBlobType = 3;
constexpr int64_t kFanoutOffset = 8;
constexpr int64_t kTablesOffset = kFanoutOffset + 256 * 4;
constexpr size_t kChunkBytes = 64 << 10;

class File {
 public:
  explicit File(const std::string& path)
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  bool is_open() const { return fd_ >= 0; }

  bool ReadAt(int64_t offset, void* buffer, size_t size) const {
    return pread(fd_, buffer, size, offset) == static_cast<ssize_t>(size);
  }
  ssize_t ReadSome(int64_t offset, void* buffer, size_t size) const {
    return pread(fd_, buffer, size, offset);
  }
  // Big-endian.
  std::optional<uint32_t> Number(int64_t offset) const {
    uint8_t b[4];
    if (!ReadAt(offset, b, sizeof(b))) return std::nullopt;
    return uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 |
           b[3];
  }

 private:
  const int fd_;
};

// The object's offset in the pack of this index.
std::optional<int64_t> FindInIndex(const File& index, const Oid& oid) {
  char magic[8];
  if (!index.ReadAt(0, magic, sizeof(magic)) ||
      std::memcmp(magic, "\377tOc\0\0\0\2", 8) != 0) {
    return std::nullopt;
  }
  const int first = oid.bytes[0];
  const std::optional<uint32_t> total = index.Number(kFanoutOffset + 255 * 4);
  const std::optional<uint32_t> end = index.Number(kFanoutOffset + first * 4);
  const std::optional<uint32_t> begin =
      first == 0 ? std::optional<uint32_t>(0)
                 : index.Number(kFanoutOffset + (first - 1) * 4);
  if (!total || !begin || !end) return std::nullopt;
  int64_t low = *begin;
  int64_t high = *end;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    Oid found;
    if (!index.ReadAt(kTablesOffset + middle * 20, found.bytes.data(), 20)) {
      return std::nullopt;
    }
    if (found == oid) {
      const int64_t offsets = kTablesOffset + int64_t{*total} * 24;
      const auto offset = index.Number(offsets + middle * 4);
      if (!offset.has_value()) return std::nullopt;
      if ((*offset & 0x80000000u) == 0) return *offset;
      const int64_t large =
          offsets + int64_t{*total} * 4 + int64_t{*offset & 0x7fffffffu} * 8;
      const auto upper = index.Number(large);
      const auto lower = index.Number(large + 4);
      if (!upper || !lower) return std::nullopt;
      return static_cast<int64_t>(uint64_t{*upper} << 32 | *lower);
    }
    if (found < oid) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return std::nullopt;
}

// The type and size before an object's compressed bytes.
struct ObjectHeader {
  int type = 0;
  int64_t size = 0;
  int64_t data_offset = 0;
};
std::optional<ObjectHeader> ReadHeader(const File& pack, int64_t offset) {
  uint8_t bytes[10];
  if (pack.ReadSome(offset, bytes, sizeof(bytes)) < 10) return std::nullopt;
  ObjectHeader header;
  header.type = bytes[0] >> 4 & 7;
  header.size = bytes[0] & 15;
  int shift = 4;
  int i = 0;
  while ((bytes[i] & 0x80) != 0) {
    if (++i == 9) return std::nullopt;
    header.size |= int64_t{bytes[i] & 0x7f} << shift;
    shift += 7;
  }
  header.data_offset = offset + i + 1;
  return header;
}

absl::Status InflateBlob(
    const Context& ctx, const File& pack, const ObjectHeader& header,
    const Oid& oid,
    const std::function<absl::Status(absl::string_view)>& sink) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return absl::InternalError("inflateInit");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  crypto::Hasher hasher(crypto::DigestAlgorithm::kSha1);
  hasher.Update(absl::StrCat("blob ", header.size, absl::string_view("\0", 1)));
  std::vector<char> input(kChunkBytes);
  std::vector<char> output(kChunkBytes);
  int64_t at = header.data_offset;
  int64_t made = 0;
  int result = Z_OK;
  while (result != Z_STREAM_END) {
    WEIR_RETURN_IF_ERROR(ctx.status());
    if (stream.avail_in == 0) {
      const ssize_t got = pack.ReadSome(at, input.data(), input.size());
      if (got <= 0) return absl::DataLossError("pack ends early");
      at += got;
      stream.next_in = reinterpret_cast<Bytef*>(input.data());
      stream.avail_in = static_cast<uInt>(got);
    }
    stream.next_out = reinterpret_cast<Bytef*>(output.data());
    stream.avail_out = static_cast<uInt>(output.size());
    result = inflate(&stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      return absl::DataLossError("pack holds malformed data");
    }
    const absl::string_view bytes(output.data(),
                                  output.size() - stream.avail_out);
    made += static_cast<int64_t>(bytes.size());
    if (made > header.size) return absl::DataLossError("blob is too long");
    hasher.Update(bytes);
    if (!bytes.empty()) WEIR_RETURN_IF_ERROR(sink(bytes));
  }
  if (made != header.size || hasher.Finish().hex != oid.ToHex()) {
    return absl::DataLossError(
        absl::StrCat("blob ", oid.ToHex(), " does not have its hash"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> StreamFromPack(
    const Context& ctx, const std::string& path, const Oid& oid,
    const std::function<absl::Status(int64_t)>& on_size,
    const std::function<absl::Status(absl::string_view)>& sink) {
  const std::string dir = absl::StrCat(path, "/objects/pack");
  std::vector<std::string> stems;
  if (DIR* handle = opendir(dir.c_str())) {
    while (const dirent* entry = readdir(handle)) {
      absl::string_view name = entry->d_name;
      if (absl::ConsumeSuffix(&name, ".idx")) {
        stems.push_back(absl::StrCat(dir, "/", name));
      }
    }
    closedir(handle);
  }
  for (const std::string& stem : stems) {
    const File index(absl::StrCat(stem, ".idx"));
    if (!index.is_open()) continue;
    const std::optional<int64_t> offset = FindInIndex(index, oid);
    if (!offset.has_value()) continue;
    const File pack(absl::StrCat(stem, ".pack"));
    if (!pack.is_open()) continue;
    const std::optional<ObjectHeader> header = ReadHeader(pack, *offset);
    if (!header.has_value() || header->type != kBlobType) continue;
    WEIR_RETURN_IF_ERROR(on_size(header->size));
    WEIR_RETURN_IF_ERROR(InflateBlob(ctx, pack, *header, oid, sink));
    return true;
  }
  return false;
}

}  // namespace weir::git
