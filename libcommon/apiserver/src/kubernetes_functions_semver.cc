// The semver library.
// Source: blang/semver, version 4, which is stricter than text/semver.h.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "kubernetes_functions.h"
#include "weir/base/status.h"
#include "weir/value/go_quote.h"

namespace weir::apiserver {
namespace {

using cel::Meter;
using Values = absl::Span<const cel::Value>;
using Result = cel::Value;

struct CelSemver {
  static constexpr char kCelType[] = "kubernetes.Semver";
  uint64_t numbers[3] = {0, 0, 0};
  std::vector<std::string> prerelease;

  int Compare(const CelSemver& other) const;
  bool operator==(const CelSemver& other) const { return Compare(other) == 0; }
};

bool IsNumber(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isdigit(c); });
}

bool IsWord(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '-'; });
}

bool HasLeadingZeros(absl::string_view text) {
  return text.size() > 1 && text[0] == '0';
}

template <typename T>
int Order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

// Numbers come before words.
int ComparePrereleases(const std::string& a, const std::string& b) {
  const bool is_a = IsNumber(a);
  const bool is_b = IsNumber(b);
  if (is_a != is_b) return is_a ? -1 : 1;
  if (is_a && a.size() != b.size()) return Order(a.size(), b.size());
  return Order(a, b);
}

int CelSemver::Compare(const CelSemver& other) const {
  for (int i = 0; i < 3; ++i) {
    if (const int order = Order(numbers[i], other.numbers[i])) return order;
  }
  if (prerelease.empty() || other.prerelease.empty()) {
    return Order(prerelease.empty(), other.prerelease.empty());
  }
  const size_t common = std::min(prerelease.size(), other.prerelease.size());
  for (size_t i = 0; i < common; ++i) {
    if (const int order =
            ComparePrereleases(prerelease[i], other.prerelease[i])) {
      return order;
    }
  }
  return Order(prerelease.size(), other.prerelease.size());
}

absl::Status Wrong(absl::string_view why) {
  return absl::InvalidArgumentError(why);
}

absl::StatusOr<uint64_t> ReadNumber(absl::string_view name,
                                    absl::string_view text) {
  std::string capital(name);
  capital[0] = absl::ascii_toupper(capital[0]);
  if (!IsNumber(text)) {
    return Wrong(absl::StrCat("Invalid character(s) found in ", name,
                              " number ", GoQuote(text)));
  }
  if (HasLeadingZeros(text)) {
    return Wrong(absl::StrCat(
        capital, " number must not contain leading zeroes ", GoQuote(text)));
  }
  uint64_t number = 0;
  if (!absl::SimpleAtoi(text, &number)) {
    return Wrong(
        absl::StrCat("strconv.ParseUint: parsing ", GoQuote(text), ": ",
                     text.empty() ? "invalid syntax" : "value out of range"));
  }
  return number;
}

absl::Status CheckPrerelease(absl::string_view part) {
  if (part.empty()) return Wrong("Prerelease is empty");
  if (IsNumber(part) && HasLeadingZeros(part)) {
    return Wrong(absl::StrCat(
        "Numeric PreRelease version must not contain leading zeroes ",
        GoQuote(part)));
  }
  if (!IsWord(part)) {
    return Wrong(absl::StrCat("Invalid character(s) found in prerelease ",
                              GoQuote(part)));
  }
  return absl::OkStatus();
}

absl::StatusOr<CelSemver> Read(absl::string_view text) {
  if (text.empty()) return Wrong("Version string empty");
  const std::vector<absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits('.', 2));
  if (parts.size() != 3) return Wrong("No Major.Minor.Patch elements found");
  CelSemver out;
  WEIR_ASSIGN_OR_RETURN(out.numbers[0], ReadNumber("major", parts[0]));
  WEIR_ASSIGN_OR_RETURN(out.numbers[1], ReadNumber("minor", parts[1]));
  absl::string_view patch = parts[2];
  const size_t plus = patch.find('+');
  std::vector<absl::string_view> build;
  if (plus != absl::string_view::npos) {
    build = absl::StrSplit(patch.substr(plus + 1), '.');
    patch = patch.substr(0, plus);
  }
  const size_t dash = patch.find('-');
  if (dash != absl::string_view::npos) {
    out.prerelease = absl::StrSplit(patch.substr(dash + 1), '.');
    patch = patch.substr(0, dash);
  }
  WEIR_ASSIGN_OR_RETURN(out.numbers[2], ReadNumber("patch", patch));
  for (const std::string& part : out.prerelease) {
    WEIR_RETURN_IF_ERROR(CheckPrerelease(part));
  }
  for (const absl::string_view part : build) {
    if (part.empty()) return Wrong("Build meta data is empty");
    if (!IsWord(part)) {
      return Wrong(absl::StrCat(
          "Invalid character(s) found in build meta data ", GoQuote(part)));
    }
  }
  return out;
}

// Takes a leading "v", missing numbers and leading zeros.
absl::StatusOr<CelSemver> ReadNormalized(absl::string_view text) {
  absl::ConsumePrefix(&text, "v");
  std::vector<std::string> parts =
      absl::StrSplit(text, absl::MaxSplits('.', 2));
  for (std::string& part : parts) {
    if (part.size() <= 1) continue;
    part.erase(0, std::min(part.find_first_not_of('0'), part.size()));
    if (part.empty() || !absl::ascii_isdigit(part[0])) part.insert(0, "0");
  }
  if (parts.size() < 3) {
    if (parts.back().find_first_of("+-") != std::string::npos) {
      return Wrong("short version cannot contain PreRelease/Build meta data");
    }
    parts.resize(3, "0");
  }
  return Read(absl::StrJoin(parts, "."));
}

absl::StatusOr<CelSemver> ReadArguments(Values v) {
  const bool is_normalized = v.size() > 1 && v[1].AsBool();
  return is_normalized ? ReadNormalized(v[0].AsString())
                       : Read(v[0].AsString());
}

const CelSemver& Of(const Result& value) {
  return CelObject<CelSemver>::Of(value);
}

Result ToSemver(Values v, Meter&) {
  auto version = ReadArguments(v);
  if (!version.ok()) {
    return Result::Error(std::string(version.status().message()));
  }
  return CelObject<CelSemver>::Make(*std::move(version));
}

Result IsSemver(Values v, Meter&) {
  return Result::Bool(ReadArguments(v).ok());
}

template <int index>
Result Number(Values v, Meter&) {
  return Result::Int(static_cast<int64_t>(Of(v[0]).numbers[index]));
}

Result IsGreater(Values v, Meter&) {
  return Result::Bool(Of(v[0]).Compare(Of(v[1])) > 0);
}

Result IsLess(Values v, Meter&) {
  return Result::Bool(Of(v[0]).Compare(Of(v[1])) < 0);
}

Result CompareTo(Values v, Meter&) {
  return Result::Int(Of(v[0]).Compare(Of(v[1])));
}

}  // namespace

void AddCelSemver(CelOverloads& out) {
  constexpr auto kGlobal = cel::Overload::Style::kGlobal;
  constexpr auto kMember = cel::Overload::Style::kMember;
  const std::string semver = "object(kubernetes.Semver)";
  const std::string two = absl::StrCat(semver, ", ", semver);
  const cel::Overload rows[] = {
      {"semver", "string_to_semver", kGlobal, "string", semver, ToSemver},
      {"semver", "string_bool_to_semver", kGlobal, "string, bool", semver,
       ToSemver},
      {"isSemver", "is_semver_string", kGlobal, "string", "bool", IsSemver},
      {"isSemver", "is_semver_string_bool", kGlobal, "string, bool", "bool",
       IsSemver},
      {"isGreaterThan", "semver_is_greater_than", kMember, two, "bool",
       IsGreater},
      {"isLessThan", "semver_is_less_than", kMember, two, "bool", IsLess},
      {"compareTo", "semver_compare_to", kMember, two, "int", CompareTo},
      {"major", "semver_major", kMember, semver, "int", Number<0>},
      {"minor", "semver_minor", kMember, semver, "int", Number<1>},
      {"patch", "semver_patch", kMember, semver, "int", Number<2>},
  };
  out.insert(out.end(), std::begin(rows), std::end(rows));
}

}  // namespace weir::apiserver
