#include "go_regexp.h"

#include <time.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "unicode.h"
#include "weir/base/status.h"

namespace weir::gotmpl {
namespace {

using Parts = text::GoRegexp::Parts;

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

// The group that a name in a replacement means; -1: none.
int GroupIndex(const text::GoRegexp& pattern, absl::string_view name) {
  bool is_number = !name.empty();
  for (const char c : name) is_number = is_number && c >= '0' && c <= '9';
  int index = -1;
  // "$01" is a name, and no group has it.
  if (is_number && (name.size() == 1 || name[0] != '0')) {
    return name.size() < 9 && absl::SimpleAtoi(name, &index) ? index : -1;
  }
  return pattern.GroupIndex(name);
}

void Expand(const text::GoRegexp& pattern, absl::string_view with,
            const Parts& groups, std::string* out) {
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
    const int index = GroupIndex(pattern, name);
    if (index < 0 || index >= static_cast<int>(groups.size())) continue;
    absl::StrAppend(out, groups[static_cast<size_t>(index)]);
  }
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Regexp>> Regexp::Compile(
    absl::string_view pattern) {
  WEIR_ASSIGN_OR_RETURN(auto compiled, text::GoRegexp::Compile(pattern));
  return std::shared_ptr<const Regexp>(new Regexp(std::move(compiled)));
}

std::vector<absl::string_view> Regexp::FindAll(absl::string_view text,
                                               int64_t n,
                                               const GoesOn& goes_on) const {
  std::vector<absl::string_view> matches;
  if (n == 0) return matches;
  Meter meter(text.size(), goes_on);
  pattern_->ForEach(
      text, 1, [&] { return meter.GoesOn(); },
      [&](const Parts& groups) {
        matches.push_back(groups[0]);
        return n < 0 || static_cast<int64_t>(matches.size()) < n;
      });
  return matches;
}

std::string Regexp::ReplaceAll(absl::string_view text, absl::string_view with,
                               size_t most, const GoesOn& goes_on) const {
  if (text.data() == nullptr) text = absl::string_view("", 0);
  std::string out;
  size_t copied = 0;
  const bool needs_groups = absl::StrContains(with, '$');
  const auto all = static_cast<size_t>(pattern_->group_count()) + 1;
  Meter meter(text.size(), goes_on);
  pattern_->ForEach(
      text, needs_groups ? all : 1, [&] { return meter.GoesOn(); },
      [&](const Parts& groups) {
        const auto start = static_cast<size_t>(groups[0].data() - text.data());
        absl::StrAppend(&out, text.substr(copied, start - copied));
        Expand(*pattern_, with, groups, &out);
        copied = start + groups[0].size();
        return out.size() <= most;
      });
  absl::StrAppend(&out, text.substr(copied));
  return out;
}

}  // namespace weir::gotmpl
