#include "src/schema/metaschema.h"

#include <deque>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/schema/plain_schema.h"
#include "src/schema/validator.h"
#include "weir/value/json.h"

namespace weir::helm {
namespace {

struct Metaschema {
  absl::string_view url;
  absl::string_view text;
};

constexpr Metaschema kMetaschemas[] = {
#include "src/schema/metaschemas.inc"
};

constexpr char kNewest[] = "https://json-schema.org/draft/2020-12/schema";

// The one that the schema names, or the newest.
absl::string_view UrlFor(const Value& schema) {
  const absl::string_view dialect = schema.GetString("$schema");
  for (const Metaschema& one : kMetaschemas) {
    if (!absl::EndsWith(one.url, "/schema")) continue;
    const absl::string_view place = one.url.substr(one.url.find("://"));
    if (absl::StrContains(dialect, place)) return one.url;
  }
  return kNewest;
}

// All that are of the same draft, the one itself first.
std::deque<Value> DocumentsOf(absl::string_view url) {
  const absl::string_view folder = url.substr(0, url.rfind('/') + 1);
  std::deque<Value> documents;
  for (const Metaschema& one : kMetaschemas) {
    if (!absl::StartsWith(one.url, folder)) continue;
    absl::StatusOr<Value> document = ParseJson(one.text);
    if (document.ok()) documents.push_back(*std::move(document));
  }
  return documents;
}

}  // namespace

std::string CheckSchema(const Value& schema) {
  const absl::string_view url = UrlFor(schema);
  const bool is_old = absl::StrContains(url, "draft-04");
  if (!is_old && IsPlainSchema(schema)) return "";
  const std::deque<Value> documents = DocumentsOf(url);
  const LoadSchema load;
  SchemaValidator validator(documents.front(), load);
  for (const Value& document : documents) validator.AddDocument(document);
  validator.AssertFormats();
  std::vector<SchemaError> errors;
  const absl::Status status = validator.Validate(schema, &errors);
  if (!status.ok()) return std::string(status.message());
  if (errors.empty()) return "";
  return absl::StrCat(
      "\"file:///values.schema.json#\" is not valid against metaschema: "
      "jsonschema validation failed with '",
      url, "#'\n", FormatSchemaErrors(errors));
}

}  // namespace weir::helm
