// The fast reader of plain YAML and the whole one: where the first reads a
// text, the second reads the same.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "weir/base/status.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"
#include "weir/value/yaml_members.h"

namespace {

bool IsWanted(absl::string_view key) { return key.size() % 2 == 0; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto all = weir::ParseFirstYamlDocument(text);
  const auto fast = weir::ParseYaml(text);
  const auto some = weir::ParseYamlMembers(text, IsWanted);
  WEIR_CHECK(fast.ok() == all.ok() && some.ok() == all.ok());
  if (!all.ok()) {
    WEIR_CHECK(fast.status() == all.status() && some.status() == all.status());
    return 0;
  }
  WEIR_CHECK(*fast == all->value);
  WEIR_CHECK(weir::FormatYaml(*fast) == weir::FormatYaml(all->value));
  WEIR_CHECK(some->kind() == fast->kind());
  for (const weir::Value::Member& member : fast->object()) {
    const weir::Value* found = some->Find(member.key);
    WEIR_CHECK(found == nullptr ? !IsWanted(member.key)
                                : *found == member.value);
  }
  return 0;
}
