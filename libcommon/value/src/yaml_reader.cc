#include <yaml.h>

#include <cmath>

#include "absl/strings/escaping.h"
#include "src/go_number.h"
#include "src/yaml_scalar.h"
#include "weir/base/status.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir {
namespace {

using Schema = YamlParseOptions::Schema;

absl::string_view View(const yaml_char_t* text) {
  return text == nullptr
             ? absl::string_view()
             : absl::string_view(reinterpret_cast<const char*>(text));
}

// One event of libyaml.
class Event {
 public:
  Event() { event_.type = YAML_NO_EVENT; }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event_); }
  // The event to be filled; what it held is gone.
  yaml_event_t* Reset() {
    yaml_event_delete(&event_);
    return &event_;
  }
  const yaml_event_t* operator->() const { return &event_; }
  yaml_mark_t mark() const { return event_.start_mark; }

 private:
  yaml_event_t event_;
};

// A value and what its further use costs.
struct Node {
  Value value;
  size_t nodes = 1;
  int height = 0;
  // Only of keys that are scalars.
  bool is_merge = false;
  bool is_timestamp = false;
};

// Where in a Kubernetes object a node is.
enum class Place { kOther, kObject, kItems, kMetadata, kTextMap, kText };

Place PlaceOfMember(Place place, const Value& key, bool has_text_labels) {
  if (place == Place::kTextMap) return Place::kText;
  if (place != Place::kObject && place != Place::kMetadata) {
    return Place::kOther;
  }
  if (!key.is_string()) return Place::kOther;
  const std::string& name = key.AsString();
  if (place == Place::kMetadata) {
    const bool is_text =
        name == "annotations" || (has_text_labels && name == "labels");
    return is_text ? Place::kTextMap : Place::kOther;
  }
  return name == "metadata" ? Place::kMetadata
         : name == "items"  ? Place::kItems
                            : Place::kOther;
}

class Reader {
 public:
  Reader(absl::string_view text, const YamlParseOptions& options)
      : options_(options),
        first_place_(options.metadata_text ==
                             YamlParseOptions::MetadataText::kNone
                         ? Place::kOther
                         : Place::kObject),
        has_text_labels_(options.metadata_text ==
                         YamlParseOptions::MetadataText::kAllMaps) {
    WEIR_CHECK(yaml_parser_initialize(&parser_) != 0);
    if (text.data() == nullptr) text = "";  // libyaml asserts on null.
    yaml_parser_set_input_string(
        &parser_, reinterpret_cast<const unsigned char*>(text.data()),
        text.size());
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { yaml_parser_delete(&parser_); }

  absl::StatusOr<std::vector<YamlDocument>> ReadAll(size_t limit) {
    std::vector<YamlDocument> documents;
    Event event;
    while (true) {
      WEIR_RETURN_IF_ERROR(Next(event));
      if (event->type == YAML_STREAM_END_EVENT) break;
      if (event->type != YAML_DOCUMENT_START_EVENT) continue;
      if (documents.size() == options_.max_documents) {
        return Fail(
            event.mark(),
            absl::StrCat("more than ", options_.max_documents, " documents"),
            absl::StatusCode::kResourceExhausted);
      }
      anchors_.clear();
      alias_nodes_ = 0;
      WEIR_RETURN_IF_ERROR(Next(event));
      YamlDocument document;
      document.line = static_cast<int>(event->start_mark.line) + 1;
      Node node;
      WEIR_RETURN_IF_ERROR(Read(event, 0, first_place_, node));
      document.value = std::move(node.value);
      documents.push_back(std::move(document));
      WEIR_RETURN_IF_ERROR(Next(event));  // The end of the document.
      if (documents.size() == limit) break;
    }
    return documents;
  }

 private:
  struct Anchor {
    Node node;
    bool open = false;  // Its node is being read.
  };

  absl::Status Fail(
      const yaml_mark_t& mark, absl::string_view reason,
      absl::StatusCode code = absl::StatusCode::kInvalidArgument) {
    return absl::Status(
        code,
        absl::StrCat(options_.file_name, options_.file_name.empty() ? "" : ":",
                     mark.line + 1, ":", mark.column + 1, ": ", reason));
  }

  absl::Status Next(Event& event) {
    if (yaml_parser_parse(&parser_, event.Reset()) != 0) {
      return absl::OkStatus();
    }
    yaml_mark_t mark = parser_.problem_mark;
    if (parser_.error == YAML_READER_ERROR) mark = parser_.mark;
    const char* problem = parser_.problem;
    if (problem == nullptr) problem = "cannot be parsed";
    absl::Status status =
        Fail(mark, parser_.context == nullptr
                       ? std::string(problem)
                       : absl::StrCat(parser_.context, ": ", problem));
    status.SetPayload(kGoYamlError, absl::Cord(GoText(problem)));
    return status;
  }

  // go-yaml names the line that the construct began in, where it is known, and
  // counts from 0, but for the scanner.
  std::string GoText(absl::string_view problem) const {
    size_t line = parser_.context_mark.line;
    if (line == 0) line = parser_.problem_mark.line;
    if (line == 0) return std::string(problem);
    if (parser_.error == YAML_SCANNER_ERROR) ++line;
    return absl::StrCat("line ", line, ": ", problem);
  }

  // Reads the node that `event` starts.
  absl::Status Read(Event& event, int depth, Place place, Node& out) {
    if (event->type == YAML_ALIAS_EVENT) return ReadAlias(event, depth, out);
    std::string anchor;
    if (event->type == YAML_SCALAR_EVENT) {
      anchor = std::string(View(event->data.scalar.anchor));
      WEIR_RETURN_IF_ERROR(ReadScalar(event, place, out));
    } else {
      const bool is_mapping = event->type == YAML_MAPPING_START_EVENT;
      anchor =
          std::string(View(is_mapping ? event->data.mapping_start.anchor
                                      : event->data.sequence_start.anchor));
      if (depth >= options_.max_depth) return TooDeep(event.mark());
      if (!anchor.empty()) anchors_[anchor].open = true;
      WEIR_RETURN_IF_ERROR(is_mapping ? ReadMapping(event, depth, place, out)
                                      : ReadSequence(event, depth, place, out));
    }
    if (!anchor.empty()) {
      Anchor& entry = anchors_[anchor];
      entry.node = out;
      entry.open = false;
    }
    return absl::OkStatus();
  }

  absl::Status TooDeep(const yaml_mark_t& mark) {
    return Fail(
        mark,
        absl::StrCat("nested deeper than ", options_.max_depth, " levels"),
        absl::StatusCode::kResourceExhausted);
  }

  absl::Status ReadAlias(const Event& event, int depth, Node& out) {
    const absl::string_view name = View(event->data.alias.anchor);
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) {
      return Fail(event.mark(),
                  absl::StrCat("unknown anchor '", name, "' referenced"));
    }
    if (found->second.open) {
      return Fail(event.mark(),
                  absl::StrCat("anchor '", name, "' value contains itself"));
    }
    out = found->second.node;
    alias_nodes_ += out.nodes;
    if (alias_nodes_ > options_.max_alias_nodes) {
      return Fail(event.mark(), "document contains excessive aliasing",
                  absl::StatusCode::kResourceExhausted);
    }
    if (depth + out.height > options_.max_depth) return TooDeep(event.mark());
    out.is_merge = false;
    return absl::OkStatus();
  }

  absl::Status ReadScalar(const Event& event, Place place, Node& out) {
    WEIR_RETURN_IF_ERROR(ReadScalarValue(event, place, out));
    if (options_.keep_written) KeepWritten(event, out.value);
    return absl::OkStatus();
  }

  static void KeepWritten(const Event& event, Value& value) {
    using Style = Value::Style;
    const auto& scalar = event->data.scalar;
    const absl::string_view text(reinterpret_cast<const char*>(scalar.value),
                                 scalar.length);
    static constexpr Style kStyles[] = {
        Style::kPlain,        Style::kPlain,   Style::kSingleQuoted,
        Style::kDoubleQuoted, Style::kLiteral, Style::kFolded};
    const Style style = value.is_string() ? kStyles[scalar.style] : Style();
    if (style == Style::kFolded) value = Value(RewriteFoldedYaml(text));
    if (style == Style::kPlain && scalar.tag == nullptr && text == "<<") {
      value = PlainYamlScalar(text, YamlParseOptions::Schema::kYaml12);
    }
    value = KeepYamlText(std::move(value), text);
    value.set_style(style);
  }

  absl::Status ReadScalarValue(const Event& event, Place place, Node& out) {
    const auto& scalar = event->data.scalar;
    const absl::string_view text(reinterpret_cast<const char*>(scalar.value),
                                 scalar.length);
    absl::string_view tag = View(scalar.tag);
    const bool yaml12 = options_.schema == Schema::kYaml12;
    const bool quoted = yaml12 ? scalar.style != YAML_PLAIN_SCALAR_STYLE
                               : scalar.plain_implicit == 0;
    if (tag.empty() && (quoted || IsText(place, text))) {
      out.value = Value(text);
      return absl::OkStatus();
    }
    constexpr absl::string_view kPrefix = "tag:yaml.org,2002:";
    std::string short_tag(tag);
    if (tag.substr(0, kPrefix.size()) == kPrefix) {
      short_tag = absl::StrCat("!!", tag.substr(kPrefix.size()));
    }
    return Resolve(event, text, short_tag, out);
  }

  // What prints as it is written stays what it is.
  bool IsText(Place place, absl::string_view text) const {
    if (place != Place::kText) return false;
    const YamlScalar found = ResolveYamlScalar(text, options_.schema, true);
    using Type = YamlScalar::Type;
    if (found.type == Type::kNull) {
      return text != "null" &&
             options_.metadata_text !=
                 YamlParseOptions::MetadataText::kAnnotationsOrNull;
    }
    return found.type >= Type::kString || FormatJson(found.value) != text;
  }

  absl::Status Resolve(const Event& event, absl::string_view text,
                       absl::string_view tag, Node& out) {
    using Type = YamlScalar::Type;
    static constexpr absl::string_view kTagOf[] = {
        "!!null", "!!bool",      "!!int",  "!!float",
        "!!str",  "!!timestamp", "!!merge"};
    if (tag == "!!binary") {
      std::string bytes;
      if (!absl::Base64Unescape(text, &bytes)) {
        return Fail(event.mark(),
                    "!!binary value contains invalid base64 data");
      }
      out.value = Value(std::move(bytes));
      return absl::OkStatus();
    }
    const bool known = tag.empty() || tag == "!!null" || tag == "!!bool" ||
                       tag == "!!int" || tag == "!!float" ||
                       tag == "!!timestamp";
    if (!known) {
      out.is_merge = tag == "!!merge" && text == "<<";
      out.value = Value(text);
      return absl::OkStatus();
    }
    YamlScalar found = ResolveYamlScalar(text, options_.schema,
                                         tag.empty() || tag == "!!timestamp");
    if (tag == "!!float" && found.type == Type::kInt) {
      found.type = Type::kFloat;
      found.value = Value(found.value.AsDouble());
    }
    const absl::string_view own = kTagOf[static_cast<size_t>(found.type)];
    if (!tag.empty() && tag != own) {
      return Fail(event.mark(), absl::StrCat("cannot decode ", own, " `", text,
                                             "` as a ", tag));
    }
    out.is_merge = found.type == Type::kMerge;
    out.is_timestamp = found.type == Type::kTimestamp;
    if (found.type == Type::kNull && text.empty()) {
      out.value = Value::OmittedNull();
    } else if (found.type < Type::kString) {
      out.value = std::move(found.value);
    } else if (out.is_timestamp && options_.schema == Schema::kYaml12) {
      out.value = Value(YamlTimestampToRfc3339(text));
    } else {
      out.value = Value(text);
    }
    return absl::OkStatus();
  }

  absl::Status ReadSequence(Event& event, int depth, Place place, Node& out) {
    const Place inner = place == Place::kItems ? Place::kObject : Place::kOther;
    Value::Array elements;
    while (true) {
      WEIR_RETURN_IF_ERROR(Next(event));
      if (event->type == YAML_SEQUENCE_END_EVENT) break;
      Node node;
      WEIR_RETURN_IF_ERROR(Read(event, depth + 1, inner, node));
      Count(node, out);
      elements.push_back(std::move(node.value));
    }
    out.value = Value(std::move(elements));
    return absl::OkStatus();
  }

  static void Count(const Node& child, Node& parent) {
    parent.nodes += child.nodes;
    parent.height = std::max(parent.height, child.height + 1);
  }

  absl::Status ReadMapping(Event& event, int depth, Place place, Node& out) {
    Value::Object members;
    Value::Object merged;
    while (true) {
      WEIR_RETURN_IF_ERROR(Next(event));
      if (event->type == YAML_MAPPING_END_EVENT) break;
      const yaml_mark_t mark = event.mark();
      Node key;
      WEIR_RETURN_IF_ERROR(Read(event, depth + 1, Place::kOther, key));
      WEIR_RETURN_IF_ERROR(Next(event));
      const yaml_mark_t value_mark = event.mark();
      Node value;
      WEIR_RETURN_IF_ERROR(
          Read(event, depth + 1,
               PlaceOfMember(place, key.value, has_text_labels_), value));
      Count(value, out);
      if (key.is_merge) {
        WEIR_RETURN_IF_ERROR(Merge(value_mark, value.value, members, merged));
        continue;
      }
      WEIR_ASSIGN_OR_RETURN(std::string name, KeyText(mark, key));
      if (options_.reject_duplicate_keys) {
        WEIR_RETURN_IF_ERROR(CheckUnique(mark, name, members));
      }
      members.emplace_back(std::move(name), std::move(value.value));
    }
    if (!merged.empty()) {
      merged.insert(merged.end(), std::make_move_iterator(members.begin()),
                    std::make_move_iterator(members.end()));
      members.swap(merged);
    }
    out.value = Value::FromMembers(std::move(members));
    return absl::OkStatus();
  }

  absl::Status CheckUnique(const yaml_mark_t& mark, absl::string_view name,
                           const Value::Object& members) {
    for (const Value::Member& member : members) {
      if (member.key == name) {
        return Fail(mark,
                    absl::StrCat("key \"", name, "\" already set in map"));
      }
    }
    return absl::OkStatus();
  }

  // In go-yaml 2 a merge overrides the keys before it; in go-yaml 3 any
  // explicit key wins and the last merge key counts.
  absl::Status Merge(const yaml_mark_t& mark, const Value& value,
                     Value::Object& members, Value::Object& merged) {
    const bool yaml12 = options_.schema == Schema::kYaml12;
    Value::Object& target = yaml12 ? merged : members;
    if (yaml12) merged.clear();
    Value::Array sources = value.array();
    if (value.is_object()) sources.push_back(value);
    if (!value.is_object() && !value.is_array()) return WantMap(mark);
    for (auto source = sources.rbegin(); source != sources.rend(); ++source) {
      if (!source->is_object()) return WantMap(mark);
      target.insert(target.end(), source->object().begin(),
                    source->object().end());
    }
    return absl::OkStatus();
  }

  absl::Status WantMap(const yaml_mark_t& mark) {
    return Fail(mark,
                "map merge requires map or sequence of maps as the value");
  }

  absl::StatusOr<std::string> KeyText(const yaml_mark_t& mark,
                                      const Node& key) {
    const Value& value = key.value;
    if (options_.schema == Schema::kYaml12 &&
        (!value.is_string() || key.is_timestamp)) {
      return Fail(mark,
                  "json: unsupported type: map[interface {}]interface {}");
    }
    switch (value.kind()) {
      case Value::Kind::kString:
        return value.AsString();
      case Value::Kind::kBool:
        return std::string(value.AsBool() ? "true" : "false");
      case Value::Kind::kInt:
        return absl::StrCat(value.AsInt());
      case Value::Kind::kDouble:
        return FormatGoYamlFloat(static_cast<float>(value.AsDouble()));
      case Value::Kind::kNull:
      case Value::Kind::kUint:
        return Fail(mark, "unsupported map key");
      case Value::Kind::kArray:
      case Value::Kind::kObject:
        break;
    }
    return Fail(mark, "invalid map key");
  }

  const YamlParseOptions& options_;
  const Place first_place_;
  const bool has_text_labels_;
  yaml_parser_t parser_;
  std::map<std::string, Anchor, std::less<>> anchors_;
  size_t alias_nodes_ = 0;
};

absl::StatusOr<std::vector<YamlDocument>> Parse(absl::string_view text,
                                                const YamlParseOptions& options,
                                                size_t limit) {
  if (text.size() > options.max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat(options.file_name, options.file_name.empty() ? "" : ": ",
                     "YAML is larger than ", options.max_bytes, " bytes"));
  }
  return Reader(text, options).ReadAll(limit);
}

}  // namespace

absl::StatusOr<std::vector<YamlDocument>> ParseYamlDocuments(
    absl::string_view text, const YamlParseOptions& options) {
  return Parse(text, options, static_cast<size_t>(-1));
}

std::string GoYamlError(const absl::Status& status) {
  const absl::optional<absl::Cord> text = status.GetPayload(kGoYamlError);
  return text.has_value() ? std::string(*text) : std::string(status.message());
}

absl::StatusOr<Value> ParseYaml(absl::string_view text,
                                const YamlParseOptions& options) {
  WEIR_ASSIGN_OR_RETURN(std::vector<YamlDocument> documents,
                        Parse(text, options, 1));
  if (documents.empty()) return Value();
  return std::move(documents[0].value);
}

}  // namespace weir
