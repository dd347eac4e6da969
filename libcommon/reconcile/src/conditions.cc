#include "weir/reconcile/conditions.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"

namespace weir::reconcile {
namespace {

using meta::v1::Condition;

// Of the types that come first, in their order; the same for all others.
int WeightOf(const Condition& condition) {
  if (condition.type() == kStalled) return 0;
  if (condition.type() == kReconciling) return 1;
  if (condition.type() == kReady) return 2;
  return 3;
}

bool ComesBefore(const Condition& a, const Condition& b) {
  const int weight = WeightOf(a);
  if (weight != WeightOf(b)) return weight < WeightOf(b);
  if (weight < 3) return false;
  return std::make_tuple(-a.observed_generation(), a.type()) <
         std::make_tuple(-b.observed_generation(), b.type());
}

bool Contains(const std::vector<std::string>& list, absl::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

int RankOf(const Condition& condition, bool is_negative) {
  if (condition.status() == kTrue) return is_negative ? 0 : 2;
  if (condition.status() == kFalse) return is_negative ? 3 : 1;
  return 4;
}

}  // namespace

Conditions::Conditions(ConditionList* list, int64_t generation,
                       const Clock& clock)
    : list_(list), generation_(generation), clock_(clock) {}

const Condition* Conditions::Find(absl::string_view type) const {
  for (const Condition& condition : *list_) {
    if (condition.type() == type) return &condition;
  }
  return nullptr;
}

bool Conditions::IsTrue(absl::string_view type) const {
  const Condition* condition = Find(type);
  return condition != nullptr && condition->status() == kTrue;
}

bool Conditions::IsFalse(absl::string_view type) const {
  const Condition* condition = Find(type);
  return condition != nullptr && condition->status() == kFalse;
}

bool Conditions::IsUnknown(absl::string_view type) const {
  const Condition* condition = Find(type);
  return condition == nullptr ||
         (condition->status() != kTrue && condition->status() != kFalse);
}

std::string Conditions::Reason(absl::string_view type) const {
  const Condition* condition = Find(type);
  return condition == nullptr ? "" : condition->reason();
}

std::string Conditions::Message(absl::string_view type) const {
  const Condition* condition = Find(type);
  return condition == nullptr ? "" : condition->message();
}

void Conditions::Set(absl::string_view type, absl::string_view status,
                     absl::string_view reason, absl::string_view message) {
  if (reason.empty()) reason = status == kFalse ? "Failed" : "Succeeded";
  // The arguments may point into the condition that is about to change.
  const std::string new_reason(reason);
  const std::string new_message = CutConditionMessage(message);
  Condition* condition = nullptr;
  for (Condition& present : *list_) {
    if (present.type() == type) condition = &present;
  }
  if (condition == nullptr) {
    condition = list_->Add();
    condition->set_type(std::string(type));
  }
  if (condition->status() != status || condition->reason() != new_reason ||
      condition->message() != new_message) {
    condition->set_status(std::string(status));
    condition->set_reason(new_reason);
    condition->set_message(new_message);
    condition->set_last_transition_time(FormatKubeTime(clock_.Now()));
  }
  condition->set_observed_generation(generation_);
  std::stable_sort(list_->pointer_begin(), list_->pointer_end(),
                   [](const Condition* a, const Condition* b) {
                     return ComesBefore(*a, *b);
                   });
}

void Conditions::MarkReconciling(absl::string_view reason,
                                 absl::string_view message) {
  Delete(kStalled);
  MarkTrue(kReconciling, reason, message);
}

void Conditions::MarkStalled(absl::string_view reason,
                             absl::string_view message) {
  Delete(kReconciling);
  MarkTrue(kStalled, reason, message);
}

bool Conditions::Delete(absl::string_view type) {
  for (int i = 0; i < list_->size(); ++i) {
    if (list_->Get(i).type() != type) continue;
    list_->DeleteSubrange(i, 1);
    return true;
  }
  return false;
}

void Conditions::Summarize(absl::string_view target,
                           const SummaryOptions& options) {
  const Condition* top = nullptr;
  int top_rank = 0;
  for (const std::string& type : options.priority) {
    if (type == target) continue;
    const Condition* condition = Find(type);
    if (condition == nullptr) continue;
    const int rank = RankOf(*condition, Contains(options.negative, type));
    if (top == nullptr || rank < top_rank) {
      top = condition;
      top_rank = rank;
    }
  }
  if (top == nullptr) return;
  // Ranks 0 and 1 are bad, 2 and 3 good, 4 is neither.
  bool is_true = top_rank >= 2;
  if (Contains(options.negative, target)) is_true = !is_true;
  const char* status = top_rank == 4 ? kUnknown : is_true ? kTrue : kFalse;
  const Condition copy = *top;
  Set(target, status, copy.reason(), copy.message());
}

std::string CutConditionMessage(absl::string_view message) {
  if (message.size() <= kMaxConditionMessage) return std::string(message);
  size_t size = kMaxConditionMessage - 3;
  // Not between the bytes of one character.
  while (size > 0 && (message[size] & 0xC0) == 0x80) --size;
  return absl::StrCat(message.substr(0, size), "...");
}

}  // namespace weir::reconcile
