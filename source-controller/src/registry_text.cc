#include "src/registry_text.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "weir/http/headers.h"
#include "weir/oci/client.h"
#include "weir/value/json.h"
#include "weir/value/value.h"

namespace weir::source {
namespace {

constexpr char kHub[] = "docker.io";
constexpr char kHubDisplay[] = "index.docker.io";
constexpr char kRepositoryCharacters[] =
    "abcdefghijklmnopqrstuvwxyz0123456789_-./";
constexpr size_t kMinRepository = 2;
constexpr size_t kMaxRepository = 255;

// As Go prints a value of a JSON document.
std::string Describe(const Value& value) {
  std::vector<std::string> parts;
  switch (value.kind()) {
    case Value::Kind::kNull:
      return "<nil>";
    case Value::Kind::kString:
      return value.AsString();
    case Value::Kind::kObject:
      for (const Value::Member& one : value.object()) {
        parts.push_back(absl::StrCat(one.key, ":", Describe(one.value)));
      }
      return absl::StrCat("map[", absl::StrJoin(parts, " "), "]");
    case Value::Kind::kArray:
      for (const Value& one : value.array()) parts.push_back(Describe(one));
      return absl::StrCat("[", absl::StrJoin(parts, " "), "]");
    default:
      return FormatJson(value);
  }
}

std::string DescribeBody(const oci::RegistryAnswer& answer) {
  const absl::StatusOr<Value> body = ParseJson(answer.body);
  std::vector<std::string> errors;
  if (body.ok()) {
    for (const Value& one : (*body)["errors"].array()) {
      std::string text =
          absl::StrCat(one.GetString("code"), ": ", one.GetString("message"));
      if (!one["detail"].is_null()) {
        absl::StrAppend(&text, "; ", Describe(one["detail"]));
      }
      errors.push_back(std::move(text));
    }
  }
  if (errors.size() == 1) return errors.front();
  if (errors.size() > 1) {
    return absl::StrCat("multiple errors returned: ",
                        absl::StrJoin(errors, "; "));
  }
  const std::string text = absl::StrCat("unexpected status code ", answer.code,
                                        " ", http::ReasonPhrase(answer.code));
  if (!answer.body.empty()) return absl::StrCat(text, ": ", answer.body);
  return answer.method == "HEAD"
             ? absl::StrCat(text,
                            " (HEAD responses have no body, use GET for "
                            "details)")
             : text;
}

}  // namespace

absl::StatusOr<oci::Reference> ParseRepositoryUrl(absl::string_view url) {
  if (!absl::ConsumePrefix(&url, "oci://")) {
    return absl::InvalidArgumentError(
        "URL must be in format 'oci://<domain>/<org>/<repo>'");
  }
  if (url.empty()) {
    return absl::InvalidArgumentError("a repository name must be specified");
  }
  oci::Reference out;
  out.registry = kHub;
  absl::string_view path = url;
  const size_t slash = url.find('/');
  if (slash != absl::string_view::npos) {
    const absl::string_view first = url.substr(0, slash);
    if (absl::StrContains(first, '.') || absl::StrContains(first, ':') ||
        first == "localhost") {
      out.registry = std::string(first);
      path = url.substr(slash + 1);
    }
  }
  if (path.size() < kMinRepository || path.size() > kMaxRepository) {
    return absl::InvalidArgumentError(
        absl::StrCat("repository must be between ", kMinRepository, " and ",
                     kMaxRepository, " characters in length: ", path));
  }
  if (path.find_first_not_of(kRepositoryCharacters) !=
      absl::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("repository can only contain the characters `",
                     kRepositoryCharacters, "`: ", path));
  }
  if (out.registry == kHubDisplay) out.registry = kHub;
  const bool is_official =
      out.registry == kHub && !absl::StrContains(path, '/');
  out.repository = absl::StrCat(is_official ? "library/" : "", path);
  // What else cannot be asked for, such as "a//b" and "../b".
  const absl::Status parsed = oci::ParseReference(out.Name()).status();
  if (!parsed.ok()) return parsed;
  return out;
}

std::string DisplayName(const oci::Reference& reference) {
  oci::Reference shown = reference;
  if (shown.registry == kHub) shown.registry = kHubDisplay;
  return shown.ToString();
}

std::string DescribeRegistryError(const absl::Status& error) {
  const std::optional<oci::RegistryAnswer> answer = oci::AnswerOf(error);
  if (!answer.has_value()) return std::string(error.message());
  return absl::StrCat(answer->method, " ", answer->url, ": ",
                      DescribeBody(*answer));
}

}  // namespace weir::source
