#include "src/render/functions.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "src/render/errors.h"
#include "src/render/toml.h"
#include "src/render/yaml_text.h"
#include "src/yaml.h"
#include "weir/base/status.h"
#include "weir/gotmpl/format.h"
#include "weir/gotmpl/json.h"
#include "weir/gotmpl/template.h"
#include "weir/value/json.h"
#include "weir/value/json_decoder.h"
#include "weir/value/yaml.h"

namespace weir::helm {

using gotmpl::Any;
using gotmpl::Call;

namespace {

constexpr int kMaxIncludes = 1000;

RenderState& StateOf(Call& call) {
  return *static_cast<RenderState*>(call.execution.user_data);
}

absl::StatusOr<Any> Include(Call& call) {
  const std::string name(call.args[0].AsString());
  auto& included = StateOf(call).included;
  int& count = included[name];
  if (count > kMaxIncludes) {
    return gotmpl::WrapError(
        absl::StrCat("rendering template has a nested reference name: ", name,
                     ": unable to execute template"),
        absl::InvalidArgumentError("unable to execute template"));
  }
  ++count;
  std::string out;
  const absl::Status status =
      call.set.Execute(call.execution, name, call.args[1], &out);
  --included[name];
  if (!status.ok()) return status;
  return Any::String(out);
}

absl::StatusOr<Any> Tpl(Call& call) {
  const absl::string_view text = call.args[0].AsString();
  gotmpl::Set set = call.set.Overlay();
  absl::StatusOr<gotmpl::TemplateRef> parsed = set.Parse("gotpl", text);
  // Parsing a node takes the time of some steps.
  constexpr uint64_t kStepsPerNode = 4;
  WEIR_RETURN_IF_ERROR(
      call.execution.Step((set.nodes() - call.set.nodes()) * kStepsPerNode));
  if (absl::IsResourceExhausted(parsed.status())) return parsed.status();
  if (!parsed.ok()) {
    return gotmpl::WrapError(
        absl::StrCat("cannot parse template ", gotmpl::Quote(text), ": ",
                     parsed.status().message()),
        parsed.status());
  }
  std::string out;
  const absl::Status status =
      set.Execute(call.execution, *parsed, call.args[1], &out);
  if (absl::IsResourceExhausted(status)) return status;
  if (!status.ok()) {
    return gotmpl::WrapError(
        absl::StrCat("error during tpl function execution for ",
                     gotmpl::Quote(text), ": ", status.message()),
        status);
  }
  EraseNoValue(out);
  return Any::String(out);
}

absl::StatusOr<Any> Required(Call& call) {
  const Any& value = call.args[1];
  const bool is_missing =
      value.is_nothing() ||
      (value.type() == gotmpl::types::String() && value.size() == 0);
  if (!is_missing) return value;
  if (StateOf(call).options->lint) return Any::String("");
  return absl::InvalidArgumentError(MarkMessage(call.args[0].AsString()));
}

absl::StatusOr<Any> Fail(Call& call) {
  if (StateOf(call).options->lint) return Any::String("");
  return absl::InvalidArgumentError(MarkMessage(call.args[0].AsString()));
}

absl::StatusOr<Any> Lookup(Call& call) {
  const RenderOptions& options = *StateOf(call).options;
  if (options.lint || !options.lookup) return Any::NewDict();
  WEIR_ASSIGN_OR_RETURN(
      const Value found,
      options.lookup(call.args[0].AsString(), call.args[1].AsString(),
                     call.args[2].AsString(), call.args[3].AsString()));
  if (!found.is_object()) return Any::NewDict();
  // A client of Kubernetes reads integers as such.
  return gotmpl::FromValue(found, gotmpl::Numbers::kExact);
}

absl::StatusOr<Any> GetHostByName(Call& call) {
  const RenderOptions& options = *StateOf(call).options;
  if (!options.resolve_host) return Any::String("");
  const absl::StatusOr<std::string> address =
      options.resolve_host(std::string(call.args[0].AsString()));
  if (address.ok()) return Any::String(*address);
  // What upstream says, for it picks one of no addresses.
  return absl::InvalidArgumentError("invalid argument to Intn");
}

// Text of a tree: writing it costs more than copying it.
absl::StatusOr<Any> Text(Call& call, std::string text) {
  constexpr size_t kBytesPerStep = 4;
  WEIR_RETURN_IF_ERROR(call.execution.Step(text.size() / kBytesPerStep));
  WEIR_RETURN_IF_ERROR(call.execution.Charge(text.size()));
  return Any::String(text);
}

absl::StatusOr<Any> ToYamlFunction(Call& call) {
  return ToYaml(call, call.args[0]);
}

absl::StatusOr<Any> MustToYaml(Call& call) {
  WEIR_ASSIGN_OR_RETURN(std::string text, MarshalYamlText(call, call.args[0]));
  return Text(call, std::move(text));
}

absl::StatusOr<Any> ToYamlPretty(Call& call) {
  WEIR_ASSIGN_OR_RETURN(std::string text, ToPrettyYaml(call.args[0]));
  return Text(call, std::move(text));
}

absl::StatusOr<Any> MustToJson(Call& call) {
  WEIR_ASSIGN_OR_RETURN(std::string text,
                        gotmpl::MarshalJson(call, call.args[0]));
  return Text(call, std::move(text));
}

absl::StatusOr<Any> ToJson(Call& call) {
  absl::StatusOr<Any> text = MustToJson(call);
  if (text.ok() || absl::IsResourceExhausted(text.status())) return text;
  return Any::String("");
}

// The package takes no nil: a mistake of its own, which no function catches.
absl::Status CheckTomlValue(const Any& value) {
  if (!value.is_nothing()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "reflect: call of reflect.Value.Type on zero Value");
}

absl::StatusOr<Any> ToTomlFunction(Call& call) {
  WEIR_RETURN_IF_ERROR(CheckTomlValue(call.args[0]));
  absl::StatusOr<std::string> text = MarshalToml(call.args[0]);
  if (absl::IsResourceExhausted(text.status())) return text.status();
  return Text(call, text.ok() ? *std::move(text)
                              : std::string(text.status().message()));
}

absl::StatusOr<Any> MustToToml(Call& call) {
  WEIR_RETURN_IF_ERROR(CheckTomlValue(call.args[0]));
  WEIR_ASSIGN_OR_RETURN(std::string text, MarshalToml(call.args[0]));
  return Text(call, std::move(text));
}

Any ErrorMap(absl::string_view message) {
  Any map = Any::NewDict();
  map.AsDict()->Set("Error", Any::String(message));
  return map;
}

Any ErrorList(absl::string_view message) {
  return Any::List({Any::String(message)});
}

// Asks for the room that the text may need, then reads it.
absl::StatusOr<Value> ReadYamlOf(Call& call) {
  const absl::string_view text = call.args[0].AsString();
  WEIR_RETURN_IF_ERROR(gotmpl::ReserveForParsing(call, text));
  return ReadYaml(text);
}

absl::StatusOr<JsonInPart> ReadJsonOf(Call& call) {
  const absl::string_view text = call.args[0].AsString();
  WEIR_RETURN_IF_ERROR(gotmpl::ReserveForParsing(call, text));
  absl::StatusOr<JsonInPart> read = ReadJsonInPart(text);
  if (read.ok() && read->value.is_null() && !read->error.ok()) {
    // Nothing but a number that is too large: of the wrong kind first of all.
    read->value = Value(0);
  }
  return read;
}

// A map, or the error in one.
Any AsMap(const absl::StatusOr<Value>& read, absl::string_view wrong_kind) {
  if (!read.ok()) return ErrorMap(read.status().message());
  if (read->is_object()) return gotmpl::FromValue(*read);
  return ErrorMap(absl::StrCat(wrong_kind, JsonKindName(*read),
                               " into Go value of type map[string]interface "
                               "{}"));
}

Any AsList(const absl::StatusOr<Value>& read, absl::string_view wrong_kind) {
  if (!read.ok()) return ErrorList(read.status().message());
  if (read->is_array()) return gotmpl::FromValue(*read);
  return ErrorList(absl::StrCat(wrong_kind, JsonKindName(*read),
                                " into Go value of type []interface {}"));
}

constexpr char kWrongYaml[] =
    "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ";
constexpr char kWrongJson[] = "json: cannot unmarshal ";

// A null leaves what was to be filled as it was: empty of YAML, nil of JSON.
absl::StatusOr<Any> FromYaml(Call& call) {
  const auto read = ReadYamlOf(call);
  if (absl::IsResourceExhausted(read.status())) return read.status();
  if (read.ok() && read->is_null()) return Any::NewDict();
  return AsMap(read, kWrongYaml);
}

absl::StatusOr<Any> FromYamlArray(Call& call) {
  const auto read = ReadYamlOf(call);
  if (absl::IsResourceExhausted(read.status())) return read.status();
  if (read.ok() && read->is_null()) return Any::List({});
  return AsList(read, kWrongYaml);
}

absl::StatusOr<Any> FromJson(Call& call) {
  const absl::StatusOr<JsonInPart> read = ReadJsonOf(call);
  if (absl::IsResourceExhausted(read.status())) return read.status();
  if (!read.ok()) return ErrorMap(read.status().message());
  if (read->value.is_null()) return Any::Nil(gotmpl::types::Dict());
  Any map = AsMap(read->value, kWrongJson);
  if (read->value.is_object() && !read->error.ok()) {
    map.AsDict()->Set("Error", Any::String(read->error.message()));
  }
  return map;
}

absl::StatusOr<Any> FromJsonArray(Call& call) {
  const absl::StatusOr<JsonInPart> read = ReadJsonOf(call);
  if (absl::IsResourceExhausted(read.status())) return read.status();
  if (!read.ok()) return ErrorList(read.status().message());
  if (read->value.is_null()) return Any::Nil(gotmpl::types::List());
  if (read->value.is_array() && !read->error.ok()) {
    return ErrorList(read->error.message());
  }
  return AsList(read->value, kWrongJson);
}

absl::StatusOr<Any> FromToml(Call& call) {
  const absl::string_view text = call.args[0].AsString();
  WEIR_RETURN_IF_ERROR(gotmpl::ReserveForParsing(call, text));
  // A key, or a table that a dot implies, besides its value.
  constexpr size_t kBytesPerKey = 400;
  const auto keys =
      static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return c == '=' || c == '.' || c == '[' || c == '{';
      }));
  WEIR_RETURN_IF_ERROR(call.execution.Step(keys * 8));
  WEIR_RETURN_IF_ERROR(call.execution.Reserve(keys * kBytesPerKey));
  absl::StatusOr<Any> table =
      ParseToml(text, call.execution.options().time_zone);
  return table.ok() ? *std::move(table) : ErrorMap(table.status().message());
}

constexpr char kToText[] = "func(interface {}) string";
constexpr char kToMap[] = "func(string) map[string]interface {}";
constexpr char kToList[] = "func(string) []interface {}";

}  // namespace

void EraseNoValue(std::string& text) {
  if (absl::StrContains(text, "<no value>")) {
    absl::StrReplaceAll({{"<no value>", ""}}, &text);
  }
}

void AddHelmFunctions(gotmpl::FunctionTable& table) {
  table.Add("include", "func(string, interface {}) (string, error)", Include);
  table.Add("tpl", "func(string, interface {}) (string, error)", Tpl);
  table.Add("required", "func(string, interface {}) (interface {}, error)",
            Required);
  table.Add("fail", "func(string) (string, error)", Fail);
  table.Add("lookup",
            "func(string, string, string, string) (map[string]interface {}, "
            "error)",
            Lookup);
  table.Add("getHostByName", "func(string) string", GetHostByName);
  table.Add("toYaml", kToText, ToYamlFunction);
  table.Add("mustToYaml", kToText, MustToYaml);
  table.Add("toYamlPretty", kToText, ToYamlPretty);
  table.Add("fromYaml", kToMap, FromYaml);
  table.Add("fromYamlArray", kToList, FromYamlArray);
  table.Add("toJson", kToText, ToJson);
  table.Add("mustToJson", kToText, MustToJson);
  table.Add("fromJson", kToMap, FromJson);
  table.Add("fromJsonArray", kToList, FromJsonArray);
  table.Add("toToml", kToText, ToTomlFunction);
  table.Add("mustToToml", kToText, MustToToml);
  table.Add("fromToml", kToMap, FromToml);
}

}  // namespace weir::helm
