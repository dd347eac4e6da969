#include "src/receivers/webhook_handler.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "src/receivers/media_type.h"
#include "src/receivers/payload.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

constexpr char kFieldManager[] = "notification-controller";
constexpr char kRequestedAt[] = "reconcile.fluxcd.io/requestedAt";
constexpr int kMaxInFlight = 16;
// Of an error in a log line: some of it is the sender's.
constexpr size_t kMaxError = 1000;

std::string Cut(const absl::Status& status) {
  return std::string(status.message().substr(0, kMaxError));
}

absl::StatusOr<bool> Accepts(const cel::Program* filter, const Value& data) {
  if (filter == nullptr) return true;
  return filter->EvaluateBool(data);
}

// As they are once they went through JSON in Go.
Value WithDoubles(Value object) {
  for (Value::Member& member : object.Mutable("metadata").MutableObject()) {
    if (member.value.is_int()) {
      member.value = static_cast<double>(member.value.AsInt());
    }
  }
  return object;
}

}  // namespace

std::string FormatGoTime(absl::Time time, absl::Duration since_start) {
  std::string text =
      absl::FormatTime("%Y-%m-%d %H:%M:%E*S", time, absl::UTCTimeZone());
  const int64_t nanoseconds = absl::ToInt64Nanoseconds(since_start);
  absl::StrAppend(&text, " +0000 UTC m=+",
                  absl::StrFormat("%d.%09d", nanoseconds / 1'000'000'000,
                                  nanoseconds % 1'000'000'000));
  return text;
}

WebhookHandler::WebhookHandler(WebhookEnvironment environment)
    : env_(std::move(environment)), started_(env_.clock.Now()) {}

std::string WebhookHandler::RequestedAtNow() const {
  const absl::Time now = env_.clock.Now();
  return FormatGoTime(now, std::max(now - started_, absl::ZeroDuration()));
}

int WebhookHandler::Handle(const Context& ctx,
                           const http::ServerRequest& request) const {
  const ReceiverIndex::Found found = env_.index.Find(request.target);
  if (found.plan == nullptr) return env_.is_synced() ? 404 : 503;
  const ReceiverPlan& plan = *found.plan;
  const Logger logger = env_.logger.With({{"reconciler kind", "Receiver"},
                                          {"name", plan.key.name},
                                          {"namespace", plan.key.name_space}});
  if (plan.is_suspended || !found.is_ready) {
    logger.Error("unable to process request",
                 {{"error", plan.is_suspended ? "receiver is suspended"
                                              : "receiver is not ready"}});
    return 503;
  }
  const Hook hook{request.headers, request.body};
  const absl::StatusOr<Message> message = Authenticate(ctx, plan, hook);
  if (!message.ok()) {
    logger.Error("unable to validate payload",
                 {{"error", Cut(message.status())}});
    return 400;
  }
  const absl::StatusOr<Filtering> filtering = Prepare(plan, hook, *message);
  if (!filtering.ok()) {
    logger.Error("unable to create resource filters",
                 {{"error", Cut(filtering.status())}});
    return 500;
  }
  return Notify(ctx, plan, *filtering, logger);
}

absl::StatusOr<Message> WebhookHandler::Authenticate(const Context& ctx,
                                                     const ReceiverPlan& plan,
                                                     const Hook& hook) const {
  kube::SecretData secret;
  Secret token;
  if (plan.secret.has_value()) {
    const kube::ObjectKey key{plan.key.name_space, *plan.secret};
    WEIR_ASSIGN_OR_RETURN(const std::shared_ptr<const kube::SecretData> read,
                          env_.secrets.Get(ctx, key),
                          "unable to read secret \"", key.ToString(), "\"");
    const Secret* const found = read->Find("token");
    if (found == nullptr) {
      return absl::PermissionDeniedError(
          absl::StrCat("invalid \"", key.ToString(),
                       "\" secret data: required field 'token'"));
    }
    token = *found;
    secret = *read;
  }
  if (plan.type == nullptr) {
    return absl::InvalidArgumentError("receiver type not supported");
  }
  // Without either nothing would be proven.
  if (!plan.secret.has_value() &&
      plan.type->issuer != TokenIssuer::kConfigured) {
    return absl::InvalidArgumentError("secretRef is required");
  }
  Value claims;
  if (plan.type->issuer == TokenIssuer::kConfigured) {
    WEIR_ASSIGN_OR_RETURN(claims, VerifyConfigured(ctx, hook, plan.issuers,
                                                   env_.issuers, env_.clock));
  } else if (plan.type->issuer == TokenIssuer::kGoogle) {
    WEIR_RETURN_IF_ERROR(VerifyGoogle(ctx, hook, secret, env_.google_keys_url,
                                      env_.issuers, env_.clock));
  }
  WEIR_ASSIGN_OR_RETURN(Message message,
                        ReadHook(*plan.type, hook, token, plan.events));
  message.claims = std::move(claims);
  return message;
}

absl::StatusOr<WebhookHandler::Filtering> WebhookHandler::Prepare(
    const ReceiverPlan& plan, const Hook& hook, const Message& message) const {
  if (plan.problem.has_value()) {
    return absl::FailedPreconditionError(plan.problem->message);
  }
  Filtering filtering{Value::MakeObject(), message.claims};
  if (!plan.has_filter() || !IsJson(hook.headers.Get("Content-Type"))) {
    return filtering;
  }
  WEIR_ASSIGN_OR_RETURN(Value body,
                        ParseFirst(message.body.value_or(hook.body)),
                        "failed to parse request body as JSON");
  if (body.is_null()) return filtering;
  if (!body.is_object()) {
    return absl::InvalidArgumentError(
        "failed to parse request body as JSON: it is no object");
  }
  filtering.request = std::move(body);
  return filtering;
}

absl::Status WebhookHandler::Select(const Context& ctx,
                                    const ReceiverPlan& plan,
                                    const Target& target,
                                    const Filtering& filtering,
                                    std::set<kube::ObjectRef>& selected) const {
  WEIR_ASSIGN_OR_RETURN(const std::vector<Value> objects,
                        env_.targets.Find(ctx, target));
  const bool has_filter = plan.filter != nullptr || target.filter != nullptr;
  absl::Status problem;
  for (const Value& object : objects) {
    bool is_accepted = true;
    if (has_filter) {
      Value data = Value::MakeObject(
          {{"res", WithDoubles(object)}, {"req", filtering.request}});
      if (!filtering.claims.is_null()) data.Set("claims", filtering.claims);
      absl::StatusOr<bool> accepted = Accepts(plan.filter.get(), data);
      if (accepted.ok() && *accepted) {
        accepted = Accepts(target.filter.get(), data);
      }
      problem.Update(accepted.status());
      is_accepted = accepted.value_or(false);
    }
    if (is_accepted) selected.insert({target.gvk, kube::KeyOf(object)});
  }
  return problem;
}

int WebhookHandler::Annotate(const Context& ctx,
                             const std::set<kube::ObjectRef>& objects,
                             const Logger& logger) const {
  const Value patch = Value::MakeObject(
      {{"metadata",
        Value::MakeObject(
            {{"annotations",
              Value::MakeObject({{kRequestedAt, RequestedAtNow()}})}})}});
  std::vector<kube::Request> requests;
  std::vector<kube::ObjectRef> sent;
  int failed = 0;
  const auto tell = [&](const kube::ObjectRef& ref,
                        const absl::Status& status) {
    const std::string object =
        absl::StrCat(ref.gvk.kind, "/", ref.key.name, ".", ref.key.name_space);
    if (status.ok()) {
      logger.Info("resource annotated", {{"resource", object}});
      return;
    }
    ++failed;
    logger.Error("unable to request reconciliation",
                 {{"resource", object}, {"error", Cut(status)}});
  };
  for (const kube::ObjectRef& ref : objects) {
    absl::StatusOr<kube::Request> request =
        env_.client.PatchRequest(ctx, ref, kube::PatchType::kMerge, patch,
                                 {.field_manager = kFieldManager});
    if (!request.ok()) {
      tell(ref, request.status());
      continue;
    }
    requests.push_back(*std::move(request));
    sent.push_back(ref);
  }
  const std::vector<absl::StatusOr<kube::Response>> answers =
      env_.client.DoAll(ctx, std::move(requests), kMaxInFlight);
  for (size_t i = 0; i < answers.size(); ++i)
    tell(sent[i], answers[i].status());
  return failed;
}

int WebhookHandler::Notify(const Context& ctx, const ReceiverPlan& plan,
                           const Filtering& filtering,
                           const Logger& logger) const {
  std::set<kube::ObjectRef> selected;
  int failed = 0;
  for (const Target& target : plan.targets) {
    const absl::Status status = Select(ctx, plan, target, filtering, selected);
    if (status.ok()) continue;
    ++failed;
    logger.Error("unable to request reconciliation",
                 {{"resource",
                   absl::StrCat(target.gvk.kind, "/", target.key.ToString())},
                  {"error", Cut(status)}});
  }
  if (!selected.empty()) failed += Annotate(ctx, selected, logger);
  return failed == 0 ? 200 : 500;
}

}  // namespace weir::notification_controller
