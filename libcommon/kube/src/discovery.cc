#include "src/discovery.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/answer_waiter.h"
#include "weir/base/status.h"

namespace weir::kube {
namespace {

constexpr absl::Duration kMissInterval = absl::Seconds(10);
constexpr absl::Duration kRequestTimeout = absl::Seconds(32);
// The order of parameters matters to servers.
constexpr char kAggregatedAccept[] =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;"
    "as=APIGroupDiscoveryList,application/json";

std::vector<std::string> Strings(const Value& array) {
  std::vector<std::string> out;
  for (const Value& item : array.array()) {
    if (item.is_string()) out.push_back(item.AsString());
  }
  return out;
}

using Found = Client::DiscoveredResource;

Found FromAggregated(const std::string& group, absl::string_view version,
                     const Value& resource) {
  Found found;
  found.resource.gvk =
      GroupVersionKind{group, std::string(version),
                       std::string(resource["responseKind"].GetString("kind"))};
  found.resource.plural = std::string(resource.GetString("resource"));
  found.resource.is_namespaced = resource.GetString("scope") == "Namespaced";
  found.singular = std::string(resource.GetString("singularResource"));
  found.short_names = Strings(resource["shortNames"]);
  found.categories = Strings(resource["categories"]);
  found.verbs = Strings(resource["verbs"]);
  return found;
}

Found FromLegacy(const std::string& group, const std::string& version,
                 const Value& resource) {
  Found found;
  found.resource.gvk =
      GroupVersionKind{group, version, std::string(resource.GetString("kind"))};
  found.resource.plural = std::string(resource.GetString("name"));
  found.resource.is_namespaced = resource.GetBool("namespaced");
  found.singular = std::string(resource.GetString("singularName"));
  found.short_names = Strings(resource["shortNames"]);
  found.categories = Strings(resource["categories"]);
  found.verbs = Strings(resource["verbs"]);
  return found;
}

absl::Status NoMatch(const GroupVersionKind& gvk) {
  if (gvk.version.empty()) {
    return absl::NotFoundError(absl::StrCat("no matches for kind \"", gvk.kind,
                                            "\" in group \"", gvk.group, "\""));
  }
  return absl::NotFoundError(absl::StrCat("no matches for kind \"", gvk.kind,
                                          "\" in version \"", gvk.ApiVersion(),
                                          "\""));
}

}  // namespace

absl::StatusOr<Resource> Catalog::Find(const GroupVersionKind& gvk) const {
  const auto found = by_kind.find(GroupKind{gvk.group, gvk.kind});
  if (found != by_kind.end()) {
    for (size_t index : found->second) {
      const Resource& resource = resources[index].resource;
      if (gvk.version.empty() || resource.gvk.version == gvk.version) {
        return resource;
      }
    }
  }
  for (const auto& [group, version] : stale) {
    if (group != gvk.group) continue;
    if (!gvk.version.empty() && version != gvk.version) continue;
    return absl::UnavailableError(
        absl::StrCat("the server is currently unable to serve \"",
                     GroupVersionKind{group, version, ""}.ApiVersion(), "\""));
  }
  return NoMatch(gvk);
}

absl::StatusOr<std::vector<Resource>> Catalog::FindAll(
    const GroupKind& kind) const {
  const auto found = by_kind.find(kind);
  if (found == by_kind.end()) {
    return Find(GroupVersionKind{kind.group, "", kind.kind}).status();
  }
  std::vector<Resource> out;
  for (size_t index : found->second) out.push_back(resources[index].resource);
  return out;
}

// One load under way. Parts (roots, legacy group versions) finish in any
// order; the last one publishes.
struct Discovery::Load {
  Context ctx;
  int64_t generation = 0;

  Mutex mu;
  int parts_left ABSL_GUARDED_BY(mu) = 0;
  absl::Status error ABSL_GUARDED_BY(mu);
  std::vector<std::shared_ptr<const Root>> roots ABSL_GUARDED_BY(mu);
  // Of a root that answered in the old form: what each version has, in order.
  struct LegacyPart {
    size_t root;
    std::string group, version;
    std::vector<Found> resources;
    bool failed = false;
  };
  std::vector<LegacyPart> legacy ABSL_GUARDED_BY(mu);
};

void Discovery::Fetch(const std::string& group,
                      std::function<bool(const Catalog&)> is_found, Done done) {
  std::shared_ptr<const Catalog> current;
  {
    MutexLock lock(mu_);
    if (loaded_generation_ == generation_) current = catalog_;
  }
  if (current != nullptr) {
    if (is_found(*current)) return done(std::move(current));
    bool may_reload = true;
    {
      MutexLock lock(mu_);
      const absl::Time now = absl::Now();
      const auto [last, is_first] = last_miss_.try_emplace(group, now);
      if (!is_first) {
        may_reload = now - last->second >= kMissInterval;
        if (may_reload) last->second = now;
      }
    }
    if (!may_reload) return done(std::move(current));
  }
  // Runs from this, or never.
  JoinLoad([this, is_found = std::move(is_found), done = std::move(done)](
               absl::StatusOr<std::shared_ptr<const Catalog>> loaded) {
    if (!loaded.ok()) {
      // What was known still serves, if it has the answer.
      std::shared_ptr<const Catalog> old;
      {
        MutexLock lock(mu_);
        old = catalog_;
      }
      if (old != nullptr && is_found(*old)) return done(std::move(old));
    }
    done(std::move(loaded));
  });
}

absl::StatusOr<std::shared_ptr<const Catalog>> Discovery::FetchAndWait(
    const Context& ctx, const std::string& group,
    std::function<bool(const Catalog&)> is_found) {
  AnswerWaiter<std::shared_ptr<const Catalog>> waiter;
  Fetch(group, std::move(is_found), waiter.Callback());
  return waiter.Wait(ctx);
}

void Discovery::Invalidate() {
  std::vector<std::shared_ptr<const std::function<void()>>> listeners;
  {
    MutexLock lock(mu_);
    ++generation_;
    last_miss_.clear();
    for (const auto& [id, listener] : listeners_) {
      listeners.push_back(listener);
    }
  }
  for (const auto& listener : listeners) (*listener)();
}

std::shared_ptr<void> Discovery::OnInvalidated(std::function<void()> callback) {
  MutexLock lock(mu_);
  const int64_t id = next_listener_++;
  listeners_.emplace(
      id, std::make_shared<const std::function<void()>>(std::move(callback)));
  return std::shared_ptr<void>(nullptr, [weak = weak_from_this(), id](void*) {
    const auto self = weak.lock();
    if (self == nullptr) return;
    MutexLock unregister(self->mu_);
    self->listeners_.erase(id);
  });
}

void Discovery::JoinLoad(Done done) {
  int64_t generation;
  {
    MutexLock lock(mu_);
    generation = generation_;
    waiters_.emplace_back(generation, std::move(done));
    if (loading_) return;
    loading_ = true;
  }
  StartLoad(generation);
}

void Discovery::StartLoad(int64_t generation) {
  auto load = std::make_shared<Load>();
  load->ctx = Context().WithTimeout(kRequestTimeout);
  load->generation = generation;
  {
    MutexLock lock(load->mu);
    load->parts_left = 2;
    load->roots = {nullptr, nullptr};
  }
  LoadRoot(load, 0);
  LoadRoot(load, 1);
}

void Discovery::LoadRoot(const std::shared_ptr<Load>& load, size_t index) {
  Request request;
  request.path = index == 0 ? "/api" : "/apis";
  request.accept = kAggregatedAccept;
  std::shared_ptr<const Root> previous;
  {
    MutexLock lock(mu_);
    if (!roots_.empty()) previous = roots_[index];
  }
  if (previous != nullptr && !previous->etag.empty()) {
    request.headers.emplace_back("If-None-Match", previous->etag);
  }
  // An answer under way must not keep the transport: whoever lets go of the
  // last client should see its threads end.
  auto on_answer = [weak = weak_from_this(), load, index,
                    previous](absl::StatusOr<Response> answer) {
    const auto self = weak.lock();
    if (self == nullptr) return;
    if (answer.ok() && answer->code >= 400 && answer->code != 404) {
      answer = MakeApiError(answer->code, answer->body);
    }
    if (!answer.ok()) {
      {
        MutexLock lock(load->mu);
        load->error.Update(answer.status());
      }
      return self->FinishPart(load);
    }
    auto root = std::make_shared<Root>();
    if (answer->code == 304 && previous != nullptr) {
      *root = *previous;
    } else if (answer->body.GetString("kind") == "APIGroupDiscoveryList") {
      root->etag = answer->etag;
      for (const Value& group : answer->body["items"].array()) {
        const std::string name(group["metadata"].GetString("name"));
        for (const Value& version : group["versions"].array()) {
          const absl::string_view text = version.GetString("version");
          if (version.GetString("freshness") == "Stale") {
            root->stale.emplace(name, std::string(text));
          }
          for (const Value& resource : version["resources"].array()) {
            root->resources.push_back(FromAggregated(name, text, resource));
          }
        }
      }
    } else if (answer->code != 404) {
      return self->LoadLegacy(load, index, answer->body);
    }
    {
      MutexLock lock(load->mu);
      load->roots[index] = std::move(root);
    }
    self->FinishPart(load);
  };
  transport_->Send(load->ctx, std::move(request), std::move(on_answer));
}

void Discovery::LoadLegacy(const std::shared_ptr<Load>& load, size_t index,
                           const Value& body) {
  std::vector<Load::LegacyPart> parts;
  for (const std::string& version : Strings(body["versions"])) {
    parts.push_back({index, "", version, {}});
  }
  for (const Value& group : body["groups"].array()) {
    const std::string name(group.GetString("name"));
    const size_t first = parts.size();
    const absl::string_view preferred =
        group["preferredVersion"].GetString("version");
    for (const Value& version : group["versions"].array()) {
      const absl::string_view text = version.GetString("version");
      const auto where =
          text == preferred ? parts.begin() + first : parts.end();
      parts.insert(where, {index, name, std::string(text), {}});
    }
  }
  size_t offset;
  {
    MutexLock lock(load->mu);
    load->roots[index] = std::make_shared<Root>();
    offset = load->legacy.size();
    load->legacy.insert(load->legacy.end(), parts.begin(), parts.end());
    load->parts_left += static_cast<int>(parts.size());
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string& group = parts[i].group;
    const std::string& version = parts[i].version;
    Request request;
    request.path = group.empty() ? absl::StrCat("/api/", version)
                                 : absl::StrCat("/apis/", group, "/", version);
    transport_->Send(
        load->ctx, std::move(request),
        [weak = weak_from_this(), load, at = offset + i, group,
         version](absl::StatusOr<Response> answer) {
          const auto self = weak.lock();
          if (self == nullptr) return;
          {
            MutexLock lock(load->mu);
            Load::LegacyPart& part = load->legacy[at];
            // One broken group must not hide the others.
            part.failed = !answer.ok() || answer->code >= 400;
            if (!part.failed) {
              for (const Value& resource : answer->body["resources"].array()) {
                part.resources.push_back(FromLegacy(group, version, resource));
              }
            }
          }
          self->FinishPart(load);
        });
  }
  FinishPart(load);
}

void Discovery::FinishPart(const std::shared_ptr<Load>& load) {
  auto catalog = std::make_shared<Catalog>();
  std::vector<std::shared_ptr<const Root>> roots;
  absl::Status error;
  {
    MutexLock lock(load->mu);
    if (--load->parts_left > 0) return;
    error = load->error;
    roots = load->roots;
    for (const auto& root : roots) {
      if (root == nullptr) continue;
      for (const Found& found : root->resources) {
        catalog->resources.push_back(found);
      }
      catalog->stale.insert(root->stale.begin(), root->stale.end());
    }
    for (const Load::LegacyPart& part : load->legacy) {
      if (part.failed) catalog->stale.emplace(part.group, part.version);
      for (const Found& found : part.resources) {
        catalog->resources.push_back(found);
      }
    }
  }
  // Subresources, which only the old form lists beside resources.
  std::erase_if(catalog->resources, [](const Found& found) {
    return absl::StrContains(found.resource.plural, '/') ||
           found.resource.gvk.kind.empty();
  });
  for (size_t i = 0; i < catalog->resources.size(); ++i) {
    const GroupVersionKind& gvk = catalog->resources[i].resource.gvk;
    catalog->by_kind[GroupKind{gvk.group, gvk.kind}].push_back(i);
  }
  // Who came after an Invalidate needs a load that began later.
  std::vector<std::pair<int64_t, Done>> waiters;
  std::optional<int64_t> next;
  {
    MutexLock lock(mu_);
    if (error.ok()) {
      catalog_ = catalog;
      roots_ = std::move(roots);
      loaded_generation_ = load->generation;
    }
    const auto late = std::partition(
        waiters_.begin(), waiters_.end(), [&](const auto& waiter) {
          return !error.ok() || waiter.first <= load->generation;
        });
    std::move(waiters_.begin(), late, std::back_inserter(waiters));
    waiters_.erase(waiters_.begin(), late);
    loading_ = !waiters_.empty();
    if (loading_) next = generation_;
  }
  for (const auto& [generation, done] : waiters) {
    if (error.ok()) {
      done(std::shared_ptr<const Catalog>(catalog));
    } else {
      done(Annotate(error, "discovering the served kinds"));
    }
  }
  if (next.has_value()) StartLoad(*next);
}

}  // namespace weir::kube
