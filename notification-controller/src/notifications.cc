#include "src/notifications.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/alert_index.h"
#include "src/duplicate_filter.h"
#include "src/event_rules.h"
#include "src/object_labels.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

constexpr char kComponent[] = "notification-controller";
constexpr char kDispatchFailed[] = "NotificationDispatchFailed";
// Of looking up an object's labels while an event is taken.
constexpr absl::Duration kLookupTimeout = absl::Seconds(15);
// What is told of a failure.
constexpr size_t kMaxReasonBytes = 1024;

size_t SizeOf(const Event& event) {
  size_t bytes = 500 + event.message.size() + event.reason.size();
  for (const auto& [key, value] : event.metadata) {
    bytes += key.size() + value.size() + 100;
  }
  return bytes;
}

// Answers may be long, and end up here; whole characters stay.
std::string Shorten(std::string text) {
  if (text.size() <= kMaxReasonBytes) return text;
  size_t end = kMaxReasonBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
    --end;
  }
  return absl::StrCat(text.substr(0, end), "...");
}

// Why a Provider gets no event of an Alert that wants it.
enum class Gate { kOpen, kClosed, kNoCommit, kNoChangeRequest };

Gate GateOf(const Event& event, const Provider& provider) {
  if (provider.is_suspended) return Gate::kClosed;
  const Family family =
      provider.type != nullptr ? provider.type->family : Family::kMessage;
  if (family == Family::kCommitStatus) {
    return HasCommit(event) || IsCommitStatusUpdate(event) || event.is_error()
               ? Gate::kOpen
               : Gate::kNoCommit;
  }
  if (family != Family::kForward && IsCommitStatusUpdate(event)) {
    return Gate::kClosed;
  }
  if (family == Family::kChangeRequest && !HasChangeRequest(event)) {
    return Gate::kNoChangeRequest;
  }
  return Gate::kOpen;
}

using FoundSecret = absl::StatusOr<std::shared_ptr<const kube::SecretData>>;

// Settings of a Provider as long as it and its Secrets stay the same.
struct ResolvedProvider {
  std::shared_ptr<const Provider> provider;
  std::vector<std::shared_ptr<const kube::SecretData>> secrets;
  std::shared_ptr<const Settings> settings;
};

}  // namespace

struct Notifications::Impl {
  Impl(reconcile::Manager& the_manager, SecretCache& secret_cache,
       TokenCache& token_cache, NotificationOptions the_options)
      : manager(the_manager),
        secrets(secret_cache),
        tokens(token_cache),
        options(std::move(the_options)),
        duplicates(options.duplicate_interval, &manager.clock()),
        labels(manager),
        dropped(manager.metrics().Counter(
            "weir_notifications_dropped_total",
            "Notifications dropped because too many waited.",
            {"namespace", "provider"})),
        sent(manager.metrics().Counter("weir_notifications_total",
                                       "Notifications delivered, and not.",
                                       {"type", "result"})),
        queue(options.queue) {}

  // Constant after construction.
  reconcile::Manager& manager;
  SecretCache& secrets;
  TokenCache& tokens;
  const NotificationOptions options;

  // Have their own locks.
  DuplicateFilter duplicates;
  AlertIndex alerts;
  ObjectLabels labels;
  http::Client client;
  reconcile::CounterMetric& dropped;
  reconcile::CounterMetric& sent;

  Mutex mu;
  std::map<kube::ObjectKey, std::shared_ptr<const Provider>> providers
      ABSL_GUARDED_BY(mu);
  std::map<kube::ObjectKey, ResolvedProvider> resolved ABSL_GUARDED_BY(mu);
  bool said_dropped ABSL_GUARDED_BY(mu) = false;

  DeliveryQueue queue;  // Last: its threads use the rest.

  void Warn(const Alert& alert, Warning warning,
            std::map<std::string, std::string> annotations = {});
  void FailToDispatch(const Alert& alert, const Event& event,
                      const absl::Status& why);
  absl::StatusOr<std::shared_ptr<const Provider>> FindProvider(
      const Alert& alert, const Event& event);
  void Dispatch(const std::shared_ptr<const Event>& event,
                const std::vector<std::shared_ptr<const Alert>>& wanting);
  void Enqueue(const std::shared_ptr<const Event>& event,
               const std::shared_ptr<const Alert>& alert,
               const std::shared_ptr<const Provider>& provider);
  bool Run(const Context& ctx, const Event& event, const Alert& alert,
           const Provider& provider);
  absl::StatusOr<Settings> MakeSettings(const Context& ctx,
                                        const Provider& provider,
                                        const Alert& alert,
                                        const Event& merged);
  absl::StatusOr<std::shared_ptr<const Settings>> Resolve(
      const Context& ctx, const Provider& provider);
  Event Merge(const Event& event, const Alert& alert);
};

void Notifications::Impl::Warn(const Alert& alert, Warning warning,
                               std::map<std::string, std::string> annotations) {
  reconcile::Event event;
  event.object = alert.object;
  event.severity = reconcile::Severity::kError;
  event.reason = std::move(warning.reason);
  event.message = std::move(warning.message);
  event.metadata = std::move(annotations);
  manager.events().Emit(kComponent, std::move(event));
}

void Notifications::Impl::FailToDispatch(const Alert& alert, const Event& event,
                                         const absl::Status& why) {
  manager.logger().Error("failed to dispatch notification",
                         {{"alert", alert.key.ToString()},
                          {"provider", alert.provider},
                          {"error", why}});
  Warn(alert, {kDispatchFailed,
               absl::StrCat("failed to dispatch notification for ",
                            event.object.ToString(), ": ", why.message())});
}

absl::StatusOr<std::shared_ptr<const Provider>>
Notifications::Impl::FindProvider(const Alert& alert, const Event& event) {
  if (options.no_cross_namespace_refs &&
      event.object.name_space != alert.key.name_space) {
    return absl::PermissionDeniedError(absl::StrCat(
        "discarding event, access denied to cross-namespace sources: alert '",
        alert.key.ToString(), "' can't process event from '",
        event.object.ToString(),
        "', cross-namespace references have been blocked"));
  }
  MutexLock lock(mu);
  const auto found = providers.find({alert.key.name_space, alert.provider});
  if (found != providers.end()) return found->second;
  return absl::NotFoundError(absl::StrCat(
      "failed to read provider: Provider.notification.toolkit.fluxcd.io \"",
      alert.provider, "\" not found"));
}

void Notifications::Impl::Dispatch(
    const std::shared_ptr<const Event>& event,
    const std::vector<std::shared_ptr<const Alert>>& wanting) {
  std::map<Gate, std::vector<std::string>> held_back;
  for (const std::shared_ptr<const Alert>& alert : wanting) {
    const auto provider = FindProvider(*alert, *event);
    if (!provider.ok()) {
      FailToDispatch(*alert, *event, provider.status());
      continue;
    }
    const Gate gate = GateOf(*event, **provider);
    if (gate != Gate::kOpen) {
      held_back[gate].push_back(alert->key.ToString());
    } else {
      Enqueue(event, alert, *provider);
    }
  }
  if (held_back.count(Gate::kNoCommit) > 0) {
    manager.logger().Info(
        "event dropped for commit status providers due to missing commit "
        "metadata key",
        {{"alerts", absl::StrJoin(held_back[Gate::kNoCommit], ",")}});
  }
  if (held_back.count(Gate::kNoChangeRequest) > 0) {
    manager.logger().Info(
        "event dropped for change request providers due to missing change "
        "request metadata key",
        {{"alerts", absl::StrJoin(held_back[Gate::kNoChangeRequest], ",")}});
  }
}

void Notifications::Impl::Enqueue(
    const std::shared_ptr<const Event>& event,
    const std::shared_ptr<const Alert>& alert,
    const std::shared_ptr<const Provider>& provider) {
  DeliveryQueue::Task task;
  task.receiver = provider->key.ToString();
  task.subject = event->object.ToString();
  task.bytes = SizeOf(*event);
  task.run = [this, event, alert, provider](const Context& ctx) {
    return Run(ctx, *event, *alert, *provider);
  };
  if (queue.Push(std::move(task))) return;
  dropped.Add({provider->key.name_space, provider->key.name});
  {
    MutexLock lock(mu);
    if (std::exchange(said_dropped, true)) return;
  }
  manager.logger().Error(
      "notifications are dropped, too many wait; further ones are only counted",
      {{"provider", provider->key.ToString()}});
}

Event Notifications::Impl::Merge(const Event& event, const Alert& alert) {
  Event merged = event;
  MergedMetadata metadata = MergeMetadata(event, alert.metadata, alert.summary);
  if (!metadata.conflicts.empty()) {
    Warn(alert,
         {"MetadataAppendFailed",
          "metadata key conflicts detected (please refer to the Alert API "
          "docs and Flux RFC 0008 for more information)"},
         std::move(metadata.conflicts));
  }
  merged.metadata = std::move(metadata.metadata);
  return merged;
}

absl::StatusOr<std::shared_ptr<const Settings>> Notifications::Impl::Resolve(
    const Context& ctx, const Provider& provider) {
  // Each is read once, so that what is remembered is what was used.
  std::map<std::string, FoundSecret> found;
  std::vector<std::shared_ptr<const kube::SecretData>> used;
  const Value& spec = provider.object["spec"];
  for (const char* field : {"secretRef", "proxySecretRef", "certSecretRef"}) {
    if (spec[field].is_null()) continue;
    const std::string name(spec[field].GetString("name"));
    if (found.count(name) > 0) continue;
    FoundSecret secret = secrets.Get(ctx, {provider.key.name_space, name});
    if (secret.ok()) used.push_back(*secret);
    found.emplace(name, std::move(secret));
  }
  {
    MutexLock lock(mu);
    const auto known = resolved.find(provider.key);
    if (known != resolved.end() && known->second.provider.get() == &provider &&
        known->second.secrets == used) {
      return known->second.settings;
    }
  }
  WEIR_ASSIGN_OR_RETURN(
      Settings settings,
      ReadSettings(provider, [&found](const std::string& name) {
        return found.at(name);
      }));
  auto shared = std::make_shared<const Settings>(std::move(settings));
  MutexLock lock(mu);
  const auto current = providers.find(provider.key);
  if (current != providers.end() && current->second.get() == &provider) {
    resolved[provider.key] = {current->second, std::move(used), shared};
  }
  return shared;
}

absl::StatusOr<Settings> Notifications::Impl::MakeSettings(
    const Context& ctx, const Provider& provider, const Alert& alert,
    const Event& merged) {
  if (!provider.object["spec"].GetString("serviceAccountName").empty()) {
    return absl::UnimplementedError(
        options.has_object_identity
            ? "spec.serviceAccountName is not supported yet"
            : "to use spec.serviceAccountName for provider authentication "
              "please enable the ObjectLevelWorkloadIdentity feature gate in "
              "the controller");
  }
  std::string commit_status;
  if (provider.type != nullptr &&
      provider.type->family == Family::kCommitStatus) {
    WEIR_ASSIGN_OR_RETURN(commit_status,
                          CommitStatusOf(provider, alert, merged),
                          "failed to create commit status");
  }
  WEIR_ASSIGN_OR_RETURN(
      const std::shared_ptr<const Settings> shared, Resolve(ctx, provider),
      "failed to initialize notifier for provider '", provider.key.name, "'");
  Settings settings = *shared;
  settings.commit_status = std::move(commit_status);
  settings.alert_name_space = alert.key.name_space;
  settings.alert_name = alert.key.name;
  settings.alert_uid = alert.uid;
  settings.azure_authority_host = options.azure_authority_host;
  return settings;
}

bool Notifications::Impl::Run(const Context& ctx, const Event& event,
                              const Alert& alert, const Provider& provider) {
  manager.NoteWork();
  const Context bounded = ctx.WithTimeout(provider.timeout);
  const Event merged = Merge(event, alert);
  const absl::StatusOr<Settings> settings =
      MakeSettings(bounded, provider, alert, merged);
  if (!settings.ok()) {
    FailToDispatch(alert, event, settings.status());
    return true;  // Nothing is known of the other side.
  }
  HttpSender sender(client, options.sender, *settings, provider.type->has_proxy,
                    provider.type->has_tls);
  const absl::Status delivered =
      Deliver(bounded, *provider.type,
              {merged, *settings, sender, tokens, manager.clock()});
  sent.Add({provider.type_name, delivered.ok() ? "sent" : "failed"});
  if (delivered.ok()) {
    manager.logger().Debug("notification sent",
                           {{"alert", alert.key.ToString()},
                            {"provider", provider.key.ToString()}});
  }
  if (delivered.ok() || ctx.is_done()) return true;
  const std::string why =
      Shorten(MaskSecrets(std::string(delivered.message()), *settings));
  manager.logger().Error("failed to send notification",
                         {{"alert", alert.key.ToString()},
                          {"provider", provider.key.ToString()},
                          {"error", why}});
  Warn(alert,
       {kDispatchFailed, absl::StrCat("failed to send notification for ",
                                      event.object.ToString(), ": ", why)});
  return false;
}

Notifications::Notifications(reconcile::Manager& manager, SecretCache& secrets,
                             TokenCache& tokens, NotificationOptions options)
    : impl_(std::make_unique<Impl>(manager, secrets, tokens,
                                   std::move(options))) {}

Notifications::~Notifications() = default;

void Notifications::UpdateAlert(const kube::ObjectKey& key,
                                const Value& object) {
  if (object.is_null()) {
    impl_->alerts.Remove(key);
  } else {
    impl_->alerts.Update(Alert::Parse(object));
  }
}

void Notifications::UpdateProvider(const kube::ObjectKey& key,
                                   const Value& object) {
  std::shared_ptr<const Provider> provider =
      object.is_null() ? nullptr : Provider::Parse(object);
  bool is_last = false;
  {
    MutexLock lock(impl_->mu);
    impl_->resolved.erase(key);
    if (provider != nullptr) {
      impl_->providers[key] = std::move(provider);
      return;
    }
    impl_->providers.erase(key);
    const auto other = impl_->providers.lower_bound({key.name_space, ""});
    is_last = other == impl_->providers.end() ||
              other->first.name_space != key.name_space;
  }
  // Here as well as in the reconciler, which runs where the lease is.
  impl_->tokens.Evict(TokenOwnerOf(key));
  if (is_last) impl_->secrets.Forget(key.name_space);
}

Notifications::Verdict Notifications::Take(const Context& ctx, Event event) {
  impl_->manager.NoteWork();
  CleanMetadata(event);
  const DuplicateFilter::Verdict verdict =
      impl_->duplicates.Take(DuplicateKey(event));
  if (!verdict.is_new) return {false, verdict.reset};
  DropToken(event);
  const auto shared = std::make_shared<const Event>(std::move(event));
  const Context bounded = ctx.WithTimeout(kLookupTimeout);
  std::vector<std::shared_ptr<const Alert>> wanting;
  for (std::shared_ptr<const Alert>& alert :
       impl_->alerts.Find(shared->object)) {
    std::vector<Warning> warnings;
    const bool wants = Wants(
        *alert, *shared,
        [&](const ObjectReference& object) {
          return impl_->labels.Get(bounded, object);
        },
        warnings);
    for (Warning& warning : warnings) impl_->Warn(*alert, std::move(warning));
    if (wants) wanting.push_back(std::move(alert));
  }
  const Logger& logger = impl_->manager.logger();
  if (wanting.empty()) {
    logger.Debug("discarding event, no alerts found for the involved object",
                 {{"eventInvolvedObject", shared->object.ToString()}});
  } else {
    logger.Info("dispatching event",
                {{"eventInvolvedObject", shared->object.ToString()},
                 {"message", shared->message}});
  }
  impl_->Dispatch(shared, wanting);
  return {true, verdict.reset};
}

bool Notifications::Drain(absl::Duration timeout) {
  return impl_->queue.Drain(timeout);
}

}  // namespace weir::notification_controller
