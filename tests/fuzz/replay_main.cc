// Replays seeds: calls the target with each file of the folders given, and
// with nothing. The name goes out first, so that a crash tells its seed.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

std::vector<std::string> SeedsOf(int argc, char** argv) {
  std::vector<std::string> seeds;
  for (int i = 1; i < argc; ++i) {
    std::error_code ignored;
    for (const auto& entry :
         std::filesystem::directory_iterator(argv[i], ignored)) {
      if (entry.is_regular_file(ignored)) seeds.push_back(entry.path());
    }
  }
  std::sort(seeds.begin(), seeds.end());
  return seeds;
}

}  // namespace

int main(int argc, char** argv) {
  LLVMFuzzerTestOneInput(nullptr, 0);
  const std::vector<std::string> seeds = SeedsOf(argc, argv);
  for (const std::string& seed : seeds) {
    std::fprintf(stderr, "%s\n", seed.c_str());
    std::ifstream file(seed, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)),
                            std::istreambuf_iterator<char>());
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()),
                           bytes.size());
  }
  std::fprintf(stderr, "%zu seeds\n", seeds.size());
  return 0;
}
