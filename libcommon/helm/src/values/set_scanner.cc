#include "src/values/set_scanner.h"

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "src/go_text.h"
#include "weir/helm/set_values.h"

namespace weir::helm {
namespace {

std::string ValidUtf8(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    size_t length = 0;
    AppendRune(RuneAt(text, i, &length), &out);
    i += length;
  }
  return out;
}

size_t LengthOf(absl::string_view text, size_t offset) {
  size_t length = 0;
  RuneAt(text, offset, &length);
  return length;
}

// As Go's strconv.Atoi; fills in `error` when it is no number.
int Atoi(absl::string_view text, std::string* error) {
  absl::string_view digits = text;
  if (!digits.empty() && (digits[0] == '+' || digits[0] == '-')) {
    digits.remove_prefix(1);
  }
  bool is_number = !digits.empty();
  for (char c : digits) is_number = is_number && c >= '0' && c <= '9';
  int64_t number = 0;
  absl::string_view reason = "invalid syntax";
  if (is_number) {
    const absl::string_view parsed = text[0] == '+' ? digits : text;
    const auto result =
        std::from_chars(parsed.data(), parsed.data() + parsed.size(), number);
    if (result.ec == std::errc()) {
      constexpr int64_t kMost = std::numeric_limits<int>::max();
      return static_cast<int>(std::min(std::max(number, -kMost), kMost));
    }
    reason = "value out of range";
  }
  *error = absl::StrCat("strconv.Atoi: parsing ", GoQuote(text), ": ", reason);
  return 0;
}

}  // namespace

SetScanner::SetScanner(absl::string_view text, bool escapes)
    : text_(ValidUtf8(text)), escapes_(escapes) {}

char SetScanner::ReadUntil(absl::string_view marks, std::string* out) {
  while (!is_at_end()) {
    const char c = text_[offset_];
    if (absl::string_view::npos != marks.find(c)) {
      ++offset_;
      return c;
    }
    if (c == '\\' && escapes_) {
      ++offset_;
      if (is_at_end()) return 0;
    }
    const size_t length = LengthOf(text_, offset_);
    out->append(text_, offset_, length);
    offset_ += length;
  }
  return 0;
}

SetOutcome SetScanner::ReadIndex(int* index) {
  std::string text;
  if (ReadUntil("]", &text) == 0) return SetOutcome::End();
  std::string error;
  *index = Atoi(text, &error);
  if (error.empty()) return SetOutcome::Done();
  return SetOutcome::Failed(absl::StrCat("error parsing index: ", error));
}

void SetMember(Value& map, const std::string& key, Value value) {
  if (!key.empty()) map.Set(key, std::move(value));
}

SetOutcome NegativeIndex(int index) {
  return SetOutcome::Failed(
      absl::StrCat("negative ", index, " index not allowed"));
}

SetOutcome SetElement(Value& list, int index, Value value) {
  if (index < 0) return NegativeIndex(index);
  if (index > kMaxSetIndex) {
    return SetOutcome::Failed(absl::StrCat(
        "index of ", index, " is greater than maximum supported index of ",
        kMaxSetIndex));
  }
  Value::Array& items = list.MutableArray();
  if (items.size() <= static_cast<size_t>(index)) items.resize(index + 1);
  items[index] = std::move(value);
  return SetOutcome::Done();
}

SetOutcome WrongType(const Value& value, absl::string_view wanted) {
  return SetOutcome::Failed(
      absl::StrCat("unable to parse key: interface conversion: interface {} "
                   "is ",
                   GoTypeName(value), ", not ", wanted));
}

}  // namespace weir::helm
