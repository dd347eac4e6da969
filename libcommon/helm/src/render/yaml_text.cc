#include "src/render/yaml_text.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "weir/value/go_error.h"
#include "weir/value/yaml.h"

namespace weir::helm {
namespace {

std::string WithoutLastNewline(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

absl::StatusOr<std::string> MarshalYamlText(const gotmpl::Any& value) {
  absl::StatusOr<Value> tree = gotmpl::ToValue(value);
  if (!tree.ok()) {
    return absl::Status(
        tree.status().code(),
        absl::StrCat("error marshaling into JSON: ", tree.status().message()));
  }
  absl::StatusOr<std::string> text = MarshalYaml(*tree);
  if (!text.ok()) return absl::InvalidArgumentError(GoError(text.status()));
  return WithoutLastNewline(*std::move(text));
}

std::string ToYaml(const gotmpl::Any& value) {
  absl::StatusOr<std::string> text = MarshalYamlText(value);
  return text.ok() ? *std::move(text) : "";
}

}  // namespace weir::helm
