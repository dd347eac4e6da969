#include "weir/archive/tar_writer.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "weir/base/status.h"

namespace weir::archive {
namespace {

constexpr int kBlock = 512;
constexpr size_t kNameBytes = 100;
constexpr size_t kPrefixBytes = 155;
constexpr char kZeros[2 * kBlock] = {};
constexpr int64_t kMaxOctalSize = (int64_t{1} << 33) - 1;

// Fields of a ustar header: offset and size.
struct Field {
  int offset;
  int size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8},
    kSize{124, 12}, kTime{136, 12}, kChecksum{148, 8}, kType{156, 1},
    kMagic{257, 8}, kDevMajor{329, 8}, kDevMinor{337, 8}, kPrefix{345, 155};

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x80 && c != '\0';
  });
}

std::string DropNonAscii(absl::string_view text) {
  std::string out;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x80 && c != '\0') out.push_back(c);
  }
  return out;
}

// Splits a name that is too long into ustar's prefix and name.
bool SplitName(absl::string_view name, absl::string_view* prefix,
               absl::string_view* rest) {
  if (name.size() <= kNameBytes || !IsAscii(name)) return false;
  size_t length = name.size();
  if (length > kPrefixBytes + 1) {
    length = kPrefixBytes + 1;
  } else if (name[length - 1] == '/') {
    --length;
  }
  const size_t slash = name.substr(0, length).rfind('/');
  if (slash == absl::string_view::npos || slash == 0) return false;
  const size_t rest_size = name.size() - slash - 1;
  if (rest_size > kNameBytes || rest_size == 0) return false;
  *prefix = name.substr(0, slash);
  *rest = name.substr(slash + 1);
  return true;
}

class Header {
 public:
  void SetString(Field field, absl::string_view text) {
    const size_t size = std::min<size_t>(text.size(), field.size);
    // An empty view may have no address, which memcpy must not get.
    if (!text.empty()) std::memcpy(bytes_ + field.offset, text.data(), size);
    // A cut that ends in a slash would read as a folder.
    if (text.size() > size && bytes_[field.offset + size - 1] == '/') {
      size_t end = size - 1;
      while (end > 0 && text[end - 1] == '/') --end;
      bytes_[field.offset + end] = '\0';
    }
  }
  void SetOctal(Field field, int64_t value) {
    const std::string text = absl::StrFormat("%0*o", field.size - 1, value);
    std::memcpy(bytes_ + field.offset, text.data(), text.size());
  }
  absl::string_view Finish() {
    std::memcpy(bytes_ + kMagic.offset, "ustar\00000", 8);
    std::memset(bytes_ + kChecksum.offset, ' ', kChecksum.size);
    int sum = 0;
    for (const char c : bytes_) sum += static_cast<unsigned char>(c);
    const std::string text = absl::StrFormat("%06o", sum);
    std::memcpy(bytes_ + kChecksum.offset, text.data(), text.size());
    bytes_[kChecksum.offset + 6] = '\0';
    return {bytes_, kBlock};
  }

 private:
  char bytes_[kBlock] = {};
};

// "<length> <key>=<value>\n", where the length counts its own digits.
std::string PaxRecord(absl::string_view key, absl::string_view value) {
  const size_t rest = key.size() + value.size() + 3;  // Space, "=", newline.
  size_t size = rest + absl::StrCat(rest).size();
  while (rest + absl::StrCat(size).size() != size) {
    size = rest + absl::StrCat(size).size();
  }
  return absl::StrCat(size, " ", key, "=", value, "\n");
}

// The header and contents of a PAX entry that precedes the entry `name`.
std::string PaxEntry(absl::string_view name, absl::string_view records) {
  const size_t slash = name.rfind('/');
  std::string pax_name =
      slash == absl::string_view::npos
          ? absl::StrCat("PaxHeaders.0/", name)
          : absl::StrCat(name.substr(0, slash), "/PaxHeaders.0/",
                         name.substr(slash + 1));
  pax_name = DropNonAscii(pax_name);
  if (pax_name.size() > kNameBytes) pax_name.resize(kNameBytes);
  while (!pax_name.empty() && pax_name.back() == '/') pax_name.pop_back();
  Header header;
  header.SetString(kName, pax_name);
  header.SetString(kType, "x");
  for (const Field field : {kMode, kUid, kGid, kTime}) {
    header.SetOctal(field, 0);
  }
  header.SetOctal(kSize, static_cast<int64_t>(records.size()));
  std::string out = absl::StrCat(header.Finish(), records);
  out.resize((out.size() + kBlock - 1) / kBlock * kBlock);
  return out;
}

}  // namespace

TarWriter::TarWriter(Sink sink, Options options)
    : sink_(std::move(sink)), options_(options) {}

absl::Status TarWriter::WriteHeader(absl::string_view name, char type, int mode,
                                    int64_t size) {
  absl::string_view prefix;
  absl::string_view rest = name;
  std::string records;
  const bool is_plain = IsAscii(name) && name.size() <= kNameBytes;
  if (!is_plain && (!SplitName(name, &prefix, &rest) || size > kMaxOctalSize)) {
    prefix = "";
    rest = name;
    records = PaxRecord("path", name);
  }
  if (size > kMaxOctalSize)
    absl::StrAppend(&records, PaxRecord("size", absl::StrCat(size)));
  if (!records.empty()) {
    WEIR_RETURN_IF_ERROR(sink_(PaxEntry(name, records)));
  }
  Header header;
  header.SetString(kName,
                   records.empty() ? std::string(rest) : DropNonAscii(rest));
  header.SetString(kPrefix, prefix);
  header.SetString(kType, absl::string_view(&type, 1));
  header.SetOctal(kMode, mode);
  for (const Field field : {kUid, kGid, kDevMajor, kDevMinor}) {
    header.SetOctal(field, 0);
  }
  header.SetOctal(kTime, options_.modified);
  header.SetOctal(kSize, size > kMaxOctalSize ? 0 : size);
  return sink_(header.Finish());
}

absl::Status TarWriter::EndFile() {
  if (missing_ > 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(missing_, " bytes of a tar entry are missing"));
  }
  if (padding_ == 0) return absl::OkStatus();
  const int padding = padding_;
  padding_ = 0;
  return sink_(absl::string_view(kZeros, padding));
}

absl::Status TarWriter::AddDirectory(absl::string_view name) {
  WEIR_RETURN_IF_ERROR(EndFile());
  return WriteHeader(name, '5', 0750, 0);
}

absl::Status TarWriter::BeginFile(absl::string_view name, bool is_executable,
                                  int64_t size) {
  WEIR_RETURN_IF_ERROR(EndFile());
  const int mode = is_executable ? 0700 : 0600;
  WEIR_RETURN_IF_ERROR(WriteHeader(
      name, '0', options_.file_mode == 0 ? mode : options_.file_mode, size));
  missing_ = size;
  padding_ = static_cast<int>((kBlock - size % kBlock) % kBlock);
  return absl::OkStatus();
}

absl::Status TarWriter::Write(absl::string_view bytes) {
  if (static_cast<int64_t>(bytes.size()) > missing_) {
    return absl::FailedPreconditionError("too many bytes for a tar entry");
  }
  missing_ -= static_cast<int64_t>(bytes.size());
  return sink_(bytes);
}

absl::Status TarWriter::AddFile(absl::string_view name, bool is_executable,
                                absl::string_view contents) {
  WEIR_RETURN_IF_ERROR(
      BeginFile(name, is_executable, static_cast<int64_t>(contents.size())));
  return contents.empty() ? absl::OkStatus() : Write(contents);
}

absl::Status TarWriter::Finish() {
  WEIR_RETURN_IF_ERROR(EndFile());
  return sink_(absl::string_view(kZeros, sizeof(kZeros)));
}

}  // namespace weir::archive
