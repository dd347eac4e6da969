#include "src/git_reconciler.h"

#include <utility>
#include <vector>

namespace weir::source {
namespace {

std::set<kube::ObjectKey> IncludedBy(const Value& object) {
  std::set<kube::ObjectKey> out;
  const std::string name_space = kube::KeyOf(object).name_space;
  for (const Value& include : object["spec"]["include"].array()) {
    out.insert(
        {name_space, std::string(include["repository"].GetString("name"))});
  }
  return out;
}

}  // namespace

void IncludeGraph::Set(const kube::ObjectKey& key,
                       std::set<kube::ObjectKey> included) {
  if (included.empty()) {
    included_.erase(key);
  } else {
    included_[key] = std::move(included);
  }
}

std::set<kube::ObjectKey> IncludeGraph::Includers(
    const kube::ObjectKey& key) const {
  std::set<kube::ObjectKey> below = {key};
  std::vector<kube::ObjectKey> open = {key};
  while (!open.empty()) {
    const auto it = included_.find(open.back());
    open.pop_back();
    if (it == included_.end()) continue;
    for (const kube::ObjectKey& next : it->second) {
      if (below.insert(next).second) open.push_back(next);
    }
  }
  std::set<kube::ObjectKey> out;
  for (const auto& [includer, included] : included_) {
    if (included.contains(key) && !below.contains(includer)) {
      out.insert(includer);
    }
  }
  return out;
}

void GitReconciler::Attach(reconcile::Controller& controller) {
  controller_ = &controller;
  env_.find = [&controller](const kube::ObjectKey& key) {
    return controller.Get(key);
  };
  controller.informer().AddHandler(
      [this](const kube::Change& change) { OnChange(change); });
}

void GitReconciler::OnChange(const kube::Change& change) {
  const bool is_gone = change.type == kube::ChangeType::kDeleted;
  const kube::ObjectKey key = kube::KeyOf(change.after);
  includes_.Set(
      key, is_gone ? std::set<kube::ObjectKey>() : IncludedBy(change.after));
  const Value& before = change.before["status"]["artifact"];
  const Value& after = change.after["status"]["artifact"];
  const bool is_new = !after.is_null() && !is_gone &&
                      (before["revision"] != after["revision"] ||
                       before["digest"] != after["digest"]);
  if (!is_new || change.is_initial) return;
  for (const kube::ObjectKey& includer : includes_.Includers(key)) {
    controller_->Enqueue(includer);
  }
}

reconcile::Outcome GitReconciler::Reconcile(const Context& ctx,
                                            const reconcile::Request& request) {
  if (request.object.is_null()) {
    ForgetSource(
        env_, {kGitRepository.kind, request.key.name_space, request.key.name});
    return reconcile::Outcome::Done();
  }
  return GitPass(ctx, env_, request).Run();
}

}  // namespace weir::source
