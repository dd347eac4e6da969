#include "weir/archive/gzip.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/file.h"
#include "weir/base/status.h"

namespace weir::archive {
namespace {

constexpr int kLevel = 6;  // Changing it changes every artifact's digest.
constexpr size_t kBufferBytes = 64 << 10;
// Magic, deflate, no flags, no time, no extra flags, unknown system.
constexpr char kHeader[] = {'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 0, '\xff'};
constexpr int kFlagsOffset = 3;
constexpr char kHasExtra = 4;
constexpr char kHasComment = 16;

void AppendLittleEndian(uint32_t value, std::string* out) {
  for (int i = 0; i < 4; ++i) out->push_back(static_cast<char>(value >> 8 * i));
}

// Decompresses members one after another.
class Gunzip {
 public:
  explicit Gunzip(Source source) : source_(std::move(source)) {
    // 16 + 15: gzip only, largest window.
    WEIR_CHECK(inflateInit2(&stream_, 16 + 15) == Z_OK);
  }
  ~Gunzip() { inflateEnd(&stream_); }
  Gunzip(const Gunzip&) = delete;

  absl::StatusOr<size_t> Read(char* buffer, size_t size) {
    stream_.next_out = reinterpret_cast<Bytef*>(buffer);
    stream_.avail_out = static_cast<uInt>(std::min<size_t>(size, 1u << 30));
    const uInt wanted = stream_.avail_out;
    while (stream_.avail_out == wanted) {
      if (stream_.avail_in == 0) {
        WEIR_ASSIGN_OR_RETURN(const size_t got,
                              source_(input_.data(), input_.size()));
        if (got == 0) {
          if (is_between_members_) return 0;
          return absl::InvalidArgumentError("gzip: unexpected end of data");
        }
        stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
        stream_.avail_in = static_cast<uInt>(got);
      }
      if (is_between_members_ && has_member_) inflateReset(&stream_);
      is_between_members_ = false;
      const int result = inflate(&stream_, Z_NO_FLUSH);
      if (result == Z_STREAM_END) {
        is_between_members_ = true;
        has_member_ = true;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        return absl::InvalidArgumentError(absl::StrCat(
            "gzip: ", stream_.msg != nullptr ? stream_.msg : "invalid data"));
      }
    }
    return wanted - stream_.avail_out;
  }

 private:
  Source source_;
  z_stream stream_{};
  std::array<char, kBufferBytes> input_;
  bool is_between_members_ = false;
  bool has_member_ = false;
};

}  // namespace

struct GzipWriter::Impl {
  Sink sink;
  GzipHeader header;
  z_stream stream{};
  uint32_t crc = 0;
  uint32_t size = 0;  // Modulo 2^32, as the format has it.
  bool has_header = false;
  std::array<char, kBufferBytes> output;

  std::string FormatHeader() const {
    std::string out(kHeader, sizeof(kHeader));
    if (!header.extra.empty()) {
      out[kFlagsOffset] |= kHasExtra;
      const size_t extra = header.extra.size();
      out.push_back(static_cast<char>(extra & 0xFF));
      out.push_back(static_cast<char>(extra >> 8 & 0xFF));
      out += header.extra;
    }
    if (!header.comment.empty()) {
      out[kFlagsOffset] |= kHasComment;
      out += header.comment;
      out.push_back('\0');
    }
    return out;
  }

  absl::Status Deflate(absl::string_view bytes, int flush) {
    if (!has_header) {
      has_header = true;
      WEIR_RETURN_IF_ERROR(sink(FormatHeader()));
    }
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(output.data());
      stream.avail_out = static_cast<uInt>(output.size());
      deflate(&stream, flush);
      const size_t made = output.size() - stream.avail_out;
      if (made > 0) {
        WEIR_RETURN_IF_ERROR(sink(absl::string_view(output.data(), made)));
      }
    } while (stream.avail_out == 0);
    return absl::OkStatus();
  }
};

GzipWriter::GzipWriter(Sink sink, GzipHeader header)
    : impl_(std::make_unique<Impl>()) {
  impl_->sink = std::move(sink);
  impl_->header = std::move(header);
  // Negative: raw deflate, for the header is ours.
  WEIR_CHECK(deflateInit2(&impl_->stream, kLevel, Z_DEFLATED, -15, 8,
                          Z_DEFAULT_STRATEGY) == Z_OK);
}

GzipWriter::~GzipWriter() { deflateEnd(&impl_->stream); }

absl::Status GzipWriter::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const absl::string_view piece = bytes.substr(0, 1u << 30);
    impl_->crc = static_cast<uint32_t>(
        crc32(impl_->crc, reinterpret_cast<const Bytef*>(piece.data()),
              static_cast<uInt>(piece.size())));
    impl_->size += static_cast<uint32_t>(piece.size());
    WEIR_RETURN_IF_ERROR(impl_->Deflate(piece, Z_NO_FLUSH));
    bytes.remove_prefix(piece.size());
  }
  return absl::OkStatus();
}

absl::Status GzipWriter::Finish() {
  WEIR_RETURN_IF_ERROR(impl_->Deflate("", Z_FINISH));
  std::string trailer;
  AppendLittleEndian(impl_->crc, &trailer);
  AppendLittleEndian(impl_->size, &trailer);
  return impl_->sink(trailer);
}

Source GunzipSource(Source compressed) {
  auto gunzip = std::make_shared<Gunzip>(std::move(compressed));
  return [gunzip](char* buffer, size_t size) {
    return gunzip->Read(buffer, size);
  };
}

absl::StatusOr<Source> FileSource(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoToStatus(errno, absl::StrCat("opening ", path));
  auto owner = std::shared_ptr<const int>(new int(fd), [](const int* p) {
    close(*p);
    delete p;
  });
  return Source(
      [owner, path](char* buffer, size_t size) -> absl::StatusOr<size_t> {
        const ssize_t got = read(*owner, buffer, size);
        if (got < 0)
          return ErrnoToStatus(errno, absl::StrCat("reading ", path));
        return static_cast<size_t>(got);
      });
}

Source StringSource(absl::string_view bytes) {
  return [bytes](char* buffer, size_t size) mutable -> absl::StatusOr<size_t> {
    const size_t take = bytes.copy(buffer, size);
    bytes.remove_prefix(take);
    return take;
  };
}

}  // namespace weir::archive
