#include "src/model/field_path.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "src/model/go_space.h"
#include "src/model/resource.h"
#include "src/model/scalar.h"
#include "src/model/selector.h"
#include "src/model/yaml_nodes.h"
#include "weir/base/status.h"
#include "weir/value/go_quote.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

using Parts = absl::Span<const std::string>;

bool IsIndex(absl::string_view part, int* index) {
  return absl::SimpleAtoi(part, index) && *index >= 0;
}

bool IsElement(absl::string_view part) {
  return absl::StartsWith(part, "[") && absl::EndsWith(part, "]");
}

struct ElementPart {
  std::string key;
  std::string value;
};

absl::StatusOr<ElementPart> ParseElement(absl::string_view part) {
  const absl::string_view inner = part.substr(1, part.size() - 2);
  const size_t equals = inner.find('=');
  if (equals == absl::string_view::npos) {
    return BuildError(
        "list path element must contain fieldName=fieldValue for element to "
        "match");
  }
  return ElementPart{std::string(inner.substr(0, equals)),
                     std::string(inner.substr(equals + 1))};
}

// What upstream refuses before it looks at what the part is of.
absl::Status CheckPart(const std::string& part) {
  if (part == "*") {
    return BuildError("wildcard is not supported in PathGetter");
  }
  return IsElement(part) ? ParseElement(part).status() : absl::OkStatus();
}

absl::StatusOr<const Value*> Step(const Value& node, const std::string& part) {
  int index = 0;
  if (absl::SimpleAtoi(part, &index) || part == "-") {
    if (index < 0) {
      return BuildError(
          absl::StrCat("array index ", index, " cannot be negative"));
    }
    if (!node.is_array()) return WrongKind("SequenceNode", node);
    if (part == "-") {
      return node.empty() ? nullptr : &node.array().back();
    }
    return static_cast<size_t>(index) < node.size() ? &node.array()[index]
                                                    : nullptr;
  }
  if (!IsElement(part)) {
    if (!node.is_object()) return WrongKind("MappingNode", node);
    return node.Find(part);
  }
  WEIR_ASSIGN_OR_RETURN(const ElementPart wanted, ParseElement(part));
  if (!node.is_array()) return WrongKind("SequenceNode", node);
  for (const Value& element : node.array()) {
    if (wanted.key.empty()) {
      if (ScalarText(element) == wanted.value) return &element;
    } else if (const Value* field = element.Find(wanted.key)) {
      if (!field->is_null() && ScalarText(*field) == wanted.value) {
        return &element;
      }
    }
  }
  return nullptr;
}

class Matcher {
 public:
  Matcher(CreateField create, absl::FunctionRef<absl::Status(Value&)> set)
      : create_(create), set_(set) {}

  absl::Status Visit(Value& node, Parts path) {
    if (path.empty()) {
      ++found_;
      return set_(node);
    }
    int index = 0;
    if (IsIndex(path[0], &index)) return VisitIndex(node, path, index);
    if (IsElement(path[0])) return VisitElements(node, path, true);
    if (path[0] == "*") {
      if (IsTaggedNull(node)) return absl::OkStatus();
      if (!node.is_array()) return WrongKind("SequenceNode", node);
      for (size_t i = 0; i < node.size(); ++i) {
        WEIR_RETURN_IF_ERROR(Visit(node.MutableAt(i), path.subspan(1)));
      }
      return absl::OkStatus();
    }
    return VisitField(node, path);
  }

  int found() const { return found_; }

 private:
  bool creates() const { return create_ != CreateField::kNothing; }

  // What the part before `path` must be made as.
  Value Fresh(Parts path) const {
    int index = 0;
    if (!path.empty() && !path[0].empty()) {
      if (IsElement(path[0]) || IsIndex(path[0], &index)) {
        return Value::MakeArray();
      }
      return Value::MakeObject();
    }
    if (create_ == CreateField::kMapping) return Value::MakeObject();
    if (create_ == CreateField::kSequence) return Value::MakeArray();
    return UntaggedScalar("");
  }

  absl::Status VisitField(Value& node, Parts path) {
    if (IsTaggedNull(node)) {
      if (!creates()) return absl::OkStatus();
      Value lost = Value::MakeObject();
      return VisitField(lost, path);
    }
    if (path[0].empty() && (node.is_object() || node.is_array())) {
      return WrongKind("ScalarNode", node);
    }
    if (!node.is_object()) return WrongKind("MappingNode", node);
    const Parts rest = path.subspan(1);
    Value* field = node.FindMutable(path[0]);
    if (field == nullptr) {
      if (!creates()) return absl::OkStatus();
      field = &node.Set(path[0], Fresh(rest));
    }
    const bool is_scalar = !field->is_object() && !field->is_array();
    if (is_scalar && !rest.empty()) return VisitText(*field, rest);
    return Visit(*field, rest);
  }

  // A path that goes on inside of a text: upstream writes to a copy of what the
  // text says, and loses it.
  absl::Status VisitText(const Value& node, Parts path) {
    YamlParseOptions options;
    options.schema = YamlParseOptions::Schema::kYaml12;
    options.keep_written = true;
    absl::StatusOr<std::vector<YamlDocument>> copy =
        ParseYamlDocuments(NodeText(node), options);
    if (!copy.ok()) {
      // Keys that are no text, and what is behind the first document, do not
      // keep upstream from looking.
      const absl::StatusOr<YamlNodeDocument> read =
          ParseYamlNode(NodeText(node));
      if (!read.ok()) {
        return BuildError(absl::StrCat("yaml: ", GoYamlError(copy.status())));
      }
      const YamlNode::Kind kind = read->root.kind;
      Value lost = kind == YamlNode::Kind::kMapping    ? Value::MakeObject()
                   : kind == YamlNode::Kind::kSequence ? Value::MakeArray()
                                                       : Value(read->root.text);
      return Visit(lost, path);
    }
    if (copy->empty()) {
      int index = 0;
      const bool wants_list =
          IsIndex(path[0], &index) || path[0] == "*" || IsElement(path[0]);
      return BuildError(absl::StrCat("wrong node kind: expected ",
                                     wants_list ? "Sequence" : "Mapping",
                                     "Node but got : node contents:\n"));
    }
    return Visit(copy->front().value, path);
  }

  // A null passes for an empty list or map; what is added to it is lost.
  absl::Status VisitIndex(Value& node, Parts path, int index) {
    if (IsTaggedNull(node)) {
      Value lost = Value::MakeArray();
      return VisitIndex(lost, path, index);
    }
    if (!node.is_array()) return WrongKind("SequenceNode", node);
    const size_t at = static_cast<size_t>(index);
    if (at == node.size() && creates()) {
      node.Append(Fresh(path.subspan(1)));
    }
    if (at >= node.size()) {
      return BuildError(absl::StrCat("index ", index, " specified but only ",
                                     node.size(), " elements found"));
    }
    return Visit(node.MutableAt(at), path.subspan(1));
  }

  absl::Status VisitElements(Value& node, Parts path, bool may_create) {
    if (IsTaggedNull(node)) {
      Value lost = Value::MakeArray();
      return VisitElements(lost, path, may_create);
    }
    WEIR_ASSIGN_OR_RETURN(const ElementPart wanted, ParseElement(path[0]));
    WEIR_ASSIGN_OR_RETURN(const SearchPattern pattern,
                          SearchPattern::Compile(wanted.value));
    if (!node.is_array()) return WrongKind("SequenceNode", node);
    const int before = found_;
    for (size_t i = 0; i < node.size(); ++i) {
      const Value& element = node[i];
      if (wanted.key.empty()) {
        if (!pattern.Matches(ShownText(element))) continue;
        ++found_;
        WEIR_RETURN_IF_ERROR(set_(node.MutableAt(i)));
      } else {
        const Value* field = element.Find(wanted.key);
        if (field == nullptr || !pattern.Matches(ShownText(*field))) continue;
        WEIR_RETURN_IF_ERROR(Visit(node.MutableAt(i), path.subspan(1)));
      }
    }
    if (!creates() || found_ > before) return absl::OkStatus();
    if (!may_create) {
      return BuildError(
          absl::StrCat("failed to create element for ", GoQuote(path[0])));
    }
    node.Append(
        wanted.key.empty()
            ? UntaggedScalar(wanted.value)
            : Value::MakeObject({{wanted.key, UntaggedScalar(wanted.value)}}));
    return VisitElements(node, path, false);
  }

  const CreateField create_;
  absl::FunctionRef<absl::Status(Value&)> set_;
  int found_ = 0;
};

}  // namespace

absl::Status CheckPathLength(size_t parts) {
  constexpr size_t kMaxParts = 200;
  if (parts <= kMaxParts) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("a path has more than ", kMaxParts, " parts"));
}

std::vector<std::string> SplitFieldPath(absl::string_view path) {
  const std::vector<std::string> pieces = SplitPath(path, '.');
  std::vector<std::string> parts;
  for (size_t i = 0; i < pieces.size(); ++i) {
    std::string part = pieces[i];
    if (!absl::StartsWith(part, "[") || absl::EndsWith(part, "]")) {
      parts.push_back(std::move(part));
      continue;
    }
    // Up to the piece that ends the bracket.
    while (i + 1 < pieces.size()) {
      absl::StrAppend(&part, ".", pieces[++i]);
      if (absl::EndsWith(pieces[i], "]")) break;
    }
    if (!absl::StrContains(part, "=")) {
      const auto is_bracket = [](char c) { return c == '[' || c == ']'; };
      while (!part.empty() && is_bracket(part.back())) part.pop_back();
      while (!part.empty() && is_bracket(part.front())) part.erase(0, 1);
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

bool IsFieldName(absl::string_view step) {
  int index = 0;
  return step != "-" && step != "*" && !IsElement(step) &&
         !absl::SimpleAtoi(step, &index);
}

absl::StatusOr<const Value*> LookUpPath(const Value& root,
                                        absl::Span<const std::string> path) {
  const Value* at = &root;
  for (const std::string& raw : path) {
    const std::string part(TrimSpace(raw));
    if (part.empty()) continue;
    WEIR_RETURN_IF_ERROR(CheckPart(part));
    if (IsTaggedNull(*at)) return nullptr;
    WEIR_ASSIGN_OR_RETURN(at, Step(*at, part));
    if (at == nullptr) return nullptr;
  }
  return at;
}

absl::StatusOr<int> VisitFieldPath(
    Value& root, const std::vector<std::string>& path, CreateField create,
    absl::FunctionRef<absl::Status(Value&)> set) {
  Matcher matcher(create, set);
  WEIR_RETURN_IF_ERROR(matcher.Visit(root, path));
  return matcher.found();
}

}  // namespace weir::kustomize
