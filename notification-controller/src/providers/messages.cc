#include "src/providers/messages.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/substitute.h"
#include "absl/time/civil_time.h"
#include "src/provider_type.h"
#include "weir/base/duration.h"
#include "weir/value/go_url.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

constexpr char kMask[] = "*****";

absl::Time TimeOrZero(const Event& event) {
  return event.timestamp == absl::InfinitePast()
             ? absl::FromCivil(absl::CivilSecond(1, 1, 1), absl::UTCTimeZone())
             : event.timestamp;
}

absl::Status NoRequest(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("failed to create a new request: ", why));
}

// Whether libcurl takes it: a name or an IP address, and a port.
bool IsHostAndPort(const GoUrl& url) {
  const bool is_ipv6 = absl::StartsWith(url.host, "[");
  const std::string host = url.Hostname();
  const bool is_host = std::all_of(host.begin(), host.end(), [&](char c) {
    if (is_ipv6) return absl::ascii_isxdigit(c) || c == ':' || c == '.';
    return absl::ascii_isalnum(c) || absl::StrContains("-._~", c) ||
           static_cast<unsigned char>(c) >= 0x80;
  });
  const std::string port = url.Port();
  uint32_t number = 0;
  return is_host &&
         (port.empty() || (absl::SimpleAtoi(port, &number) && number <= 65535));
}

// The address as Go would send it. http::Client quotes an address that it
// refuses, so what it would refuse ends here.
absl::StatusOr<std::string> SendableAddress(const std::string& address) {
  absl::StatusOr<GoUrl> url = ParseGoUrl(address);
  if (!url.ok()) return NoRequest(MaskedUrlError(url.status()));
  if (url->scheme != "http" && url->scheme != "https") {
    return NoRequest("unsupported protocol scheme");
  }
  if (url->Hostname().empty()) return NoRequest("no Host in request URL");
  if (!IsHostAndPort(*url)) return NoRequest("invalid host or port");
  url->fragment.clear();
  return absl::StrReplaceAll(url->ToString(), {{" ", "%20"}});
}

}  // namespace

std::string MaskedUrlError(const absl::Status& status) {
  std::string masked;
  bool is_quoted = false;
  const absl::string_view text = status.message();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      is_quoted = !is_quoted;
      masked.push_back('"');
    } else if (!is_quoted) {
      masked.push_back(text[i]);
    } else {
      if (masked.back() == '"') masked.append(kMask);
      if (text[i] == '\\') ++i;
    }
  }
  return masked;
}

absl::Status CheckAddress(const std::string& address,
                          absl::string_view format) {
  const absl::Status status = CheckGoRequestUri(address);
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::Substitute(
      format, address.empty() ? "" : kMask, MaskedUrlError(status)));
}

absl::StatusOr<http::Request> PostTo(const std::string& address,
                                     std::string body) {
  absl::StatusOr<std::string> url = SendableAddress(address);
  if (!url.ok()) return url.status();
  return PostJson(*std::move(url), std::move(body));
}

absl::StatusOr<http::Request> PostValue(const std::string& address,
                                        const Value& body) {
  return PostTo(address, FormatJson(body));
}

Value Fields(const Event& event, const char* name, const char* value) {
  Value fields = Value::MakeArray();
  for (const auto& [key, text] : event.metadata) {
    fields.Append(Value::MakeObject({{name, key}, {value, text}}));
  }
  return fields;
}

Value MetadataObject(const Event& event) {
  Value metadata = Value::MakeObject();
  for (const auto& [key, value] : event.metadata) metadata.Set(key, value);
  return metadata;
}

const char* Emoji(const Event& event) { return event.is_error() ? "🚨" : "💫"; }

std::string LowerName(const ObjectReference& object) {
  return absl::AsciiStrToLower(absl::StrCat(object.kind, "/", object.name));
}

std::string TimestampOrZero(const Event& event) {
  return FormatKubeTime(TimeOrZero(event));
}

int64_t UnixTime(const Event& event) {
  return absl::ToUnixSeconds(TimeOrZero(event));
}

Value SlackMessage(const Event& event, const SlackLook& look) {
  Value fields = Fields(event, "title", "value");
  for (Value& field : fields.MutableArray()) field.Set("short", false);
  Value attachment = Value::MakeObject(
      {{"fallback", look.fallback},
       {"color", event.is_error() ? look.bad_color : look.good_color},
       {"author_name", ObjectName(event.object)},
       {"text", event.message},
       {"mrkdwn_in", Value::Array{"text"}},
       {"fields", std::move(fields)}});
  return Value::MakeObject({{"channel", look.channel},
                            {"username", look.username},
                            {"icon_url", ""},
                            {"icon_emoji", ""},
                            {"attachments", Value::Array{attachment}}});
}

}  // namespace weir::notification_controller
