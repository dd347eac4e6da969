// A command line, one word a line: never crashes, and an error says why.
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "weir/base/status.h"
#include "weir/reconcile/flags.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  // Words end at a zero byte, as the system hands them over.
  std::vector<std::string> words = {"program"};
  for (const absl::string_view word : absl::StrSplit(text, '\n')) {
    words.emplace_back(word.substr(0, word.find('\0')));
  }
  std::vector<const char*> pointers;
  for (const std::string& word : words) pointers.push_back(word.c_str());

  int concurrent = 4;
  bool on = false;
  absl::Duration wait;
  std::vector<std::string> list, each;
  weir::reconcile::FeatureGates gates({{"A", false}, {"B", true}});
  weir::reconcile::FlagSet flags("program", "Does nothing.");
  flags.Add("concurrent", &concurrent, "");
  flags.Add("on", &on, "");
  flags.Add("wait", &wait, "");
  flags.Add("list", &list, "");
  flags.AddRepeated("each", &each, "");
  flags.Add("gates", &gates, "");
  const absl::Status status =
      flags.Parse(static_cast<int>(pointers.size()), pointers.data());
  WEIR_CHECK(status.ok() || !status.message().empty());
  WEIR_CHECK(gates.gates().size() == 2);
  return 0;
}
