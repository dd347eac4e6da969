// Parts of a kustomization file as Go writes them, for errors that show them.

#include <string>
#include <utility>
#include <vector>

#include "src/load/kustomization.h"

namespace weir::kustomize {
namespace {

void AddText(absl::string_view key, const std::string& text, Value* out) {
  if (!text.empty()) out->Set(key, text);
}

void AddOptions(const std::optional<FieldOptions>& options, Value* out) {
  if (!options.has_value()) return;
  Value encoded = Value::MakeObject();
  AddText("delimiter", options->delimiter, &encoded);
  if (options->index != 0) encoded.Set("index", options->index);
  AddText("encoding", options->encoding, &encoded);
  if (options->create) encoded.Set("create", true);
  out->Set("options", std::move(encoded));
}

Value EncodeTarget(const ReplacementTarget& target) {
  Value out = Value::MakeObject();
  out.Set("select",
          target.select.has_value() ? EncodeSelector(*target.select) : Value());
  for (const SelectorSpec& reject : target.reject) {
    out.Mutable("reject").Append(EncodeSelector(reject));
  }
  for (const std::string& path : target.field_paths) {
    out.Mutable("fieldPaths").Append(path);
  }
  AddOptions(target.options, &out);
  return out;
}

}  // namespace

Value EncodeSelector(const SelectorSpec& spec) {
  Value out = Value::MakeObject();
  AddText("group", spec.group, &out);
  AddText("version", spec.version, &out);
  AddText("kind", spec.kind, &out);
  AddText("name", spec.name, &out);
  AddText("namespace", spec.ns, &out);
  AddText("annotationSelector", spec.annotation_selector, &out);
  AddText("labelSelector", spec.label_selector, &out);
  return out;
}

Value EncodeReplacements(const std::vector<ReplacementSpec>& specs) {
  Value list = Value::MakeArray();
  for (const ReplacementSpec& spec : specs) {
    Value out = Value::MakeObject();
    AddText("path", spec.path, &out);
    if (spec.has_source) {
      Value source = EncodeSelector(spec.source);
      AddText("fieldPath", spec.source_field_path, &source);
      AddOptions(spec.source_options, &source);
      out.Set("source", std::move(source));
    }
    if (spec.source_value.has_value()) {
      out.Set("sourceValue", *spec.source_value);
    }
    for (const ReplacementTarget& target : spec.targets) {
      out.Mutable("targets").Append(EncodeTarget(target));
    }
    list.Append(std::move(out));
  }
  return list;
}

}  // namespace weir::kustomize
