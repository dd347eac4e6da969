#include "weir/text/semver.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "weir/base/status.h"
#include "weir/text/regex.h"
#include "weir/value/go_quote.h"

namespace weir::text {

// What a version is written of.
struct VersionParts {
  absl::string_view major;
  absl::string_view minor, patch;          // With the dot; may be empty.
  absl::string_view prerelease, metadata;  // "-rc.1", "+build.5"
};

namespace {

constexpr size_t kMaxVersionBytes = 256;
constexpr size_t kMaxRangeBytes = 512;
constexpr size_t kMaxRangeGroups = 32;

constexpr char kSuffix[] = R"((-([0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?)"
                           R"((\+([0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?)";
constexpr char kOperators[] = R"(=||!=|>|<|>=|=>|<=|=<|~|~>|\^)";

// A version in a range; as upstream's it takes "|" for a digit, which then
// is refused.
std::string RangeVersion() {
  return absl::StrCat(R"(v?([0-9|xX*]+)(\.[0-9|xX*]+)?(\.[0-9|xX*]+)?)",
                      kSuffix);
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

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsDigitOrAny(char c) {
  return IsDigit(c) || c == 'x' || c == 'X' || c == '*';
}
bool IsIdentifierByte(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         c == '-';
}

// Takes the longest start of `text` whose bytes all are `is`.
absl::string_view TakeWhile(absl::string_view* text, bool (*is)(char)) {
  size_t size = 0;
  while (size < text->size() && is((*text)[size])) ++size;
  const absl::string_view taken = text->substr(0, size);
  text->remove_prefix(size);
  return taken;
}

// Takes `mark` and what is `is` behind it, or nothing.
absl::string_view TakeMarked(absl::string_view* text, char mark,
                             bool (*is)(char)) {
  if (text->empty() || text->front() != mark) return {};
  absl::string_view rest = text->substr(1);
  const size_t size = TakeWhile(&rest, is).size();
  if (size == 0) return {};
  const absl::string_view taken = text->substr(0, size + 1);
  *text = rest;
  return taken;
}

// Takes `mark` and identifiers that dots separate, or nothing.
absl::string_view TakeSuffix(absl::string_view* text, char mark) {
  const absl::string_view all = *text;
  if (TakeMarked(text, mark, IsIdentifierByte).empty()) return {};
  while (!TakeMarked(text, '.', IsIdentifierByte).empty()) {
  }
  return all.substr(0, all.size() - text->size());
}

// All of `text` as a version whose numbers consist of bytes that are `is`.
std::optional<VersionParts> ScanVersion(absl::string_view text,
                                        bool (*is)(char)) {
  VersionParts parts;
  absl::ConsumePrefix(&text, "v");
  parts.major = TakeWhile(&text, is);
  if (parts.major.empty()) return std::nullopt;
  parts.minor = TakeMarked(&text, '.', is);
  parts.patch = TakeMarked(&text, '.', is);
  parts.prerelease = TakeSuffix(&text, '-');
  parts.metadata = TakeSuffix(&text, '+');
  if (!text.empty()) return std::nullopt;
  return parts;
}

std::string WithoutMark(absl::string_view suffix) {
  return std::string(suffix.substr(std::min<size_t>(1, suffix.size())));
}

// Takes an operator, or nothing.
absl::string_view TakeOperator(absl::string_view* text) {
  for (const absl::string_view op :
       {"!=", ">=", "=>", "<=", "=<", "~>", "=", ">", "<", "~", "^"}) {
    if (absl::ConsumePrefix(text, op)) return op;
  }
  return {};
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

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

bool MayHaveHyphens(absl::string_view text) {
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '-' && IsBlank(text[i - 1]) && IsBlank(text[i + 1])) {
      return true;
    }
  }
  return false;
}

// "a - b" becomes ">= a, <= b".
std::string RewriteHyphens(absl::string_view text) {
  if (!MayHaveHyphens(text)) return std::string(text);
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
  const std::optional<VersionParts> parts = ScanVersion(text, IsDigit);
  if (!parts) return InvalidVersion(text);
  Version version;
  version.original = std::string(text);
  const std::pair<absl::string_view, uint64_t*> numbers[] = {
      {parts->major, &version.major},
      {parts->minor, &version.minor},
      {parts->patch, &version.patch}};
  for (auto [digits, number] : numbers) {
    absl::ConsumePrefix(&digits, ".");
    if (!digits.empty() && !absl::SimpleAtoi(digits, number)) {
      return InvalidVersion(text);
    }
  }
  version.prerelease = WithoutMark(parts->prerelease);
  version.metadata = WithoutMark(parts->metadata);
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
    return absl::InvalidArgumentError(absl::StrCat(
        "constraint string is too long (max ", kMaxRangeBytes, " bytes)"));
  }
  const std::string rewritten = RewriteHyphens(text);
  const std::vector<absl::string_view> parts = absl::StrSplit(rewritten, "||");
  if (parts.size() > kMaxRangeGroups) {
    return absl::InvalidArgumentError(
        absl::StrCat("too many constraint groups (max ", kMaxRangeGroups, ")"));
  }
  VersionRange range;
  for (const absl::string_view part : parts) {
    Group group;
    WEIR_RETURN_IF_ERROR(ParseGroup(part, &group));
    range.groups_.push_back(std::move(group));
  }
  return range;
}

absl::Status VersionRange::ParseGroup(absl::string_view text, Group* group) {
  const auto add = [group](absl::StatusOr<Term> term) {
    if (!term.ok()) return term.status();
    group->has_prerelease =
        group->has_prerelease || !term->version.prerelease.empty();
    group->terms.push_back(*std::move(term));
    return absl::OkStatus();
  };
  // Most have one term, and patterns take long to compile.
  absl::string_view rest = text;
  const absl::string_view op = TakeOperator(&rest);
  TakeWhile(&rest, IsBlank);
  if (const auto parts = ScanVersion(rest, IsDigitOrAny)) {
    return add(MakeTerm(op, *parts));
  }
  if (!GroupPattern().MatchesAll(text)) {
    return absl::InvalidArgumentError(
        absl::StrCat("improper constraint: ", GoQuote(text)));
  }
  rest = text;
  while (true) {
    const std::vector<absl::string_view> match = TermPattern().Find(rest);
    if (match.empty()) return absl::OkStatus();
    WEIR_RETURN_IF_ERROR(add(MakeTerm(
        match[1], {match[2], match[3], match[4], match[5], match[7]})));
    rest.remove_prefix(static_cast<size_t>(match[0].data() - rest.data()) +
                       match[0].size());
  }
}

absl::StatusOr<VersionRange::Term> VersionRange::MakeTerm(
    absl::string_view op, const VersionParts& parts) {
  Term term;
  constexpr std::pair<absl::string_view, Operator> kMeanings[] = {
      {"!=", Operator::kNotEqual},     {">", Operator::kGreater},
      {"<", Operator::kLess},          {">=", Operator::kGreaterEqual},
      {"=>", Operator::kGreaterEqual}, {"<=", Operator::kLessEqual},
      {"=<", Operator::kLessEqual},    {"~", Operator::kTilde},
      {"~>", Operator::kTilde},        {"^", Operator::kCaret},
  };
  for (const auto& [name, meaning] : kMeanings) {
    if (name == op) term.op = meaning;
  }
  // The prerelease stays with a partial version: "1.x-0".
  std::string version;
  if (IsAny(parts.major)) {
    term.any = true;
    version = absl::StrCat("0.0.0", parts.prerelease);
  } else if (IsAny(parts.minor)) {
    term.any_minor = true;
    version = absl::StrCat(parts.major, ".0.0", parts.prerelease);
  } else if (IsAny(parts.patch)) {
    term.any_patch = true;
    version = absl::StrCat(parts.major, parts.minor, ".0", parts.prerelease);
  } else {
    version = absl::StrCat(parts.major, parts.minor, parts.patch,
                           parts.prerelease, parts.metadata);
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
