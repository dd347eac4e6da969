#include "weir/kube/conditions.h"

namespace weir::kube {

const Value& FindCondition(const Value& object, absl::string_view type) {
  static const Value* const none = new Value();
  for (const Value& condition : object["status"]["conditions"].array()) {
    if (condition.GetString("type") == type) return condition;
  }
  return *none;
}

bool IsConditionTrue(const Value& object, absl::string_view type) {
  return FindCondition(object, type).GetString("status") == "True";
}

}  // namespace weir::kube
