// Input: YAML, by both sets of rules; what is read is written and read again.
#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  using Schema = weir::YamlParseOptions::Schema;
  for (Schema schema : {Schema::kYaml11, Schema::kYaml12}) {
    weir::YamlParseOptions options;
    options.schema = schema;
    options.reject_duplicate_keys = size % 2 == 0;
    const auto documents = weir::ParseYamlDocuments(text, options);
    if (!documents.ok()) continue;
    for (const weir::YamlDocument& document : *documents) {
      const std::string written = weir::FormatYaml(document.value);
      // go-yaml 2 writes a key "<<" so that it reads as a merge key.
      WEIR_CHECK(weir::ParseYaml(written).ok() ||
                 absl::StrContains(written, "<<"));
    }
  }
  return 0;
}
