// JSON text to Value and back, as Go's encoding/json reads and writes it.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir {

struct JsonParseOptions {
  // Integers that fit stay integers. Otherwise all numbers are doubles, as
  // encoding/json has them in an interface{}; integers above 2^53 get rounded.
  bool keep_integers = true;
  size_t max_bytes = 64u << 20;
  int max_depth = 200;
  size_t max_values = 2500000;  // At any depth.
};

// Parses one JSON document. "1.0" and "1e3" are doubles; the last of equal
// keys wins; invalid UTF-8 becomes U+FFFD.
// Errors: kInvalidArgument with line and column, and with what encoding/json
// says for GoError(); kResourceExhausted above a limit.
absl::StatusOr<Value> ParseJson(absl::string_view text,
                                const JsonParseOptions& options = {});

// As ParseJson, but a number that no double holds is null and all the rest is
// there, as with encoding/json: `error` is about the first such number.
struct JsonInPart {
  Value value;
  absl::Status error;
};
absl::StatusOr<JsonInPart> ParseJsonInPart(
    absl::string_view text, const JsonParseOptions& options = {});

struct JsonFormatOptions {
  // Spaces per level; 0 is compact, on one line.
  int indent = 0;
  // Writes < > & U+2028 U+2029 as \u escapes, as encoding/json does unless
  // told otherwise.
  bool escape_html = false;
};

// Keys come out in byte order; doubles as encoding/json prints a float64.
std::string FormatJson(const Value& value,
                       const JsonFormatOptions& options = {});
void AppendJson(const Value& value, std::string* out,
                const JsonFormatOptions& options = {});

// Gives the same text in pieces, so that a large one need not be held to be
// hashed or sent.
void WriteJson(const Value& value,
               absl::FunctionRef<void(absl::string_view)> write,
               const JsonFormatOptions& options = {});

// Reads JSON documents that follow each other in a stream that arrives in
// pieces, as a Kubernetes watch does. Pieces may end anywhere.
class JsonStreamSplitter {
 public:
  explicit JsonStreamSplitter(size_t max_document_bytes = 64u << 20)
      : max_document_bytes_(max_document_bytes) {}

  // Adds bytes. kResourceExhausted when one document grows too large.
  absl::Status Append(absl::string_view bytes);
  // Takes the next complete document's text; empty when there is none yet.
  std::string Next();

 private:
  size_t max_document_bytes_;
  std::string buffer_;
  size_t scanned_ = 0;  // Bytes of buffer_ that the state below covers.
  size_t start_ = 0;    // Start of the document under way.
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool complete_ = false;
};

}  // namespace weir
