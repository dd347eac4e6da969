// WatchConfigs tells when a Secret or ConfigMap changes that people labelled
// to be watched.
//
// Touches: network, through the manager's client.
// Threads: the callback runs on the informers' thread and must not block.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "weir/kube/informer.h"
#include "weir/kube/types.h"
#include "weir/reconcile/manager.h"

namespace weir::reconcile {

// `kind`: "Secret" or "ConfigMap". Names and versions are kept, no contents.
// Calls back for what is new or changed after the first list. Destroying the
// informer ends it.
std::unique_ptr<kube::Informer> WatchConfigs(
    const Manager& manager, const std::string& kind,
    const std::string& label_selector,
    std::function<void(const kube::ObjectKey& key)> on_change);

}  // namespace weir::reconcile
