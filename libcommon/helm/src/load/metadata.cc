#include "src/load/metadata.h"

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/go_text.h"
#include "src/json_decoding.h"
#include "src/yaml.h"
#include "weir/base/status.h"
#include "weir/text/semver.h"

namespace weir::helm {
namespace {

absl::Status Wrong(const std::string& message) {
  return absl::InvalidArgumentError(absl::StrCat("validation: ", message));
}

// A null entry, which Go keeps as a null pointer and refuses later.
constexpr char kNullEntry[] = "\x01null";

absl::Status Unmarshaled(const JsonDecoder& reader) {
  if (reader.status().ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("error unmarshaling JSON: while decoding JSON: ",
                   reader.status().message()));
}

void ReadImportValues(const Value& value, JsonDecoder& reader,
                      std::vector<Value>* out) {
  if (!reader.IsList(value, "[]interface {}")) return;
  *out = value.array();
  for (Value& item : *out) MakeDoubles(item);
}

void ReadDependency(const Value& value, JsonDecoder& reader, Dependency* out) {
  if (value.is_null()) out->name = kNullEntry;
  reader.Struct(
      value, "v2.Dependency",
      {{"name", [&](const Value& v) { reader.String(v, &out->name); }},
       {"version", [&](const Value& v) { reader.String(v, &out->version); }},
       {"repository",
        [&](const Value& v) { reader.String(v, &out->repository); }},
       {"condition",
        [&](const Value& v) { reader.String(v, &out->condition); }},
       {"tags", [&](const Value& v) { reader.Strings(v, &out->tags); }},
       {"enabled", [&](const Value& v) { reader.Bool(v, &out->enabled); }},
       {"import-values",
        [&](const Value& v) {
          ReadImportValues(v, reader, &out->import_values);
        }},
       {"alias", [&](const Value& v) { reader.String(v, &out->alias); }}});
}

void ReadDependencies(const Value& value, JsonDecoder& reader,
                      std::vector<Dependency>* out) {
  if (!reader.IsList(value, "[]*v2.Dependency")) return;
  out->clear();
  for (const Value& item : value.array()) {
    out->emplace_back();
    ReadDependency(item, reader, &out->back());
  }
}

void ReadMaintainers(const Value& value, JsonDecoder& reader,
                     std::vector<Maintainer>* out) {
  if (!reader.IsList(value, "[]*v2.Maintainer")) return;
  out->clear();
  for (const Value& item : value.array()) {
    Maintainer& one = out->emplace_back();
    if (item.is_null()) one.name = kNullEntry;
    reader.Struct(
        item, "v2.Maintainer",
        {{"name", [&](const Value& v) { reader.String(v, &one.name); }},
         {"email", [&](const Value& v) { reader.String(v, &one.email); }},
         {"url", [&](const Value& v) { reader.String(v, &one.url); }}});
  }
}

// Spaces of any kind become plain ones, what does not print goes.
void Sanitize(std::string& text) {
  bool is_plain = true;
  for (char c : text) {
    if (c < 0x20 || c == 0x7F) is_plain = false;
  }
  if (is_plain) return;
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t length = 0;
    const char32_t rune = RuneAt(text, i, &length);
    if (IsSpaceRune(rune)) {
      out.push_back(' ');
    } else if (IsPrintRune(rune)) {
      AppendRune(rune, &out);
    }
    i += length;
  }
  text = std::move(out);
}

absl::Status ValidateName(const std::string& name) {
  if (name.empty()) return Wrong("chart.metadata.name is required");
  if (name == "." || name == "..") {
    return Wrong(
        absl::StrCat("chart.metadata.name ", GoQuote(name), " is not allowed"));
  }
  if (absl::StrContains(name, '/')) {
    return Wrong(
        absl::StrCat("chart.metadata.name ", GoQuote(name), " is invalid"));
  }
  return absl::OkStatus();
}

bool IsAlias(const std::string& alias) {
  for (char c : alias) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_' &&
        c != '-') {
      return false;
    }
  }
  return true;
}

absl::Status ValidateDependencies(std::vector<Dependency>& dependencies) {
  std::set<std::string> seen;
  for (Dependency& one : dependencies) {
    if (one.name == kNullEntry) {
      return Wrong("dependencies must not contain empty or null nodes");
    }
    Sanitize(one.name);
    Sanitize(one.version);
    Sanitize(one.repository);
    Sanitize(one.condition);
    for (std::string& tag : one.tags) Sanitize(tag);
    if (!IsAlias(one.alias)) {
      return Wrong(absl::StrCat("dependency ", GoQuote(one.name),
                                " has disallowed characters in the alias"));
    }
    const std::string& key = one.alias.empty() ? one.name : one.alias;
    if (!seen.insert(key).second) {
      return Wrong(absl::StrCat("more than one dependency with name or alias ",
                                GoQuote(key)));
    }
  }
  return absl::OkStatus();
}

void SanitizeAll(Metadata& metadata) {
  for (std::string* text :
       {&metadata.name, &metadata.description, &metadata.home, &metadata.icon,
        &metadata.condition, &metadata.tags, &metadata.app_version,
        &metadata.kube_version}) {
    Sanitize(*text);
  }
  for (std::string& text : metadata.sources) Sanitize(text);
  for (std::string& text : metadata.keywords) Sanitize(text);
}

}  // namespace

std::vector<JsonDecoder::Field> MetadataFields(JsonDecoder& reader,
                                               Metadata& metadata) {
  const auto to = [&reader](std::string* out) {
    return [&reader, out](const Value& v) { reader.String(v, out); };
  };
  return {{"name", to(&metadata.name)},
          {"home", to(&metadata.home)},
          {"sources",
           [&reader, &metadata](const Value& v) {
             reader.Strings(v, &metadata.sources);
           }},
          {"version", to(&metadata.version)},
          {"description", to(&metadata.description)},
          {"keywords",
           [&reader, &metadata](const Value& v) {
             reader.Strings(v, &metadata.keywords);
           }},
          {"maintainers",
           [&reader, &metadata](const Value& v) {
             ReadMaintainers(v, reader, &metadata.maintainers);
           }},
          {"icon", to(&metadata.icon)},
          {"apiVersion", to(&metadata.api_version)},
          {"condition", to(&metadata.condition)},
          {"tags", to(&metadata.tags)},
          {"appVersion", to(&metadata.app_version)},
          {"deprecated",
           [&reader, &metadata](const Value& v) {
             reader.Bool(v, &metadata.deprecated);
           }},
          {"annotations",
           [&reader, &metadata](const Value& v) {
             metadata.has_annotations = v.is_object();
             reader.StringMap(v, &metadata.annotations);
           }},
          {"kubeVersion", to(&metadata.kube_version)},
          {"dependencies",
           [&reader, &metadata](const Value& v) {
             metadata.lists_dependencies = true;
             ReadDependencies(v, reader, &metadata.dependencies);
           }},
          {"type", to(&metadata.type)}};
}

absl::Status ReadMetadata(absl::string_view text, Metadata& metadata) {
  WEIR_ASSIGN_OR_RETURN(const Value value, ReadYaml(text));
  JsonDecoder reader(kDecoding);
  reader.StructOf(value, "v2.Metadata", MetadataFields(reader, metadata));
  return Unmarshaled(reader);
}

absl::Status ReadLock(absl::string_view text, Lock& lock) {
  WEIR_ASSIGN_OR_RETURN(const Value value, ReadYaml(text));
  JsonDecoder reader(kDecoding);
  reader.Struct(
      value, "v2.Lock",
      {{"generated",
        [&](const Value& v) { reader.String(v, &lock.generated); }},
       {"digest", [&](const Value& v) { reader.String(v, &lock.digest); }},
       {"dependencies", [&](const Value& v) {
          ReadDependencies(v, reader, &lock.dependencies);
        }}});
  return Unmarshaled(reader);
}

absl::Status ValidateMetadata(Metadata& metadata) {
  SanitizeAll(metadata);
  if (metadata.api_version.empty()) {
    return Wrong("chart.metadata.apiVersion is required");
  }
  WEIR_RETURN_IF_ERROR(ValidateName(metadata.name));
  if (metadata.version.empty()) {
    return Wrong("chart.metadata.version is required");
  }
  if (!text::ParseVersion(metadata.version).ok()) {
    return Wrong(absl::StrCat("chart.metadata.version ",
                              GoQuote(metadata.version), " is invalid"));
  }
  if (!metadata.type.empty() && metadata.type != "application" &&
      metadata.type != "library") {
    return Wrong("chart.metadata.type must be application or library");
  }
  for (Maintainer& one : metadata.maintainers) {
    if (one.name == kNullEntry) {
      return Wrong("maintainers must not contain empty or null nodes");
    }
    Sanitize(one.name);
    Sanitize(one.email);
    Sanitize(one.url);
  }
  return ValidateDependencies(metadata.dependencies);
}

}  // namespace weir::helm
