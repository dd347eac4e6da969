#include "src/values.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "weir/base/status.h"
#include "weir/helm/set_values.h"
#include "weir/helm/values.h"
#include "weir/value/go_error.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::helm_controller {
namespace {

using Reference = weir::helm::v2::ValuesReference;

constexpr char kDefaultKey[] = "values.yaml";

// Numbers as Go's encoding/json has them in an interface{}.
Value WithDoubles(const Value& value) {
  return ParseJson(FormatJson(value), {.keep_integers = false})
      .value_or(Value());
}

// One step of a target path: a key, or an index into a list.
struct PathStep {
  std::string key;
  int64_t index = -1;
};

std::vector<PathStep> SplitPath(absl::string_view path) {
  std::vector<PathStep> steps;
  std::string key;
  const auto flush = [&] {
    if (!key.empty()) steps.push_back({std::exchange(key, ""), -1});
  };
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\' && i + 1 < path.size()) {
      key += path[++i];
    } else if (path[i] == '.') {
      flush();
    } else if (path[i] == '[') {
      flush();
      const size_t close = path.find(']', i);
      if (close == absl::string_view::npos) break;
      PathStep step;
      if (absl::SimpleAtoi(path.substr(i + 1, close - i - 1), &step.index)) {
        steps.push_back(step);
      }
      i = close;
    } else {
      key += path[i];
    }
  }
  flush();
  return steps;
}

// Whether what is written at the path lands in a table or list of spec.values
// itself. Upstream lays spec.values under the path by reference: where earlier
// references have no table of their own, the tables are those of spec.values,
// and a write shows in them.
bool WritesIntoInline(const Value& before, const Value& values,
                      const std::vector<PathStep>& path) {
  const Value* known = &before;
  const Value* inlined = &values;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    if (path[i].index >= 0) return false;
    inlined = inlined->Find(path[i].key);
    if (inlined == nullptr) return false;
    if (inlined->is_array()) {
      const int64_t index = path[i + 1].index;
      return index >= 0 && index < static_cast<int64_t>(inlined->size());
    }
    if (!inlined->is_object()) return false;
    known = known == nullptr ? nullptr : known->Find(path[i].key);
    if (known == nullptr || !known->is_object()) return true;
  }
  return false;
}

absl::Status WriteAtPath(const Reference& reference, absl::string_view text,
                         Value& values) {
  const std::string& path = reference.target_path();
  if (reference.literal()) {
    const std::string escaped = absl::StrReplaceAll(text, {{"\\", "\\\\"},
                                                           {",", "\\,"},
                                                           {"[", "\\["},
                                                           {"]", "\\]"},
                                                           {"{", "\\{"},
                                                           {"}", "\\}"}});
    return helm::SetText(absl::StrCat(path, "=", escaped), values);
  }
  const auto is_in = [&](char quote) {
    return !text.empty() && text.front() == quote && text.back() == quote;
  };
  if (is_in('\'') || is_in('"')) {
    while (!text.empty() && (text.front() == '\'' || text.front() == '"')) {
      text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == '\'' || text.back() == '"')) {
      text.remove_suffix(1);
    }
    return helm::SetText(absl::StrCat(path, "=", text), values);
  }
  return helm::SetTyped(absl::StrCat(path, "=", text), values);
}

// As encoding/json names what it found.
absl::string_view GoKind(const Value& value) {
  if (value.is_array()) return "array";
  if (value.is_string()) return "string";
  return value.is_bool() ? "bool" : "number";
}

class Composer {
 public:
  Composer(
      const Plan& plan,
      const std::function<absl::StatusOr<Value>(const kube::ObjectRef&)>& read,
      const std::function<void(const std::string&)>& on_missing)
      : plan_(plan), read_(read), on_missing_(on_missing) {}

  absl::StatusOr<Value> Run() {
    inline_ = WithDoubles(plan_.values);
    result_ = Value::MakeObject();
    for (const Reference& reference : plan_.spec.values_from()) {
      WEIR_RETURN_IF_ERROR(Add(reference));
    }
    return helm::MergeMaps(result_, inline_);
  }

 private:
  static std::string KeyOf(const Reference& reference) {
    return reference.values_key().empty() ? kDefaultKey
                                          : reference.values_key();
  }

  absl::Status Problem(const Reference& reference,
                       absl::string_view reason) const {
    return absl::FailedPreconditionError(absl::StrCat(
        "could not resolve", reference.optional() ? " optional " : " ",
        reference.kind(), " chart values reference '", plan_.key.name_space,
        "/", reference.name(), "' with key '", KeyOf(reference),
        "': ", reason));
  }

  // Nothing when it leads nowhere, and may.
  absl::StatusOr<std::optional<std::string>> Read(const Reference& reference) {
    const kube::ObjectRef ref{{"", "v1", reference.kind()},
                              {plan_.key.name_space, reference.name()}};
    auto found = objects_.find(ref);
    if (found == objects_.end()) {
      found = objects_.emplace(ref, read_(ref)).first;
    }
    const absl::StatusOr<Value>& object = found->second;
    absl::Status problem;
    if (absl::IsNotFound(object.status())) {
      problem = Problem(reference, object.status().message());
    } else if (!object.ok()) {
      return object.status();
    } else {
      const Value* text = (*object)["data"].Find(KeyOf(reference));
      if (text != nullptr && text->is_string()) {
        return Decode(reference, text->AsString());
      }
      problem = Problem(reference, "key not found");
    }
    if (!reference.optional()) return problem;
    if (on_missing_ != nullptr) on_missing_(std::string(problem.message()));
    return std::nullopt;
  }

  absl::StatusOr<std::optional<std::string>> Decode(
      const Reference& reference, const std::string& text) const {
    if (reference.kind() != "Secret") return text;
    std::string bytes;
    if (!absl::Base64Unescape(text, &bytes)) {
      return Problem(reference, "the data is not base64");
    }
    return bytes;
  }

  absl::Status Add(const Reference& reference) {
    WEIR_ASSIGN_OR_RETURN(const std::optional<std::string> text,
                          Read(reference));
    if (!text.has_value()) return absl::OkStatus();
    if (!reference.target_path().empty()) return AddAtPath(reference, *text);
    const absl::StatusOr<YamlDocument> document = ParseFirstYamlDocument(*text);
    if (!document.ok()) {
      return Problem(reference, absl::StrCat("error converting YAML to JSON: ",
                                             GoError(document.status())));
    }
    const Value values = WithDoubles(document->value);
    if (!values.is_object() && !values.is_null()) {
      return Problem(
          reference,
          absl::StrCat("error unmarshaling JSON: while decoding JSON: json: "
                       "cannot unmarshal ",
                       GoKind(values), " into Go value of type common.Values"));
    }
    result_ = helm::MergeMaps(result_, values);
    return absl::OkStatus();
  }

  absl::Status AddAtPath(const Reference& reference, const std::string& text) {
    const bool is_shared =
        WritesIntoInline(result_, inline_, SplitPath(reference.target_path()));
    result_ = helm::MergeMaps(result_, inline_);
    const absl::Status written = WriteAtPath(reference, text, result_);
    if (!written.ok()) return Problem(reference, written.message());
    if (is_shared) (void)WriteAtPath(reference, text, inline_);
    return absl::OkStatus();
  }

  const Plan& plan_;
  const std::function<absl::StatusOr<Value>(const kube::ObjectRef&)>& read_;
  const std::function<void(const std::string&)>& on_missing_;
  std::map<kube::ObjectRef, absl::StatusOr<Value>> objects_;
  Value inline_;
  Value result_;
};

}  // namespace

absl::StatusOr<Value> ComposeValues(
    const Plan& plan,
    const std::function<absl::StatusOr<Value>(const kube::ObjectRef&)>& read,
    const std::function<void(const std::string&)>& on_missing) {
  return Composer(plan, read, on_missing).Run();
}

}  // namespace weir::helm_controller
