// $id, $anchor and $ref: where references of a schema lead.
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "src/go_text.h"
#include "src/schema/validator.h"
#include "weir/value/patch.h"

namespace weir::helm {
namespace {

constexpr int kMaxDepth = 500;

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
  const Value& id = schema[draft_ == 4 ? "id" : "$id"];
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
    if (status_.ok()) {
      status_ = absl::InvalidArgumentError(
          absl::StrCat("failing loading ", GoQuote(url),
                       ": references to other documents are not followed"));
    }
    return nullptr;
  }
  if (fragment.empty()) return found->second;
  const auto tokens = ParseJsonPointer(fragment);
  const Value* target =
      tokens.ok() ? FindByPointer(*found->second, *tokens) : nullptr;
  if (target == nullptr && status_.ok()) {
    status_ = absl::InvalidArgumentError(
        absl::StrCat("json-pointer in ",
                     GoQuote(absl::StrCat(url, "#", fragment)), " not found"));
  }
  return target;
}

}  // namespace weir::helm
