#include "src/refer/variables.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/model/field_path.h"
#include "src/model/resource.h"
#include "src/model/scalar.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

using Values = absl::flat_hash_map<std::string, Value>;

constexpr char kDefaultPath[] = "metadata.name";
// Of a text while names in it are replaced.
constexpr size_t kCopies = 4;

// "a[0].b" is "a.0.b".
std::vector<std::string> SplitVariablePath(const std::string& path) {
  std::vector<std::string> parts;
  for (std::string& part : SplitFieldPath(path)) {
    const size_t open = part.rfind('[');
    const bool is_index =
        open != std::string::npos && part.back() == ']' &&
        open + 2 < part.size() &&
        part.find_first_not_of("0123456789", open + 1) == part.size() - 1;
    if (!is_index) {
      parts.push_back(std::move(part));
      continue;
    }
    if (open > 0) parts.push_back(part.substr(0, open));
    parts.push_back(part.substr(open + 1, part.size() - open - 2));
  }
  return parts;
}

Gvk TargetGvk(const VarSpec& variable) {
  Gvk gvk{variable.object.group, variable.object.version, variable.object.kind};
  const std::vector<std::string> parts =
      absl::StrSplit(variable.api_version, '/');
  if (variable.api_version.empty() || parts.size() > 2) return gvk;
  if (parts.size() == 2) gvk.group = parts[0];
  gvk.version = parts.back();
  return gvk;
}

// A number's digits without an exponent.
std::string WithoutExponent(const std::string& text) {
  const size_t e = text.find('e');
  int exponent = 0;
  if (e == std::string::npos ||
      !absl::SimpleAtoi(absl::StripPrefix(text.substr(e + 1), "+"),
                        &exponent)) {
    return text;
  }
  std::string digits = text.substr(0, e);
  const bool is_negative = digits[0] == '-';
  if (is_negative) digits.erase(0, 1);
  const size_t dot = std::min(digits.find('.'), digits.size());
  int64_t whole = static_cast<int64_t>(dot) + exponent;
  digits = absl::StrReplaceAll(digits, {{".", ""}});
  if (whole <= 0) {
    digits.insert(0, static_cast<size_t>(1 - whole), '0');
    whole = 1;
  }
  const size_t point = static_cast<size_t>(whole);
  if (digits.size() < point) digits.append(point - digits.size(), '0');
  if (digits.size() > point) digits.insert(point, ".");
  return absl::StrCat(is_negative ? "-" : "", digits);
}

// A scalar as Go's strconv reads it: 0644 has no meaning but its digits, and
// 0x1F none at all. What has no type keeps its text.
std::optional<Value> ReadValue(const Value& value) {
  if (value.is_object() || value.is_array()) {
    if (!CheckScalars(value).ok()) return std::nullopt;
    return value;
  }
  const std::string text = NodeText(value);
  // A date or binary is a string here, and the text that it is written as.
  if (value.is_string()) return text == value.AsString() ? value : Value(text);
  if (value.is_null() || value.style() == Value::Style::kUntagged) {
    return Value(text);
  }
  if (value.is_bool()) return Value(value.AsBool());
  int64_t integer = 0;
  double number = 0;
  if (value.kind() == Value::Kind::kDouble) {
    if (absl::StrContains(text, "_") || !absl::SimpleAtod(text, &number)) {
      return std::nullopt;
    }
    return KeepYamlText(Value(number),
                        WithoutExponent(FormatYamlFloat(number)));
  }
  const absl::string_view digits = absl::StripPrefix(text, "+");
  if (!absl::SimpleAtoi(digits, &integer) || absl::StrContains(text, "_")) {
    return std::nullopt;
  }
  return Value(integer);
}

// As Go prints it within a text.
std::string TextOf(const Value& value) {
  return value.kind() == Value::Kind::kDouble
             ? FormatYamlFloat(value.AsDouble())
             : ScalarText(value);
}

std::string Describe(const VarSpec& variable, const Gvk& gvk) {
  return absl::StrCat("{", variable.name, " ", gvk.ToString(), " {",
                      variable.field_path, "}}");
}

// Whether the object, now or before, is the one that a variable names.
bool IsTarget(const Resource& resource, const ResId& wanted) {
  const bool any_namespace = wanted.ns.empty();
  const auto matches = [&](const ResId& id) {
    return any_namespace ? id.gvk == wanted.gvk && id.name == wanted.name
                         : id.Equals(wanted);
  };
  if (matches(resource.CurId())) return true;
  for (const ResId& id : resource.PreviousIds()) {
    if (matches(id)) return true;
  }
  return false;
}

// Reads "$(NAME)", "$$" and lone dollars.
class Expander {
 public:
  // What is put in place of names counts against the budget.
  Expander(const Values& values, Budget* budget)
      : values_(values), budget_(*budget) {}

  // The names that stood somewhere.
  const absl::flat_hash_set<std::string>& used() const { return used_; }

  absl::StatusOr<Value> Expand(const std::string& input) {
    std::string out;
    size_t at = 0;
    while (true) {
      const size_t dollar = input.find('$', at);
      if (dollar == std::string::npos || dollar + 1 >= input.size()) break;
      out.append(input, at, dollar - at);
      const char next = input[dollar + 1];
      at = dollar + 2;
      if (next == '$') {
        out.push_back('$');
        continue;
      }
      const size_t close = next == '(' ? input.find(')', at) : at;
      if (next != '(' || close == std::string::npos) {
        out.push_back('$');
        out.push_back(next);
        continue;
      }
      const std::string name = input.substr(at, close - at);
      at = close + 1;
      const Value value = ValueOf(name);
      if (input.size() == name.size() + 3) return value;
      const std::string text = TextOf(value);
      WEIR_RETURN_IF_ERROR(budget_.Hold(kCopies * text.size()));
      out.append(text);
    }
    return Value(out.append(input, at, std::string::npos));
  }

  absl::Status Set(Value& node) {
    if (IsText(node)) {
      WEIR_ASSIGN_OR_RETURN(node, Expand(ScalarText(node)));
    } else if (node.is_object()) {
      for (Value::Member& member : node.MutableObject()) {
        if (IsText(member.value)) {
          WEIR_ASSIGN_OR_RETURN(member.value, Expand(ScalarText(member.value)));
        }
      }
    } else if (node.is_array()) {
      for (Value& item : node.MutableArray()) {
        if (!IsText(item)) {
          return BuildError("invalid value type expect a string");
        }
        WEIR_ASSIGN_OR_RETURN(item, Expand(ScalarText(item)));
      }
    }
    return absl::OkStatus();
  }

 private:
  Value ValueOf(const std::string& name) {
    auto found = values_.find(name);
    if (found == values_.end() || found->second.is_object() ||
        found->second.is_array() || found->second.is_null()) {
      return Value(absl::StrCat("$(", name, ")"));
    }
    used_.insert(name);
    return found->second;
  }

  const Values& values_;
  Budget& budget_;
  absl::flat_hash_set<std::string> used_;
};

absl::StatusOr<Values> ReadValues(const std::vector<VarSpec>& variables,
                                  const ResMap& objects) {
  absl::flat_hash_map<std::string, const Resource*> holders;
  for (const std::unique_ptr<Resource>& resource : objects.list()) {
    for (const std::string& name : resource->var_names) {
      holders.emplace(name, resource.get());
    }
  }
  const auto described = [](VarSpec variable) {
    if (variable.field_path.empty()) variable.field_path = kDefaultPath;
    return Describe(variable, TargetGvk(variable));
  };
  Values values;
  for (const VarSpec& variable : variables) {
    auto holder = holders.find(variable.name);
    if (holder == holders.end()) {
      return BuildError(absl::StrCat("var '", described(variable),
                                     "' cannot be mapped to a field in the set "
                                     "of known resources"));
    }
    const absl::StatusOr<const Value*> found = LookUpPath(
        holder->second->tree(),
        SplitVariablePath(variable.field_path.empty() ? kDefaultPath
                                                      : variable.field_path));
    const absl::Status missing =
        BuildError(absl::StrCat("field specified in var '", described(variable),
                                "' not found in corresponding resource"));
    if (!found.ok() || *found == nullptr) return missing;
    std::optional<Value> value = ReadValue(**found);
    if (!value.has_value()) return missing;
    values[variable.name] = *std::move(value);
  }
  return values;
}

}  // namespace

std::string DescribeVariables(const std::vector<VarSpec>& variables) {
  return absl::StrCat(
      "[",
      absl::StrJoin(variables, " ",
                    [](std::string* out, const VarSpec& variable) {
                      const SelectorSpec& object = variable.object;
                      out->append(Describe(
                          variable,
                          {object.group, object.version, object.kind}));
                    }),
      "]");
}

absl::Status VarSpecs::Add(std::vector<VarSpec> added) {
  for (VarSpec& variable : added) {
    if (!names_.insert(variable.name).second) {
      return BuildError(
          absl::StrCat("var '", variable.name, "' already encountered"));
    }
    list_.push_back(std::move(variable));
  }
  return absl::OkStatus();
}

absl::Status BindVariables(const std::vector<VarSpec>& added,
                           const ResMap& objects, VarSpecs* all) {
  if (added.empty()) return absl::OkStatus();
  // By name, now and before.
  absl::flat_hash_map<std::string, std::vector<Resource*>> named;
  const auto add = [&named](const std::string& name, Resource* resource) {
    std::vector<Resource*>& same = named[name];
    if (same.empty() || same.back() != resource) same.push_back(resource);
  };
  for (const std::unique_ptr<Resource>& resource : objects.list()) {
    add(resource->CurId().name, resource.get());
    for (const Resource::PreviousId& old : resource->previous) {
      add(old.name, resource.get());
    }
  }
  for (const VarSpec& variable : added) {
    ResId wanted;
    wanted.gvk = TargetGvk(variable);
    wanted.name = variable.object.name;
    wanted.ns = variable.object.ns;
    std::vector<Resource*> matched;
    for (Resource* resource : named[wanted.name]) {
      if (IsTarget(*resource, wanted)) matched.push_back(resource);
    }
    if (matched.size() > 1) {
      return BuildError(absl::StrCat(
          "found ", matched.size(), " resId matches for var ",
          Describe(variable, wanted.gvk), " (unable to disambiguate)"));
    }
    if (!matched.empty()) matched[0]->var_names.push_back(variable.name);
  }
  return all->Add(added);
}

absl::StatusOr<std::vector<std::string>> ResolveVariables(
    std::vector<VarSpec> variables, const FieldSpecs& specs, ResMap* objects) {
  std::vector<std::string> unused;
  if (variables.empty()) return unused;
  std::sort(variables.begin(), variables.end(),
            [](const VarSpec& a, const VarSpec& b) { return a.name < b.name; });
  WEIR_ASSIGN_OR_RETURN(const Values values, ReadValues(variables, *objects));
  Expander expander(values, &objects->budget());
  WEIR_RETURN_IF_ERROR(objects->SpendOnEach(specs.size(), 0));
  for (const std::unique_ptr<Resource>& resource : objects->list()) {
    for (const FieldSpec& spec : specs) {
      WEIR_RETURN_IF_ERROR(
          VisitField(resource.get(), spec, CreateKind::kNone,
                     [&](Value& node) { return expander.Set(node); }));
      resource->SyncShared();
    }
  }
  for (const VarSpec& variable : variables) {
    if (!expander.used().contains(variable.name)) {
      unused.push_back(variable.name);
    }
  }
  return unused;
}

}  // namespace weir::kustomize
