#include "src/receivers/cdevents.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/receivers/payload.h"
#include "src/receivers/receiver_type.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/text/regex.h"

namespace weir::notification_controller {
namespace {

constexpr absl::string_view kRoot = "dev.cdevents.";
constexpr absl::string_view kUnknown =
    "<undefined-subject>.<undefined-predicate>.<undefined-version>";
constexpr absl::string_view kTestTypes =
    "performance|functional|unit|security|compliance|integration|e2e|other";
constexpr absl::string_view kTriggerTypes =
    "manual|pipeline|event|schedule|other";

absl::Status Wrong(absl::string_view field, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(field, " ", why));
}

bool IsLike(absl::string_view name, absl::string_view pattern) {
  const absl::StatusOr<text::Regex> regex = text::Regex::Compile(pattern);
  return regex.ok() && regex->MatchesAll(name);
}

bool IsOneOf(absl::string_view text, absl::string_view choices) {
  const std::vector<absl::string_view> all = absl::StrSplit(choices, '|');
  return std::find(all.begin(), all.end(), text) != all.end();
}

// A text that may be absent; an empty one counts as absent.
absl::Status CheckText(const Value& object, absl::string_view name,
                       bool must_be_filled, absl::string_view choices = "") {
  const Value& value = object[name];
  if (!value.is_null() && !value.is_string()) return Wrong(name, "is no text");
  const absl::string_view text = object.GetString(name);
  if (text.empty()) {
    return must_be_filled ? Wrong(name, "is missing") : absl::OkStatus();
  }
  if (!choices.empty() && !IsOneOf(text, choices)) {
    return Wrong(name, "is none of the values that there are");
  }
  return absl::OkStatus();
}

struct Field {
  absl::string_view name;
  absl::string_view kind;
  bool is_required;
  bool is_filled;
};

Field ParseField(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits(':', 1));
  Field field{parts.first, parts.second, false, false};
  field.is_filled = absl::ConsumeSuffix(&field.name, "+");
  field.is_required = absl::ConsumeSuffix(&field.name, "!");
  return field;
}

absl::Status CheckObject(const Value& value, absl::string_view kind) {
  absl::string_view filled = "id";
  if (kind == "trigger") filled = "";
  if (kind == "sbom") filled = "uri";
  absl::string_view types;
  if (kind == "trigger") types = kTriggerTypes;
  if (kind == "testCase") types = kTestTypes;
  for (const char* name : {"id", "source", "uri", "url", "name", "version"}) {
    WEIR_RETURN_IF_ERROR(CheckText(value, name, name == filled));
  }
  return types.empty() ? absl::OkStatus()
                       : CheckText(value, "type", false, types);
}

absl::Status CheckField(const Value& content, const Field& field) {
  const Value& value = content[field.name];
  const bool is_text = field.kind.empty() || field.kind == "purl" ||
                       absl::StrContains(field.kind, '|');
  if (is_text) {
    const bool is_plain = field.kind.empty();
    WEIR_RETURN_IF_ERROR(
        CheckText(content, field.name,
                  field.is_required && (field.is_filled || !is_plain),
                  is_plain || field.kind == "purl" ? "" : field.kind));
    const absl::string_view text = content.GetString(field.name);
    if (field.kind != "purl" || text.empty()) return absl::OkStatus();
    return absl::StartsWith(text, "pkg:") && absl::StrContains(text, '/')
               ? absl::OkStatus()
               : Wrong(field.name, "is no package URL");
  }
  if (value.is_null()) {
    return field.is_required ? Wrong(field.name, "is missing")
                             : absl::OkStatus();
  }
  if (field.kind == "texts") {
    return CheckPayload(content, {{field.name, PayloadKind::kTexts}});
  }
  if (!value.is_object()) return Wrong(field.name, "is no object");
  WEIR_RETURN_IF_ERROR(CheckObject(value, field.kind), field.name);
  return absl::OkStatus();
}

absl::Status CheckLink(const Value& link) {
  const absl::string_view type = link.GetString("linkType");
  const Value& tags = link["tags"];
  if (!tags.is_null() && !tags.is_object())
    return Wrong("tags", "is no object");
  if (type == "PATH" || type == "END") {
    return CheckText(link["from"], "contextId", true);
  }
  if (type != "RELATION") return Wrong("linkType", "is unknown");
  WEIR_RETURN_IF_ERROR(CheckText(link, "linkKind", true));
  return CheckText(link["target"], "contextId", true);
}

absl::Status CheckContext(const Value& context) {
  for (const char* name : {"version", "id", "source"}) {
    WEIR_RETURN_IF_ERROR(CheckText(context, name, true), "context");
  }
  WEIR_RETURN_IF_ERROR(CheckText(context, "chainId", false), "context");
  WEIR_RETURN_IF_ERROR(
      CheckPayload(context, {{"timestamp", PayloadKind::kTime}}), "context");
  if (!context.GetString("schemaUri").empty()) {
    return absl::InvalidArgumentError(
        "the event is of a schema of its own, which is not known here");
  }
  const Value& links = context["links"];
  if (!links.is_null() && !links.is_array()) {
    return Wrong("context: links", "is no list");
  }
  for (const Value& link : links.array()) {
    WEIR_RETURN_IF_ERROR(CheckLink(link), "context: links");
  }
  return absl::OkStatus();
}

absl::Status CheckSubject(const Value& subject, const CdEventType* type) {
  WEIR_RETURN_IF_ERROR(CheckText(subject, "id", true), "subject");
  WEIR_RETURN_IF_ERROR(CheckText(subject, "source", false), "subject");
  const Value& content = subject["content"];
  if (!content.is_null() && !content.is_object()) {
    return Wrong("subject: content", "is no object");
  }
  if (type == nullptr) {
    return IsLike(subject.GetString("type"), "[a-zA-Z0-9]+-[a-zA-Z]+")
               ? absl::OkStatus()
               : Wrong("subject: type", "is malformed");
  }
  if (subject.GetString("type") != type->subject_type) {
    return Wrong("subject: type", "is not that of the event");
  }
  for (const absl::string_view field :
       absl::StrSplit(type->fields, ' ', absl::SkipEmpty())) {
    WEIR_RETURN_IF_ERROR(CheckField(content, ParseField(field)),
                         "subject: content");
  }
  return absl::OkStatus();
}

// The row of a type; null for a custom one.
absl::StatusOr<const CdEventType*> FindType(absl::string_view name) {
  if (IsLike(name, R"(dev\.cdeventsx\.[a-z]+-[a-z]+\.[a-z]+(\.[0-9]){3})")) {
    return nullptr;
  }
  for (const CdEventType& type : CdEventTypes()) {
    if (name == absl::StrCat(kRoot, type.name, ".", type.version)) {
      return &type;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown event type ",
                   name.empty() ? absl::StrCat(kRoot, kUnknown) : name));
}

}  // namespace

absl::Status CheckCdEvent(const Value& event) {
  const Value& context = event["context"];
  WEIR_RETURN_IF_ERROR(CheckText(context, "type", false), "context");
  WEIR_ASSIGN_OR_RETURN(const CdEventType* const type,
                        FindType(context.GetString("type")));
  WEIR_RETURN_IF_ERROR(CheckContext(context));
  WEIR_RETURN_IF_ERROR(CheckSubject(event["subject"], type));
  const Value& data = event["customData"];
  if (!data.is_null() && !data.is_object() && !data.is_string()) {
    return Wrong("customData", "is neither an object nor a text");
  }
  return CheckText(event, "customDataContentType", false);
}

absl::StatusOr<Message> ReadCdEvent(const Hook& hook, const Secret&) {
  WEIR_ASSIGN_OR_RETURN(const Value event, ParseWhole(hook.body),
                        "unable to validate CDEvent event");
  WEIR_RETURN_IF_ERROR(CheckCdEvent(event), "unable to validate CDEvent event");
  return Message();
}

}  // namespace weir::notification_controller
