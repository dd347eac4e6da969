#include "src/provider_type.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace weir::notification_controller {
namespace {

enum class Class { kNone, kLower, kUpper, kDigit, kOther };

Class ClassOf(char c) {
  if (absl::ascii_islower(c)) return Class::kLower;
  if (absl::ascii_isupper(c)) return Class::kUpper;
  if (absl::ascii_isdigit(c)) return Class::kDigit;
  return Class::kOther;
}

}  // namespace

const ProviderType* FindProviderType(absl::string_view name) {
  for (const ProviderType* type : AllProviderTypes()) {
    if (name == type->name) return type;
  }
  return nullptr;
}

absl::Status CheckAnswer(const http::Response& response) {
  if (response.code >= 200 && response.code < 300) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("request failed: request failed with status code ",
                   response.code, ": ", response.body));
}

http::Request PostJson(std::string url, std::string body) {
  http::Request request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers.Set("Content-Type", "application/json");
  request.body = std::move(body);
  return request;
}

void SetBearer(http::Request& request, const Secret& token) {
  request.headers.Set("Authorization",
                      absl::StrCat("Bearer ", token.RevealForUse()));
}

void SetBasic(http::Request& request, absl::string_view username,
              const Secret& password) {
  request.headers.Set(
      "Authorization",
      absl::StrCat("Basic ", absl::Base64Escape(absl::StrCat(
                                 username, ":", password.RevealForUse()))));
}

std::string ObjectName(const ObjectReference& object) {
  return absl::StrCat(absl::AsciiStrToLower(object.kind), "/", object.name, ".",
                      object.name_space);
}

// Words begin where the class of letters changes, and a capital letter goes
// with the small ones after it: "HTTPError2" is "http error 2".
std::string ReasonWords(absl::string_view reason) {
  std::string words;
  Class last = Class::kNone;
  for (size_t i = 0; i < reason.size(); ++i) {
    const Class now = ClassOf(reason[i]);
    const bool starts_word =
        i > 0 &&
        ((now != last && !(last == Class::kUpper && now == Class::kLower)) ||
         (now == Class::kUpper && i + 1 < reason.size() &&
          ClassOf(reason[i + 1]) == Class::kLower));
    if (starts_word) words.push_back(' ');
    words.push_back(absl::ascii_tolower(reason[i]));
    last = now;
  }
  return words;
}

}  // namespace weir::notification_controller
