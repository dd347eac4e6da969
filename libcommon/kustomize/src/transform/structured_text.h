// Texts that hold YAML or JSON, which replacements can write into.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/model/field_path.h"
#include "weir/value/value.h"

namespace weir::kustomize {

// Into a scalar only the text is copied, which leaves its type.
void CopyValue(const Value& source, Value& node);

// The text with `source` copied to what the path leads to in it; YAML stays as
// it is elsewhere, with its comments and styles. Nothing when the text holds no
// such place, or cannot be written.
struct EditedText {
  bool is_structured = false;  // The text is YAML at all.
  bool is_found = false;
  std::optional<std::string> text;
};
EditedText EditStructuredText(const std::string& text,
                              const std::vector<std::string>& path,
                              CreateField create, const Value& source);

}  // namespace weir::kustomize
