// $id, $anchor and $ref: where references of a schema lead.
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "src/go_text.h"
#include "src/schema/validator.h"
#include "weir/value/go_error.h"
#include "weir/value/json.h"
#include "weir/value/patch.h"

namespace weir::helm {
namespace {

constexpr int kMaxDepth = 500;
constexpr size_t kMaxDocuments = 64;

// Where schemas are within schemas, and which drafts say so.
struct Keyword {
  const char* name;
  int since = 4;
  int until = 2020;
};
constexpr Keyword kSchemas[] = {{"not"},
                                {"items"},
                                {"additionalItems", 4, 2019},
                                {"contains", 6},
                                {"propertyNames", 6},
                                {"additionalProperties"},
                                {"if", 7},
                                {"then", 7},
                                {"else", 7},
                                {"unevaluatedItems", 2019},
                                {"unevaluatedProperties", 2019}};
constexpr Keyword kSchemaLists[] = {
    {"allOf"}, {"anyOf"}, {"oneOf"}, {"items", 4, 2019}, {"prefixItems", 2020}};
constexpr Keyword kSchemaMaps[] = {{"properties"},
                                   {"patternProperties"},
                                   {"dependencies"},
                                   {"dependentSchemas", 2019}};

bool HasScheme(absl::string_view url) {
  const size_t colon = url.find(':');
  return colon != absl::string_view::npos && colon > 0 &&
         url.substr(0, colon).find('/') == absl::string_view::npos;
}

// As RFC 3986, for what schemas write: whole URLs, paths from the root, and
// paths beside the base.
std::string JoinUrl(absl::string_view base, absl::string_view reference) {
  if (reference.empty()) return std::string(base);
  if (HasScheme(reference)) return std::string(reference);
  const size_t scheme = base.find("://");
  if (scheme == absl::string_view::npos) return std::string(reference);
  const size_t path = base.find('/', scheme + 3);
  if (absl::StartsWith(reference, "/")) {
    return absl::StrCat(base.substr(0, path), reference);
  }
  const size_t last = base.rfind('/');
  return absl::StrCat(
      last > scheme + 2 ? base.substr(0, last + 1) : absl::StrCat(base, "/"),
      reference);
}

std::string PercentDecoded(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() &&
        absl::ascii_isxdigit(text[i + 1]) &&
        absl::ascii_isxdigit(text[i + 2])) {
      out.push_back(static_cast<char>(
          std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

bool IsData(absl::string_view keyword) {
  return keyword == "enum" || keyword == "const" || keyword == "default" ||
         keyword == "examples";
}

}  // namespace

void SchemaValidator::Register(const Value& schema, const std::string& base,
                               int depth) {
  if (depth > kMaxDepth) return;
  if (schema.is_array()) {
    for (const Value& one : schema.array()) Register(one, base, depth + 1);
    return;
  }
  if (!schema.is_object()) return;
  std::string own = base;
  // Beside a $ref, old drafts look at nothing.
  const bool is_alone = draft_ < 2019 && schema["$ref"].is_string();
  static const Value kNone;
  const Value& id = is_alone ? kNone : schema[draft_ == 4 ? "id" : "$id"];
  const bool is_resource =
      depth == 0 || (id.is_string() && !absl::StartsWith(id.AsString(), "#"));
  if (id.is_string()) {
    const std::string& text = id.AsString();
    const size_t hash = std::min(text.find('#'), text.size());
    own = JoinUrl(base, text.substr(0, hash));
    if (hash + 1 < text.size()) {
      targets_.emplace(absl::StrCat(own, "#", text.substr(hash + 1)), &schema);
    }
  }
  if (depth == 0) targets_.emplace(base, &schema);
  if (is_resource) targets_.emplace(own, &schema);
  for (const char* keyword : {"$anchor", "$dynamicAnchor"}) {
    if (!schema[keyword].is_string()) continue;
    targets_.emplace(absl::StrCat(own, "#", schema[keyword].AsString()),
                     &schema);
  }
  bases_.emplace(&schema, own);
  for (const Value::Member& member : schema.object()) {
    if (!IsData(member.key)) Register(member.value, own, depth + 1);
  }
}

const Value* SchemaValidator::Resolve(const Value& from,
                                      const std::string& reference) {
  const auto base = bases_.find(&from);
  const size_t hash = std::min(reference.find('#'), reference.size());
  const std::string url = JoinUrl(
      base == bases_.end() ? "file:///values.schema.json" : base->second,
      reference.substr(0, hash));
  const std::string fragment =
      hash < reference.size() ? PercentDecoded(reference.substr(hash + 1)) : "";
  if (!fragment.empty() && fragment[0] != '/') {
    const auto found = targets_.find(absl::StrCat(url, "#", fragment));
    if (found != targets_.end()) return found->second;
  }
  const auto found = targets_.find(url);
  if (found == targets_.end()) {
    // Anything goes, as for Helm, where there is nobody to ask.
    if (absl::StartsWith(url, "urn:") ||
        absl::StrContains(url, "json-schema.org/draft")) {
      return nullptr;
    }
    return PartOf(LoadDocument(url), url, fragment);
  }
  return PartOf(found->second, url, fragment);
}

const Value* SchemaValidator::ResolveDynamically(const Frame& frame,
                                                 const std::string& keyword) {
  const std::string& reference = (*frame.schema)[keyword].AsString();
  const Value* target = Resolve(*frame.schema, reference);
  if (target == nullptr || !status_.ok()) return target;
  const bool is_recursive = keyword == "$recursiveRef";
  const std::string fragment =
      is_recursive
          ? ""
          : reference.substr(std::min(reference.find('#'), reference.size()));
  const auto is_meant = [&](const Value& schema) {
    if (is_recursive) return schema.GetBool("$recursiveAnchor");
    return !fragment.empty() &&
           schema.GetString("$dynamicAnchor") == fragment.substr(1);
  };
  if (!is_meant(*target)) return target;
  for (const Frame* up = &frame; up != nullptr; up = up->parent) {
    const auto base = bases_.find(up->schema);
    if (base == bases_.end()) continue;
    const auto found = targets_.find(absl::StrCat(base->second, fragment));
    if (found != targets_.end() && is_meant(*found->second)) {
      target = found->second;
    }
  }
  return target;
}

const Value* SchemaValidator::PartOf(const Value* document,
                                     const std::string& url,
                                     const std::string& fragment) {
  if (document == nullptr || fragment.empty()) return document;
  if (fragment[0] != '/') {
    if (status_.ok()) {
      status_ = absl::InvalidArgumentError(
          absl::StrCat("anchor in ", GoQuote(absl::StrCat(url, "#", fragment)),
                       " not found in schema ", GoQuote(url)));
    }
    return nullptr;
  }
  const auto tokens = ParseJsonPointer(fragment);
  const Value* target =
      tokens.ok() ? FindByPointer(*document, *tokens) : nullptr;
  if (target == nullptr && status_.ok()) {
    status_ = absl::InvalidArgumentError(
        absl::StrCat("json-pointer in ",
                     GoQuote(absl::StrCat(url, "#", fragment)), " not found"));
  }
  return target;
}

const Value* SchemaValidator::LoadDocument(const std::string& url) {
  const auto fail = [&](absl::string_view why) {
    if (status_.ok()) {
      status_ = absl::InvalidArgumentError(
          absl::StrCat("failing loading ", GoQuote(url), ": ", why));
    }
    return nullptr;
  };
  const bool is_http =
      absl::StartsWith(url, "http://") || absl::StartsWith(url, "https://");
  if (load_ == nullptr || !is_http) {
    return fail("references to other documents are not followed");
  }
  if (documents_.size() >= kMaxDocuments) {
    return fail("the schema refers to too many documents");
  }
  const absl::StatusOr<std::string> text = load_(url);
  if (!text.ok()) return fail(text.status().message());
  absl::StatusOr<Value> parsed = ParseJson(*text);
  if (!parsed.ok()) return fail(GoError(parsed.status()));
  const Value& document = documents_.emplace_back(*std::move(parsed));
  Register(document, url, 0);
  return &document;
}

void SchemaValidator::Follow(const Value& schema, int depth) {
  if (!schema.is_object() || depth > kMaxDepth || !status_.ok() ||
      !followed_.insert(&schema).second) {
    return;
  }
  if (schema["$ref"].is_string()) {
    const Value* target = Resolve(schema, schema["$ref"].AsString());
    if (target != nullptr) Follow(*target, depth + 1);
    if (draft_ < 2019) return;
  }
  for (const auto& [keyword, since] : kDynamicReferences) {
    if (draft_ < since || !schema[keyword].is_string()) continue;
    const Value* target = Resolve(schema, schema[keyword].AsString());
    if (target != nullptr) Follow(*target, depth + 1);
  }
  FollowKeywords(schema, depth);
}

void SchemaValidator::FollowKeywords(const Value& schema, int depth) {
  const auto is_known = [&](const Keyword& keyword) {
    return draft_ >= keyword.since && draft_ <= keyword.until;
  };
  const bool has_condition = schema.Has("if");
  for (const Keyword& keyword : kSchemas) {
    const absl::string_view name = keyword.name;
    if ((name == "then" || name == "else") && !has_condition) continue;
    if (is_known(keyword)) Follow(schema[name], depth + 1);
  }
  for (const Keyword& keyword : kSchemaLists) {
    if (!is_known(keyword)) continue;
    for (const Value& one : schema[keyword.name].array()) {
      Follow(one, depth + 1);
    }
  }
  for (const Keyword& keyword : kSchemaMaps) {
    if (!is_known(keyword)) continue;
    for (const Value::Member& one : schema[keyword.name].object()) {
      Follow(one.value, depth + 1);
    }
  }
}

}  // namespace weir::helm
