#include "src/transform/value_add.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "src/load/json_decoder.h"
#include "src/load/kustomization.h"
#include "src/load/paths.h"
#include "src/model/go_space.h"
#include "src/model/resource.h"
#include "src/model/scalar.h"
#include "src/transform/transformers.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

struct AddTarget {
  std::optional<SelectorSpec> selector;
  std::string field_path;
  int64_t position = 0;
};

absl::Status DecodeTargets(const Value& list, std::vector<AddTarget>* out) {
  for (const Value& item : list.array()) {
    AddTarget target;
    JsonDecoder decoder(false);
    absl::Status selector_status;
    decoder.Struct(item, "Target",
                   {{"selector",
                     [&](const Value& value) {
                       absl::StatusOr<SelectorSpec> decoded =
                           DecodeSelector(value);
                       selector_status = decoded.status();
                       if (decoded.ok()) target.selector = *std::move(decoded);
                     }},
                    {"fieldPath", decoder.To(&target.field_path)},
                    {"filePathPosition", decoder.To(&target.position)}});
    WEIR_RETURN_IF_ERROR(decoder.status());
    WEIR_RETURN_IF_ERROR(selector_status);
    if (target.field_path.empty()) {
      return BuildError("fieldPath cannot be empty");
    }
    if (target.position < 0) {
      return BuildError(absl::StrCat("value of FilePathPosition (",
                                     target.position, ") cannot be negative"));
    }
    out->push_back(std::move(target));
  }
  return absl::OkStatus();
}

// Puts `part` before the element at `position` of a path; at the end when
// there are fewer.
std::string InsertPart(absl::string_view path, size_t position,
                       const std::string& part) {
  std::vector<std::string> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
  parts.insert(parts.begin() + std::min(position, parts.size()), part);
  return absl::StrCat(absl::StartsWith(path, "/") ? "/" : "",
                      CleanPath(absl::StrJoin(parts, "/")));
}

absl::Status SetField(Value& root, const AddTarget& target,
                      const std::string& value) {
  Value* node = &root;
  std::vector<std::string> parts;
  for (absl::string_view piece : absl::StrSplit(target.field_path, '/')) {
    if (!parts.empty() && absl::EndsWith(parts.back(), "\\")) {
      parts.back().back() = '/';
      parts.back().append(std::string(piece));
    } else {
      parts.emplace_back(piece);
    }
  }
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (node->is_null()) *node = Value::MakeObject();
    if (!node->is_object()) return WrongKind("MappingNode", *node);
    node = &node->Mutable(part);
  }
  const std::string text =
      target.position > 0
          ? InsertPart(ScalarText(*node),
                       static_cast<size_t>(target.position - 1), value)
          : value;
  return SetUntagged(*node, text);
}

}  // namespace

absl::StatusOr<Transformer> MakeValueAddTransformer(const Value& config,
                                                    const Loader& loader) {
  std::string value(TrimSpace(config.GetString("value")));
  if (value.empty()) value = BaseName(loader.display_root());
  std::vector<AddTarget> targets;
  WEIR_RETURN_IF_ERROR(DecodeTargets(config["targets"], &targets));
  const std::string path(config.GetString("targetFilePath"));
  if (!path.empty()) {
    WEIR_ASSIGN_OR_RETURN(const std::string text, loader.Load(path));
    WEIR_ASSIGN_OR_RETURN(const Value file, ParseYaml(text), path);
    WEIR_RETURN_IF_ERROR(DecodeTargets(file["targets"], &targets), path);
  }
  if (targets.empty()) return BuildError("must specify at least one target");
  return Transformer([value, targets](ResMap* objects) -> absl::Status {
    for (const AddTarget& target : targets) {
      WEIR_ASSIGN_OR_RETURN(
          const std::vector<Resource*> selected,
          objects->Select(target.selector.value_or(SelectorSpec())));
      for (Resource* resource : selected) {
        if (target.field_path == "metadata/namespace") {
          WEIR_RETURN_IF_ERROR(SetNamespaceOf(resource, {value}, {}));
        } else {
          WEIR_RETURN_IF_ERROR(
              SetField(resource->MutableTree(), target, value));
        }
        objects->Reindex(resource);
      }
    }
    return absl::OkStatus();
  });
}

}  // namespace weir::kustomize
