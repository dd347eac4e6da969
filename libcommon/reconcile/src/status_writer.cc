#include "weir/reconcile/status_writer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/value/patch.h"

namespace weir::reconcile {
namespace {

constexpr int kMaxTries = 5;

bool IsVersion(absl::string_view text) {
  if (text.empty() || (text[0] == '0' && text.size() > 1)) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

// The status that the winner of a race wrote, with our changes on top: our
// members as we want them, and of the conditions those that are ours.
Value Rebase(const Value& wanted, const Value& base, const Value& fresh,
             const std::vector<std::string>& owned) {
  const std::optional<Value> ours = ComputeMergePatch(base, wanted);
  if (!ours.has_value()) return fresh;
  Value merged = ApplyMergePatch(fresh, *ours);
  if (owned.empty() || !ours->Has("conditions")) return merged;
  const auto is_owned = [&owned](const Value& condition) {
    return std::find(owned.begin(), owned.end(), condition.GetString("type")) !=
           owned.end();
  };
  Value conditions = Value::MakeArray();
  for (const Value& condition : wanted["conditions"].array()) {
    if (is_owned(condition)) conditions.Append(condition);
  }
  for (const Value& condition : fresh["conditions"].array()) {
    if (!is_owned(condition)) conditions.Append(condition);
  }
  merged.Set("conditions", std::move(conditions));
  return merged;
}

Value FinalizersOf(const Value& object) {
  const Value& finalizers = object["metadata"]["finalizers"];
  return finalizers.is_array() ? finalizers : Value::MakeArray();
}

Value FinalizerPatch(const Value& object, Value finalizers) {
  return Value::MakeObject(
      {{"metadata",
        Value::MakeObject(
            {{"finalizers", std::move(finalizers)},
             {"resourceVersion", object["metadata"]["resourceVersion"]}})}});
}

}  // namespace

StatusWriter::StatusWriter(const kube::Client& client,
                           StatusWriterOptions options)
    : client_(client), options_(std::move(options)) {}

absl::StatusOr<Value> StatusWriter::Patch(
    const Context& ctx, const Value& object, const Value& patch,
    const std::string& subresource) const {
  kube::WriteOptions write;
  write.field_manager = options_.field_manager;
  absl::StatusOr<Value> answer =
      client_.Patch(ctx, {options_.gvk, kube::KeyOf(object)},
                    kube::PatchType::kMerge, patch, write, subresource);
  if (!answer.ok()) return answer;
  if (answer->GetString("kind") != options_.gvk.kind) return answer;
  if ((*answer)["metadata"].Has("managedFields")) {
    answer->Mutable("metadata").Erase("managedFields");
  }
  if (options_.on_written != nullptr) options_.on_written(*answer);
  return answer;
}

absl::StatusOr<Value> StatusWriter::WriteStatusValue(
    const Context& ctx, const Value& object, const Value& status) const {
  const Value base = object["status"];
  Value current = object;
  Value wanted = status;
  for (int attempt = 1;; ++attempt) {
    const std::optional<Value> patch =
        ComputeMergePatch(current["status"], wanted);
    if (!patch.has_value()) return current;
    const Value& metadata = current["metadata"];
    const absl::StatusOr<Value> answer = Patch(
        ctx, current,
        Value::MakeObject(
            {{"metadata", Value::MakeObject({{"resourceVersion",
                                              metadata["resourceVersion"]}})},
             {"status", *patch}}),
        "status");
    if (answer.ok() || kube::ApiReasonOf(answer.status()) != "Conflict" ||
        attempt == kMaxTries) {
      return answer;
    }
    if (attempt > 1)
      WEIR_RETURN_IF_ERROR(ctx.SleepFor(Jitter(options_.retry_pause, 50)));
    WEIR_ASSIGN_OR_RETURN(
        current, client_.Get(ctx, {options_.gvk, kube::KeyOf(object)}));
    if (current["metadata"]["uid"] != object["metadata"]["uid"]) {
      return absl::NotFoundError("the object was made anew");
    }
    wanted = Rebase(status, base, current["status"], options_.owned_conditions);
  }
}

absl::StatusOr<Value> StatusWriter::AddFinalizer(
    const Context& ctx, const Value& object,
    absl::string_view finalizer) const {
  if (HasFinalizer(object, finalizer)) return object;
  Value finalizers = FinalizersOf(object);
  finalizers.Append(finalizer);
  return Patch(ctx, object, FinalizerPatch(object, std::move(finalizers)), "");
}

absl::StatusOr<Value> StatusWriter::RemoveFinalizer(
    const Context& ctx, const Value& object,
    absl::string_view finalizer) const {
  Value current = object;
  for (int attempt = 1; HasFinalizer(current, finalizer); ++attempt) {
    Value rest = Value::MakeArray();
    const Value finalizers = FinalizersOf(current);
    for (const Value& item : finalizers.array()) {
      if (item != Value(finalizer)) rest.Append(item);
    }
    absl::StatusOr<Value> answer =
        Patch(ctx, current, FinalizerPatch(current, rest), "");
    if (answer.ok() || absl::IsNotFound(answer.status())) {
      // Until the watch tells of the end, nobody is to see the finalizer.
      current.Mutable("metadata").Set("finalizers", std::move(rest));
      const bool is_object =
          answer.ok() && answer->GetString("kind") == options_.gvk.kind;
      if (!is_object && options_.on_written != nullptr) {
        options_.on_written(current);
      }
      return is_object && !FinalizersOf(*answer).empty() ? *answer : Value();
    }
    if (kube::ApiReasonOf(answer.status()) != "Conflict" ||
        attempt == kMaxTries) {
      return answer;
    }
    answer = client_.Get(ctx, {options_.gvk, kube::KeyOf(object)});
    if (absl::IsNotFound(answer.status())) return Value();
    if (!answer.ok()) return answer;
    if ((*answer)["metadata"]["uid"] != object["metadata"]["uid"]) {
      return Value();
    }
    current = *std::move(answer);
  }
  return current;
}

bool HasFinalizer(const Value& object, absl::string_view finalizer) {
  for (const Value& item : object["metadata"]["finalizers"].array()) {
    if (item == Value(finalizer)) return true;
  }
  return false;
}

bool IsBeingDeleted(const Value& object) {
  return !object["metadata"]["deletionTimestamp"].is_null();
}

int64_t GenerationOf(const Value& object) {
  return object["metadata"].GetInt("generation");
}

absl::string_view RequestedAt(const Value& object) {
  return object["metadata"]["annotations"].GetString(
      "reconcile.fluxcd.io/requestedAt");
}

bool IsOlderVersion(absl::string_view a, absl::string_view b) {
  if (!IsVersion(a) || !IsVersion(b)) return false;
  if (a.size() != b.size()) return a.size() < b.size();
  return a < b;
}

}  // namespace weir::reconcile
