#include "src/load/decode.h"

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "src/model/budget.h"
#include "src/model/go_space.h"
#include "src/model/scalar.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

// Of what one text holds, as Budget counts.
constexpr size_t kMaxBytes = size_t{128} << 20;
constexpr size_t kMaxDocuments = 50000;
constexpr size_t kMaxDocumentNodes = 600000;

// Cuts at lines that start with "---" and follow another line.
absl::StatusOr<std::vector<absl::string_view>> SplitDocuments(
    absl::string_view text) {
  std::vector<absl::string_view> documents;
  size_t start = 0;
  size_t from = 0;
  while (true) {
    const size_t at = text.find("\n---", from);
    if (at == absl::string_view::npos) break;
    const size_t end = text.find('\n', at + 1);
    if (end == absl::string_view::npos) break;
    const absl::string_view rest = TrimSpace(text.substr(at + 4, end - at - 4));
    if (!rest.empty() && rest[0] != '#') {
      return BuildError(absl::StrCat("invalid document separator: ",
                                     TrimSpace(text.substr(at, end - at))));
    }
    if (documents.size() == kMaxDocuments) {
      return absl::ResourceExhaustedError(
          absl::StrCat("more than ", kMaxDocuments, " documents in a text"));
    }
    documents.push_back(text.substr(start, at + 1 - start));
    start = end + 1;
    from = start;
  }
  if (!text.empty()) documents.push_back(text.substr(start));
  return documents;
}

// As Go prints the metadata struct of an object.
std::string DescribeObject(const Value& object) {
  auto text_of = [](const Value& map, absl::string_view key) {
    return ScalarText(map[key]);
  };
  const Value& metadata = object["metadata"];
  std::string out = absl::StrCat(
      "{{", text_of(object, "apiVersion"), " ", text_of(object, "kind"), "} {{",
      text_of(metadata, "name"), " ", text_of(metadata, "namespace"), "}");
  for (absl::string_view field : {"labels", "annotations"}) {
    absl::StrAppend(&out, " map[");
    absl::string_view separator = "";
    for (const Value::Member& member : metadata[field].object()) {
      absl::StrAppend(&out, separator, member.key, ":",
                      ScalarText(member.value));
      separator = " ";
    }
    absl::StrAppend(&out, "]");
  }
  return absl::StrCat(out, "}}");
}

bool IsEmptyValue(const Value& value) {
  return value.is_null() ||
         ((value.is_object() || value.is_array()) && value.empty());
}

const char* GoTypeName(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kBool:
      return "bool";
    case Value::Kind::kInt:
      return "int";
    case Value::Kind::kUint:
      return "uint64";
    case Value::Kind::kDouble:
      return "float64";
    case Value::Kind::kObject:
      return "map[string]interface {}";
    default:
      return "string";
  }
}

// Appends the object of a text of one document: when it is a list, what is in
// it.
void AppendOnly(Value object, std::vector<Value>* out) {
  const std::string kind = ScalarText(object["kind"]);
  if ((kind == "List" || kind == "ResourceList") &&
      (object.Has("items") || object.Has("functionConfig"))) {
    for (const Value& item : object["items"].array()) out->push_back(item);
    return;
  }
  out->push_back(std::move(object));
}

// Notes why upstream could not read an object again, unless a map or a scalar
// of it says so.
void NoteUnreadable(const YamlDocument& read, Value* object) {
  if (read.unreadable.ok()) return;
  const std::string why = GoError(read.unreadable);
  NoteRepeatedKeys(why, object);
  const bool is_noted = !read.has_unfit && !CheckScalars(*object).ok();
  if (object->is_object() && !is_noted) object->Set(kUnreadable, why);
}

// Appends the objects of one text without looking into lists, but for the one
// list that a text may consist of.
absl::Status ReadDocuments(absl::string_view text, bool joins_annotations,
                           std::vector<Value>* out) {
  WEIR_ASSIGN_OR_RETURN(const std::vector<absl::string_view> documents,
                        SplitDocuments(text));
  YamlParseOptions options;
  options.schema = YamlParseOptions::Schema::kYaml12;
  options.reject_duplicate_keys = true;
  options.keep_written = true;
  options.join_annotations = joins_annotations;
  options.keep_unfit = true;
  options.max_document_nodes = kMaxDocumentNodes;
  size_t bytes = 0;
  for (absl::string_view document : documents) {
    absl::StatusOr<YamlDocument> read =
        ParseFirstYamlDocument(document, options);
    if (absl::IsResourceExhausted(read.status())) return read.status();
    if (!read.ok()) {
      return BuildError(absl::StrCat("MalformedYAMLError: yaml: ",
                                     GoYamlError(read.status())));
    }
    Value& value = read->value;
    if (IsEmptyValue(value)) continue;
    bytes += SizeOf(value);
    if (bytes > kMaxBytes) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "the objects of a text are larger than ", kMaxBytes, " bytes"));
    }
    NoteUnreadable(*read, &value);
    if (documents.size() == 1) {
      AppendOnly(std::move(value), out);
    } else {
      out->push_back(std::move(value));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckObjects(std::vector<Value>* objects) {
  std::vector<Value> kept;
  for (Value& object : *objects) {
    if (IsEmptyValue(object)) continue;
    WEIR_RETURN_IF_ERROR(CheckObject(object));
    kept.push_back(std::move(object));
  }
  *objects = std::move(kept);
  return absl::OkStatus();
}

// Whether it has what makes an object one, and anything in it.
bool HasMetadata(const Value& metadata) {
  for (absl::string_view field :
       {"name", "namespace", "labels", "annotations"}) {
    if (!IsEmptyValue(metadata[field])) return true;
  }
  return false;
}

}  // namespace

absl::Status CheckObject(const Value& object) {
  const std::string kind = ScalarText(object["kind"]);
  if (!object.is_object() ||
      (kind.empty() && IsEmptyValue(object["apiVersion"]) &&
       !HasMetadata(object["metadata"]))) {
    return BuildError("missing Resource metadata");
  }
  if (kind.empty()) {
    return BuildError(
        absl::StrCat("missing kind in object ", DescribeObject(object)));
  }
  if (absl::EndsWith(kind, "List")) return absl::OkStatus();
  if (ScalarText(object["metadata"]["name"]).empty()) {
    return BuildError(absl::StrCat("missing metadata.name in object ",
                                   DescribeObject(object)));
  }
  return absl::OkStatus();
}

bool IsMalformedYaml(const absl::Status& status) {
  return absl::StrContains(status.message(), "MalformedYAMLError");
}

absl::Status InFile(const absl::Status& status, absl::string_view path) {
  if (absl::IsResourceExhausted(status)) {
    return absl::Status(status.code(),
                        absl::StrCat(path, ":", status.message()));
  }
  if (status.ok() || !IsMalformedYaml(status)) return status;
  return absl::Status(status.code(),
                      absl::StrCat(status.message(), " in File: ", path));
}

absl::StatusOr<std::vector<Value>> DecodeObjects(absl::string_view text,
                                                 bool joins_annotations) {
  std::string unix_text;
  if (absl::StrContains(text, "\r\n")) {
    unix_text = absl::StrReplaceAll(text, {{"\r\n", "\n"}});
    text = unix_text;
  }
  std::vector<Value> read;
  WEIR_RETURN_IF_ERROR(ReadDocuments(text, joins_annotations, &read));
  WEIR_RETURN_IF_ERROR(CheckObjects(&read));
  std::vector<Value> objects;
  objects.reserve(read.size());
  std::deque<Value> queue(std::make_move_iterator(read.begin()),
                          std::make_move_iterator(read.end()));
  // Lists go to the end of the queue, as upstream puts them there.
  for (; !queue.empty(); queue.pop_front()) {
    Value& object = queue.front();
    const std::string name = ScalarText(object["kind"]);
    const Value* items = object.Find("items");
    if (!absl::EndsWith(name, "List") || items == nullptr) {
      objects.push_back(std::move(object));
      continue;
    }
    if (items->is_null()) continue;
    if (!items->is_array()) {
      return BuildError(absl::StrCat("expected array in ", name,
                                     "/items, but found ", GoTypeName(*items)));
    }
    // Upstream reads each item as a text of its own.
    std::vector<Value> inner;
    for (const Value& item : items->array()) {
      AppendOnly(AsJsonText(item), &inner);
    }
    WEIR_RETURN_IF_ERROR(CheckObjects(&inner));
    for (Value& item : inner) {
      Value moved = std::move(item);
      queue.push_back(std::move(moved));
    }
  }
  return objects;
}

absl::StatusOr<ParseCache::Objects> DecodeObjectsOnce(absl::string_view text,
                                                      ParseCache* cache) {
  std::string key;
  if (cache != nullptr) {
    key = ParseCache::KeyOf(text);
    ParseCache::Objects known = cache->Find(key);
    if (known != nullptr) return known;
  }
  WEIR_ASSIGN_OR_RETURN(std::vector<Value> decoded, DecodeObjects(text));
  auto objects = std::make_shared<const std::vector<Value>>(std::move(decoded));
  if (cache != nullptr) cache->Add(key, objects);
  return objects;
}

namespace {

std::vector<std::unique_ptr<Resource>> ResourcesOf(
    const std::vector<Value>& objects, const Schema* schema) {
  std::vector<std::unique_ptr<Resource>> resources;
  resources.reserve(objects.size());
  for (const Value& object : objects) {
    resources.push_back(std::make_unique<Resource>(object, schema));
  }
  return resources;
}

}  // namespace

absl::StatusOr<std::vector<std::unique_ptr<Resource>>> DecodeResources(
    absl::string_view text, const Schema* schema, ParseCache* cache) {
  WEIR_ASSIGN_OR_RETURN(const ParseCache::Objects objects,
                        DecodeObjectsOnce(text, cache));
  return ResourcesOf(*objects, schema);
}

absl::StatusOr<std::vector<std::unique_ptr<Resource>>> DecodePatches(
    absl::string_view text, const Schema* schema) {
  WEIR_ASSIGN_OR_RETURN(const std::vector<Value> objects,
                        DecodeObjects(text, false));
  return ResourcesOf(objects, schema);
}

}  // namespace weir::kustomize
