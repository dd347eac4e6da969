#include "src/model/budget.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace weir::kustomize {
namespace {

// Deeper than what is read may be, so that copies can be laid into others.
constexpr int kMaxDepth = 400;

// Adds up what a value and all below it take, until that is above a limit.
class Measure {
 public:
  explicit Measure(size_t limit) : limit_(limit) {}

  void Visit(const Value& value, int depth) {
    if (depth > kMaxDepth) is_too_deep_ = true;
    bytes_ += sizeof(Value);
    if (value.is_string()) bytes_ += kTextBytes + value.AsString().size();
    if (value.written() != nullptr) {
      bytes_ += kTextBytes + value.written()->size();
    }
    if (is_over()) return;
    for (const Value& item : value.array()) {
      Visit(item, depth + 1);
      if (is_over()) return;
    }
    for (const Value::Member& member : value.object()) {
      bytes_ += sizeof(member.key) + member.key.size();
      Visit(member.value, depth + 1);
      if (is_over()) return;
    }
  }

  bool is_over() const { return is_too_deep_ || bytes_ > limit_; }
  bool is_too_deep() const { return is_too_deep_; }
  size_t bytes() const { return bytes_; }

 private:
  // Of a text on the heap, with what the allocator adds.
  static constexpr size_t kTextBytes = 48;

  const size_t limit_;
  size_t bytes_ = 0;
  bool is_too_deep_ = false;
};

}  // namespace

size_t SizeOf(const Value& value) {
  Measure measure(std::numeric_limits<size_t>::max());
  measure.Visit(value, 0);
  return measure.bytes();
}

absl::Status Budget::Spend(size_t steps) {
  if (steps <= max_steps_ - steps_) {
    steps_ += steps;
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("the build takes more than ", max_steps_,
                   " steps: too many changes of too many objects"));
}

absl::Status Budget::Hold(size_t bytes) {
  if (bytes <= max_bytes_ - bytes_) {
    bytes_ += bytes;
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "the objects of the build are larger than ", max_bytes_, " bytes"));
}

absl::Status Budget::Hold(const Value& value) {
  Measure measure(max_bytes_ - bytes_);
  measure.Visit(value, 0);
  if (measure.is_too_deep()) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a value is nested deeper than ", kMaxDepth, " levels"));
  }
  return Hold(measure.bytes());
}

absl::Status Budget::Replace(size_t before, const Value& after) {
  bytes_ -= std::min(before, bytes_);
  return Hold(after);
}

}  // namespace weir::kustomize
