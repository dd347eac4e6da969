#include "src/load/archive_files.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "src/go_text.h"
#include "src/json_decoding.h"
#include "src/yaml.h"
#include "weir/archive/gzip.h"
#include "weir/archive/tar_reader.h"
#include "weir/base/status.h"

namespace weir::helm {
namespace {

constexpr char kByteOrderMark[] = "\xEF\xBB\xBF";

// As Go's path.Clean.
std::string CleanPath(absl::string_view path) {
  std::vector<absl::string_view> parts;
  for (absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else {
      parts.push_back(part);
    }
  }
  return parts.empty() ? "." : absl::StrJoin(parts, "/");
}

// The entry's name below the archive's folder.
absl::StatusOr<std::string> NameBelow(const std::string& name) {
  const char delimiter = absl::StrContains(name, '\\') ? '\\' : '/';
  std::vector<std::string> parts = absl::StrSplit(name, delimiter);
  const std::string first = parts.front();
  parts.erase(parts.begin());
  std::string below = absl::StrJoin(parts, "/");
  if (absl::StartsWith(below, "/")) {
    return absl::InvalidArgumentError(
        "chart illegally contains absolute paths");
  }
  below = CleanPath(below);
  if (below == ".") {
    return absl::InvalidArgumentError(absl::StrCat(
        "chart illegally contains content outside the base directory: ",
        GoQuote(name)));
  }
  if (absl::StartsWith(below, "..")) {
    return absl::InvalidArgumentError(
        "chart illegally references parent directory");
  }
  if (below.size() > 2 && absl::ascii_isalpha(below[0]) && below[1] == ':' &&
      below[2] == '/') {
    return absl::InvalidArgumentError("chart contains illegally named files");
  }
  if (first == "Chart.yaml") {
    return absl::InvalidArgumentError("chart yaml not in base directory");
  }
  return below;
}

absl::Status TooLarge(int64_t limit) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "decompressed chart is larger than the maximum size ", limit));
}

absl::StatusOr<std::string> ReadContents(archive::TarReader& tar) {
  std::string data;
  char buffer[1 << 16];
  while (true) {
    WEIR_ASSIGN_OR_RETURN(const size_t count, tar.Read(buffer, sizeof(buffer)));
    if (count == 0) return data;
    data.append(buffer, count);
  }
}

// Go's words for what our reader says of a stream that is no gzip.
absl::Status AsGoGzipError(const absl::Status& status, size_t size) {
  constexpr size_t kHeaderBytes = 10;
  if (size == 0) return absl::InvalidArgumentError("EOF");
  return absl::InvalidArgumentError(
      absl::StrContains(status.message(), "early") || size < kHeaderBytes
          ? "unexpected EOF"
          : "gzip: invalid header");
}

// http.DetectContentType, as far as files that people name by mistake go.
std::string ContentType(absl::string_view head) {
  constexpr std::pair<absl::string_view, absl::string_view> kMagic[] = {
      {"%PDF-", "application/pdf"},
      {"PK\x03\x04", "application/zip"},
      {"\x89PNG\x0D\x0A\x1A\x0A", "image/png"},
      {"\xFF\xD8\xFF", "image/jpeg"},
      {"GIF8", "image/gif"},
      {"Rar!\x1A\x07", "application/x-rar-compressed"},
      {"<?xml", "text/xml; charset=utf-8"},
      {"\xEF\xBB\xBF", "text/plain; charset=utf-8"},
  };
  absl::string_view trimmed = absl::StripLeadingAsciiWhitespace(head);
  if (absl::StartsWithIgnoreCase(trimmed, "<!doctype html") ||
      absl::StartsWithIgnoreCase(trimmed, "<html")) {
    return "text/html; charset=utf-8";
  }
  for (const auto& [magic, type] : kMagic) {
    if (absl::StartsWith(magic[0] == '<' ? trimmed : head, magic)) {
      return std::string(type);
    }
  }
  for (const char c : head) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 8 || byte == 0x0B || (byte >= 0x0E && byte <= 0x1A) ||
        (byte >= 0x1C && byte <= 0x1F)) {
      return "application/octet-stream";
    }
  }
  return "text/plain; charset=utf-8";
}

}  // namespace

absl::StatusOr<std::vector<File>> ReadArchiveFiles(
    archive::Source compressed, const LoadOptions& options,
    const std::function<bool(absl::string_view)>& wanted) {
  size_t compressed_size = 0;
  archive::TarReader tar(archive::GunzipSource(
      [&compressed_size, source = std::move(compressed)](
          char* buffer, size_t size) -> absl::StatusOr<size_t> {
        WEIR_ASSIGN_OR_RETURN(const size_t count, source(buffer, size));
        compressed_size += count;
        return count;
      }));
  std::vector<File> files;
  int64_t count = 0;
  int64_t remaining = options.max_archive_bytes;
  while (true) {
    absl::StatusOr<std::optional<archive::TarEntry>> next = tar.Next();
    if (!next.ok() && count == 0 &&
        absl::StrContains(next.status().message(), "gzip")) {
      return AsGoGzipError(next.status(), compressed_size);
    }
    WEIR_RETURN_IF_ERROR(next);
    if (!next->has_value()) break;
    const archive::TarEntry& entry = **next;
    if (entry.type == archive::TarEntry::Type::kDirectory ||
        absl::EndsWith(entry.name, "/")) {
      continue;
    }
    WEIR_ASSIGN_OR_RETURN(std::string name, NameBelow(entry.name));
    if (entry.size > remaining) return TooLarge(options.max_archive_bytes);
    if (entry.size > options.max_file_bytes) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "decompressed chart file ", GoQuote(entry.name),
          " is larger than the maximum file size ", options.max_file_bytes));
    }
    remaining -= entry.size;
    if (remaining <= 0) return TooLarge(options.max_archive_bytes);
    if (++count > options.max_files) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "chart archive has more than ", options.max_files, " files"));
    }
    if (wanted != nullptr && !wanted(name)) continue;
    WEIR_ASSIGN_OR_RETURN(std::string data, ReadContents(tar));
    if (absl::StartsWith(data, kByteOrderMark)) data.erase(0, 3);
    files.push_back({std::move(name), std::move(data)});
  }
  if (count == 0) {
    return absl::InvalidArgumentError("no files in chart archive");
  }
  return files;
}

absl::Status CheckApiVersionOf(absl::string_view chart_yaml) {
  WEIR_ASSIGN_OR_RETURN(const Value value, ReadYaml(chart_yaml),
                        "cannot load Chart.yaml");
  JsonDecoder reader(kDecoding);
  std::string version;
  reader.Struct(
      value, "loader.chartBase",
      {{"apiVersion", [&](const Value& v) { reader.String(v, &version); }}});
  if (!reader.status().ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cannot load Chart.yaml: error unmarshaling JSON: while decoding "
        "JSON: ",
        reader.status().message()));
  }
  if (version.empty() || version == "v1" || version == "v2") {
    return absl::OkStatus();
  }
  if (version == "v3") {
    return absl::InvalidArgumentError(kLaterVersion);
  }
  return absl::InvalidArgumentError("unsupported chart version");
}

absl::Status CheckApiVersion(const std::vector<File>& files) {
  for (const File& file : files) {
    if (file.name == "Chart.yaml") return CheckApiVersionOf(file.data);
  }
  return absl::InvalidArgumentError(
      "unable to detect chart version, no Chart.yaml found");
}

absl::Status EnsureArchive(const std::string& path, absl::string_view head) {
  if (absl::StartsWith(head, "\x1F\x8B\x08")) return absl::OkStatus();
  if (absl::EndsWith(path, ".yml") || absl::EndsWith(path, ".yaml")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "file '", path,
        "' seems to be a YAML file, but expected a gzipped archive"));
  }
  // Helm holds a block of 512 bytes against the known types, zeros after the
  // end of a shorter file.
  std::string block(head.substr(0, 512));
  block.resize(512);
  return absl::InvalidArgumentError(absl::StrCat(
      "file '", path, "' does not appear to be a gzipped archive; got '",
      ContentType(block), "'"));
}

}  // namespace weir::helm
