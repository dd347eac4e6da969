// Conditions reads and edits the conditions of a status as Flux's runtime
// does.
//
// Touches: clock.
// Threads: as a value; the list that it edits must not be shared meanwhile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "weir/base/clock.h"
#include "weir/meta/v1/meta.pb.h"

namespace weir::reconcile {

using ConditionList = google::protobuf::RepeatedPtrField<meta::v1::Condition>;

// Types and reasons that all kinds share.
inline constexpr char kReady[] = "Ready";
inline constexpr char kReconciling[] = "Reconciling";
inline constexpr char kStalled[] = "Stalled";
inline constexpr char kProgressing[] = "Progressing";
inline constexpr char kProgressingWithRetry[] = "ProgressingWithRetry";
inline constexpr char kNotSupported[] = "NotSupported";

// Statuses.
inline constexpr char kTrue[] = "True";
inline constexpr char kFalse[] = "False";
inline constexpr char kUnknown[] = "Unknown";

// Longer messages end in "...".
inline constexpr size_t kMaxConditionMessage = 32768;

struct SummaryOptions {
  // The conditions to look at; of equal rank the first one's reason and
  // message win.
  std::vector<std::string> priority;
  // Those of them that are bad when True.
  std::vector<std::string> negative;
};

class Conditions {
 public:
  // Edits `list`, which must outlive it, for an object of this generation.
  Conditions(ConditionList* list, int64_t generation,
             const Clock& clock = Clock::Real());

  // The condition, or null.
  const meta::v1::Condition* Find(absl::string_view type) const;
  bool Has(absl::string_view type) const { return Find(type) != nullptr; }
  bool IsTrue(absl::string_view type) const;
  bool IsFalse(absl::string_view type) const;
  // Absent counts as unknown.
  bool IsUnknown(absl::string_view type) const;
  std::string Reason(absl::string_view type) const;
  std::string Message(absl::string_view type) const;

  // Adds or replaces a condition and keeps the list in order: Stalled,
  // Reconciling, Ready, then the higher observedGeneration, then by type.
  // Stamps observedGeneration; lastTransitionTime moves only when status,
  // reason or message changed. An empty reason becomes "Failed" if False,
  // else "Succeeded".
  void Set(absl::string_view type, absl::string_view status,
           absl::string_view reason, absl::string_view message);
  void MarkTrue(absl::string_view type, absl::string_view reason,
                absl::string_view message) {
    Set(type, kTrue, reason, message);
  }
  void MarkFalse(absl::string_view type, absl::string_view reason,
                 absl::string_view message) {
    Set(type, kFalse, reason, message);
  }
  void MarkUnknown(absl::string_view type, absl::string_view reason,
                   absl::string_view message) {
    Set(type, kUnknown, reason, message);
  }
  // Sets one to True and removes the other.
  void MarkReconciling(absl::string_view reason, absl::string_view message);
  void MarkStalled(absl::string_view reason, absl::string_view message);
  // Returns whether it was there.
  bool Delete(absl::string_view type);

  // Sets `target` from the others: the first rank that has a condition wins:
  // True negative, False positive, True positive, False negative, Unknown.
  // Its status, turned round for a negative one, is the target's. Nothing
  // happens when none of the conditions is there.
  // Source: source.md, section 3.5.
  void Summarize(absl::string_view target, const SummaryOptions& options);

 private:
  ConditionList* const list_;
  const int64_t generation_;
  const Clock& clock_;
};

// Cuts a condition's message to the limit, at a character's border.
std::string CutConditionMessage(absl::string_view message);

}  // namespace weir::reconcile
