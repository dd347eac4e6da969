#include "src/client_side_apply.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/plan.h"
#include "weir/base/status.h"
#include "weir/kustomize/three_way_merge.h"
#include "weir/value/patch.h"

namespace weir::helm_controller {
namespace {

using How = AppliedObject::How;

// Tries until what was read is what is changed.
constexpr int kMaxTries = 5;

absl::StatusOr<AppliedObject> Replace(const Context& ctx,
                                      const kube::Client& client, Value object,
                                      const Value& live,
                                      const kube::WriteOptions& write) {
  object.Mutable("metadata")
      .Set("resourceVersion", live["metadata"]["resourceVersion"]);
  WEIR_ASSIGN_OR_RETURN(Value now, client.Update(ctx, object, write),
                        "failed to replace object");
  return AppliedObject{std::move(now), How::kReplaced};
}

absl::StatusOr<AppliedObject> Patch(const Context& ctx,
                                    const kube::Client& client,
                                    const ReleaseObject& object,
                                    const Value& live,
                                    const ClientSideApply& settings,
                                    const kube::WriteOptions& write) {
  Value modified = object.object;
  if (modified["metadata"]["creationTimestamp"].is_null()) {
    modified.Mutable("metadata").Erase("creationTimestamp");
  }
  const Value wanted = kustomize::MergeThreeWay(
      settings.original.is_null() ? modified : settings.original, modified,
      live, {.looks_at_custom_objects = settings.looks_at_custom_objects});
  std::optional<Value> patch = ComputeMergePatch(live, wanted);
  if (!patch.has_value()) return AppliedObject{live, How::kUnchanged};
  // The patch holds lists as a whole: it is for what was read.
  patch->Mutable("metadata")
      .Set("resourceVersion", live["metadata"]["resourceVersion"]);
  WEIR_ASSIGN_OR_RETURN(
      Value now,
      client.Patch(ctx, object.ref, kube::PatchType::kMerge, *patch, write),
      "cannot patch \"", object.ref.key.name, "\" with kind ",
      object.ref.gvk.kind);
  return AppliedObject{std::move(now), How::kPatched};
}

absl::StatusOr<AppliedObject> TryOnce(const Context& ctx,
                                      const kube::Client& client,
                                      const ReleaseObject& object,
                                      const ClientSideApply& settings) {
  kube::WriteOptions write;
  write.field_manager = kComponent;
  write.field_validation = settings.validates ? "Strict" : "Ignore";
  const absl::StatusOr<Value> live = client.Get(ctx, object.ref);
  if (absl::IsNotFound(live.status())) {
    absl::StatusOr<Value> made = client.Create(ctx, object.object, write);
    if (made.ok()) return AppliedObject{*std::move(made), How::kCreated};
    return settings.is_update
               ? Annotate(made.status(), "failed to create resource")
               : made.status();
  }
  WEIR_RETURN_IF_ERROR(live, "could not get information about the resource");
  if (settings.replaces) {
    return Replace(ctx, client, object.object, *live, write);
  }
  return Patch(ctx, client, object, *live, settings, write);
}

}  // namespace

absl::StatusOr<AppliedObject> ApplyClientSide(const Context& ctx,
                                              const kube::Client& client,
                                              const ReleaseObject& object,
                                              const ClientSideApply& settings) {
  for (int i = 1; i < kMaxTries; ++i) {
    absl::StatusOr<AppliedObject> applied =
        TryOnce(ctx, client, object, settings);
    const bool is_outdated = absl::IsAborted(applied.status()) ||
                             absl::IsAlreadyExists(applied.status());
    if (!is_outdated) return applied;
  }
  return TryOnce(ctx, client, object, settings);
}

}  // namespace weir::helm_controller
