// YAML text to Value and back, as Go's YAML libraries read and write it.
//
// Reading uses libyaml's events, of which Go's parsers are ports, with Go's
// rules for plain scalars. Writing follows sigs.k8s.io/yaml (go-yaml 2).
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir {

struct YamlParseOptions {
  // How plain scalars become values. kYaml11 is sigs.k8s.io/yaml: "yes", "on"
  // and "0777" are a boolean, a boolean and 511. kYaml12 is go-yaml 3 and
  // kyaml: "yes" is a string.
  enum class Schema { kYaml11, kYaml12 } schema = Schema::kYaml11;
  // Equal keys in one mapping are an error; otherwise the last one wins.
  bool reject_duplicate_keys = false;
  size_t max_bytes = 64u << 20;
  int max_depth = 200;
  // Nodes that aliases may add, per document.
  size_t max_alias_nodes = 100000;
  size_t max_documents = 100000;
  // Makes strings of scalars in an object's metadata that would not print as
  // they are written: 1.10 is "1.10". kAnnotationsOrNull leaves all nulls
  // alone; kAllMaps is about labels too.
  enum class MetadataText { kNone, kAnnotations, kAnnotationsOrNull, kAllMaps };
  MetadataText metadata_text = MetadataText::kNone;
  // The same for the objects in `items`.
  bool metadata_text_in_items = false;
  // Scalars remember how they are written (Value::written, Value::style), and
  // folded ones are what RewriteFoldedYaml makes of them.
  bool keep_written = false;
  // Named in errors, before line and column; empty: not named.
  std::string file_name;
};

struct YamlDocument {
  Value value;   // Null for an empty document.
  int line = 1;  // Of the document's first content, from 1.
};

// Parses all documents of a stream.
// Errors: kInvalidArgument with "file:line:column: reason";
// kResourceExhausted above a limit.
absl::StatusOr<std::vector<YamlDocument>> ParseYamlDocuments(
    absl::string_view text, const YamlParseOptions& options = {});

// Parses the first document; null when there is none.
absl::StatusOr<Value> ParseYaml(absl::string_view text,
                                const YamlParseOptions& options = {});

// What Go's YAML packages say of an error of the parsers above: "line 2: did
// not find ..."; the error's own message where it is not one of syntax.
std::string GoYamlError(const absl::Status& status);

// The payload of a Status that holds it.
inline constexpr char kGoYamlError[] = "weir.dev/go-yaml-error";

// The value of a plain scalar, which remembers how it is written.
Value PlainYamlScalar(absl::string_view text, YamlParseOptions::Schema schema);
// A value that remembers `text` where it prints otherwise.
Value KeepYamlText(Value value, absl::string_view text);

// A number as go-yaml 3 writes it: a million is 1e+06.
std::string FormatYamlFloat(double number);

// What is read when go-yaml 3 has written a text as a folded scalar: a line
// break before a line that starts with a blank becomes two.
std::string RewriteFoldedYaml(absl::string_view text);

// Whether go-yaml 3 writes a text of several lines as a block that it cannot
// read, as it starts with a tab.
bool IsLostAsYamlBlock(absl::string_view text);

// One document as sigs.k8s.io/yaml writes it: keys in natural order ("a2"
// before "a10"), indent 2, sequences not indented under their key, a newline
// at the end.
std::string FormatYaml(const Value& value);

}  // namespace weir
