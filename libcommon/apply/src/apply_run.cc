#include "weir/apply/apply_run.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "weir/apply/managed_fields.h"
#include "weir/apply/normalize.h"
#include "weir/base/status.h"

namespace weir::apply {
namespace {

// The name that the server gives for what went wrong.
std::string ReasonOf(const absl::Status& status) {
  const Value answer = kube::ApiStatusOf(status);
  for (const Value& cause : answer["details"]["causes"].array()) {
    if (cause.GetString("reason") == "FieldManagerConflict") {
      return "FieldManagerConflict";
    }
  }
  return kube::ApiReasonOf(status);
}

absl::Status DryRunError(const kube::ObjectRef& ref,
                         const absl::Status& status) {
  const std::string subject = Subject(ref);
  if (kube::ApiCodeOf(status) == 404) {
    if (ref.key.name_space.empty()) {
      return Annotate(status,
                      absl::StrCat(subject, " namespace not specified"));
    }
    return Annotate(status, absl::StrCat(subject, " not found"));
  }
  const std::string reason = ReasonOf(status);
  return Annotate(
      status, reason.empty()
                  ? absl::StrCat(subject, " dry-run failed")
                  : absl::StrCat(subject, " dry-run failed (", reason, ")"));
}

bool SaysImmutable(const absl::Status& status) {
  return absl::StrContains(status.message(), "is immutable") ||
         absl::StrContains(status.message(), "immutable field");
}

// The field that the server does not know, from its refusal of a typed
// patch: ".spec.foo"; "" for any other error.
std::string UndeclaredField(const absl::Status& status) {
  constexpr absl::string_view kSuffix = ": field not declared in schema";
  const absl::string_view message = status.message();
  const size_t end = message.find(kSuffix);
  if (end == absl::string_view::npos || end == 0) return "";
  size_t start = message.rfind(": ", end - 1);
  if (start == absl::string_view::npos) return "";
  // The first of several lines "errors:\n  .spec.foo: ...".
  start += 2;
  absl::string_view path = message.substr(start, end - start);
  const size_t line = path.rfind('\n');
  if (line != absl::string_view::npos) path = path.substr(line + 1);
  while (absl::StartsWith(path, " ")) path.remove_prefix(1);
  return absl::StartsWith(path, ".") ? std::string(path) : "";
}

// Whether a list item has the key fields of a path step `[name="a",port=1]`.
bool ItemMatches(const Value& item, absl::string_view step) {
  while (!step.empty()) {
    const size_t equals = step.find('=');
    if (equals == absl::string_view::npos) return false;
    const absl::string_view key = step.substr(0, equals);
    step.remove_prefix(equals + 1);
    std::string wanted;
    if (absl::StartsWith(step, "\"")) {
      const size_t quote = step.find('"', 1);
      if (quote == absl::string_view::npos) return false;
      wanted = std::string(step.substr(1, quote - 1));
      step.remove_prefix(quote + 1);
    } else {
      const size_t comma = std::min(step.find(','), step.size());
      wanted = std::string(step.substr(0, comma));
      step.remove_prefix(comma);
    }
    if (absl::StartsWith(step, ",")) step.remove_prefix(1);
    const Value& actual = item[key];
    const std::string text = actual.is_string() ? actual.AsString()
                             : actual.is_int()  ? absl::StrCat(actual.AsInt())
                                                : std::string();
    if (text != wanted) return false;
  }
  return true;
}

// Removes the field that a server's path text names. False when it is not
// there: then the refusal was about something else.
bool EraseByPathText(Value& root, absl::string_view path) {
  Value* node = &root;
  while (absl::StartsWith(path, ".") || absl::StartsWith(path, "[")) {
    if (path[0] == '[') {
      const size_t end = path.find(']');
      if (end == absl::string_view::npos || !node->is_array()) return false;
      const absl::string_view step = path.substr(1, end - 1);
      path.remove_prefix(end + 1);
      size_t found = node->size();
      for (size_t i = 0; i < node->size(); ++i) {
        if (ItemMatches((*node)[i], step)) found = std::min(found, i);
      }
      if (found == node->size()) return false;
      node = &node->MutableAt(found);
      continue;
    }
    path.remove_prefix(1);
    const size_t end = std::min(path.find_first_of(".["), path.size());
    const absl::string_view name = path.substr(0, end);
    path.remove_prefix(end);
    if (path.empty()) return node->Erase(name);
    node = node->FindMutable(name);
    if (node == nullptr) return false;
  }
  return false;
}

bool WaitsFor(Stage stage) {
  return stage == Stage::kDefinitions || stage == Stage::kClasses;
}

}  // namespace

const char* ActionName(Action action) {
  switch (action) {
    case Action::kCreated:
      return "created";
    case Action::kConfigured:
      return "configured";
    case Action::kUnchanged:
      return "unchanged";
    case Action::kSkipped:
      return "skipped";
    case Action::kDeleted:
      return "deleted";
  }
  return "unchanged";
}

std::string FormatEntries(const std::vector<ChangeEntry>& entries) {
  return absl::StrJoin(
      entries, "\n", [](std::string* out, const ChangeEntry& entry) {
        absl::StrAppend(out, Subject(entry.ref), " ", ActionName(entry.action));
      });
}

std::string FormatChanges(const std::vector<ChangeEntry>& changes) {
  std::vector<ChangeEntry> changed;
  for (const ChangeEntry& change : changes) {
    if (change.action != Action::kUnchanged &&
        change.action != Action::kSkipped) {
      changed.push_back(change);
    }
  }
  return FormatEntries(changed);
}

absl::Status WithChanges(const absl::Status& error,
                         const std::vector<ChangeEntry>& changes) {
  const std::string log = FormatChanges(changes);
  absl::Status status(error.code(), absl::StrCat(error.message(), "\n", log,
                                                 log.empty() ? "" : "\n"));
  error.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    status.SetPayload(url, payload);
  });
  return status;
}

ApplyRun::ApplyRun(const kube::Client& client, Tracker& tracker,
                   ApplyOptions options, std::vector<Value> objects)
    : client_(client), tracker_(tracker), options_(std::move(options)) {
  items_.reserve(objects.size());
  for (Value& object : objects) {
    Item item;
    item.ref = kube::RefOf(object);
    item.stage = StageOf(item.ref.gvk, options_.custom_stage_kinds);
    item.desired = std::move(object);
    items_.push_back(std::move(item));
  }
  std::sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) {
    return AppliesBefore(a.ref, b.ref);
  });
}

bool ApplyRun::HasControl(const Value& object, absl::string_view key,
                          absl::string_view value) const {
  return apply::HasControl(
      object, absl::StrCat(options_.control_prefix, "/", key), value);
}

absl::StatusOr<ApplyRun::Progress> ApplyRun::Advance(const Context& ctx) {
  for (; stage_ < kStageCount; ++stage_) {
    std::vector<Item*> items;
    for (Item& item : items_) {
      if (item.stage == static_cast<Stage>(stage_)) items.push_back(&item);
    }
    if (items.empty()) continue;
    if (!is_stage_written_) {
      WEIR_ASSIGN_OR_RETURN(const Progress progress, RunStage(ctx, items));
      if (progress == Progress::kWaiting) return progress;
      is_stage_written_ = true;
      wait_deadline_ = absl::Now() + options_.stage_timeout;
    }
    if (WaitsFor(static_cast<Stage>(stage_))) {
      WEIR_ASSIGN_OR_RETURN(const Progress progress, AwaitStage(items));
      if (progress == Progress::kWaiting) return progress;
    }
    FinishStage(items);
    is_stage_written_ = false;
  }
  wait_deadline_ = absl::InfiniteFuture();
  return Progress::kDone;
}

absl::StatusOr<ApplyRun::Progress> ApplyRun::RunStage(
    const Context& ctx, std::vector<Item*>& items) {
  std::vector<Item*> changed;
  for (Item* item : items) {
    if (HasControl(item->desired, "reconcile", "disabled") ||
        HasControl(item->desired, "ssa", "Ignore")) {
      item->action = Action::kSkipped;
      continue;
    }
    WEIR_RETURN_IF_ERROR(Resolve(ctx, *item));
    item->is_clean = tracker_.IsClean(options_.owner, item->ref, item->digest);
    if (!item->is_clean) changed.push_back(item);
  }
  WEIR_ASSIGN_OR_RETURN(const bool are_gone, AreDoomedGone(ctx, changed));
  if (!are_gone) return Progress::kWaiting;
  WEIR_RETURN_IF_ERROR(ReadLive(ctx, changed));
  std::erase_if(changed,
                [](Item* item) { return item->action == Action::kSkipped; });
  WEIR_ASSIGN_OR_RETURN(const bool waits, DryRun(ctx, changed));
  if (waits) return Progress::kWaiting;
  WEIR_RETURN_IF_ERROR(Write(ctx, changed));
  return Progress::kDone;
}

// Whether the objects that were deleted to be made anew have gone.
absl::StatusOr<bool> ApplyRun::AreDoomedGone(const Context& ctx,
                                             const std::vector<Item*>& items) {
  for (Item* item : items) {
    if (item->doomed_uid.empty()) continue;
    const absl::StatusOr<Value> live = client_.Get(ctx, item->ref);
    if (live.ok() && (*live)["metadata"].GetString("uid") == item->doomed_uid) {
      wait_deadline_ = absl::Now() + absl::Seconds(2);
      return false;
    }
    if (!live.ok() && !absl::IsNotFound(live.status())) {
      return Annotate(live.status(),
                      absl::StrCat(Subject(item->ref),
                                   " immutable field detected, failed to wait "
                                   "for object to be deleted"));
    }
    item->doomed_uid.clear();
  }
  return true;
}

// Whether the live object says that it is not to be applied. Asked only when
// the dry run, which would show it, was refused.
bool ApplyRun::IsSkippedLive(const Context& ctx, const Item& item) {
  const absl::StatusOr<Value> live = client_.Get(ctx, item.ref);
  if (!live.ok()) return false;
  return HasControl(*live, "reconcile", "disabled") ||
         HasControl(*live, "ssa", "Ignore");
}

// Finds how the kind is served, and settles the object's namespace.
absl::Status ApplyRun::Resolve(const Context& ctx, Item& item) {
  if (item.digest != 0) return absl::OkStatus();
  absl::StatusOr<kube::Resource> resource =
      client_.FindResource(ctx, item.ref.gvk);
  if (!resource.ok()) {
    return Annotate(resource.status(),
                    absl::StrCat(Subject(item.ref), " dry-run failed"));
  }
  if (!resource->is_namespaced && !item.ref.key.name_space.empty()) {
    item.ref.key.name_space.clear();
    item.desired.Mutable("metadata").Erase("namespace");
  }
  if (resource->is_namespaced && item.ref.key.name_space.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(Subject(item.ref),
                     " namespace not specified: the server could not "
                     "find the requested resource"));
  }
  item.digest = Tracker::DesiredDigest(item.desired);
  return absl::OkStatus();
}

// Reads what cannot be told from a dry run: whether an object that is applied
// only when absent exists, and the values of ignored fields.
absl::Status ApplyRun::ReadLive(const Context& ctx,
                                const std::vector<Item*>& items) {
  std::vector<Item*> readers;
  std::vector<kube::Request> requests;
  for (Item* item : items) {
    if (!HasControl(item->desired, "ssa", "IfNotPresent") &&
        options_.ignore.PathsFor(item->desired).empty()) {
      continue;
    }
    WEIR_ASSIGN_OR_RETURN(kube::Request request,
                          client_.GetRequest(ctx, item->ref));
    readers.push_back(item);
    requests.push_back(std::move(request));
  }
  std::vector<absl::StatusOr<kube::Response>> answers =
      client_.DoAll(ctx, std::move(requests), options_.concurrency);
  for (size_t i = 0; i < answers.size(); ++i) {
    Item& item = *readers[i];
    if (!answers[i].ok()) continue;  // Absent, or the dry run will tell.
    if (HasControl(item.desired, "ssa", "IfNotPresent")) {
      item.action = Action::kSkipped;
      continue;
    }
    item.before = std::move(answers[i]->body);
    AdoptIgnoredPaths(options_.ignore.PathsFor(item.desired), item.before,
                      options_.field_manager, item.desired);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> ApplyRun::DryRun(const Context& ctx,
                                      const std::vector<Item*>& items) {
  std::vector<kube::Request> requests;
  requests.reserve(items.size());
  const kube::WriteOptions write{.field_manager = options_.field_manager,
                                 .force = true,
                                 .dry_run = true,
                                 .field_validation = ""};
  for (const Item* item : items) {
    WEIR_ASSIGN_OR_RETURN(kube::Request request,
                          client_.ApplyRequest(ctx, item->desired, write),
                          Subject(item->ref), " dry-run failed");
    requests.push_back(std::move(request));
  }
  std::vector<absl::StatusOr<kube::Response>> answers =
      client_.DoAll(ctx, std::move(requests), options_.concurrency);
  absl::Status first_error;
  bool waits = false;
  for (size_t i = 0; i < answers.size(); ++i) {
    absl::Status status =
        OnDryRun(ctx, *items[i], std::move(answers[i]), waits);
    if (first_error.ok()) first_error = std::move(status);
  }
  if (!first_error.ok()) return first_error;
  return waits;
}

absl::Status ApplyRun::OnDryRun(const Context& ctx, Item& item,
                                absl::StatusOr<kube::Response> answer,
                                bool& waits) {
  const kube::WriteOptions write{.field_manager = options_.field_manager,
                                 .force = true,
                                 .dry_run = true,
                                 .field_validation = ""};
  // Fields that the server does not know are dropped, one refusal at a time,
  // as Flux drops what the builtin types lack.
  for (int i = 0; !answer.ok() && i < 100; ++i) {
    const std::string field = UndeclaredField(answer.status());
    if (field.empty() || !EraseByPathText(item.desired, field)) break;
    WEIR_ASSIGN_OR_RETURN(kube::Request request,
                          client_.ApplyRequest(ctx, item.desired, write));
    answer = client_.Do(ctx, std::move(request));
  }
  if (!answer.ok()) {
    if (kube::ApiCodeOf(answer.status()) != 404 && IsSkippedLive(ctx, item)) {
      item.action = Action::kSkipped;
      return absl::OkStatus();
    }
    WEIR_ASSIGN_OR_RETURN(const bool is_deleted,
                          Recreate(ctx, item, answer.status()));
    if (!is_deleted) return DryRunError(item.ref, answer.status());
    waits = true;
    return absl::OkStatus();
  }
  item.live = std::move(answer->body);
  if (item.live["metadata"].GetString("resourceVersion").empty()) {
    item.action = Action::kCreated;
    item.needs_apply = true;
    return absl::OkStatus();
  }
  // The dry run shows the live object's controls too.
  if (HasControl(item.live, "reconcile", "disabled") ||
      HasControl(item.live, "ssa", "Ignore")) {
    item.action = Action::kSkipped;
    return absl::OkStatus();
  }
  // What only differs where it may differ is left as it is.
  item.needs_apply = item.before.is_null() ||
                     DiffersBeyond(options_.ignore.PathsFor(item.desired),
                                   item.live, item.before);
  return absl::OkStatus();
}

// Deletes an object whose change is refused, where force allows it and it is
// the change that is refused, not the object. Returns whether it did.
absl::StatusOr<bool> ApplyRun::Recreate(const Context& ctx, Item& item,
                                        const absl::Status& refusal) {
  const int code = kube::ApiCodeOf(refusal);
  if (code != 409 && code != 422 && !SaysImmutable(refusal)) return false;
  if (item.is_recreated) return false;
  absl::StatusOr<Value> live = client_.Get(ctx, item.ref);
  if (!live.ok()) return false;
  if (!options_.force && !HasControl(item.desired, "force", "enabled") &&
      !HasControl(*live, "force", "enabled")) {
    return false;
  }
  if (!SaysImmutable(refusal)) {
    // Would the object be accepted if it were new? If not, deleting the
    // present one helps nobody.
    Value probe = item.desired;
    probe.Mutable("metadata")
        .Set("name", absl::StrCat(item.ref.key.name.substr(0, 50), "-probe"));
    const absl::StatusOr<Value> created =
        client_.Apply(ctx, probe,
                      {.field_manager = options_.field_manager,
                       .force = true,
                       .dry_run = true,
                       .field_validation = ""});
    if (!created.ok()) return false;
  }
  const absl::Status deleted = client_.Delete(
      ctx, item.ref,
      {.propagation_policy = "Background", .uid = "", .dry_run = false});
  if (!deleted.ok() && !absl::IsNotFound(deleted)) {
    return Annotate(deleted, absl::StrCat(Subject(item.ref),
                                          " immutable field "
                                          "detected, failed to delete object"));
  }
  item.is_recreated = true;
  item.doomed_uid = std::string((*live)["metadata"].GetString("uid"));
  tracker_.Forget(item.ref);
  tracker_.Await(options_.owner, {{item.ref, /*is_ours=*/false}});
  wait_deadline_ = absl::Now() + absl::Seconds(2);
  return true;
}

absl::Status ApplyRun::CleanUp(const Context& ctx, Item& item) {
  if (item.action == Action::kCreated ||
      HasControl(item.desired, "ssa", "Merge") ||
      HasControl(item.live, "ssa", "Merge")) {
    return absl::OkStatus();
  }
  const std::optional<Value> patch = ComputeCleanUpPatch(
      item.live, options_.field_manager,
      TakenOverManagers(options_.field_manager, options_.override_managers));
  if (!patch.has_value()) return absl::OkStatus();
  const absl::StatusOr<Value> patched =
      client_.Patch(ctx, item.ref, kube::PatchType::kJson, *patch,
                    {.field_manager = options_.field_manager,
                     .force = false,
                     .dry_run = false,
                     .field_validation = ""});
  if (!patched.ok()) {
    return Annotate(patched.status(),
                    absl::StrCat(Subject(item.ref), " metadata patch failed"));
  }
  item.action = Action::kConfigured;
  return absl::OkStatus();
}

absl::Status ApplyRun::Write(const Context& ctx,
                             const std::vector<Item*>& items) {
  const kube::WriteOptions write{.field_manager = options_.field_manager,
                                 .force = true,
                                 .dry_run = false,
                                 .field_validation = ""};
  // Kinds keep their order; objects of one rank go out together.
  for (size_t start = 0; start < items.size();) {
    const int rank = KindRank(items[start]->ref.gvk);
    std::vector<Item*> batch;
    std::vector<kube::Request> requests;
    for (; start < items.size() && KindRank(items[start]->ref.gvk) == rank;
         ++start) {
      Item* item = items[start];
      if (!item->needs_apply) {
        if (item->before.is_null()) continue;
        tracker_.RecordApplied(options_.owner, item->ref, item->digest,
                               item->before);
        continue;
      }
      WEIR_RETURN_IF_ERROR(CleanUp(ctx, *item));
      WEIR_ASSIGN_OR_RETURN(kube::Request request,
                            client_.ApplyRequest(ctx, item->desired, write));
      batch.push_back(item);
      requests.push_back(std::move(request));
    }
    std::vector<absl::StatusOr<kube::Response>> answers =
        client_.DoAll(ctx, std::move(requests), options_.concurrency);
    absl::Status first_error;
    for (size_t i = 0; i < answers.size(); ++i) {
      Item& item = *batch[i];
      if (!answers[i].ok()) {
        if (first_error.ok()) {
          first_error =
              Annotate(answers[i].status(),
                       absl::StrCat(Subject(item.ref), " apply failed"));
        }
        continue;
      }
      Value live = std::move(answers[i]->body);
      if (item.action == Action::kUnchanged &&
          live["metadata"].GetString("resourceVersion") !=
              item.live["metadata"].GetString("resourceVersion")) {
        item.action = Action::kConfigured;
      }
      tracker_.RecordApplied(options_.owner, item.ref, item.digest, live);
      item.live = std::move(live);
    }
    WEIR_RETURN_IF_ERROR(first_error);
  }
  return absl::OkStatus();
}

absl::StatusOr<ApplyRun::Progress> ApplyRun::AwaitStage(
    const std::vector<Item*>& items) {
  const absl::Time now = absl::Now();
  std::vector<Tracker::Awaited> awaited;
  std::vector<std::string> pending;
  for (Item* item : items) {
    if (item->is_clean || item->action == Action::kSkipped) continue;
    Health health = ComputeHealth(item->live, now);
    if (health.status != HealthStatus::kCurrent) {
      health = tracker_.HealthOf(item->ref, now).value_or(health);
    }
    if (health.status == HealthStatus::kCurrent) continue;
    awaited.push_back({item->ref, /*is_ours=*/true});
    pending.push_back(absl::StrCat(Subject(item->ref), " status: '",
                                   HealthStatusName(health.status), "'"));
  }
  if (awaited.empty()) {
    tracker_.Await(options_.owner, {});
    return Progress::kDone;
  }
  if (now >= wait_deadline_) {
    tracker_.Await(options_.owner, {});
    for (const Tracker::Awaited& one : awaited) tracker_.Forget(one.ref);
    return absl::DeadlineExceededError(absl::StrCat(
        "timeout waiting for: [", absl::StrJoin(pending, ", "), "]"));
  }
  tracker_.Await(options_.owner, awaited);
  return Progress::kWaiting;
}

void ApplyRun::FinishStage(const std::vector<Item*>& items) {
  const absl::Time now = absl::Now();
  bool definitions_changed = false;
  for (Item* item : items) {
    changes_.push_back({item->ref, item->action});
    definitions_changed |= item->ref.gvk.kind == "CustomResourceDefinition" &&
                           (item->action == Action::kCreated ||
                            item->action == Action::kConfigured);
    if (item->action == Action::kSkipped) continue;
    Applied applied;
    applied.ref = item->ref;
    if (!item->live.is_null()) {
      applied.health = ComputeHealth(item->live, now);
    }
    applied.has_ttl = item->ref.gvk.kind == "Job" &&
                      item->desired["spec"].Has("ttlSecondsAfterFinished");
    applied_.push_back(std::move(applied));
    item->live = Value();
    item->before = Value();
    item->desired = Value();
  }
  if (definitions_changed) client_.InvalidateDiscovery();
}

}  // namespace weir::apply
