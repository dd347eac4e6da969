#include "src/yaml_decode.h"

#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/go_base64.h"
#include "src/go_number.h"
#include "src/yaml_scalar.h"
#include "src/yaml_tag.h"
#include "weir/value/go_quote.h"
#include "weir/value/json.h"

namespace weir::yaml {
namespace {

using Schema = YamlParseOptions::Schema;

// The share of decoding that may be of aliases, which shrinks as documents
// grow.
double AllowedAliasShare(size_t steps) {
  constexpr double kLow = 400000;
  constexpr double kHigh = 4000000;
  const auto count = static_cast<double>(steps);
  if (count <= kLow) return 0.99;
  if (count >= kHigh) return 0.10;
  return 0.99 - 0.89 * ((count - kLow) / (kHigh - kLow));
}

Value::Style StyleOf(const Node& node) {
  using Style = Value::Style;
  static constexpr Style kStyles[] = {Style::kPlain, Style::kSingleQuoted,
                                      Style::kDoubleQuoted, Style::kLiteral,
                                      Style::kFolded};
  return kStyles[static_cast<size_t>(node.style)];
}

// Of the type that a tag names, whatever the text is.
Value UnfitValue(absl::string_view tag) {
  if (IsCommonTag(tag, "bool")) return Value(false);
  if (IsCommonTag(tag, "int")) return Value(0);
  if (IsCommonTag(tag, "float")) return Value(0.0);
  return Value();
}

bool IsListOfObjects(const Node& node) {
  if (node.kind != NodeKind::kMapping) return false;
  for (size_t i = 0; i < node.children.size(); i += 2) {
    if (node.children[i]->text != "kind") continue;
    const absl::string_view kind = node.children[i + 1]->text;
    return kind == "List" || kind == "ResourceList";
  }
  return false;
}

}  // namespace

Decoder::Decoder(const DecodeOptions& options)
    : options_(options),
      schema_(options.dialect == Dialect::kGoYaml3 ? Schema::kYaml12
                                                   : Schema::kYaml11) {}

bool Decoder::Decode(Node* root, Value* out) {
  static constexpr const char* kUnfit[] = {
      "",
      "json: unsupported value: +Inf",
      "json: unsupported value: -Inf",
      "json: unsupported value: NaN",
      "json: unsupported type: map[interface {}]interface {}",
      "json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: "
      "timezone hour outside of range [0,23]",
      "wrong node kind: expected ScalarNode but got MappingNode: node "
      "contents:\n{}\n",
      "unsupported map key of type: %!s(<nil>), key: ",
      "unsupported map key of type: uint64, key: "};
  ++steps_;  // The document.
  Result result;
  const Place place =
      options_.text_annotations ? Place::kObject : Place::kOther;
  has_object_items_ = options_.text_annotations && IsListOfObjects(*root);
  const bool text_keys =
      options_.text_keys_at_root && root->kind == NodeKind::kMapping;
  if (text_keys ? !Count(root) || !DecodeMapping(root, place, true, &result)
                : !DecodeNode(root, place, false, &result)) {
    return false;
  }
  if (!type_errors_.empty()) {
    problem_ = absl::StrCat("yaml: unmarshal errors:\n  ",
                            absl::StrJoin(type_errors_, "\n  "));
    problem_mark_ = type_error_mark_;
    return false;
  }
  if (result.trouble.unfit != Unfit::kNone && options_.keep_unfit) {
    has_unfit_ = true;
  } else if (result.trouble.unfit != Unfit::kNone) {
    problem_ = kUnfit[static_cast<size_t>(result.trouble.unfit)];
    if (result.trouble.member < odd_members_.size()) {
      absl::StrAppend(&problem_, odd_members_[result.trouble.member]);
    }
    problem_mark_ = result.trouble.mark;
    return false;
  }
  *out = std::move(result.value);
  return true;
}

bool Decoder::Fail(const Node* node, std::string problem) {
  problem_ = absl::StrCat("yaml: ", problem);
  problem_mark_ = node->start;
  return false;
}

bool Decoder::has_enough_errors() const {
  constexpr size_t kEnough = 1000;
  return type_errors_.size() >= kEnough;
}

void Decoder::AddTypeError(const Mark& mark, std::string problem) {
  if (has_enough_errors()) return;
  if (type_errors_.empty()) type_error_mark_ = mark;
  type_errors_.push_back(absl::StrCat("line ", mark.line + 1, ": ", problem));
}

bool Decoder::Count(const Node* node) {
  ++steps_;
  if (alias_depth_ > 0) ++alias_steps_;
  const bool is_excessive =
      alias_steps_ > 100 && steps_ > 1000 &&
      static_cast<double>(alias_steps_) / static_cast<double>(steps_) >
          AllowedAliasShare(steps_);
  if (!is_excessive && alias_steps_ <= options_.max_alias_nodes) return true;
  is_limit_ = true;
  return Fail(node, "document contains excessive aliasing");
}

Decoder::Place Decoder::PlaceOfMember(Place place,
                                      absl::string_view key) const {
  if (place == Place::kTextMap) return Place::kText;
  if (place == Place::kMetadata) {
    return key == "annotations" ? Place::kTextMap : Place::kOther;
  }
  if (place != Place::kObject) return Place::kOther;
  if (key == "metadata") return Place::kMetadata;
  return key == "items" && has_object_items_ ? Place::kItems : Place::kOther;
}

bool Decoder::DecodeNode(Node* node, Place place, bool in_flow, Result* out) {
  if (!Count(node)) return false;
  switch (node->kind) {
    case NodeKind::kScalar:
      return DecodeScalar(node, place, in_flow, out);
    case NodeKind::kAlias:
      return DecodeAlias(node, out);
    case NodeKind::kSequence:
      return DecodeSequence(node, place, out);
    case NodeKind::kMapping:
      return DecodeMapping(node, place, false, out);
  }
  return false;
}

bool Decoder::DecodeAlias(Node* node, Result* out) {
  Node* target = node->target;
  if (target->is_open) {
    return Fail(
        node, absl::StrCat("anchor '", node->text, "' value contains itself"));
  }
  const auto found = decoded_.find(target);
  if (found != decoded_.end()) {
    *out = found->second.result;
    steps_ += found->second.steps - 1;
    alias_steps_ += found->second.steps - 1;
    ++alias_depth_;
    const bool counted = Count(node);
    --alias_depth_;
    return counted;
  }
  const size_t steps = steps_;
  const size_t errors = type_errors_.size();
  ++alias_depth_;
  const bool decoded = DecodeNode(target, Place::kOther, false, out);
  --alias_depth_;
  if (decoded && errors == type_errors_.size()) {
    decoded_[target] = {*out, steps_ - steps};
  }
  return decoded;
}

bool Decoder::DecodeScalar(Node* node, Place place, bool in_flow, Result* out) {
  const absl::string_view text = node->text;
  if (place == Place::kText && options_.text_annotations &&
      options_.as_rewritten &&
      (text == "\n" || text.find("\n\n") != absl::string_view::npos ||
       (!text.empty() && text[0] == '\t'))) {
    return Fail(node, "an annotation that may not be as it was");
  }
  absl::string_view tag = node->tag;
  if (is_v3() && tag == "!") tag = "";
  if (options_.as_rewritten && options_.keep_written && text.empty() &&
      tag.empty() && node->style == ScalarStyle::kPlain) {
    // Still a null to those who change the tree; it becomes a text where
    // upstream writes it.
    out->value = Value::OmittedNull();
    return true;
  }
  if (place == Place::kText && !tag.empty()) {
    out->value = Value(text);
  } else if (!tag.empty()) {
    if (!DecodeTagged(node, tag, out)) return false;
    if (out->value.is_null() && text.empty()) {
      // Nothing that is left out: its tag is there.
      out->value = Value();
      return true;
    }
  } else if ((is_v3() ? node->style != ScalarStyle::kPlain
                      : !node->is_implicit) ||
             (!options_.keep_written && IsQuotedWhenRewritten(text, in_flow)) ||
             !DecodePlain(*node, out)) {
    DecodeString(node, out);
    return true;
  }
  if (options_.keep_written) {
    out->value = KeepYamlText(std::move(out->value), text);
    if (out->value.is_string()) {
      const Value::Style style = StyleOf(*node);
      // What has a tag keeps it beside the quotes, so they say nothing.
      const bool is_quoted = style == Value::Style::kSingleQuoted ||
                             style == Value::Style::kDoubleQuoted;
      out->value.set_style(is_quoted && !tag.empty() ? Value::Style::kPlain
                                                     : style);
    }
  }
  return true;
}

void Decoder::DecodeString(Node* node, Result* out) const {
  if (node->owned != nullptr && !options_.keep_tree && !keep_texts_) {
    out->value = Value(std::move(*node->owned));
    node->text = "";
  } else {
    out->value = Value(node->text);
  }
  if (!options_.keep_written) {
    if (!options_.as_rewritten || node->style != ScalarStyle::kFolded) return;
    out->value.set_style(Value::Style::kFolded);
    // It is not one of those that cannot be read.
    (void)RewriteYaml(&out->value);
    return;
  }
  if (node->style == ScalarStyle::kPlain && node->tag.empty() &&
      node->text == "<<") {
    out->value = PlainYamlScalar(node->text, schema_);
  }
  // One that was rewritten is not to be once more.
  const bool is_done =
      !options_.as_rewritten && node->style == ScalarStyle::kFolded;
  out->value.set_style(is_done ? Value::Style::kLiteral : StyleOf(*node));
}

// False when it is a string.
bool Decoder::DecodePlain(const Node& node, Result* out) const {
  YamlScalar found = ResolveYamlScalar(node.text, schema_, true);
  using Type = YamlScalar::Type;
  if (found.type == Type::kTimestamp && is_v3()) {
    bool printable = true;
    std::string date = YamlTimestampToRfc3339(node.text, &printable);
    out->value = options_.keep_written ? Value::Written(Value(std::move(date)),
                                                        std::string(node.text))
                                       : Value(std::move(date));
    if (!printable) out->trouble = {Unfit::kTimeZone, node.start};
    return true;
  }
  if (found.type >= Type::kString) return false;
  out->value = found.type == Type::kNull && node.text.empty()
                   ? Value::OmittedNull()
                   : std::move(found.value);
  if (found.type == Type::kFloat && !std::isfinite(out->value.AsDouble())) {
    const double number = out->value.AsDouble();
    out->trouble = {std::isnan(number) ? Unfit::kNan
                    : number > 0       ? Unfit::kInfinity
                                       : Unfit::kMinusInfinity,
                    node.start};
  }
  return true;
}

bool Decoder::DecodeTagged(Node* node, absl::string_view tag, Result* out) {
  using Type = YamlScalar::Type;
  static constexpr absl::string_view kTagOf[] = {"null",  "bool", "int",
                                                 "float", "str",  "timestamp"};
  const absl::string_view text = node->text;
  if (IsCommonTag(tag, "binary")) {
    std::string bytes;
    if (!DecodeGoBase64(text, &bytes)) {
      return Fail(node, "!!binary value contains invalid base64 data");
    }
    out->value = Value(std::move(bytes));
    return true;
  }
  const bool resolvable = IsCommonTag(tag, "null") ||
                          IsCommonTag(tag, "bool") || IsCommonTag(tag, "int") ||
                          IsCommonTag(tag, "float") ||
                          IsCommonTag(tag, "timestamp");
  if (!resolvable) {
    out->value = Value(text);
    return true;
  }
  YamlScalar found =
      ResolveYamlScalar(text, schema_, IsCommonTag(tag, "timestamp"));
  if (IsCommonTag(tag, "float") && found.type == Type::kInt &&
      found.value.is_int()) {
    found.type = Type::kFloat;
    found.value = Value(found.value.AsDouble());
  }
  const absl::string_view own = kTagOf[static_cast<size_t>(found.type)];
  if (!IsCommonTag(tag, own)) {
    if (options_.keep_written && options_.as_rewritten) {
      out->value = Value::Written(UnfitValue(tag), std::string(text));
      return true;
    }
    return Fail(node, absl::StrCat("cannot decode !!", own, " `", text,
                                   "` as a ", ShortTag(tag)));
  }
  if (found.type == Type::kFloat && std::isfinite(found.value.AsDouble())) {
    out->value = std::move(found.value);
    return true;
  }
  if (!DecodePlain(*node, out)) out->value = Value(text);
  return true;
}

bool Decoder::DecodeSequence(Node* node, Place place, Result* out) {
  const Place inner = place == Place::kItems ? Place::kObject : Place::kOther;
  Value::Array elements;
  elements.reserve(node->children.size());
  node->is_open = true;
  for (Node* child : node->children) {
    Result element;
    if (!DecodeNode(child, inner, node->is_flow, &element)) return false;
    if (element.trouble.unfit >= Unfit::kNullKey
            ? out->trouble.unfit < Unfit::kNullKey
            : out->trouble.unfit == Unfit::kNone) {
      out->trouble = element.trouble;
    }
    elements.push_back(std::move(element.value));
  }
  node->is_open = false;
  out->value = Value(std::move(elements));
  KeepFlow(*node, out);
  return true;
}

void Decoder::KeepFlow(const Node& node, Result* out) const {
  if (!options_.keep_written || !node.is_flow) return;
  out->value.set_style(Value::Style::kFlow);
}

bool Decoder::DecodeMapping(Node* node, Place place, bool text_keys,
                            Result* out) {
  Members members;
  if (is_v3()) SetTextKeys(node, place, text_keys, &members);
  members.list.reserve(node->children.size() / 2);
  node->is_open = true;
  if (!DecodeMembers(node, place, nullptr, &members)) return false;
  node->is_open = false;
  Finish(std::move(members), out);
  KeepFlow(*node, out);
  return true;
}

void Decoder::SetTextKeys(const Node* node, Place place, bool text_keys,
                          Members* members) const {
  members->text_keys = text_keys || HasStringKeys(node);
  if (place == Place::kTextMap && options_.text_annotations) {
    members->text_keys = true;
    for (size_t i = 0; i < node->children.size(); i += 2) {
      const absl::string_view key = node->children[i]->text;
      if (key.empty()) {
        members->own = {Unfit::kNamelessAnnotation, node->start};
        return;
      }
      if (ResolveYamlScalar(key, schema_, true).type !=
          YamlScalar::Type::kString) {
        members->text_keys = false;
      }
    }
  }
  if (!members->text_keys) members->own = {Unfit::kMapType, node->start};
}

bool Decoder::IsMerge(const Node* node) const {
  if (node->kind != NodeKind::kScalar || node->text != "<<") return false;
  if (IsCommonTag(node->tag, "merge")) return true;
  if (!is_v3()) return node->is_implicit;
  return (node->tag.empty() || node->tag == "!") &&
         node->style == ScalarStyle::kPlain;
}

bool Decoder::IsQuotedWhenRewritten(absl::string_view text,
                                    bool in_flow) const {
  return options_.as_rewritten && in_flow &&
         (text.empty() || text.find(':') != absl::string_view::npos);
}

bool Decoder::HasStringKeys(const Node* node) const {
  for (size_t i = 0; i < node->children.size(); i += 2) {
    const Node* key = node->children[i];
    while (key->kind == NodeKind::kAlias) key = key->target;
    if (key->tag.empty() || key->tag == "!") {
      if (key->kind != NodeKind::kScalar) return false;
      if (key->style == ScalarStyle::kPlain && key->text != "<<" &&
          !IsQuotedWhenRewritten(key->text, node->is_flow) &&
          ResolveYamlScalar(key->text, schema_, true).type !=
              YamlScalar::Type::kString) {
        return false;
      }
    } else if (!IsCommonTag(key->tag, "str") &&
               !IsCommonTag(key->tag, "merge")) {
      return false;
    }
  }
  return true;
}

// go-yaml 3 looks at what keys are written as, and at no more.
bool Decoder::IsUnique(const Node& node) {
  const size_t count = node.children.size() / 2;
  const auto key = [&node](size_t i) { return node.children[2 * i]; };
  constexpr size_t kFew = 8;
  if (count <= kFew) {
    for (size_t i = 1; i < count; ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (key(i)->kind == key(j)->kind && key(i)->text == key(j)->text) {
          return false;
        }
      }
    }
    return true;
  }
  absl::flat_hash_set<std::pair<NodeKind, absl::string_view>> seen;
  seen.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    if (!seen.emplace(key(i)->kind, key(i)->text).second) return false;
  }
  return true;
}

bool Decoder::CheckUnique(const Node* node) {
  if (IsUnique(*node)) return true;
  const size_t count = node->children.size() / 2;
  const auto key = [node](size_t i) { return node->children[2 * i]; };
  absl::flat_hash_map<std::pair<NodeKind, absl::string_view>, size_t> seen;
  seen.reserve(count);
  // The next key that is the same, or `count`.
  std::vector<size_t> next(count, count);
  for (size_t i = count; i-- > 0;) {
    const auto [found, is_new] = seen.emplace(
        std::pair<NodeKind, absl::string_view>(key(i)->kind, key(i)->text), i);
    if (!is_new) next[i] = std::exchange(found->second, i);
  }
  for (size_t i = 0; i < count && !has_enough_errors(); ++i) {
    for (size_t j = next[i]; j < count && !has_enough_errors(); j = next[j]) {
      AddTypeError(
          key(j)->start,
          absl::StrCat("mapping key ", GoQuote(key(j)->text),
                       " already defined at line ", key(i)->start.line + 1));
    }
  }
  return false;
}

bool Decoder::DecodeMembers(Node* node, Place place, Merged* merged,
                            Members* members) {
  const bool may_repeat = place == Place::kTextMap && options_.text_annotations;
  if (options_.keep_unfit && !IsUnique(*node)) {
    return DecodeRepeating(node, place, members);
  }
  if (is_v3() && !may_repeat && !CheckUnique(node)) {
    members->is_good = false;
    return true;
  }
  Node* merge_source = nullptr;
  for (size_t i = 0; i < node->children.size(); i += 2) {
    Node* key_node = node->children[i];
    Node* value_node = node->children[i + 1];
    if (IsMerge(key_node)) {
      if (is_v3()) {
        merge_source = value_node;
      } else if (!Merge2(value_node, members)) {
        return false;
      }
      continue;
    }
    if (!DecodeMember(key_node, value_node, *node, place, merged, members)) {
      return false;
    }
  }
  return merge_source == nullptr || Merge3(node, merge_source, merged, members);
}

bool Decoder::DecodeMember(Node* key_node, Node* value_node, const Node& parent,
                           Place place, Merged* merged, Members* members) {
  Key key;
  bool skip = false;
  if (!Count(key_node) ||
      !DecodeKey(key_node, parent.is_flow, members->text_keys, &skip, &key)) {
    return false;
  }
  if (skip) return true;
  if (merged != nullptr && !merged->insert(key.text).second) return true;
  Result value;
  const bool kept = std::exchange(keep_texts_, keep_texts_ || IsOdd(key));
  const bool decoded = DecodeNode(value_node, PlaceOfMember(place, key.text),
                                  parent.is_flow, &value);
  keep_texts_ = kept;
  return decoded &&
         SetMember(value_node, std::move(key), std::move(value), members);
}

// Of a tree that is as it was read, where nothing merges any more.
bool Decoder::DecodeRepeating(Node* node, Place place, Members* members) {
  Members later;
  later.text_keys = members->text_keys;
  absl::flat_hash_set<absl::string_view> seen;
  for (size_t i = 0; i < node->children.size(); i += 2) {
    Node* key = node->children[i];
    const bool is_first = seen.insert(key->text).second;
    if (!DecodeMember(key, node->children[i + 1], *node, place, nullptr,
                      is_first ? members : &later)) {
      return false;
    }
  }
  members->list.emplace_back(std::string(kRepeatedKeys),
                             Value::FromMembers(std::move(later.list)));
  return true;
}

bool Decoder::SetMember(Node* value, Key key, Result result, Members* members) {
  static constexpr const char* kKinds = "sniufb";
  if (!is_v3()) {
    // To Go a NaN is no other NaN, and infinity is not the largest number,
    // which becomes the same text.
    const bool is_float = key.kind == Key::Kind::kFloat;
    const bool is_nan = is_float && key.text == ".nan";
    if (options_.reject_duplicate_keys && !is_nan &&
        !members->keys
             .insert(absl::StrCat(
                 absl::string_view(kKinds + static_cast<int>(key.kind), 1),
                 is_float ? key.name : key.text))
             .second) {
      AddTypeError(value->start,
                   absl::StrCat("key ", key.name, " already set in map"));
      return true;
    }
    if (IsOdd(key)) {
      members->own = {
          key.kind == Key::Kind::kNull ? Unfit::kNullKey : Unfit::kUintKey,
          value->start, NoteOddMember(key, value)};
    }
  }
  if (result.trouble.unfit != Unfit::kNone) {
    members->troubles.emplace_back(members->list.size(), result.trouble);
  }
  if (!is_v3()) members->kinds.push_back(key.kind);
  members->list.emplace_back(std::move(key.text), std::move(result.value));
  return true;
}

void Decoder::Finish(Members members, Result* out) {
  out->trouble = members.own;
  out->is_good = members.is_good;
  if (members.own.unfit == Unfit::kNone && !members.troubles.empty()) {
    out->trouble = FirstTrouble(members);
  }
  out->value = Value::FromMembers(std::move(members.list));
}

// The JSON of a map is written in the order of its keys.
Decoder::Trouble Decoder::FirstTrouble(const Members& members) {
  // 1 and "1" are one only when they become JSON.
  constexpr int kAnyKind = -1;
  absl::flat_hash_map<std::pair<absl::string_view, int>, size_t> last;
  const auto kind_of = [&members](size_t i) {
    return members.kinds.empty() ? kAnyKind
                                 : static_cast<int>(members.kinds[i]);
  };
  for (size_t i = 0; i < members.list.size(); ++i) {
    last[{members.list[i].key, kind_of(i)}] = i;
    last[{members.list[i].key, kAnyKind}] = i;
  }
  Trouble first;
  const std::string* least = nullptr;
  for (const auto& [index, trouble] : members.troubles) {
    const std::string& key = members.list[index].key;
    const bool is_early = trouble.unfit >= Unfit::kNullKey;
    if (last[{key, is_early ? kind_of(index) : kAnyKind}] != index) continue;
    if (is_early) return trouble;
    if (least == nullptr || key < *least) {
      least = &key;
      first = trouble;
    }
  }
  return first;
}

// Merges as go-yaml 2 does: at once, over what is there already.
bool Decoder::Merge2(Node* source, Members* members) {
  const auto is_mapping = [](const Node* node) {
    while (node->kind == NodeKind::kAlias) node = node->target;
    return node->kind == NodeKind::kMapping;
  };
  constexpr char kWantMap[] =
      "map merge requires map or sequence of maps as the value";
  if (is_mapping(source)) return MergeOne(source, nullptr, members);
  if (source->kind != NodeKind::kSequence) return Fail(source, kWantMap);
  for (auto one = source->children.rbegin(); one != source->children.rend();
       ++one) {
    if (!is_mapping(*one)) return Fail(*one, kWantMap);
    if (!MergeOne(*one, nullptr, members)) return false;
  }
  return true;
}

// Merges as go-yaml 3 does: in the end, what is not there yet.
bool Decoder::Merge3(Node* parent, Node* source, Merged* merged,
                     Members* members) {
  Merged own;
  if (merged == nullptr) {
    merged = &own;
    for (size_t i = 0; i < parent->children.size(); i += 2) {
      Key key;
      bool skip = false;
      if (!Count(parent->children[i]) ||
          !DecodeKey(parent->children[i], parent->is_flow, members->text_keys,
                     &skip, &key)) {
        return false;
      }
      own.insert(key.text);
    }
  }
  const auto is_mapping = [](const Node* node) {
    if (node->kind == NodeKind::kAlias) node = node->target;
    return node->kind == NodeKind::kMapping;
  };
  constexpr char kWantMap[] =
      "map merge requires map or sequence of maps as the value";
  if (is_mapping(source)) return MergeOne(source, merged, members);
  if (source->kind != NodeKind::kSequence) return Fail(source, kWantMap);
  for (Node* one : source->children) {
    if (!is_mapping(one)) return Fail(one, kWantMap);
    if (!MergeOne(one, merged, members)) return false;
  }
  return true;
}

bool Decoder::MergeOne(Node* source, Merged* merged, Members* members) {
  if (!Count(source)) return false;
  const bool is_alias = source->kind == NodeKind::kAlias;
  Node* mapping = is_alias ? source->target : source;
  if (mapping->is_open) {
    return Fail(source, absl::StrCat("anchor '", source->text,
                                     "' value contains itself"));
  }
  if (is_alias) {
    ++alias_depth_;
    if (!Count(mapping)) return false;
  }
  mapping->is_open = true;
  const bool decoded = DecodeMembers(mapping, Place::kOther, merged, members);
  mapping->is_open = false;
  if (is_alias) --alias_depth_;
  return decoded;
}

}  // namespace weir::yaml
