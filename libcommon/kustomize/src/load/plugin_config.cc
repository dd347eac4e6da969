#include "src/load/plugin_config.h"

#include <map>
#include <string>

#include "absl/strings/match.h"
#include "src/load/json_decoder.h"
#include "weir/base/status.h"

namespace weir::kustomize {

const Value& ConfigMember(const Value& config, absl::string_view name) {
  static const Value& none = *new Value();
  if (const Value* exact = config.Find(name)) return *exact;
  for (const Value::Member& member : config.object()) {
    if (absl::EqualsIgnoreCase(member.key, name)) return member.value;
  }
  return none;
}

absl::StatusOr<std::string> ConfigText(const Value& config,
                                       absl::string_view name) {
  std::string text;
  JsonDecoder decoder(false);
  decoder.String(ConfigMember(config, name), &text);
  WEIR_RETURN_IF_ERROR(decoder.status());
  return text;
}

absl::StatusOr<bool> ConfigFlag(const Value& config, absl::string_view name) {
  bool flag = false;
  JsonDecoder decoder(false);
  decoder.Bool(ConfigMember(config, name), &flag);
  WEIR_RETURN_IF_ERROR(decoder.status());
  return flag;
}

absl::StatusOr<std::map<std::string, std::string>> ConfigMapOf(
    const Value& config, absl::string_view name) {
  std::map<std::string, std::string> map;
  JsonDecoder decoder(false);
  decoder.StringMap(ConfigMember(config, name), &map);
  WEIR_RETURN_IF_ERROR(decoder.status());
  return map;
}

}  // namespace weir::kustomize
