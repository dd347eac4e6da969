// SchemaValidator holds a value against a JSON schema, draft 4, 6, 7, 2019-09
// or 2020-12, and says what is wrong in the words that Helm prints.
//
// Our own rather than a library's: which errors there are and how they nest
// is part of what Helm prints, and follows from how its validator walks.
//
// Touches: nothing; what it is given to load documents with that a $ref names
// outside of the schema.
// Threads: an object belongs to one thread.
// Source: github.com/santhosh-tekuri/jsonschema 6.0.2.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/text/regex.h"
#include "weir/value/value.h"

namespace weir::helm {

struct SchemaError {
  enum class Kind { kPlain, kGroup, kReference };
  Kind kind = Kind::kPlain;
  std::vector<std::string> location;  // Of the value.
  std::string text;
  std::vector<SchemaError> causes;
};
// "- at '/a': got string, want integer", a line an error, nested ones
// indented.
std::string FormatSchemaErrors(const std::vector<SchemaError>& errors);

// Reads a document elsewhere, by http(s) URL; may be null.
using LoadSchema =
    std::function<absl::StatusOr<std::string>(const std::string& url)>;

// Keywords whose target depends on how a value came to them, and the drafts
// from which on they are known.
inline constexpr std::pair<const char*, int> kDynamicReferences[] = {
    {"$recursiveRef", 2019}, {"$dynamicRef", 2020}};

class SchemaValidator {
 public:
  // `schema` and `load` outlive the validator.
  SchemaValidator(const Value& schema, const LoadSchema& load);

  // A document that references may lead to, by its $id; it outlives the
  // validator.
  void AddDocument(const Value& document) { Register(document, "", 0); }
  // Formats count, whatever the draft says of them.
  void AssertFormats() { asserts_formats_ = true; }

  // Errors of the schema itself: kInvalidArgument.
  absl::Status Validate(const Value& value, std::vector<SchemaError>* errors);

 private:
  // Properties and elements that no keyword has looked at.
  struct Unevaluated {
    std::set<std::string> properties;
    std::set<size_t> items;
    bool empty() const { return properties.empty() && items.empty(); }
  };
  // One schema applied to one value.
  struct Frame {
    const Value* schema;
    const Value* value;
    const Frame* parent;
    int value_id;  // Frames of one value share it.
    bool only_result;
    Unevaluated unevaluated;
    std::vector<SchemaError> errors;
  };
  using Outcome = std::optional<SchemaError>;  // Nothing: valid.

  Outcome ValidateFrame(Frame& frame);
  bool ValidateBasics(Frame& frame, Outcome* outcome);
  std::string WrongConstant(const Frame& frame) const;
  void ValidateObject(Frame& frame);
  void ValidateMembers(Frame& frame);
  void ValidateDependencies(Frame& frame);
  void ValidateArray(Frame& frame);
  void ValidateItems(Frame& frame);
  void ValidateContains(Frame& frame);
  void ValidateText(Frame& frame);
  void ValidateNumber(Frame& frame);
  void ValidateConditions(Frame& frame);
  void ValidateOneOf(Frame& frame);
  void ValidateUnevaluated(Frame& frame);
  Outcome ValidateReference(Frame& frame, const std::string& keyword);
  Outcome ValidateSelf(Frame& frame, const Value& schema, bool only_result);
  Outcome ValidateInner(Frame& frame, const Value& schema, const Value& value,
                        const std::string& token);

  Unevaluated UnevaluatedOf(const Value& value, const Value& schema,
                            bool is_needed) const;
  SchemaError MakeError(const Frame& frame, std::string text) const;
  void Add(Frame& frame, std::string text);
  void Add(Frame& frame, Outcome outcome);
  void AddWithCauses(Frame& frame, std::string text,
                     std::vector<SchemaError> causes);

  void Register(const Value& schema, const std::string& base, int depth);
  const Value* Resolve(const Value& from, const std::string& reference);
  // Of $dynamicRef and $recursiveRef: the outermost schema that is under way
  // and says to be meant.
  const Value* ResolveDynamically(const Frame& frame,
                                  const std::string& keyword);
  // What a JSON pointer names; the whole for an empty one.
  const Value* PartOf(const Value* document, const std::string& url,
                      const std::string& fragment);
  const Value* LoadDocument(const std::string& url);
  // Follows all references, whether or not a value comes to them.
  void Follow(const Value& schema, int depth);
  void FollowKeywords(const Value& schema, int depth);
  const text::Regex* RegexOf(const std::string& pattern);

  const Value& root_;
  const LoadSchema& load_;
  std::deque<Value> documents_;  // That were loaded.
  std::set<const Value*> followed_;
  int draft_ = 2020;
  bool asserts_formats_ = false;
  bool has_references_ = false;
  // By address of each registered schema object: the base of its references.
  std::map<const Value*, std::string> bases_;
  std::map<std::string, const Value*> targets_;  // By URL.
  std::map<std::string, std::optional<text::Regex>> regexes_;
  std::vector<std::string> location_;
  absl::Status status_;
  int depth_ = 0;
  int next_value_id_ = 0;
};

}  // namespace weir::helm
