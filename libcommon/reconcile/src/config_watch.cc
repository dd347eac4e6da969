#include "weir/reconcile/config_watch.h"

#include <utility>

namespace weir::reconcile {

std::unique_ptr<kube::Informer> WatchConfigs(
    const Manager& manager, const std::string& kind,
    const std::string& label_selector,
    std::function<void(const kube::ObjectKey& key)> on_change) {
  kube::InformerOptions options;
  options.gvk = {"", "v1", kind};
  options.name_space = manager.options().name_space;
  options.label_selector = label_selector;
  options.metadata_only = true;
  options.transform = [](Value object) {
    const Value& metadata = object["metadata"];
    Value kept =
        Value::MakeObject({{"name", metadata["name"]},
                           {"namespace", metadata["namespace"]},
                           {"resourceVersion", metadata["resourceVersion"]}});
    return Value::MakeObject({{"metadata", std::move(kept)}});
  };
  auto informer = std::make_unique<kube::Informer>(
      manager.client(), manager.tasks(), std::move(options), manager.logger());
  informer->AddHandler(
      [on_change = std::move(on_change)](const kube::Change& change) {
        if (change.is_initial || change.type == kube::ChangeType::kDeleted) {
          return;
        }
        on_change(kube::KeyOf(change.after));
      });
  return informer;
}

}  // namespace weir::reconcile
