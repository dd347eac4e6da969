// YAML with all that a Value does not hold: order, styles, tags, comments. For
// texts that are changed in one place and are to stay as they are elsewhere.
//
// Reads and writes as kyaml does (go-yaml 3).
//
// Touches: nothing.
// Threads: pure functions on plain values.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"
#include "weir/value/yaml.h"

namespace weir {

struct YamlNode {
  enum class Kind { kScalar, kSequence, kMapping, kAlias };
  enum class Style { kPlain, kSingleQuoted, kDoubleQuoted, kLiteral, kFolded };

  Kind kind = Kind::kScalar;
  Style style = Style::kPlain;  // Of a scalar.
  bool is_flow = false;         // Of a collection: "[a]", not "- a".
  std::string text;             // A scalar's value, an alias's name.
  // As it is written, in full: "tag:yaml.org,2002:int". Empty: none.
  std::string tag;
  // What a scalar without a tag is: "!!str", "!!int"... Where that is not what
  // its text looks like, writing adds quotes or a tag. Empty: what it looks
  // like.
  std::string implied_tag;
  std::string anchor;
  std::string head_comment;
  std::string line_comment;
  std::string foot_comment;
  // Of a sequence its elements; of a mapping key, value, key, value.
  std::vector<YamlNode> children;
};

struct YamlNodeDocument {
  YamlNode root;
  std::string head_comment;
  std::string foot_comment;
};

// Parses the first document; a null when there is none. Of the options only
// the limits and the file's name count.
// Errors: as ParseYaml.
absl::StatusOr<YamlNodeDocument> ParseYamlNode(
    absl::string_view text, const YamlParseOptions& options = {});

std::string FormatYamlNode(const YamlNodeDocument& document);

// A value as kyaml writes Go values: keys in go-yaml 3's natural order, no
// folding of long lines.
std::string FormatKyaml(const Value& value);

}  // namespace weir
