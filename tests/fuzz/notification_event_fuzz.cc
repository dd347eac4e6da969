// Input: a regex of an Alert, a commitStatusExpr of a Provider, and an event in
// JSON, each but the last ended by a zero byte. What is read of the event can
// be read again, and keeps what the rules promise.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "notification-controller/src/alert.h"
#include "notification-controller/src/event_rules.h"
#include "notification-controller/src/provider.h"
#include "weir/base/status.h"
#include "weir/cel/cel.h"
#include "weir/kube/types.h"
#include "weir/text/regex.h"
#include "weir/value/value.h"

namespace weir::notification_controller {
namespace {

absl::string_view Take(absl::string_view& input) {
  const size_t end = std::min(input.find('\0'), input.size());
  const absl::string_view part = input.substr(0, end);
  input.remove_prefix(std::min(end + 1, input.size()));
  return part;
}

void CheckRules(Event& event) {
  CleanMetadata(event);
  WEIR_CHECK(DuplicateKey(event).size() == 32);
  DropToken(event);
  const std::string prefix = absl::StrCat(event.object.Group(), "/");
  for (const auto& [key, value] : event.metadata) {
    absl::string_view name = key;
    if (!absl::StartsWith(name, prefix)) continue;
    name.remove_prefix(prefix.size());
    WEIR_CHECK(name != "token" && name != "checksum" && name != "digest");
  }
  event.metadata = MergeMetadata(event, {{"env", "x"}}, "summary").metadata;
  WEIR_CHECK(event.metadata.size() >= 2);
  const std::string json = ToJson(event);
  const auto again = ParseEvent(json);
  WEIR_CHECK(again.ok() && ToJson(*again) == json);
}

Value AlertObject(absl::string_view regex, const Event& event) {
  const Value source =
      Value::MakeObject({{"kind", event.object.kind},
                         {"name", "*"},
                         {"namespace", event.object.name_space}});
  return Value::MakeObject(
      {{"metadata",
        Value::MakeObject({{"name", "alert"}, {"namespace", "ns"}})},
       {"spec", Value::MakeObject(
                    {{"eventSeverity", "info"},
                     {"eventSources", Value::Array{source}},
                     {"inclusionList", Value::Array{std::string(regex)}},
                     {"exclusionList", Value::Array{std::string(regex)}}})}});
}

void Run(absl::string_view input) {
  const absl::string_view regex = Take(input);
  const absl::string_view expression = Take(input);
  auto event = ParseEvent(input);
  if (!event.ok()) return;
  CheckRules(*event);
  const auto alert = Alert::Parse(AlertObject(regex, *event));
  std::vector<Warning> warnings;
  // What one list takes the other one takes away.
  WEIR_CHECK(!Wants(
      *alert, *event,
      [](const ObjectReference&) { return absl::StatusOr<Value>(Value()); },
      warnings));
  const auto provider = Provider::Parse(Value::MakeObject(
      {{"metadata", Value::MakeObject({{"name", "p"}, {"namespace", "ns"}})},
       {"spec",
        Value::MakeObject({{"type", "github"},
                           {"commitStatusExpr", std::string(expression)}})}}));
  CommitStatusOf(*provider, *alert, *event).status().IgnoreError();
}

}  // namespace
}  // namespace weir::notification_controller

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::notification_controller::Run(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
