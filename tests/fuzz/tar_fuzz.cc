// Input: a tar archive, compressed or not, read entry by entry.
#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "weir/archive/extract.h"
#include "weir/archive/gzip.h"
#include "weir/archive/stream.h"
#include "weir/archive/tar_reader.h"

namespace {

void ReadAll(weir::archive::Source source) {
  constexpr size_t kMaxBytes = 1 << 20;  // Gzip bombs are not the point.
  weir::archive::TarReader reader(std::move(source));
  std::array<char, 4096> buffer;
  size_t total = 0;
  while (total < kMaxBytes) {
    const auto entry = reader.Next();
    if (!entry.ok() || !entry->has_value()) return;
    (void)weir::archive::CleanEntryName((*entry)->name);
    for (int i = 0; i < 4; ++i) {  // The rest is skipped by Next.
      const auto count = reader.Read(buffer.data(), buffer.size());
      if (!count.ok()) return;
      if (*count == 0) break;
      total += *count;
    }
    total += 512;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  ReadAll(weir::archive::StringSource(bytes));
  ReadAll(weir::archive::GunzipSource(weir::archive::StringSource(bytes)));
  return 0;
}
