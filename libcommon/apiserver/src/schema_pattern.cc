#include "schema_pattern.h"

#include <arpa/inet.h>
#include <re2/re2.h>

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace weir::apiserver {
namespace {

re2::RE2::Options Quiet() {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(1 << 20);
  return options;
}

class Re2Pattern : public SchemaPattern {
 public:
  explicit Re2Pattern(absl::string_view pattern)
      : regex_(re2::StringPiece(pattern.data(), pattern.size()), Quiet()) {}
  const re2::RE2& regex() const { return regex_; }
  bool Matches(absl::string_view text) const override {
    return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()),
                                  regex_);
  }

 private:
  re2::RE2 regex_;
};

// What Go says of such an error.
std::string GoError(const re2::RE2& regex) {
  switch (regex.error_code()) {
    case re2::RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case re2::RE2::ErrorBadCharClass:
      return "invalid character class";
    case re2::RE2::ErrorBadCharRange:
      return "invalid character class range";
    case re2::RE2::ErrorMissingBracket:
      return "missing closing ]";
    case re2::RE2::ErrorMissingParen:
      return "missing closing )";
    case re2::RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case re2::RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case re2::RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case re2::RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case re2::RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case re2::RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case re2::RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    default:
      return regex.error();
  }
}

bool FullMatch(const char* pattern, const std::string& text) {
  return re2::RE2::FullMatch(text, re2::RE2(pattern, Quiet()));
}

bool IsUri(const std::string& text) {
  // url.ParseRequestURI: absolute, or a rooted path.
  for (char c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c)) || c == ' ') {
      return false;
    }
  }
  return FullMatch("/.*|[a-zA-Z][a-zA-Z0-9+.-]*:.+", text);
}

bool IsIp(int family, const std::string& text) {
  unsigned char buffer[16];
  return inet_pton(family, text.c_str(), buffer) == 1;
}

bool IsCidr(const std::string& text) {
  size_t slash = text.find('/');
  int bits = 0;
  if (slash == text.npos || !absl::SimpleAtoi(text.substr(slash + 1), &bits)) {
    return false;
  }
  std::string address = text.substr(0, slash);
  return (IsIp(AF_INET, address) && bits >= 0 && bits <= 32) ||
         (IsIp(AF_INET6, address) && bits >= 0 && bits <= 128);
}

bool IsDateTime(const std::string& text) {
  absl::Time time;
  std::string upper = absl::AsciiStrToUpper(text);
  return FullMatch(
             "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
             "([.,][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})",
             upper) &&
         absl::ParseTime(absl::RFC3339_full, upper, &time, nullptr);
}

bool IsDate(const std::string& text) {
  absl::CivilDay day;
  return FullMatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text) &&
         absl::ParseCivilTime(text, &day);
}

bool IsDuration(const std::string& text) {
  return FullMatch(
             "[+-]?(0|([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)"
             "(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))*)",
             text) ||
         FullMatch(
             "[0-9]+\\s*(ns|nano|nanos|nanosecond|nanoseconds|us|micro|"
             "micros|microsecond|microseconds|ms|milli|millis|millisecond|"
             "milliseconds|s|sec|secs|second|seconds|m|min|mins|minute|"
             "minutes|h|hr|hour|hours|d|day|days|w|wk|week|weeks)",
             text);
}

bool IsByte(const std::string& text) {
  return FullMatch(
      "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|"
      "[A-Za-z0-9+/]{4})",
      text);
}

using Check = bool (*)(const std::string&);

const absl::flat_hash_map<std::string, Check>& Checks() {
  static const auto& checks = *new absl::flat_hash_map<std::string, Check>{
      {"uri", IsUri},
      {"email",
       [](const std::string& t) {
         return FullMatch("[^\\s@<>\"]+@[^\\s@<>\"]+|.*<[^\\s@]+@[^\\s@]+>", t);
       }},
      {"hostname",
       [](const std::string& t) {
         return t.size() <= 255 &&
                FullMatch(
                    "([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)"
                    "(\\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*",
                    t);
       }},
      {"ipv4", [](const std::string& t) { return IsIp(AF_INET, t); }},
      {"ipv6", [](const std::string& t) { return IsIp(AF_INET6, t); }},
      {"cidr", IsCidr},
      {"mac",
       [](const std::string& t) {
         return FullMatch("([0-9a-fA-F]{2}[:-]){5,7}[0-9a-fA-F]{2}", t);
       }},
      {"uuid",
       [](const std::string& t) {
         return FullMatch(
             "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?"
             "[0-9a-f]{4}-?[0-9a-f]{12}",
             t);
       }},
      {"uuid3",
       [](const std::string& t) {
         return FullMatch(
             "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?"
             "[0-9a-f]{4}-?[0-9a-f]{12}",
             t);
       }},
      {"uuid4",
       [](const std::string& t) {
         return FullMatch(
             "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?"
             "[89ab][0-9a-f]{3}-?[0-9a-f]{12}",
             t);
       }},
      {"uuid5",
       [](const std::string& t) {
         return FullMatch(
             "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?"
             "[89ab][0-9a-f]{3}-?[0-9a-f]{12}",
             t);
       }},
      {"hexcolor",
       [](const std::string& t) {
         return FullMatch("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", t);
       }},
      {"byte", IsByte},
      {"password", [](const std::string&) { return true; }},
      {"date", IsDate},
      {"duration", IsDuration},
      {"datetime", IsDateTime},
      {"k8s-short-name",
       [](const std::string& t) {
         return FullMatch("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", t);
       }},
      {"k8s-long-name",
       [](const std::string& t) {
         return t.size() <= 253 && FullMatch(
                                       "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
                                       "(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
                                       t);
       }},
  };
  return checks;
}

// Dashes do not count, as in "date-time"; but names of Kubernetes have them.
std::string Normalized(absl::string_view format) {
  if (format == "date-time") return "datetime";
  return std::string(format);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const SchemaPattern>> SchemaPattern::Compile(
    absl::string_view pattern) {
  auto out = std::make_shared<Re2Pattern>(pattern);
  if (!out->regex().ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("error parsing regexp: ", GoError(out->regex()), ": `",
                     out->regex().error_arg(), "`"));
  }
  return out;
}

bool IsKnownFormat(absl::string_view format) {
  return Checks().contains(Normalized(format)) || format == "int32" ||
         format == "int64" || format == "float" || format == "double";
}

bool HasFormat(absl::string_view format, const std::string& text) {
  auto it = Checks().find(Normalized(format));
  return it == Checks().end() || it->second(text);
}

}  // namespace weir::apiserver
