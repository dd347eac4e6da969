#include "weir/text/semver.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "weir/base/status.h"
#include "weir/text/regex.h"

namespace weir::text {
namespace {

constexpr size_t kMaxVersionBytes = 256;
constexpr size_t kMaxRangeBytes = 4096;

constexpr char kSuffix[] = R"((-([0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?)"
                           R"((\+([0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?)";
constexpr char kOperators[] = R"(=||!=|>|<|>=|=>|<=|=<|~|~>|\^)";

// A version in a range; as upstream's it takes "|" for a digit, which then
// is refused.
std::string RangeVersion() {
  return absl::StrCat(R"(v?([0-9|xX*]+)(\.[0-9|xX*]+)?(\.[0-9|xX*]+)?)",
                      kSuffix);
}

const Regex& VersionPattern() {
  static const Regex kPattern = *Regex::Compile(
      absl::StrCat(R"(v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?)", kSuffix));
  return kPattern;
}
const Regex& TermPattern() {
  static const Regex kPattern =
      *Regex::Compile(absl::StrCat("(", kOperators, R"()\s*)", RangeVersion()));
  return kPattern;
}
const Regex& GroupPattern() {
  static const Regex kPattern = *Regex::Compile(
      absl::StrCat(R"(\s*(?:)", kOperators, R"()\s*)", RangeVersion(), R"(\s*)",
                   R"((?:(?:\s+|,\s*)(?:)", kOperators, R"()\s*)",
                   RangeVersion(), R"(\s*)*)"));
  return kPattern;
}
const Regex& HyphenPattern() {
  static const Regex kPattern = *Regex::Compile(absl::StrCat(
      R"(\s*()", RangeVersion(), R"()\s+-\s+()", RangeVersion(), R"()\s*)"));
  return kPattern;
}

absl::Status InvalidVersion(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("invalid semantic version \"", text, "\""));
}

bool IsNumber(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

// Numbers of a prerelease have no leading zero.
bool IsPrerelease(absl::string_view text) {
  for (const absl::string_view part : absl::StrSplit(text, '.')) {
    if (part.size() > 1 && part.front() == '0' && IsNumber(part)) return false;
  }
  return true;
}

template <typename T>
int Compare(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

// Numbers are lower than words and compare as numbers.
int ComparePart(absl::string_view a, absl::string_view b) {
  uint64_t x = 0;
  uint64_t y = 0;
  const bool a_is_number = IsNumber(a) && absl::SimpleAtoi(a, &x);
  const bool b_is_number = IsNumber(b) && absl::SimpleAtoi(b, &y);
  if (a_is_number && b_is_number) return Compare(x, y);
  if (a_is_number != b_is_number) return a_is_number ? -1 : 1;
  return Compare(a, b);
}

int ComparePrereleases(absl::string_view a, absl::string_view b) {
  if (a == b) return 0;
  if (a.empty()) return 1;
  if (b.empty()) return -1;
  const std::vector<absl::string_view> x = absl::StrSplit(a, '.');
  const std::vector<absl::string_view> y = absl::StrSplit(b, '.');
  for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (const int order = ComparePart(x[i], y[i]); order != 0) return order;
  }
  return Compare(x.size(), y.size());
}

bool IsAny(absl::string_view part) {
  absl::ConsumePrefix(&part, ".");
  return part.empty() || part == "x" || part == "X" || part == "*";
}

// "a - b" becomes ">= a, <= b".
std::string RewriteHyphens(absl::string_view text) {
  std::string out;
  while (true) {
    const std::vector<absl::string_view> match = HyphenPattern().Find(text);
    if (match.empty()) return out.append(text.data(), text.size());
    const size_t start = static_cast<size_t>(match[0].data() - text.data());
    // Group 1 is the first version, with 7 groups inside; then the second.
    absl::StrAppend(&out, text.substr(0, start), ">= ", match[1],
                    ", <= ", match[9], " ");
    text.remove_prefix(start + match[0].size());
  }
}

}  // namespace

std::string Version::ToString() const {
  return absl::StrCat(major, ".", minor, ".", patch,
                      prerelease.empty() ? "" : "-", prerelease,
                      metadata.empty() ? "" : "+", metadata);
}

absl::StatusOr<Version> ParseVersion(absl::string_view text) {
  if (text.size() > kMaxVersionBytes) return InvalidVersion("...");
  const std::vector<absl::string_view> parts = VersionPattern().Find(text);
  if (parts.empty() || parts[0].size() != text.size()) {
    return InvalidVersion(text);
  }
  Version version;
  version.original = std::string(text);
  uint64_t* const numbers[] = {&version.major, &version.minor, &version.patch};
  for (size_t i = 0; i < 3; ++i) {
    absl::string_view digits = parts[i + 1];
    absl::ConsumePrefix(&digits, ".");
    if (!digits.empty() && !absl::SimpleAtoi(digits, numbers[i])) {
      return InvalidVersion(text);
    }
  }
  version.prerelease = std::string(parts[5]);
  version.metadata = std::string(parts[7]);
  if (!IsPrerelease(version.prerelease)) return InvalidVersion(text);
  return version;
}

absl::StatusOr<Version> ParseFullVersion(absl::string_view text) {
  WEIR_ASSIGN_OR_RETURN(Version version, ParseVersion(text));
  const absl::string_view numbers = text.substr(0, text.find_first_of("-+"));
  if (std::count(numbers.begin(), numbers.end(), '.') != 2) {
    return InvalidVersion(text);
  }
  return version;
}

int CompareVersions(const Version& a, const Version& b) {
  if (const int order = Compare(a.major, b.major); order != 0) return order;
  if (const int order = Compare(a.minor, b.minor); order != 0) return order;
  if (const int order = Compare(a.patch, b.patch); order != 0) return order;
  return ComparePrereleases(a.prerelease, b.prerelease);
}

absl::StatusOr<VersionRange> VersionRange::Parse(absl::string_view text) {
  if (text.size() > kMaxRangeBytes) {
    return absl::InvalidArgumentError("improper constraint: it is too long");
  }
  const std::string rewritten = RewriteHyphens(text);
  VersionRange range;
  for (const absl::string_view part : absl::StrSplit(rewritten, "||")) {
    if (!GroupPattern().MatchesAll(part)) {
      return absl::InvalidArgumentError(
          absl::StrCat("improper constraint: \"", part, "\""));
    }
    Group group;
    absl::string_view rest = part;
    while (true) {
      const std::vector<absl::string_view> match = TermPattern().Find(rest);
      if (match.empty()) break;
      WEIR_ASSIGN_OR_RETURN(Term term, ParseTerm(match[0]));
      group.has_prerelease =
          group.has_prerelease || !term.version.prerelease.empty();
      group.terms.push_back(std::move(term));
      rest.remove_prefix(static_cast<size_t>(match[0].data() - rest.data()) +
                         match[0].size());
    }
    range.groups_.push_back(std::move(group));
  }
  return range;
}

absl::StatusOr<VersionRange::Term> VersionRange::ParseTerm(
    absl::string_view text) {
  const std::vector<absl::string_view> match = TermPattern().Find(text);
  Term term;
  const absl::string_view op = match[1];
  if (op == "!=") term.op = Operator::kNotEqual;
  if (op == ">") term.op = Operator::kGreater;
  if (op == "<") term.op = Operator::kLess;
  if (op == ">=" || op == "=>") term.op = Operator::kGreaterEqual;
  if (op == "<=" || op == "=<") term.op = Operator::kLessEqual;
  if (op == "~" || op == "~>") term.op = Operator::kTilde;
  if (op == "^") term.op = Operator::kCaret;
  // The prerelease stays with a partial version: "1.x-0".
  std::string version;
  if (IsAny(match[2])) {
    term.any = true;
    version = absl::StrCat("0.0.0", match[5]);
  } else if (IsAny(match[3])) {
    term.any_minor = true;
    version = absl::StrCat(match[2], ".0.0", match[5]);
  } else if (IsAny(match[4])) {
    term.any_patch = true;
    version = absl::StrCat(match[2], match[3], ".0", match[5]);
  } else {
    version = absl::StrCat(match[2], match[3], match[4], match[5], match[7]);
  }
  absl::StatusOr<Version> parsed = ParseVersion(version);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError("constraint parser error");
  }
  term.version = *std::move(parsed);
  return term;
}

bool VersionRange::Contains(const Version& version) const {
  return std::any_of(
      groups_.begin(), groups_.end(), [&version](const Group& group) {
        if (!version.prerelease.empty() && !group.has_prerelease) return false;
        return std::all_of(
            group.terms.begin(), group.terms.end(),
            [&version](const Term& term) { return Holds(term, version); });
      });
}

bool VersionRange::Holds(const Term& term, const Version& version) {
  const Version& want = term.version;
  const int order = CompareVersions(version, want);
  switch (term.op) {
    case Operator::kEqual:
      return term.is_partial() ? HoldsTilde(term, version) : order == 0;
    case Operator::kNotEqual:
      return HoldsNotEqual(term, version);
    case Operator::kGreater:
      // ">11" starts at 12, ">11.1" at 11.2.
      if (term.any_minor) return version.major > want.major;
      if (term.any_patch && version.major == want.major) {
        return version.minor > want.minor;
      }
      return order > 0;
    case Operator::kLess:
      return order < 0;
    case Operator::kGreaterEqual:
      return order >= 0;
    case Operator::kLessEqual:
      if (!term.is_partial()) return order <= 0;
      if (version.major != want.major) return version.major < want.major;
      return term.any_minor || version.minor <= want.minor;
    case Operator::kTilde:
      return HoldsTilde(term, version);
    case Operator::kCaret:
      return HoldsCaret(term, version);
  }
  return false;
}

bool VersionRange::HoldsNotEqual(const Term& term, const Version& version) {
  const Version& want = term.version;
  if (!term.is_partial()) return CompareVersions(version, want) != 0;
  if (version.major != want.major) return true;
  if (term.any_minor) return false;
  if (version.minor != want.minor) return true;
  if (term.any_patch) {
    return ComparePrereleases(version.prerelease, want.prerelease) != 0;
  }
  return CompareVersions(version, want) != 0;
}

// ~1.2.3 is >=1.2.3 <1.3.0; ~1.2 is >=1.2.0 <1.3.0; ~1 is >=1.0.0 <2.0.0.
bool VersionRange::HoldsTilde(const Term& term, const Version& version) {
  const Version& want = term.version;
  if (CompareVersions(version, want) < 0) return false;
  // "*", and "~0.0.0" as well.
  if (want.major == 0 && want.minor == 0 && want.patch == 0 &&
      !term.any_minor && !term.any_patch) {
    return true;
  }
  if (version.major != want.major) return false;
  return term.any_minor || version.minor == want.minor;
}

// ^1.2.3 is >=1.2.3 <2.0.0; ^0.2.3 is >=0.2.3 <0.3.0; ^0.0.3 is 0.0.3.
bool VersionRange::HoldsCaret(const Term& term, const Version& version) {
  const Version& want = term.version;
  if (CompareVersions(version, want) < 0) return false;
  if (term.any) return true;
  if (want.major > 0 || term.any_minor) return version.major == want.major;
  if (version.major > 0) return false;
  if (want.minor > 0 || term.any_patch) return version.minor == want.minor;
  return version.minor == 0 && version.patch == want.patch;
}

}  // namespace weir::text
