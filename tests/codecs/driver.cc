// Our codecs behind the pipe that oracle/main.go describes.
#include <cstdint>
#include <cstdio>
#include <string>

#include "tests/codecs/codecs.h"
#include "weir/value/go_error.h"

namespace {

bool Read(char* data, size_t size) {
  return std::fread(data, 1, size, stdin) == size;
}

uint32_t Length(const char* bytes) {
  uint32_t length = 0;
  for (int i = 3; i >= 0; --i) {
    length = length << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return length;
}

int Main() {
  char header[5];
  std::string document;
  std::string out;
  while (Read(header, sizeof(header))) {
    document.resize(Length(header + 1));
    if (!Read(document.data(), document.size())) return 1;
    const absl::StatusOr<std::string> result =
        weir::test::RunCodec(header[0], document);
    const std::string text =
        result.ok() ? *result : weir::GoError(result.status());
    out.assign(1, result.ok() ? '\1' : '\0');
    for (int shift = 0; shift < 32; shift += 8) {
      out.push_back(static_cast<char>(text.size() >> shift));
    }
    out.append(text);
    std::fwrite(out.data(), 1, out.size(), stdout);
  }
  return 0;
}

}  // namespace

int main() { return Main(); }
