#include "weir/helm/capabilities.h"

#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/go_text.h"
#include "src/render/api_versions.inc"

namespace weir::helm {
namespace {

absl::Status Illegal(absl::string_view what, absl::string_view part,
                     absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("illegal ", what, " version component ", GoQuote(part),
                   " in ", GoQuote(text)));
}

// The digits and dots that a version starts with; empty when there are none.
absl::string_view Numbers(absl::string_view text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  absl::ConsumePrefix(&text, "v");
  size_t end = 0;
  while (end < text.size() && absl::ascii_isdigit(text[end])) {
    while (end < text.size() && absl::ascii_isdigit(text[end])) ++end;
    const bool goes_on = end + 1 < text.size() && text[end] == '.' &&
                         absl::ascii_isdigit(text[end + 1]);
    if (!goes_on) break;
    ++end;
  }
  return text.substr(0, end);
}

}  // namespace

absl::StatusOr<KubeVersion> ParseKubeVersion(absl::string_view text) {
  const absl::string_view numbers = Numbers(text);
  if (numbers.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("could not parse ", GoQuote(text), " as version"));
  }
  const std::vector<std::string> parts = absl::StrSplit(numbers, '.');
  if (parts.size() < 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("illegal version string ", GoQuote(text)));
  }
  std::vector<std::string> plain;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i == 0 && parts[i].size() > 1 && parts[i][0] == '0') {
      return Illegal("zero-prefixed", parts[i], text);
    }
    uint64_t number = 0;
    const auto result = std::from_chars(
        parts[i].data(), parts[i].data() + parts[i].size(), number);
    if (result.ec != std::errc()) {
      return absl::InvalidArgumentError(
          absl::StrCat(Illegal("non-numeric", parts[i], text).message(),
                       ": strconv.ParseUint: parsing ", GoQuote(parts[i]),
                       ": value out of range"));
    }
    plain.push_back(absl::StrCat(number));
  }
  KubeVersion version;
  version.version =
      absl::StartsWith(text, "v") ? std::string(text) : absl::StrCat("v", text);
  version.normalized = "v";
  for (const std::string& part : plain) {
    absl::StrAppend(&version.normalized,
                    version.normalized.size() > 1 ? "." : "", part);
  }
  version.major = plain[0];
  version.minor = plain[1];
  return version;
}

Capabilities DefaultCapabilities() {
  Capabilities out;
  out.kube_version = {"v1.36.0", "v1.36.0", "1", "36"};
  for (absl::string_view version : kApiVersions) {
    out.api_versions.emplace_back(version);
  }
  out.helm_version = "v4.2";
  out.go_version = "go1.26.8";
  out.kube_client_version = "v1.36";
  return out;
}

}  // namespace weir::helm
