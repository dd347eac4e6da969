#include "weir/archive/tar_reader.h"

#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"

namespace weir::archive {
namespace {

constexpr int kBlock = 512;
constexpr int64_t kMaxMetadataBytes = 1 << 20;

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("tar: ", what));
}

absl::string_view StringField(const char* block, int offset, int size) {
  return {block + offset, strnlen(block + offset, size)};
}

// An octal number, or GNU's base-256 when the first bit is set.
absl::StatusOr<int64_t> NumberField(const char* block, int offset, int size) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(block + offset);
  if ((bytes[0] & 0x80) != 0) {
    if ((bytes[0] & 0x40) != 0) return Malformed("negative number");
    uint64_t value = bytes[0] & 0x3f;
    for (int i = 1; i < size; ++i) {
      if (value >> 55 != 0) return Malformed("number too large");
      value = value << 8 | bytes[i];
    }
    return static_cast<int64_t>(value);
  }
  int i = 0;
  while (i < size && (bytes[i] == ' ' || bytes[i] == '\0')) ++i;
  int64_t value = 0;
  for (; i < size && bytes[i] != ' ' && bytes[i] != '\0'; ++i) {
    if (bytes[i] < '0' || bytes[i] > '7') return Malformed("bad number");
    value = value * 8 + (bytes[i] - '0');
  }
  return value;
}

absl::Status CheckChecksum(const char* block) {
  WEIR_ASSIGN_OR_RETURN(const int64_t want, NumberField(block, 148, 8));
  int64_t sum = 0;
  int64_t signed_sum = 0;  // Some old programs summed signed bytes.
  for (int i = 0; i < kBlock; ++i) {
    const char c = i >= 148 && i < 156 ? ' ' : block[i];
    sum += static_cast<unsigned char>(c);
    signed_sum += static_cast<signed char>(c);
  }
  if (want != sum && want != signed_sum) return Malformed("bad checksum");
  return absl::OkStatus();
}

TarEntry::Type TypeOf(char flag, absl::string_view name) {
  switch (flag) {
    case '0':
    case '\0':
    case '7':
      return name.empty() || name.back() != '/' ? TarEntry::Type::kFile
                                                : TarEntry::Type::kDirectory;
    case '1':
      return TarEntry::Type::kHardLink;
    case '2':
      return TarEntry::Type::kSymlink;
    case '5':
      return TarEntry::Type::kDirectory;
    default:
      return TarEntry::Type::kOther;
  }
}

std::string NameOf(const char* block) {
  const absl::string_view name = StringField(block, 0, 100);
  if (std::memcmp(block + 257, "ustar\0", 6) == 0) {
    const absl::string_view prefix = StringField(block, 345, 155);
    if (!prefix.empty()) return absl::StrCat(prefix, "/", name);
  }
  return std::string(name);
}

}  // namespace

TarReader::TarReader(Source source) : source_(std::move(source)) {}

absl::Status TarReader::ReadFully(char* buffer, size_t size) {
  while (size > 0) {
    WEIR_ASSIGN_OR_RETURN(const size_t got, source_(buffer, size));
    if (got == 0) return Malformed("unexpected end of data");
    buffer += got;
    size -= got;
  }
  return absl::OkStatus();
}

// False at a clean end of the stream.
absl::StatusOr<bool> TarReader::ReadBlock(char* block) {
  WEIR_ASSIGN_OR_RETURN(const size_t got, source_(block, kBlock));
  if (got == 0) return false;
  WEIR_RETURN_IF_ERROR(ReadFully(block + got, kBlock - got));
  return true;
}

absl::Status TarReader::SkipContents() {
  char buffer[16 << 10];
  int64_t left = contents_left_ + padding_;
  contents_left_ = padding_ = 0;
  while (left > 0) {
    const size_t size = static_cast<size_t>(
        std::min<int64_t>(left, static_cast<int64_t>(sizeof(buffer))));
    WEIR_RETURN_IF_ERROR(ReadFully(buffer, size));
    left -= static_cast<int64_t>(size);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> TarReader::ReadMetadata(int64_t size) {
  if (size > kMaxMetadataBytes) return Malformed("header entry too large");
  std::string out(static_cast<size_t>(size), '\0');
  WEIR_RETURN_IF_ERROR(ReadFully(out.data(), out.size()));
  contents_left_ = 0;
  WEIR_RETURN_IF_ERROR(SkipContents());
  return out;
}

absl::Status TarReader::ApplyPax(const std::string& records) {
  absl::string_view rest = records;
  while (!rest.empty()) {
    const size_t space = rest.find(' ');
    size_t size = 0;
    if (space == absl::string_view::npos ||
        !absl::SimpleAtoi(rest.substr(0, space), &size) || size <= space + 1 ||
        size > rest.size() || rest[size - 1] != '\n') {
      return Malformed("bad PAX record");
    }
    const absl::string_view record = rest.substr(space + 1, size - space - 2);
    rest.remove_prefix(size);
    const size_t equals = record.find('=');
    if (equals == absl::string_view::npos) return Malformed("bad PAX record");
    const absl::string_view key = record.substr(0, equals);
    const absl::string_view value = record.substr(equals + 1);
    double seconds = 0;
    int64_t bytes = 0;
    if (key == "path") {
      next_.name = std::string(value);
    } else if (key == "linkpath") {
      next_.link_target = std::string(value);
    } else if (key == "size") {
      if (!absl::SimpleAtoi(value, &bytes) || bytes < 0) {
        return Malformed("bad PAX size");
      }
      next_.size = bytes;
    } else if (key == "mtime" && absl::SimpleAtod(value, &seconds)) {
      next_.modified = absl::UnixEpoch() + absl::Seconds(seconds);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<TarEntry>> TarReader::Next() {
  next_ = {};
  while (!is_at_end_) {
    WEIR_RETURN_IF_ERROR(SkipContents());
    char block[kBlock];
    WEIR_ASSIGN_OR_RETURN(const bool has_block, ReadBlock(block));
    static constexpr char kZeros[kBlock] = {};
    if (!has_block || std::memcmp(block, kZeros, kBlock) == 0) {
      is_at_end_ = true;
      break;
    }
    WEIR_RETURN_IF_ERROR(CheckChecksum(block));
    WEIR_ASSIGN_OR_RETURN(int64_t size, NumberField(block, 124, 12));
    const char flag = block[156];
    if (next_.size.has_value() && flag != 'x' && flag != 'g') {
      size = *next_.size;
    }
    if (size < 0 || size > std::numeric_limits<int64_t>::max() - kBlock) {
      return Malformed("bad size");
    }
    contents_left_ = size;
    padding_ = (kBlock - size % kBlock) % kBlock;
    if (flag == 'x' || flag == 'L' || flag == 'K') {
      WEIR_ASSIGN_OR_RETURN(std::string data, ReadMetadata(size));
      if (flag == 'x') {
        WEIR_RETURN_IF_ERROR(ApplyPax(data));
      } else {
        data.resize(strnlen(data.data(), data.size()));
        (flag == 'L' ? next_.name : next_.link_target) = std::move(data);
      }
      continue;
    }
    if (flag == 'g') continue;  // Defaults for times and owners: not used.
    TarEntry entry;
    entry.name = next_.name.value_or(NameOf(block));
    entry.type = TypeOf(flag, entry.name);
    entry.link_target =
        next_.link_target.value_or(std::string(StringField(block, 157, 100)));
    WEIR_ASSIGN_OR_RETURN(const int64_t mode, NumberField(block, 100, 8));
    entry.mode = static_cast<int>(mode & 0777);
    WEIR_ASSIGN_OR_RETURN(const int64_t time, NumberField(block, 136, 12));
    entry.modified = next_.modified.value_or(absl::FromUnixSeconds(time));
    // Links and folders have no contents, whatever the field says.
    const bool has_contents = entry.type == TarEntry::Type::kFile ||
                              entry.type == TarEntry::Type::kOther;
    if (!has_contents) contents_left_ = padding_ = 0;
    entry.size = contents_left_;
    return entry;
  }
  return std::nullopt;
}

absl::StatusOr<size_t> TarReader::Read(char* buffer, size_t size) {
  size = static_cast<size_t>(
      std::min<int64_t>(contents_left_, static_cast<int64_t>(size)));
  if (size == 0) return 0;
  WEIR_ASSIGN_OR_RETURN(const size_t got, source_(buffer, size));
  if (got == 0) return Malformed("unexpected end of data");
  contents_left_ -= static_cast<int64_t>(got);
  return got;
}

}  // namespace weir::archive
