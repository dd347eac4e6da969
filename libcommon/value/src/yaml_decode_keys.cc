// Keys of mappings: what may be one, and how messages show those that may not.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/go_number.h"
#include "src/yaml_decode.h"
#include "src/yaml_scalar.h"
#include "src/yaml_tag.h"
#include "weir/value/go_quote.h"

namespace weir::yaml {
namespace {

// Of one value in a message. Aliases can make it endless.
constexpr size_t kMostSyntaxBytes = size_t{64} << 10;
constexpr size_t kMostOddMembers = 16;

// As Go's %#v prints it where an interface{} holds it.
std::string ScalarSyntax(const Value& value) {
  using Kind = Value::Kind;
  switch (value.kind()) {
    case Kind::kString:
      return GoQuote(value.AsString());
    case Kind::kBool:
      return value.AsBool() ? "true" : "false";
    case Kind::kInt:
      return absl::StrCat(value.AsInt());
    case Kind::kUint:
      return absl::StrCat("0x", absl::Hex(value.AsUint()));
    case Kind::kDouble:
      if (std::isnan(value.AsDouble())) return "NaN";
      if (!std::isfinite(value.AsDouble())) {
        return value.AsDouble() > 0 ? "+Inf" : "-Inf";
      }
      return FormatGoYamlDouble(value.AsDouble());
    default:
      return "interface {}(nil)";
  }
}

constexpr int kRankOfTimes = 6;

// Go sorts keys of different types by where the types lie in its memory, which
// is like this.
std::tuple<int, double, std::string> SyntaxOrder(const Value& key) {
  using Kind = Value::Kind;
  switch (key.kind()) {
    case Kind::kString:
      return {1, 0, std::string(key.AsString())};
    case Kind::kUint:
      return {2, static_cast<double>(key.AsUint()), absl::StrCat(key.AsUint())};
    case Kind::kInt:
      return {3, static_cast<double>(key.AsInt()), absl::StrCat(key.AsInt())};
    case Kind::kDouble:
      if (std::isnan(key.AsDouble())) return {4, -HUGE_VAL, ""};
      return {4, key.AsDouble(), "a number"};
    case Kind::kBool:
      return {5, key.AsBool() ? 1 : 0, ""};
    default:
      return {0, 0, ""};
  }
}

// Whether a time is written with its zone, and that is the one of Greenwich,
// which Go takes for the local one: that of what prints such things.
bool IsLocalTime(absl::string_view text) {
  return absl::EndsWith(text, "+00:00") || absl::EndsWith(text, "-00:00");
}

// As Go prints a time.Time, of which `date` is the text by RFC 3339.
std::string TimeSyntax(absl::string_view date, bool is_local) {
  static constexpr const char* kMonths[] = {
      "January", "February", "March",     "April",   "May",      "June",
      "July",    "August",   "September", "October", "November", "December"};
  constexpr size_t kZone = 19;  // After the seconds.
  std::vector<int> numbers;
  for (absl::string_view part :
       absl::StrSplit(date.substr(0, kZone), absl::ByAnyChar("-T:"))) {
    int number = 0;
    if (!absl::SimpleAtoi(part, &number)) return GoQuote(date);
    numbers.push_back(number);
  }
  constexpr size_t kNumbers = 6;
  if (numbers.size() != kNumbers || numbers[1] < 1 || numbers[1] > 12) {
    return GoQuote(date);
  }
  absl::string_view rest = date.substr(kZone);
  int nanoseconds = 0;
  if (absl::ConsumePrefix(&rest, ".")) {
    std::string digits(rest.substr(0, rest.find_first_not_of("0123456789")));
    rest.remove_prefix(digits.size());
    digits.resize(9, '0');
    if (!absl::SimpleAtoi(digits, &nanoseconds)) return GoQuote(date);
  }
  const absl::string_view zone = is_local      ? "time.Local"
                                 : rest == "Z" ? "time.UTC"
                                               : "time.Location(\"\")";
  return absl::StrCat("time.Date(", numbers[0], ", time.",
                      kMonths[numbers[1] - 1], ", ", numbers[2], ", ",
                      numbers[3], ", ", numbers[4], ", ", numbers[5], ", ",
                      nanoseconds, ", ", zone, ")");
}

Node* Target(Node* node) {
  while (node->kind == NodeKind::kAlias) node = node->target;
  return node;
}

}  // namespace

bool Decoder::DecodeKey(Node* node, bool in_flow, bool text_key, bool* skip,
                        Key* key) {
  Node* target = node;
  while (target->kind == NodeKind::kAlias) {
    if (target->target->is_open) {
      return Fail(target, absl::StrCat("anchor '", target->text,
                                       "' value contains itself"));
    }
    target = target->target;
    ++alias_depth_;
    const bool counted = Count(target);
    --alias_depth_;
    if (!counted) return false;
  }
  if (target->kind != NodeKind::kScalar && options_.keep_unfit && !text_key) {
    *skip = has_unfit_ = true;
    return true;
  }
  if (target->kind != NodeKind::kScalar) {
    return DecodeCollectionKey(target, text_key, skip);
  }
  if (text_key && target->tag.empty()) {
    *skip = !options_.as_rewritten && target->style == ScalarStyle::kPlain &&
            ResolveYamlScalar(target->text, schema_, true).type ==
                YamlScalar::Type::kNull;
    key->text = std::string(target->text);
    return true;
  }
  // Keys stay in the tree: duplicates are told apart by them.
  Node copy = *target;
  copy.owned = nullptr;
  Result result;
  if (!DecodeScalar(&copy, Place::kOther, in_flow, &result)) return false;
  const Value& value = result.value;
  if (text_key) {
    *skip = value.is_null() && !options_.as_rewritten;
    key->text = IsCommonTag(target->tag, "binary") ? value.AsString()
                                                   : std::string(target->text);
    return true;
  }
  DescribeKey(value, key);
  if (options_.keep_unfit && key->kind == Key::Kind::kNull) *skip = true;
  return true;
}

// A key as text, and as Go prints it in messages.
void Decoder::DescribeKey(const Value& value, Key* key) const {
  using Kind = Value::Kind;
  const bool wants_name = options_.reject_duplicate_keys;
  switch (value.kind()) {
    case Kind::kString:
      key->text = value.AsString();
      if (wants_name) key->name = GoQuote(key->text);
      return;
    case Kind::kBool:
      key->kind = Key::Kind::kBool;
      key->name = key->text = value.AsBool() ? "true" : "false";
      return;
    case Kind::kInt:
      key->kind = Key::Kind::kInt;
      key->name = key->text = absl::StrCat(value.AsInt());
      return;
    case Kind::kUint:
      key->kind = Key::Kind::kUint;
      key->text = absl::StrCat(value.AsUint());
      key->name = absl::StrCat("0x", absl::Hex(value.AsUint()));
      return;
    case Kind::kDouble:
      key->kind = Key::Kind::kFloat;
      key->text = FormatGoYamlKey(value.AsDouble());
      key->name = std::isinf(value.AsDouble())
                      ? (value.AsDouble() > 0 ? "+Inf" : "-Inf")
                      : FormatGoYamlDouble(value.AsDouble());
      return;
    default:
      key->kind = Key::Kind::kNull;
      key->name = "<nil>";
  }
}

// A collection cannot be a key, but Go says first what is wrong inside of it.
bool Decoder::DecodeCollectionKey(Node* node, bool text_key, bool* skip) {
  const bool is_mapping = node->kind == NodeKind::kMapping;
  *skip = true;
  if (text_key) {
    if (is_mapping && !CheckUnique(node)) return true;
    const std::string tag = !node->tag.empty() ? ShortTag(node->tag)
                            : is_mapping       ? "!!map"
                                               : "!!seq";
    const bool is_plain = tag == "!!map" || tag == "!!seq";
    AddTypeError(node->start,
                 absl::StrCat("cannot unmarshal ", tag, is_plain ? "" : " ``",
                              " into string"));
    return true;
  }
  Result ignored;
  const bool kept = std::exchange(keep_texts_, true);
  const bool decoded = is_mapping
                           ? DecodeMapping(node, Place::kOther, false, &ignored)
                           : DecodeSequence(node, Place::kOther, &ignored);
  keep_texts_ = kept;
  if (!decoded) return false;
  if (!ignored.is_good) return true;
  size_t left = kMostSyntaxBytes;
  return Fail(node, absl::StrCat("invalid map key: ",
                                 GoSyntax(node, node->is_flow, &left)));
}

size_t Decoder::NoteOddMember(const Key& key, Node* value) {
  if (odd_members_.size() >= kMostOddMembers) return SIZE_MAX;
  size_t left = kMostSyntaxBytes;
  std::string syntax = GoSyntax(value, value->is_flow, &left);
  // It is the whole of what is printed, so Go says no type.
  if (syntax == ScalarSyntax(Value())) syntax = "<nil>";
  odd_members_.push_back(absl::StrCat(key.name, ", value: ", syntax));
  return odd_members_.size() - 1;
}

// Only go-yaml 3 makes times.
bool Decoder::IsTime(const Node& node, bool in_flow) const {
  const bool is_plain = node.style == ScalarStyle::kPlain &&
                        !IsQuotedWhenRewritten(node.text, in_flow);
  return is_v3() &&
         (node.tag.empty() ? is_plain : IsCommonTag(node.tag, "timestamp")) &&
         ResolveYamlScalar(node.text, schema_, true).type ==
             YamlScalar::Type::kTimestamp;
}

// Whether go-yaml 3, which goes on after an error of type, has made a value of
// the node, and so has what it is in.
bool Decoder::IsGood(Node* node) const {
  node = Target(node);
  return !is_v3() || node->kind != NodeKind::kMapping || IsUnique(*node);
}

std::string Decoder::GoSyntax(Node* node, bool in_flow, size_t* left) {
  if (*left == 0) return "";
  --*left;
  node = Target(node);
  if (node->kind == NodeKind::kMapping) {
    return GoSyntaxOfMapping(node, left);
  }
  if (node->kind == NodeKind::kSequence) {
    std::vector<std::string> elements;
    for (Node* child : node->children) {
      if (*left == 0) break;
      if (!IsGood(child)) continue;
      elements.push_back(GoSyntax(child, node->is_flow, left));
    }
    return absl::StrCat("[]interface {}{", absl::StrJoin(elements, ", "), "}");
  }
  Node copy = *node;
  copy.owned = nullptr;
  Result result;
  std::string syntax;
  // It was decoded before.
  if (DecodeScalar(&copy, Place::kOther, in_flow, &result)) {
    syntax = IsTime(*node, in_flow)
                 ? TimeSyntax(result.value.AsString(), IsLocalTime(node->text))
                 : ScalarSyntax(result.value);
  }
  *left -= std::min(*left, syntax.size());
  return syntax;
}

std::string Decoder::GoSyntaxOfMapping(Node* node, size_t* left) {
  MemberSyntax members;
  AddSyntaxOfMembers(node, left, !options_.reject_duplicate_keys, &members);
  const bool text_keys = is_v3() && HasStringKeys(node);
  return absl::StrCat(
      text_keys ? "map[string]interface {}{" : "map[interface {}]interface {}{",
      absl::StrJoin(members, ", ",
                    [](std::string* out, const auto& member) {
                      out->append(member.second);
                    }),
      "}");
}

void Decoder::AddSyntaxOfMembers(Node* node, size_t* left, bool overwrites,
                                 MemberSyntax* members) {
  std::vector<Node*> sources;
  const auto merge = [&](Node* source) {
    AddSyntaxOfMembers(Target(source), left, !is_v3() && overwrites, members);
  };
  for (size_t i = 0; i < node->children.size() && *left > 0; i += 2) {
    Node* key_node = Target(node->children[i]);
    Node* value_node = node->children[i + 1];
    if (IsMerge(key_node)) {
      Node* source = Target(value_node);
      std::vector<Node*> of_key =
          source->kind == NodeKind::kSequence
              ? std::vector<Node*>(source->children.begin(),
                                   source->children.end())
              : std::vector<Node*>{source};
      if (is_v3()) {
        sources = std::move(of_key);
      } else {
        std::for_each(of_key.rbegin(), of_key.rend(), merge);
      }
      continue;
    }
    if (key_node->kind != NodeKind::kScalar || !IsGood(value_node)) continue;
    Node copy = *key_node;
    copy.owned = nullptr;
    Result key;
    if (!DecodeScalar(&copy, Place::kOther, node->is_flow, &key)) continue;
    auto order = SyntaxOrder(key.value);
    std::string syntax = ScalarSyntax(key.value);
    if (IsTime(*key_node, node->is_flow)) {
      std::get<0>(order) = kRankOfTimes;
      syntax = TimeSyntax(key.value.AsString(), IsLocalTime(key_node->text));
    }
    absl::StrAppend(&syntax, ":", GoSyntax(value_node, node->is_flow, left));
    if (overwrites) {
      members->insert_or_assign(std::move(order), std::move(syntax));
    } else {
      members->emplace(std::move(order), std::move(syntax));
    }
    *left -= std::min<size_t>(*left, 1);
  }
  std::for_each(sources.begin(), sources.end(), merge);
}

}  // namespace weir::yaml
