// Sprig's regex.go, by Go's regexp.
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "go_regexp.h"
#include "go_strconv.h"
#include "rows.h"
#include "weir/base/status.h"

namespace weir::gotmpl {
namespace {

absl::string_view Arg(const Call& call, size_t i) {
  return call.args[i].AsString();
}

// Compiled once an execution.
absl::StatusOr<std::shared_ptr<const Regexp>> Compile(Call& call) {
  const absl::string_view pattern = Arg(call, 0);
  std::shared_ptr<const void>& slot =
      call.execution.Cached(absl::StrCat("regexp:", pattern));
  if (slot == nullptr) {
    WEIR_RETURN_IF_ERROR(call.execution.Step(pattern.size()));
    WEIR_ASSIGN_OR_RETURN(std::shared_ptr<const Regexp> made,
                          Regexp::Compile(pattern));
    WEIR_RETURN_IF_ERROR(call.execution.Step(made->size() * 8));
    slot = std::move(made);
  }
  return std::static_pointer_cast<const Regexp>(slot);
}

// A large pattern may look at each byte of the text once an instruction.
absl::Status ChargeSearch(Call& call, const Regexp& regexp,
                          absl::string_view text) {
  constexpr size_t kSmall = 2000, kInstructionsPerStep = 64;
  if (regexp.size() < kSmall) return absl::OkStatus();
  return call.execution.Step(text.size() / kInstructionsPerStep *
                             regexp.size());
}

// Counts the time of searches as steps; `status` is the last word.
Regexp::GoesOn Meter(Call& call, absl::Status& status) {
  return [&call, &status, counted = int64_t{0}](int64_t nanoseconds) mutable {
    constexpr int64_t kNanosecondsPerStep = 30;
    const int64_t more = (nanoseconds - counted) / kNanosecondsPerStep;
    counted += more * kNanosecondsPerStep;
    status = call.execution.Step(static_cast<uint64_t>(more));
    return status.ok();
  };
}

absl::StatusOr<std::vector<absl::string_view>> AllMatches(Call& call,
                                                          const Regexp& regexp,
                                                          int64_t n) {
  absl::Status status;
  std::vector<absl::string_view> matches =
      regexp.FindAll(call.args[1].AsString(), n, Meter(call, status));
  WEIR_RETURN_IF_ERROR(status);
  // What a match costs as a value, besides its bytes.
  constexpr size_t kEach = 64;
  size_t bytes = 0;
  for (const absl::string_view match : matches) bytes += match.size() + kEach;
  WEIR_RETURN_IF_ERROR(call.execution.Reserve(bytes));
  return matches;
}

// What regexp.MustCompile panics with.
absl::Status Panic(Call& call, const absl::Status& error) {
  const absl::string_view pattern = Arg(call, 0);
  std::string quoted;
  if (CanBackquote(pattern)) {
    quoted = absl::StrCat("`", pattern, "`");
  } else {
    AppendQuoted(pattern, false, &quoted);
  }
  return GoError("regexp: Compile(", quoted, "): ", error.message());
}

using Body = Result (*)(Call&, const Regexp&);

template <Body body>
Result Must(Call& call) {
  absl::StatusOr<std::shared_ptr<const Regexp>> regexp = Compile(call);
  if (!regexp.ok()) return regexp.status();
  WEIR_RETURN_IF_ERROR(ChargeSearch(call, **regexp, Arg(call, 1)));
  return body(call, **regexp);
}

template <Body body>
Result OrPanic(Call& call) {
  absl::StatusOr<std::shared_ptr<const Regexp>> regexp = Compile(call);
  if (absl::IsResourceExhausted(regexp.status())) return regexp.status();
  if (!regexp.ok()) return Panic(call, regexp.status());
  WEIR_RETURN_IF_ERROR(ChargeSearch(call, **regexp, Arg(call, 1)));
  return body(call, **regexp);
}

Result Match(Call& call, const Regexp& regexp) {
  return Any::Bool(regexp.Matches(Arg(call, 1)));
}

Result MatchOrFalse(Call& call) {
  absl::StatusOr<std::shared_ptr<const Regexp>> regexp = Compile(call);
  if (absl::IsResourceExhausted(regexp.status())) return regexp.status();
  if (!regexp.ok()) return Any::Bool(false);
  WEIR_RETURN_IF_ERROR(ChargeSearch(call, **regexp, Arg(call, 1)));
  return Match(call, **regexp);
}

Result Find(Call& call, const Regexp& regexp) {
  WEIR_ASSIGN_OR_RETURN(const auto matches, AllMatches(call, regexp, 1));
  return Any::String(matches.empty() ? absl::string_view() : matches[0]);
}

Any List(const std::vector<absl::string_view>& parts) {
  std::vector<Any> items;
  items.reserve(parts.size());
  for (const absl::string_view part : parts) {
    items.push_back(Any::String(part));
  }
  return Any::List(std::move(items), types::StringList());
}

Result FindAll(Call& call, const Regexp& regexp) {
  WEIR_ASSIGN_OR_RETURN(const auto matches,
                        AllMatches(call, regexp, call.args[2].AsInt()));
  if (matches.empty()) return Any::Nil(types::StringList());
  return List(matches);
}

Result Replace(Call& call, const Regexp& regexp) {
  absl::Status status;
  const std::string text = regexp.ReplaceAll(
      Arg(call, 1), Arg(call, 2),
      call.execution.options().limits.max_value_bytes, Meter(call, status));
  WEIR_RETURN_IF_ERROR(status);
  return Text(call, text);
}

Result ReplaceLiteral(Call& call, const Regexp& regexp) {
  const absl::string_view text = Arg(call, 1);
  WEIR_ASSIGN_OR_RETURN(const auto matches, AllMatches(call, regexp, -1));
  WEIR_RETURN_IF_ERROR(
      call.execution.Charge(matches.size() * Arg(call, 2).size()));
  std::string out;
  size_t copied = 0;
  for (const absl::string_view match : matches) {
    const auto start = static_cast<size_t>(match.data() - text.data());
    absl::StrAppend(&out, text.substr(copied, start - copied), Arg(call, 2));
    copied = start + match.size();
  }
  absl::StrAppend(&out, text.substr(copied));
  return Text(call, out);
}

Result Split(Call& call, const Regexp& regexp) {
  const absl::string_view text = Arg(call, 1);
  const int64_t n = call.args[2].AsInt();
  if (n == 0) return Any::Nil(types::StringList());
  if (!regexp.pattern().empty() && text.empty()) return List({""});
  WEIR_ASSIGN_OR_RETURN(const auto matches, AllMatches(call, regexp, n));
  WEIR_RETURN_IF_ERROR(call.execution.Reserve(text.size()));
  std::vector<absl::string_view> parts;
  size_t begin = 0, end = 0;
  for (const absl::string_view match : matches) {
    if (n > 0 && static_cast<int64_t>(parts.size()) == n - 1) break;
    end = static_cast<size_t>(match.data() - text.data());
    const size_t match_end = end + match.size();
    if (match_end != 0) parts.push_back(text.substr(begin, end - begin));
    begin = match_end;
  }
  if (end != text.size()) parts.push_back(text.substr(begin));
  return List(parts);
}

Result QuoteMeta(Call& call) {
  std::string out;
  for (const char c : Arg(call, 0)) {
    if (absl::StrContains("\\.+*?()|[]{}^$", c)) out.push_back('\\');
    out.push_back(c);
  }
  return Text(call, out);
}

constexpr absl::string_view kFindAll = "func(string, string, int) []string";
constexpr absl::string_view kMustFindAll =
    "func(string, string, int) ([]string, error)";
constexpr absl::string_view kReplace = "func(string, string, string) string";
constexpr absl::string_view kMustReplace =
    "func(string, string, string) (string, error)";

constexpr Row kRows[] = {
    {"regexMatch", "func(string, string) bool", MatchOrFalse},
    {"mustRegexMatch", "func(string, string) (bool, error)", Must<Match>},
    {"regexFind", "func(string, string) string", OrPanic<Find>},
    {"mustRegexFind", "func(string, string) (string, error)", Must<Find>},
    {"regexFindAll", kFindAll, OrPanic<FindAll>},
    {"mustRegexFindAll", kMustFindAll, Must<FindAll>},
    {"regexReplaceAll", kReplace, OrPanic<Replace>},
    {"mustRegexReplaceAll", kMustReplace, Must<Replace>},
    {"regexReplaceAllLiteral", kReplace, OrPanic<ReplaceLiteral>},
    {"mustRegexReplaceAllLiteral", kMustReplace, Must<ReplaceLiteral>},
    {"regexSplit", kFindAll, OrPanic<Split>},
    {"mustRegexSplit", kMustFindAll, Must<Split>},
    {"regexQuoteMeta", "func(string) string", QuoteMeta},
};

}  // namespace

void AddRegexps(FunctionTable& table) { AddRows(kRows, table, 4); }

}  // namespace weir::gotmpl
