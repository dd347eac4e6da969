#include "controllers.h"

#include <utility>

#include "api_errors.h"
#include "weir/base/duration.h"
#include "weir/kube/conditions.h"

namespace weir::apiserver {

void ControllerContext::Call(ApiRequest request, Done done) const {
  request.user.name = "system:kube-controller-manager";
  request.user.groups = {"system:masters", "system:authenticated"};
  request.user_agent = kControllerManager;
  request.accept = "application/json";
  TaskQueue* tasks = &tasks_;
  handler_.Handle(std::move(request), [tasks, done = std::move(done)](
                                          ApiResponse response) {
    if (done == nullptr) return;
    tasks->Post([done, response = std::move(response)] { done(response); });
  });
}

void ControllerContext::Create(const Value& object, Done done) const {
  const KindTablePtr table = registry().table();
  const Served* served = table->FindKind(kube::GroupVersionKindOf(object));
  if (served == nullptr) return;
  ApiRequest request;
  request.method = kube::Method::kPost;
  request.path =
      served->kind->resource.Path(object["metadata"].GetString("namespace"));
  request.query = {{"fieldManager", kControllerManager}};
  request.body = object;
  Call(std::move(request), std::move(done));
}

void ControllerContext::Delete(const kube::ObjectRef& ref, Value options,
                               Done done) const {
  const KindTablePtr table = registry().table();
  const Served* served = table->FindKind(ref.gvk);
  if (served == nullptr) return;
  ApiRequest request;
  request.method = kube::Method::kDelete;
  request.path = served->kind->resource.Path(ref.key.name_space, ref.key.name);
  request.body = std::move(options);
  Call(std::move(request), std::move(done));
}

void ControllerContext::Edit(const kube::ObjectRef& ref,
                             absl::string_view subresource,
                             std::function<absl::Status(Value&)> edit,
                             Done done, absl::string_view manager) const {
  KindTablePtr table = registry().table();
  const Served* served = table->FindKind(ref.gvk);
  if (served == nullptr) return;
  TaskQueue* tasks = &tasks_;
  handler_.EditObject(
      *served, table, ref.key, subresource, manager, std::move(edit),
      [tasks, done = std::move(done)](absl::StatusOr<Value> result) {
        if (done == nullptr) return;
        ApiResponse response = result.ok()
                                   ? MakeResponse(200, *std::move(result))
                                   : MakeResponse(result.status());
        tasks->Post([done, response = std::move(response)] { done(response); });
      });
}

void SetCondition(Value& object, absl::string_view type,
                  absl::string_view status, absl::string_view reason,
                  absl::string_view message, absl::Time now,
                  bool has_update_time) {
  Value condition = Value::MakeObject({{"type", type}, {"status", status}});
  if (!reason.empty()) condition.Set("reason", reason);
  if (!message.empty()) condition.Set("message", message);
  const std::string time = FormatKubeTime(now);
  const Value before = kube::FindCondition(object, type);
  const bool is_same = before.GetString("status") == status;
  condition.Set("lastTransitionTime",
                is_same ? before["lastTransitionTime"] : Value(time));
  if (has_update_time) {
    const bool is_equal = is_same && before.GetString("reason") == reason &&
                          before.GetString("message") == message;
    condition.Set("lastUpdateTime",
                  is_equal ? before["lastUpdateTime"] : Value(time));
  }
  Value& conditions = object.Mutable("status").Mutable("conditions");
  for (size_t i = 0; i < conditions.size(); ++i) {
    if (conditions[i].GetString("type") == type) {
      conditions.MutableAt(i) = std::move(condition);
      return;
    }
  }
  conditions.Append(std::move(condition));
}

}  // namespace weir::apiserver
