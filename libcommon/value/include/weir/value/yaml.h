// YAML text to Value and back, as Go's YAML libraries read and write it.
//
// What is read and written equals what sigs.k8s.io/yaml v1.5 (go-yaml 2) and
// kyaml v0.21 (go-yaml 3) read and write, and so do the errors in GoError().
// docs/adr/0007-yaml-scanner.md says how, tests/codecs proves it.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/value/go_error.h"
#include "weir/value/value.h"

namespace weir {

struct YamlParseOptions {
  // Whose rules. kYaml11 is sigs.k8s.io/yaml's YAMLToJSON: "yes" and "on" are
  // booleans, a date is text, keys of other kinds become text. kYaml12 is what
  // kustomize makes of an object: read by kyaml, aliases and merge keys
  // expanded, written and read once more. There "yes" is text, a date becomes
  // RFC 3339, and keys that look like other kinds are an error below the
  // outermost mapping.
  enum class Schema { kYaml11, kYaml12 } schema = Schema::kYaml11;
  // Equal keys in one mapping are an error; otherwise the last one wins. In
  // kYaml12 they always are.
  bool reject_duplicate_keys = false;
  size_t max_bytes = 64u << 20;
  int max_depth = 200;
  // Nodes that aliases may add, per document. go-yaml's own limit, a share of
  // the document, holds beside it.
  size_t max_alias_nodes = 100000;
  size_t max_documents = 100000;
  // Scalars, aliases and collections: of one document, and of all together.
  size_t max_document_nodes = 1000000;
  size_t max_nodes = 2000000;
  // An object's annotations pass through a map of strings, as they do at the
  // end of a build: tags count for nothing there, of equal keys the last one
  // wins, and keys that look like other kinds are an error also when they are
  // quoted.
  bool text_annotations = false;
  // With kYaml12: of an object's annotations that are there more than once,
  // one map is made, in which those of the first count, as the end of a build
  // does: see JoinAnnotations. Without it they are an error, as any key that is
  // there twice.
  bool join_annotations = false;
  // Values remember how they are written, Value::written and Value::style, and
  // scalars are as in the text: kYaml12's writing and reading is left to
  // RewriteYaml.
  bool keep_written = false;
  // With kYaml12 and keep_written: keys that are there twice, or are no text,
  // or numbers that JSON has not, are no error, but make the document
  // unreadable, for it may change before it is written. A mapping with keys
  // twice has the first ones, and a member kRepeatedKeys.
  bool keep_unfit = false;
  // Named in errors, before line and column; empty: not named.
  std::string file_name;
};

// Holds the later values of the keys that a mapping has twice.
inline constexpr absl::string_view kRepeatedKeys = "\x03";

struct YamlDocument {
  Value value;   // Null for an empty document.
  int line = 1;  // Of the document's first content, from 1.
  // With keep_written: why kyaml, should it write this document, could not read
  // it again, where RewriteYaml does not know it: comments can do that.
  absl::Status unreadable;
  // With keep_unfit: whether there is what JSON has not.
  bool has_unfit = false;
};

// Parses all documents of a stream.
// Errors: kInvalidArgument with "file:line:column: reason", and with what Go
// says for GoError();
// kResourceExhausted above a limit.
absl::StatusOr<std::vector<YamlDocument>> ParseYamlDocuments(
    absl::string_view text, const YamlParseOptions& options = {});

// Parses the first document; null when there is none.
absl::StatusOr<YamlDocument> ParseFirstYamlDocument(
    absl::string_view text, const YamlParseOptions& options = {});
// The same; one that is unreadable is an error.
absl::StatusOr<Value> ParseYaml(absl::string_view text,
                                const YamlParseOptions& options = {});

// The value of a plain scalar, which remembers how it is written.
Value PlainYamlScalar(absl::string_view text, YamlParseOptions::Schema schema);
// A value that remembers `text` where it prints otherwise.
Value KeepYamlText(Value value, absl::string_view text);

// A number as go-yaml 3 writes it: a million is 1e+06.
std::string FormatYamlFloat(double number);

// Makes of a tree that knows how it is written what is read once kyaml has
// written it: a null that is left out in a flow collection is "" then, a folded
// text may have more line breaks.
// Errors: kInvalidArgument, in kyaml's words, for a text that it writes so that
// it cannot read it: a block that starts with a tab.
absl::Status RewriteYaml(Value* tree);

// One document as sigs.k8s.io/yaml writes it: keys in natural order ("a2"
// before "a10"), indent 2, sequences not indented under their key, a newline
// at the end.
//
// What that library cannot write (a control character other than those that
// JSON escapes, a very long key) is written nevertheless.
std::string FormatYaml(const Value& value);
void AppendYaml(const Value& value, std::string* out);
// Calls `when_long` between lines while `out` is longer than 256 KiB: it may
// write what is there elsewhere, and empty it.
void AppendYaml(const Value& value, std::string* out,
                absl::FunctionRef<void()> when_long);
// The same, but fails where that library does.
// Errors: kInvalidArgument, in its words.
absl::StatusOr<std::string> MarshalYaml(const Value& value);

}  // namespace weir
