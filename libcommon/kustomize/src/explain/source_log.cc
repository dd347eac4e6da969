#include "src/explain/source_log.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"

namespace weir::kustomize {
namespace {

absl::string_view TextOf(const YamlOutline& map, absl::string_view key) {
  const YamlOutline* found = map.Find(key);
  return found == nullptr ? absl::string_view() : found->text;
}

const YamlOutline* FindIn(const YamlOutline& document, absl::string_view kind,
                          absl::string_view name) {
  const YamlOutline* metadata = document.Find("metadata");
  if (TextOf(document, "kind") == kind && metadata != nullptr &&
      TextOf(*metadata, "name") == name) {
    return &document;
  }
  const YamlOutline* items = document.Find("items");
  if (items == nullptr || !absl::EndsWith(TextOf(document, "kind"), "List")) {
    return nullptr;
  }
  for (const auto& [key, item] : items->children) {
    if (const YamlOutline* found = FindIn(item, kind, name)) return found;
  }
  return nullptr;
}

}  // namespace

SourceLog::Outlines SourceLog::Outline(absl::string_view text) {
  absl::StatusOr<std::vector<YamlOutline>> outlines = OutlineYaml(text);
  if (!outlines.ok()) return nullptr;
  return std::make_shared<const std::vector<YamlOutline>>(*std::move(outlines));
}

const YamlOutline* SourceLog::FindObject(const Outlines& outlines,
                                         absl::string_view kind,
                                         absl::string_view name) {
  if (outlines == nullptr) return nullptr;
  for (const YamlOutline& document : *outlines) {
    if (const YamlOutline* found = FindIn(document, kind, name)) return found;
  }
  return outlines->size() == 1 ? &outlines->front() : nullptr;
}

}  // namespace weir::kustomize
