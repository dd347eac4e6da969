#include "input.h"

#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "weir/base/file.h"

namespace weir::cli {
namespace {

constexpr size_t kMaxInputBytes = size_t{64} << 20;

}  // namespace

absl::StatusOr<std::string> ReadStandardInput() {
  std::string text;
  char buffer[1 << 16];
  while (true) {
    const ssize_t count = read(STDIN_FILENO, buffer, sizeof(buffer));
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoToStatus(errno, "reading standard input");
    text.append(buffer, static_cast<size_t>(count));
    if (text.size() > kMaxInputBytes) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "standard input is larger than ", kMaxInputBytes, " bytes"));
    }
  }
}

}  // namespace weir::cli
