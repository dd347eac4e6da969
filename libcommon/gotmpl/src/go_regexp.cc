#include "go_regexp.h"

#include <re2/re2.h>
#include <time.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "unicode.h"

namespace weir::gotmpl {
namespace {

re2::StringPiece Piece(absl::string_view text) {
  return re2::StringPiece(text.data(), text.size());
}

// Go's words for what RE2 found.
absl::string_view Describe(RE2::ErrorCode code) {
  switch (code) {
    case RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case RE2::ErrorBadCharClass:
      return "invalid character class";
    case RE2::ErrorBadCharRange:
      return "invalid character class range";
    case RE2::ErrorMissingBracket:
      return "missing closing ]";
    case RE2::ErrorMissingParen:
      return "missing closing )";
    case RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    default:
      return "expression too large";
  }
}

// "(?<name>" as "(?P<name>", which this RE2 knows.
std::string WithNamedGroups(absl::string_view pattern) {
  if (!absl::StrContains(pattern, "(?<")) return std::string(pattern);
  std::string out;
  bool in_class = false, in_quote = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const absl::string_view rest = pattern.substr(i);
    if (rest[0] == '\\' && rest.size() > 1) {
      if (rest[1] == 'Q') in_quote = true;
      if (rest[1] == 'E') in_quote = false;
      absl::StrAppend(&out, rest.substr(0, 2));
      ++i;
      continue;
    }
    if (rest[0] == '[') in_class = true;
    if (rest[0] == ']') in_class = false;
    if (!in_class && !in_quote && absl::StartsWith(rest, "(?<")) {
      absl::StrAppend(&out, "(?P<");
      i += 2;
      continue;
    }
    out.push_back(rest[0]);
  }
  return out;
}

// What starts with the first byte that is no UTF-8.
absl::string_view FromBadUtf8(absl::string_view text) {
  while (!text.empty()) {
    size_t size = 1;
    if (DecodeRune(text, &size) == kRuneError && size == 1) break;
    text.remove_prefix(size);
  }
  return text;
}

// A text as Go's regexp reads it: each byte that is no UTF-8 is U+FFFD, where
// RE2 would match nothing. Most texts are so already.
class ReadableText {
 public:
  explicit ReadableText(absl::string_view text) : original_(text) {
    // Beyond this, such bytes match nothing.
    constexpr size_t kMostBytes = size_t{1} << 20;
    if (FromBadUtf8(text).empty() || text.size() > kMostBytes) return;
    while (!text.empty()) {
      size_t size = 1;
      const Rune rune = DecodeRune(text, &size);
      AppendRune(rune, &replaced_);
      const auto at = static_cast<uint32_t>(original_.size() - text.size());
      while (origins_.size() < replaced_.size()) origins_.push_back(at);
      text.remove_prefix(size);
    }
    origins_.push_back(static_cast<uint32_t>(original_.size()));
  }

  absl::string_view view() const {
    return origins_.empty() ? original_ : absl::string_view(replaced_);
  }
  // The same part of the text that was given.
  void Restore(re2::StringPiece* part) const {
    if (origins_.empty() || part->data() == nullptr) return;
    const auto start = static_cast<size_t>(part->data() - replaced_.data());
    const size_t begin = origins_[start];
    const size_t end = origins_[start + part->size()];
    *part = re2::StringPiece(original_.data() + begin, end - begin);
  }

 private:
  const absl::string_view original_;
  std::string replaced_;
  // For each byte of `replaced_`, and its end, where it was before.
  std::vector<uint32_t> origins_;
};

// The part of the pattern that Go's message shows.
std::string Culprit(RE2::ErrorCode code, const RE2& re,
                    absl::string_view pattern) {
  if (code == RE2::ErrorBadNamedCapture &&
      !absl::StrContains(pattern, re.error_arg()) &&
      absl::StartsWith(re.error_arg(), "(?P<")) {
    return absl::StrCat("(?<", re.error_arg().substr(4));
  }
  switch (code) {
    case RE2::ErrorMissingParen:
    case RE2::ErrorUnexpectedParen:
      return std::string(pattern);
    case RE2::ErrorTrailingBackslash:
      return "";
    case RE2::ErrorBadUTF8:
      return std::string(FromBadUtf8(pattern));
    default:
      return re.error_arg();
  }
}

// A pattern keeps up to so much of what it learned of the texts.
constexpr int64_t kMostMemory = int64_t{2} << 20;

RE2::Options OptionsWith(int64_t memory) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(memory);
  return options;
}

// The processor time of this thread.
int64_t ProcessorNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

// Tells `goes_on` about the time, now and then.
class Meter {
 public:
  Meter(size_t text_size, const Regexp::GoesOn& goes_on)
      : goes_on_(goes_on), every_(text_size < 4096 ? 256 : 16) {}

  bool GoesOn() {
    if (++calls_ % every_ != 0) return true;
    const int64_t now = ProcessorNanoseconds();
    if (start_ == 0) start_ = now;
    return goes_on_(now - start_);
  }

 private:
  const Regexp::GoesOn& goes_on_;
  const int every_;
  int calls_ = 0;
  int64_t start_ = 0;
};

// Takes the name after "$" off `rest`; empty when there is none.
absl::string_view TakeName(absl::string_view& rest) {
  const bool braced = absl::StartsWith(rest, "{");
  const size_t start = braced ? 1 : 0;
  size_t end = start;
  while (end < rest.size()) {
    size_t size = 1;
    const Rune rune = DecodeRune(rest.substr(end), &size);
    if (rune != '_' && !IsLetter(rune) && !IsDigit(rune)) break;
    end += size;
  }
  const absl::string_view name = rest.substr(start, end - start);
  if (braced && (end == rest.size() || rest[end] != '}')) return {};
  if (!name.empty()) rest.remove_prefix(braced ? end + 1 : end);
  return name;
}

}  // namespace

struct Regexp::Impl {
  Impl(absl::string_view text, int64_t memory)
      : re(WithNamedGroups(text), OptionsWith(memory)), pattern(text) {}

  // Calls `use` with the first groups of each match that Go counts, until it
  // returns false.
  template <typename Use>
  void ForEach(absl::string_view text, size_t group_count,
               const GoesOn& goes_on, Use use) const;
  void Expand(absl::string_view with,
              const std::vector<re2::StringPiece>& groups,
              std::string* out) const;
  int GroupIndex(absl::string_view name) const;

  RE2 re;
  std::string pattern;
};

template <typename Use>
void Regexp::Impl::ForEach(absl::string_view text, size_t group_count,
                           const GoesOn& goes_on, Use use) const {
  std::vector<re2::StringPiece> groups(group_count);
  Meter meter(text.size(), goes_on);
  if (text.data() == nullptr) text = absl::string_view("", 0);
  const ReadableText readable(text);
  text = readable.view();
  size_t at = 0;
  // An empty match right behind another does not count.
  size_t previous_end = absl::string_view::npos;
  while (at <= text.size() && meter.GoesOn() &&
         re.Match(Piece(text), at, text.size(), RE2::UNANCHORED, groups.data(),
                  static_cast<int>(groups.size()))) {
    const auto start = static_cast<size_t>(groups[0].data() - text.data());
    const size_t end = start + groups[0].size();
    const bool counts = end > start || start != previous_end;
    for (re2::StringPiece& group : groups) readable.Restore(&group);
    if (counts && !use(groups)) return;
    previous_end = end;
    if (end > at) {
      at = end;
      if (end > start) continue;
    }
    if (at >= text.size()) return;
    size_t size = 1;
    DecodeRune(text.substr(at), &size);
    at += size;
  }
}

int Regexp::Impl::GroupIndex(absl::string_view name) const {
  bool is_number = !name.empty();
  for (const char c : name) is_number = is_number && c >= '0' && c <= '9';
  int index = -1;
  // "$01" is a name, and no group has it.
  if (is_number && (name.size() == 1 || name[0] != '0')) {
    return name.size() < 9 && absl::SimpleAtoi(name, &index) ? index : -1;
  }
  const auto& names = re.NamedCapturingGroups();
  const auto found = names.find(std::string(name));
  return found == names.end() ? -1 : found->second;
}

void Regexp::Impl::Expand(absl::string_view with,
                          const std::vector<re2::StringPiece>& groups,
                          std::string* out) const {
  while (!with.empty()) {
    const size_t dollar = with.find('$');
    absl::StrAppend(out, with.substr(0, dollar));
    if (dollar == absl::string_view::npos) return;
    with.remove_prefix(dollar + 1);
    if (absl::StartsWith(with, "$")) {
      out->push_back('$');
      with.remove_prefix(1);
      continue;
    }
    const absl::string_view name = TakeName(with);
    if (name.empty()) {
      out->push_back('$');
      continue;
    }
    const int index = GroupIndex(name);
    if (index < 0 || index >= static_cast<int>(groups.size())) continue;
    const re2::StringPiece& group = groups[static_cast<size_t>(index)];
    if (group.data() != nullptr) out->append(group.data(), group.size());
  }
}

Regexp::Regexp(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Regexp::~Regexp() = default;

absl::StatusOr<std::shared_ptr<const Regexp>> Regexp::Compile(
    absl::string_view pattern) {
  auto impl = std::make_unique<const Impl>(pattern, kMostMemory);
  if (impl->re.error_code() == RE2::ErrorPatternTooLarge) {
    impl = std::make_unique<const Impl>(pattern, int64_t{8} << 20);
  }
  if (!impl->re.ok()) {
    const RE2::ErrorCode code = impl->re.error_code();
    return absl::InvalidArgumentError(
        absl::StrCat("error parsing regexp: ", Describe(code),
                     code == RE2::ErrorTrailingBackslash ? ": ``" : ": `",
                     Culprit(code, impl->re, pattern),
                     code == RE2::ErrorTrailingBackslash ? "" : "`"));
  }
  return std::shared_ptr<const Regexp>(new Regexp(std::move(impl)));
}

bool Regexp::Matches(absl::string_view text) const {
  return RE2::PartialMatch(Piece(ReadableText(text).view()), impl_->re);
}

std::vector<absl::string_view> Regexp::FindAll(absl::string_view text,
                                               int64_t n,
                                               const GoesOn& goes_on) const {
  std::vector<absl::string_view> matches;
  if (n == 0) return matches;
  const auto use = [&](const std::vector<re2::StringPiece>& groups) {
    matches.emplace_back(groups[0].data(), groups[0].size());
    return n < 0 || static_cast<int64_t>(matches.size()) < n;
  };
  impl_->ForEach(text, 1, goes_on, use);
  return matches;
}

std::string Regexp::ReplaceAll(absl::string_view text, absl::string_view with,
                               size_t most, const GoesOn& goes_on) const {
  if (text.data() == nullptr) text = absl::string_view("", 0);
  std::string out;
  size_t copied = 0;
  const auto use = [&](const std::vector<re2::StringPiece>& groups) {
    const auto start = static_cast<size_t>(groups[0].data() - text.data());
    absl::StrAppend(&out, text.substr(copied, start - copied));
    impl_->Expand(with, groups, &out);
    copied = start + groups[0].size();
    return out.size() <= most;
  };
  const bool needs_groups = absl::StrContains(with, '$');
  const auto all = static_cast<size_t>(impl_->re.NumberOfCapturingGroups()) + 1;
  impl_->ForEach(text, needs_groups ? all : 1, goes_on, use);
  absl::StrAppend(&out, text.substr(copied));
  return out;
}

size_t Regexp::size() const {
  return static_cast<size_t>(std::max(0, impl_->re.ProgramSize()));
}

const std::string& Regexp::pattern() const { return impl_->pattern; }

}  // namespace weir::gotmpl
