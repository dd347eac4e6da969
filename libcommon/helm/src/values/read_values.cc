// Values files and the flags that set values.
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/go_text.h"
#include "src/yaml.h"
#include "weir/base/status.h"
#include "weir/helm/set_values.h"
#include "weir/helm/values.h"
#include "weir/value/json.h"

namespace weir::helm {
namespace {

// Takes the next document of a values file; false when there is none. A line
// that starts with "---" ends one, and is part of it only when it is the
// first.
absl::StatusOr<bool> TakeDocument(absl::string_view& text, std::string& out) {
  out.clear();
  out.reserve(text.size() + 1);
  while (!text.empty()) {
    const size_t newline = text.find('\n');
    absl::string_view line = text.substr(0, newline);
    text.remove_prefix(newline == absl::string_view::npos ? text.size()
                                                          : newline + 1);
    if (newline != absl::string_view::npos && absl::EndsWith(line, "\r")) {
      line.remove_suffix(1);
    }
    if (absl::StartsWith(line, "---")) {
      const absl::string_view after = TrimSpace(line.substr(3));
      if (!after.empty() && after[0] != '#') {
        return absl::InvalidArgumentError(
            absl::StrCat("error reading yaml document: invalid Yaml document "
                         "separator: ",
                         after));
      }
      if (!out.empty()) return true;
    }
    out.append(line.data(), line.size());
    out.push_back('\n');
  }
  return !out.empty();
}

absl::Status ReadJson(const std::string& text, Value& values) {
  const absl::string_view trimmed = TrimSpace(text);
  if (!absl::StartsWith(trimmed, "{")) {
    if (SetJson(text, values).ok()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("failed parsing --set-json data ", text));
  }
  absl::StatusOr<Value> parsed = ParseJson(trimmed);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("failed parsing --set-json data JSON: ", text));
  }
  MakeDoubles(*parsed);
  values = MergeMaps(values, *parsed);
  return absl::OkStatus();
}

absl::Status ReadFiles(const std::vector<std::string>& names,
                       const ReadSource& read, Value& values) {
  for (const std::string& name : names) {
    WEIR_ASSIGN_OR_RETURN(const std::string text, read(name));
    WEIR_ASSIGN_OR_RETURN(const Value one, ParseValues(text),
                          "failed to parse ", name);
    values = MergeMaps(values, one);
  }
  return absl::OkStatus();
}

// Whether it is one document, and TakeDocument would give all of it as it is.
bool IsOneDocument(absl::string_view text) {
  return absl::EndsWith(text, "\n") && !absl::StartsWith(text, "---") &&
         text.find('\r') == absl::string_view::npos &&
         text.find("\n---") == absl::string_view::npos;
}

}  // namespace

absl::StatusOr<Value> ParseValues(absl::string_view text) {
  constexpr absl::string_view kWrong = "cannot unmarshal yaml document";
  if (IsOneDocument(text)) {
    WEIR_ASSIGN_OR_RETURN(Value one, ReadYamlMap(text), kWrong);
    return one;
  }
  Value values = Value::MakeObject();
  std::string document;
  while (true) {
    WEIR_ASSIGN_OR_RETURN(const bool has_document,
                          TakeDocument(text, document));
    if (!has_document) return values;
    WEIR_ASSIGN_OR_RETURN(Value one, ReadYamlMap(document), kWrong);
    values = values.empty() ? std::move(one) : MergeMaps(values, one);
  }
}

Value MergeMaps(const Value& base, const Value& over) {
  Value out = base.is_object() ? base : Value::MakeObject();
  for (const Value::Member& member : over.object()) {
    Value* found =
        member.value.is_object() ? out.FindMutable(member.key) : nullptr;
    if (found != nullptr && found->is_object()) {
      *found = MergeMaps(*found, member.value);
    } else {
      out.Set(member.key, member.value);
    }
  }
  return out;
}

absl::StatusOr<Value> ReadValues(const ValuesSources& sources,
                                 const ReadSource& read) {
  Value values = Value::MakeObject();
  WEIR_RETURN_IF_ERROR(ReadFiles(sources.files, read, values));
  for (const std::string& text : sources.set_json) {
    WEIR_RETURN_IF_ERROR(ReadJson(text, values));
  }
  for (const std::string& text : sources.set) {
    WEIR_RETURN_IF_ERROR(SetTyped(text, values), "failed parsing --set data");
  }
  for (const std::string& text : sources.set_string) {
    WEIR_RETURN_IF_ERROR(SetText(text, values),
                         "failed parsing --set-string data");
  }
  for (const std::string& text : sources.set_file) {
    WEIR_RETURN_IF_ERROR(SetFile(text, read, values),
                         "failed parsing --set-file data");
  }
  for (const std::string& text : sources.set_literal) {
    WEIR_RETURN_IF_ERROR(SetLiteral(text, values),
                         "failed parsing --set-literal data");
  }
  return values;
}

}  // namespace weir::helm
