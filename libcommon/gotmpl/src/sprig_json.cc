// Sprig's JSON functions, by encoding/json's rules.
#include "rows.h"
#include "weir/base/status.h"
#include "weir/gotmpl/json.h"
#include "weir/value/go_error.h"
#include "weir/value/json.h"

namespace weir::gotmpl {
namespace {

// Bytes of JSON that are written in the time of a step.
constexpr size_t kBytesPerStep = 4;

absl::Status InGoWords(const absl::Status& error) {
  return absl::Status(error.code(), ::weir::GoError(error));
}

absl::StatusOr<JsonInPart> Parse(absl::string_view text) {
  JsonParseOptions options;
  options.keep_integers = false;
  options.max_depth = 1000;
  absl::StatusOr<JsonInPart> parsed = ParseJsonInPart(text, options);
  if (!parsed.ok()) return InGoWords(parsed.status());
  return parsed;
}

Result FromJson(Call& call) {
  const absl::string_view text = call.args[0].AsString();
  WEIR_RETURN_IF_ERROR(ReserveForParsing(call, text));
  const absl::StatusOr<JsonInPart> parsed = Parse(text);
  if (absl::IsResourceExhausted(parsed.status())) return parsed.status();
  return parsed.ok() ? FromValue(parsed->value) : Any();
}

Result MustFromJson(Call& call) {
  const absl::string_view text = call.args[0].AsString();
  WEIR_RETURN_IF_ERROR(ReserveForParsing(call, text));
  return UnmarshalJson(text);
}

template <int indent, bool escapes>
Result MustToJson(Call& call) {
  WEIR_ASSIGN_OR_RETURN(const std::string text,
                        MarshalJson(call, call.args[0], {indent, escapes}));
  WEIR_RETURN_IF_ERROR(call.execution.Step(text.size() / kBytesPerStep));
  return Text(call, text);
}

template <int indent>
Result ToJson(Call& call) {
  Result text = MustToJson<indent, true>(call);
  if (text.ok() || absl::IsResourceExhausted(text.status())) return text;
  return Any::String("");
}

constexpr absl::string_view kTo = "func(interface {}) string";
constexpr absl::string_view kMustTo = "func(interface {}) (string, error)";

constexpr Row kRows[] = {
    {"fromJson", "func(string) interface {}", FromJson},
    {"mustFromJson", "func(string) (interface {}, error)", MustFromJson},
    {"toJson", kTo, ToJson<0>},
    {"mustToJson", kMustTo, MustToJson<0, true>},
    {"toPrettyJson", kTo, ToJson<2>},
    {"mustToPrettyJson", kMustTo, MustToJson<2, true>},
    {"toRawJson", kTo, MustToJson<0, false>},
    {"mustToRawJson", kMustTo, MustToJson<0, false>},
};

}  // namespace

absl::StatusOr<Any> UnmarshalJson(absl::string_view text) {
  WEIR_ASSIGN_OR_RETURN(const JsonInPart parsed, Parse(text));
  if (!parsed.error.ok()) return InGoWords(parsed.error);
  return FromValue(parsed.value);
}

void AddJson(FunctionTable& table) { AddRows(kRows, table); }

}  // namespace weir::gotmpl
