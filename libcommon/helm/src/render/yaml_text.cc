#include "src/render/yaml_text.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"
#include "weir/gotmpl/template.h"
#include "weir/value/go_error.h"
#include "weir/value/yaml.h"

namespace weir::helm {
namespace {

std::string WithoutLastNewline(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

absl::StatusOr<std::string> MarshalYamlText(gotmpl::Call& call,
                                            const gotmpl::Any& value) {
  absl::StatusOr<Value> tree = gotmpl::ToValue(call, value);
  if (!tree.ok()) {
    return absl::Status(
        tree.status().code(),
        absl::StrCat("error marshaling into JSON: ", tree.status().message()));
  }
  absl::StatusOr<std::string> text = MarshalYaml(*tree);
  if (!text.ok()) return absl::InvalidArgumentError(GoError(text.status()));
  return WithoutLastNewline(*std::move(text));
}

absl::StatusOr<gotmpl::Any> ToYaml(gotmpl::Call& call,
                                   const gotmpl::Any& value) {
  const absl::StatusOr<std::string> text = MarshalYamlText(call, value);
  if (absl::IsResourceExhausted(text.status())) return text.status();
  if (!text.ok()) return gotmpl::Any::String("");
  constexpr size_t kBytesPerStep = 4;
  WEIR_RETURN_IF_ERROR(call.execution.Step(text->size() / kBytesPerStep));
  WEIR_RETURN_IF_ERROR(call.execution.Charge(text->size()));
  return gotmpl::Any::String(*text);
}

}  // namespace weir::helm
