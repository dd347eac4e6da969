#include "src/process_metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace weir::reconcile {
namespace {

// Files of /proc have no size, so they are read until their end.
std::string ReadProcFile(const char* path) {
  std::string text;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return text;
  char buffer[4096];
  ssize_t count = 0;
  while ((count = read(file, buffer, sizeof(buffer))) > 0) {
    text.append(buffer, static_cast<size_t>(count));
    if (text.size() > (1u << 20)) break;
  }
  close(file);
  return text;
}

double CountOpenFiles() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  int count = -3;  // ".", ".." and the folder itself.
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

double ReadBootTime() {
  for (const absl::string_view line :
       absl::StrSplit(ReadProcFile("/proc/stat"), '\n')) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    double seconds = 0;
    if (words.size() == 2 && words[0] == "btime" &&
        absl::SimpleAtod(words[1], &seconds)) {
      return seconds;
    }
  }
  return 0;
}

}  // namespace

std::optional<ProcessUsage> ReadProcessUsage() {
  const std::string stat = ReadProcFile("/proc/self/stat");
  // The name, in brackets, may hold anything.
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  const std::vector<std::string> words =
      absl::StrSplit(stat.substr(name_end + 1), ' ', absl::SkipEmpty());
  // Field n of proc(5) is word n - 3.
  const auto field = [&words](size_t n) {
    double value = 0;
    if (n - 3 < words.size() && absl::SimpleAtod(words[n - 3], &value)) {
      return value;
    }
    return 0.0;
  };
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  ProcessUsage usage;
  usage.cpu_seconds = (field(14) + field(15)) / ticks;
  usage.start_time_seconds = ReadBootTime() + field(22) / ticks;
  usage.virtual_bytes = field(23);
  usage.resident_bytes = field(24) * static_cast<double>(sysconf(_SC_PAGESIZE));
  usage.open_files = CountOpenFiles();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    usage.max_files = static_cast<double>(limit.rlim_cur);
  }
  return usage;
}

}  // namespace weir::reconcile
