// From trees to values, as go-yaml 2 and 3 decode into interface{}.
//
// Touches: nothing.
// Threads: one decoder is used by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "src/yaml_tree.h"
#include "weir/value/value.h"
#include "weir/value/yaml.h"

namespace weir::yaml {

struct DecodeOptions {
  Dialect dialect = Dialect::kGoYaml2;
  // go-yaml 2 takes the last of equal keys unless it is told not to; go-yaml 3
  // always refuses them.
  bool reject_duplicate_keys = false;
  // Keys of the outermost mapping are text whatever they look like.
  bool text_keys_at_root = false;
  // Applies what writing the tree and reading it again would change.
  bool as_rewritten = false;
  // Whether the tree has to stay as it is.
  bool keep_tree = false;
  size_t max_alias_nodes = 100000;
  bool text_annotations = false;
  bool keep_written = false;
  bool keep_unfit = false;
};

class Decoder {
 public:
  explicit Decoder(const DecodeOptions& options);

  // Decodes one document. Scalars' texts move out of the tree.
  bool Decode(Node* root, Value* out);

  // What Go says of the error; where the first cause of it is.
  const std::string& problem() const { return problem_; }
  const Mark& problem_mark() const { return problem_mark_; }
  bool is_limit() const { return is_limit_; }
  // With keep_unfit: whether there was what JSON has not.
  bool has_unfit() const { return has_unfit_; }

 private:
  // What JSON cannot express.
  enum class Unfit : uint8_t {
    kNone,
    kInfinity,
    kMinusInfinity,
    kNan,
    kMapType,
    kTimeZone,
    kNamelessAnnotation,
    // Of these upstream speaks before it comes to JSON.
    kNullKey,
    kUintKey,
  };
  // Where in a Kubernetes object a node is.
  enum class Place : uint8_t {
    kOther,
    kObject,
    kItems,
    kMetadata,
    kTextMap,
    kText,
  };
  struct Trouble {
    Unfit unfit = Unfit::kNone;
    Mark mark;
    size_t member = SIZE_MAX;  // Its index in `odd_members_`, if any.
  };
  struct Result {
    Value value;
    Trouble trouble;
    bool is_good = true;  // Otherwise there is a type error, and no value.
  };
  struct Key {
    enum class Kind : uint8_t { kText, kNull, kInt, kUint, kFloat, kBool };
    Kind kind = Kind::kText;
    std::string text;
    std::string name;  // As Go prints it.
  };
  // The members of a mapping under way.
  struct Members {
    Value::Object list;
    std::vector<Key::Kind> kinds;  // Of the keys in `list`; go-yaml 2 only.
    std::vector<std::pair<size_t, Trouble>> troubles;  // By index into `list`.
    Trouble own;
    absl::flat_hash_set<std::string> keys;  // Where duplicates are refused.
    bool text_keys = false;
    bool is_good = true;
  };
  using Merged = absl::flat_hash_set<std::string>;
  // Members as Go prints them, in the order of its keys: by type, then value.
  using MemberSyntax =
      std::map<std::tuple<int, double, std::string>, std::string>;

  bool Fail(const Node* node, std::string problem);
  void AddTypeError(const Mark& mark, std::string problem);
  // So many that nobody reads more.
  bool has_enough_errors() const;
  // One more step of decoding, in Go's count.
  bool Count(const Node* node);

  bool DecodeNode(Node* node, Place place, bool in_flow, Result* out);
  bool DecodeAlias(Node* node, Result* out);
  bool DecodeScalar(Node* node, Place place, bool in_flow, Result* out);
  bool DecodePlain(const Node& node, Result* out) const;
  void DecodeString(Node* node, Result* out) const;
  // That a collection is in brackets, where this is kept.
  void KeepFlow(const Node& node, Result* out) const;
  bool DecodeTagged(Node* node, absl::string_view tag, Result* out);
  bool DecodeSequence(Node* node, Place place, Result* out);
  bool DecodeMapping(Node* node, Place place, bool text_keys, Result* out);
  bool DecodeMembers(Node* node, Place place, Merged* merged, Members* members);
  bool DecodeMember(Node* key_node, Node* value_node, const Node& parent,
                    Place place, Merged* merged, Members* members);
  bool DecodeRepeating(Node* node, Place place, Members* members);
  bool DecodeKey(Node* node, bool in_flow, bool text_key, bool* skip, Key* key);
  void DescribeKey(const Value& value, Key* key) const;
  bool DecodeCollectionKey(Node* node, bool text_key, bool* skip);
  bool CheckUnique(const Node* node);
  static bool IsUnique(const Node& node);
  bool Merge2(Node* source, Members* members);
  bool Merge3(Node* parent, Node* source, Merged* merged, Members* members);
  bool MergeOne(Node* source, Merged* merged, Members* members);
  bool SetMember(Node* value, Key key, Result result, Members* members);
  // Whether upstream shows the member, for JSON cannot have its key.
  bool IsOdd(const Key& key) const {
    return !is_v3() &&
           (key.kind == Key::Kind::kNull || key.kind == Key::Kind::kUint);
  }
  size_t NoteOddMember(const Key& key, Node* value);
  bool IsTime(const Node& node, bool in_flow) const;
  bool IsGood(Node* node) const;
  // What Go's %#v prints of a node, as an interface{}; at most `*left` bytes,
  // about, which it takes away.
  std::string GoSyntax(Node* node, bool in_flow, size_t* left);
  std::string GoSyntaxOfMapping(Node* node, size_t* left);
  void AddSyntaxOfMembers(Node* node, size_t* left, bool overwrites,
                          MemberSyntax* members);
  static void Finish(Members members, Result* out);
  static Trouble FirstTrouble(const Members& members);

  bool IsMerge(const Node* node) const;
  bool HasStringKeys(const Node* node) const;
  // Whether a plain scalar is quoted when it is written again.
  bool IsQuotedWhenRewritten(absl::string_view text, bool in_flow) const;
  Place PlaceOfMember(Place place, absl::string_view key) const;
  void SetTextKeys(const Node* node, Place place, bool text_keys,
                   Members* members) const;
  bool is_v3() const { return options_.dialect == Dialect::kGoYaml3; }

  const DecodeOptions options_;
  const YamlParseOptions::Schema schema_;
  struct Decoded {
    Result result;
    size_t steps = 0;
  };
  absl::flat_hash_map<const Node*, Decoded> decoded_;  // Targets of aliases.
  size_t steps_ = 0;
  size_t alias_steps_ = 0;
  int alias_depth_ = 0;
  std::vector<std::string> type_errors_;
  Mark type_error_mark_;
  std::vector<std::string> odd_members_;  // As Go prints them; a few.
  // Texts stay in the tree, to be printed later.
  bool keep_texts_ = false;
  std::string problem_;
  Mark problem_mark_;
  bool is_limit_ = false;
  bool has_unfit_ = false;
  bool has_object_items_ = false;  // Whether `items` are objects as well.
};

}  // namespace weir::yaml
