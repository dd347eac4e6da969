// Whatever valuesFrom refers to and wherever it is written, values come of it
// or an error. The text is cut at lines of "--": spec.values, then for each
// reference a line with its target path, which "=" before it makes literal, and
// what it refers to.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "src/plan.h"
#include "src/values.h"
#include "weir/codec/codec.h"
#include "weir/helm_controller/preview.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace {

using weir::Value;

constexpr size_t kMaxReferences = 8;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits("\n--\n", kMaxReferences));
  Value spec = Value::MakeObject();
  spec.Set("interval", "1m");
  spec.Mutable("chartRef").Set("kind", "OCIRepository");
  spec.Mutable("chartRef").Set("name", "chart");
  const auto values = weir::ParseYaml(parts[0]);
  if (values.ok() && values->is_object()) spec.Set("values", *values);
  std::map<std::string, std::string> texts;
  for (size_t i = 1; i < parts.size(); ++i) {
    const size_t line = parts[i].find('\n');
    absl::string_view path = parts[i].substr(0, line);
    const bool is_literal = absl::ConsumePrefix(&path, "=");
    Value reference = Value::MakeObject();
    reference.Set("kind", "ConfigMap");
    reference.Set("name", absl::StrCat("v", i));
    if (!path.empty()) reference.Set("targetPath", path);
    if (is_literal) reference.Set("literal", true);
    spec.Mutable("valuesFrom").Append(std::move(reference));
    texts[absl::StrCat("v", i)] = std::string(
        line == absl::string_view::npos ? "" : parts[i].substr(line + 1));
  }
  Value object = Value::MakeObject();
  object.Mutable("metadata").Set("name", "fuzz");
  object.Mutable("metadata").Set("namespace", "fuzz");
  object.Set("spec", std::move(spec));
  weir::helm::v2::HelmRelease message;
  if (!weir::codec::FromValue(object, &message).ok()) return 0;
  const auto plan = weir::helm_controller::MakePlan(object, message);
  if (!plan.ok()) return 0;
  const auto composed = weir::helm_controller::ComposeValues(
      *plan,
      [&texts](const weir::kube::ObjectRef& ref) -> absl::StatusOr<Value> {
        Value found = Value::MakeObject();
        found.Mutable("data").Set("values.yaml", texts[ref.key.name]);
        return found;
      });
  if (composed.ok()) (void)weir::FormatJson(*composed);
  return 0;
}
