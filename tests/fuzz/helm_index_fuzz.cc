// An index of any text is written anew or refused; what was written is read
// again, its spans are found where they were, and written once more it stays
// as it is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "weir/archive/stream.h"
#include "weir/base/file.h"
#include "weir/helm/index_writer.h"

namespace {

using weir::helm::IndexSpan;

struct Written {
  absl::Status status;
  std::string text;
  std::vector<IndexSpan> spans;
};

Written Write(absl::string_view text) {
  static const weir::TempDir* const folder =
      new weir::TempDir(*weir::TempDir::Create("weir-fuzz-"));
  weir::helm::IndexOptions options;
  options.max_whole_bytes = int64_t{1} << 20;
  options.max_version_bytes = int64_t{1} << 20;
  Written written;
  written.status = weir::helm::WriteIndex(
      weir::helm::IndexText(text), folder->path(), options,
      [&](absl::string_view bytes) {
        written.text.append(bytes.data(), bytes.size());
        return absl::OkStatus();
      },
      &written.spans);
  return written;
}

bool AreEqual(const std::vector<IndexSpan>& a,
              const std::vector<IndexSpan>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].chart != b[i].chart || a[i].offset != b[i].offset ||
        a[i].bytes != b[i].bytes) {
      return false;
    }
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  (void)weir::helm::FindSpans(weir::archive::StringSource(text));
  const Written once = Write(text);
  if (!once.status.ok()) return 0;
  const auto spans =
      weir::helm::FindSpans(weir::archive::StringSource(once.text));
  if (!spans.ok() || !AreEqual(*spans, once.spans)) abort();
  const Written twice = Write(once.text);
  if (!twice.status.ok() || twice.text != once.text ||
      !AreEqual(twice.spans, once.spans)) {
    abort();
  }
  return 0;
}
