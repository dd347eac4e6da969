#include "src/helm_log.h"

#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/value/json.h"

namespace weir::helm_controller {
namespace {

constexpr size_t kMaxLines = 10;

// RFC 3339 with as many digits of the second's fraction as it has.
std::string Format(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone());
}

// The members that there are, in this order.
std::string FormatMembers(const Value& object,
                          std::initializer_list<absl::string_view> keys) {
  std::string out = "{";
  for (const absl::string_view key : keys) {
    const Value* member = object.Find(key);
    if (member == nullptr) continue;
    absl::StrAppend(&out, out.size() > 1 ? "," : "", "\"", key, "\":");
    if (key == "details") {
      out += FormatMembers(*member, {"name", "group", "kind", "uid", "causes",
                                     "retryAfterSeconds"});
    } else {
      AppendJson(*member, &out, {.escape_html = true});
    }
  }
  return out + "}";
}

}  // namespace

void HelmLog::Add(absl::Time now, absl::string_view message,
                  const Value& attributes) {
  AddLine(now, absl::StrCat(message, ": ",
                            FormatJson(attributes, {.escape_html = true})));
}

void HelmLog::AddApiError(absl::Time now, absl::string_view message,
                          const absl::Status& error, const Value& attributes) {
  const Value status = kube::ApiStatusOf(error);
  const std::string text =
      status.is_object()
          ? absl::StrCat("{\"ErrStatus\":",
                         FormatMembers(status, {"kind", "apiVersion",
                                                "metadata", "status", "message",
                                                "reason", "details", "code"}),
                         "}")
          : "{}";
  const std::string rest = FormatJson(attributes, {.escape_html = true});
  // No other key comes before it.
  AddLine(now, absl::StrCat(message, ": {\"error\":", text,
                            rest.size() > 2 ? "," : "", rest.substr(1)));
}

void HelmLog::AddLine(absl::Time now, std::string text) {
  if (!lines_.empty() && lines_.back().text == text) {
    ++lines_.back().repeats;
    lines_.back().last = now;
    return;
  }
  lines_.push_back({now, now, std::move(text), 0});
  if (lines_.size() > kMaxLines) lines_.pop_front();
}

std::string HelmLog::ToString() const {
  std::string out;
  for (const Line& line : lines_) {
    absl::StrAppend(&out, out.empty() ? "" : "\n", Format(line.first), ": ",
                    line.text);
    if (line.repeats == 0) continue;
    absl::StrAppend(&out, "\n", Format(line.last), ": ", line.text);
    const int omitted = line.repeats - 1;
    if (omitted > 0) {
      absl::StrAppend(&out, " (", omitted, " duplicate line",
                      omitted > 1 ? "s" : "", " omitted)");
    }
  }
  return out;
}

Value LogOf(const kube::ObjectRef& ref) {
  return Value::MakeObject({{"kind", ref.gvk.kind},
                            {"name", ref.key.name},
                            {"namespace", ref.key.name_space}});
}

Value LogOfKind(const kube::ObjectRef& ref) {
  return Value::MakeObject(
      {{"gvk", absl::StrCat(ref.gvk.group, "/", ref.gvk.version,
                            ", Kind=", ref.gvk.kind)},
       {"name", ref.key.name},
       {"namespace", ref.key.name_space}});
}

Value LogOfFailure(const kube::ObjectRef& ref) {
  Value attributes = LogOfKind(ref);
  attributes.Set("error", Value::MakeObject());
  return attributes;
}

}  // namespace weir::helm_controller
