#include "api_request.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "api_errors.h"

namespace weir::apiserver {
namespace {

Value Strings(const std::vector<std::string>& texts) {
  Value out = Value::MakeArray();
  for (const std::string& text : texts) out.Append(text);
  return out;
}

// One clause of an Accept header.
struct MediaRange {
  std::string type;
  std::map<std::string, std::string> parameters;
  double quality = 1;
};

MediaRange ParseMediaRange(absl::string_view text) {
  MediaRange range;
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ';');
  range.type = absl::AsciiStrToLower(absl::StripAsciiWhitespace(parts.front()));
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(parts[i], absl::MaxSplits('=', 1));
    std::string key(absl::StripAsciiWhitespace(pair.first));
    absl::string_view value = absl::StripAsciiWhitespace(pair.second);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    if (key == "q") {
      if (!absl::SimpleAtod(value, &range.quality)) range.quality = 0;
    } else {
      range.parameters[key] = std::string(value);
    }
  }
  return range;
}

std::vector<MediaRange> ParseRanges(absl::string_view accept) {
  std::vector<MediaRange> ranges;
  for (absl::string_view clause : absl::StrSplit(accept, ',')) {
    clause = absl::StripAsciiWhitespace(clause);
    if (!clause.empty()) ranges.push_back(ParseMediaRange(clause));
  }
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const MediaRange& a, const MediaRange& b) {
                     return a.quality > b.quality;
                   });
  return ranges;
}

bool IsJsonRange(absl::string_view type) {
  return type == "application/json" || type == "*/*" || type == "application/*";
}

std::string Parameter(const MediaRange& range, const char* key) {
  auto it = range.parameters.find(key);
  return it == range.parameters.end() ? "" : it->second;
}

// The shape a clause asks for; nothing when we cannot make it.
std::optional<Shape> ShapeOf(const MediaRange& range) {
  Shape shape;
  shape.is_yaml = range.type == "application/yaml";
  if (range.quality <= 0 || (!IsJsonRange(range.type) && !shape.is_yaml)) {
    return std::nullopt;
  }
  const std::string as = Parameter(range, "as");
  if (as.empty()) return shape;
  const std::string group = Parameter(range, "g");
  shape.version = Parameter(range, "v");
  if (group != "meta.k8s.io" ||
      (shape.version != "v1" && shape.version != "v1beta1")) {
    return std::nullopt;
  }
  if (as == "Table") {
    shape.form = Shape::Form::kTable;
  } else if (as == "PartialObjectMetadata" ||
             as == "PartialObjectMetadataList") {
    shape.form = Shape::Form::kMetadata;
  } else {
    return std::nullopt;
  }
  return shape;
}

}  // namespace

Value UserInfo::ToValue() const {
  Value out = Value::MakeObject({{"username", name}});
  if (!uid.empty()) out.Set("uid", uid);
  if (!groups.empty()) out.Set("groups", Strings(groups));
  for (const auto& [key, values] : extra) {
    out.Mutable("extra").Set(key, Strings(values));
  }
  return out;
}

absl::string_view ApiRequest::Query(absl::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return "";
}

bool ApiRequest::QueryBool(absl::string_view name) const {
  const absl::string_view value = Query(name);
  return value == "true" || value == "1" || value == "True" || value == "t";
}

ApiResponse MakeResponse(int code, Value body) {
  ApiResponse response;
  response.code = code;
  response.body = std::move(body);
  return response;
}

ApiResponse MakeResponse(const absl::Status& error) {
  Value body = StatusObjectOf(error);
  const int code = static_cast<int>(body.GetInt("code", 500));
  ApiResponse response = MakeResponse(code, std::move(body));
  const int64_t wait = response.body["details"].GetInt("retryAfterSeconds");
  if (wait > 0) {
    response.headers.emplace_back("Retry-After", absl::StrCat(wait));
  }
  return response;
}

ApiResponse MakeText(int code, absl::string_view text) {
  ApiResponse response;
  response.code = code;
  response.text = std::string(text);
  response.content_type = "text/plain; charset=utf-8";
  return response;
}

std::optional<ResourcePath> ParseResourcePath(absl::string_view path) {
  std::vector<std::string> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
  ResourcePath out;
  size_t at = 0;
  if (parts.size() >= 3 && parts[0] == "api") {
    out.version = parts[1];
    at = 2;
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    out.group = parts[1];
    out.version = parts[2];
    at = 3;
  } else {
    return std::nullopt;
  }
  const size_t left = parts.size() - at;
  const bool names_namespace =
      parts[at] == "namespaces" && out.group.empty() &&
      (left <= 2 || (left == 3 && (parts[at + 2] == "status" ||
                                   parts[at + 2] == "finalize")));
  if (parts[at] == "namespaces" && left >= 3 && !names_namespace) {
    out.name_space = parts[at + 1];
    at += 2;
  }
  out.plural = parts[at++];
  if (at < parts.size()) out.name = parts[at++];
  if (at < parts.size()) {
    out.subresource = parts[at++];
    // "proxy/a/b" and the like.
    while (at < parts.size()) {
      absl::StrAppend(&out.subresource, "/", parts[at++]);
    }
  }
  return out;
}

std::string VerbOf(const ApiRequest& request, const ResourcePath& path) {
  switch (request.method) {
    case kube::Method::kGet:
    case kube::Method::kHead:
      if (request.QueryBool("watch") && path.subresource.empty()) {
        return "watch";
      }
      return path.name.empty() ? "list" : "get";
    case kube::Method::kPost:
      return "create";
    case kube::Method::kPut:
      return "update";
    case kube::Method::kPatch:
      return "patch";
    case kube::Method::kDelete:
      return path.name.empty() ? "deletecollection" : "delete";
  }
  return "get";
}

absl::StatusOr<WriteParameters> ParseWriteParameters(const ApiRequest& request,
                                                     bool is_apply) {
  const auto invalid = [&](const char* field, std::string text,
                           const char* reason) {
    const char* kind = request.method == kube::Method::kPatch ? "PatchOptions"
                       : request.method == kube::Method::kPut ? "UpdateOptions"
                                                              : "CreateOptions";
    return InvalidOption(kind, "meta.k8s.io", "",
                         {reason, field, std::move(text)});
  };
  WriteParameters out;
  for (const auto& [key, value] : request.query) {
    if (key == "dryRun") {
      if (value.empty()) continue;
      if (value != "All") {
        return invalid("dryRun",
                       absl::StrCat("Unsupported value: [\"", value,
                                    "\"]: supported values: \"All\""),
                       "FieldValueNotSupported");
      }
      out.is_dry_run = true;
    } else if (key == "fieldValidation") {
      using enum WriteParameters::Validation;
      if (value == "Strict") {
        out.validation = kStrict;
      } else if (value == "Ignore") {
        out.validation = kIgnore;
      } else if (value != "Warn" && !value.empty()) {
        return invalid("fieldValidation",
                       absl::StrCat("Unsupported value: \"", value,
                                    "\": supported values: \"\", \"Ignore\", "
                                    "\"Strict\", \"Warn\""),
                       "FieldValueNotSupported");
      }
    }
  }
  out.field_manager = std::string(request.Query("fieldManager"));
  out.is_forced = request.QueryBool("force");
  out.has_force = !request.Query("force").empty();
  if (out.has_force && !is_apply && request.method == kube::Method::kPatch) {
    return invalid("force",
                   "Forbidden: may not be specified for non-apply patch",
                   "FieldValueForbidden");
  }
  if (out.field_manager.size() > 128) {
    return invalid("fieldManager", "Too long: may not be more than 128 bytes",
                   "FieldValueTooLong");
  }
  if (out.field_manager.empty()) {
    if (is_apply) {
      return invalid("fieldManager",
                     "Required value: is required for apply patch",
                     "FieldValueRequired");
    }
    out.field_manager =
        request.user_agent.substr(0, request.user_agent.find('/'));
    if (out.field_manager.empty()) out.field_manager = "unknown";
    if (out.field_manager.size() > 128) out.field_manager.resize(128);
  }
  return out;
}

std::string MediaTypeOf(absl::string_view content_type) {
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(
      content_type.substr(0, content_type.find(';'))));
}

absl::StatusOr<Shape> ParseAccept(absl::string_view accept) {
  const std::vector<MediaRange> ranges = ParseRanges(accept);
  if (ranges.empty()) return Shape();
  for (const MediaRange& range : ranges) {
    if (std::optional<Shape> shape = ShapeOf(range)) return *shape;
  }
  return NotAcceptable(
      "application/json, application/yaml, application/json;as=Table");
}

std::string DiscoveryVersion(absl::string_view accept) {
  for (const MediaRange& range : ParseRanges(accept)) {
    if (!IsJsonRange(range.type) || range.quality <= 0) continue;
    if (Parameter(range, "as") != "APIGroupDiscoveryList") {
      if (range.parameters.empty()) return "";
      continue;
    }
    const std::string version = Parameter(range, "v");
    if (Parameter(range, "g") == "apidiscovery.k8s.io" &&
        (version == "v2" || version == "v2beta1")) {
      return version;
    }
  }
  return "";
}

}  // namespace weir::apiserver
