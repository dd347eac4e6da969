#include "src/load/plugin_config.h"

#include <map>
#include <string>

#include "absl/strings/match.h"
#include "src/load/json_decoder.h"
#include "weir/base/status.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {

const Value& ConfigMember(const Value& config, absl::string_view name) {
  static const Value& none = *new Value();
  if (const Value* exact = config.Find(name)) return *exact;
  for (const Value::Member& member : config.object()) {
    if (absl::EqualsIgnoreCase(member.key, name)) return member.value;
  }
  return none;
}

void MakeConfigTexts(absl::Span<const absl::string_view> path, Value* config) {
  if (path.empty()) {
    if (config->kind() == Value::Kind::kDouble) {
      *config = Value(FormatYamlFloat(config->AsDouble()));
    } else if (config->is_bool() || config->is_number()) {
      *config = Value(FormatJson(*config));
    }
    return;
  }
  const absl::Span<const absl::string_view> rest = path.subspan(1);
  if (config->is_array() && path[0] == "*") {
    for (Value& item : config->MutableArray()) MakeConfigTexts(rest, &item);
  }
  if (!config->is_object()) return;
  for (Value::Member& member : config->MutableObject()) {
    if (path[0] == "*" || absl::EqualsIgnoreCase(member.key, path[0])) {
      MakeConfigTexts(rest, &member.value);
    }
  }
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
