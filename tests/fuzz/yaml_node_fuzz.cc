// Input: YAML, read with its comments and styles, written and read again; and
// its value, written as kyaml writes values.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"
#include "weir/value/yaml_node.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = weir::ParseYamlNode(text);
  if (document.ok()) {
    // A comment may end up where it cannot be read: that is kyaml's way.
    const auto again = weir::ParseYamlNode(weir::FormatYamlNode(*document));
    if (again.ok()) weir::FormatYamlNode(*again);
  }
  weir::YamlParseOptions options;
  options.schema = weir::YamlParseOptions::Schema::kYaml12;
  options.text_annotations = size % 2 == 0;
  options.keep_written = size % 3 == 0;
  const auto value = weir::ParseYaml(text, options);
  if (value.ok()) {
    // A text that starts with a tab is one that kyaml cannot read back.
    weir::ParseYamlNode(weir::FormatKyaml(*value)).IgnoreError();
    WEIR_CHECK(weir::MarshalYaml(*value).ok() ||
               weir::ParseYaml(weir::FormatYaml(*value)).ok());
  }
  return 0;
}
