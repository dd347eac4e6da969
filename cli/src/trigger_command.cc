// `weir trigger receiver`: calls a Receiver's webhook, as its sender would.
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cluster.h"
#include "invocation.h"
#include "output.h"
#include "receiver_request.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/http/client.h"
#include "weir/http/proxy.h"
#include "weir/kube/conditions.h"

namespace weir::cli {
namespace {

constexpr char kServiceName[] = "webhook-receiver";

struct TriggerOptions {
  std::string name;
  std::string url;
  std::string token;
  std::string type = "generic";
  std::string payload;
  std::string event;
  std::string id_token;
  std::string service_namespace = "flux-system";
  int retries = 10;
  std::string retry_delay = "10s";
};

struct Target {
  std::string base;  // "http://10.0.0.7:80"
  std::string path;
  ReceiverRequest request;
  bool is_found = false;  // By the Service, not by --url.
};

absl::StatusOr<Secret> ReadToken(const Context& ctx, const kube::Client& client,
                                 const Value& receiver) {
  const absl::string_view name =
      receiver["spec"]["secretRef"].GetString("name");
  if (name.empty()) return Secret();
  WEIR_ASSIGN_OR_RETURN(
      const Value secret,
      client.Get(ctx,
                 {{"", "v1", "Secret"},
                  {std::string(receiver["metadata"].GetString("namespace")),
                   std::string(name)}}));
  std::string token;
  if (!absl::Base64Unescape(secret["data"].GetString("token"), &token)) {
    return absl::FailedPreconditionError(
        absl::StrCat("the Secret ", name, " has no readable token"));
  }
  return Secret(std::move(token));
}

// The address of the Service before the controller: the one for the outside,
// if it has one.
absl::StatusOr<std::string> FindBase(const Context& ctx,
                                     const kube::Client& client,
                                     const TriggerOptions& options) {
  const auto service = client.Get(
      ctx, {{"", "v1", "Service"}, {options.service_namespace, kServiceName}});
  if (absl::IsNotFound(service.status())) {
    return absl::NotFoundError(absl::StrCat(
        "there is no Service ", kServiceName, " in ", options.service_namespace,
        ": say by --url where the webhooks are taken"));
  }
  WEIR_RETURN_IF_ERROR(service);
  const Value& ingress =
      (*service)["status"]["loadBalancer"]["ingress"][size_t{0}];
  absl::string_view host = ingress.GetString("ip");
  if (host.empty()) host = ingress.GetString("hostname");
  if (host.empty()) host = (*service)["spec"].GetString("clusterIP");
  if (host.empty() || host == "None") {
    return absl::FailedPreconditionError(
        absl::StrCat("the Service ", kServiceName,
                     " has no address: say by --url where the webhooks are"));
  }
  const bool is_ipv6 = absl::StrContains(host, ":");
  return absl::StrCat(
      "http://", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", ":",
      (*service)["spec"]["ports"][size_t{0}].GetInt("port", 80));
}

// The cluster knows the Receiver's type, its token and its path.
absl::StatusOr<Target> FindTarget(const Context& ctx, const Globals& globals,
                                  const TriggerOptions& options) {
  WEIR_ASSIGN_OR_RETURN(const auto client, Connect(globals));
  WEIR_ASSIGN_OR_RETURN(
      const Value receiver,
      client->Get(ctx, {{"notification.toolkit.fluxcd.io", "v1", "Receiver"},
                        {globals.name_space, options.name}}));
  const Value& spec = receiver["spec"];
  if (spec.GetBool("suspend")) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the Receiver is suspended; resume it first: weir resume receiver ",
        options.name, " -n ", globals.name_space));
  }
  Target target;
  target.path = std::string(receiver["status"].GetString("webhookPath"));
  if (target.path.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the Receiver is not ready: ",
        kube::FindCondition(receiver, "Ready")
            .GetString("message", "no controller has looked at it yet")));
  }
  ReceiverCall call;
  call.type = std::string(spec.GetString("type"));
  call.payload = options.payload;
  call.event = options.event.empty()
                   ? std::string(spec["events"][size_t{0}].is_string()
                                     ? spec["events"][size_t{0}].AsString()
                                     : "")
                   : options.event;
  call.id_token = Secret(options.id_token);
  WEIR_ASSIGN_OR_RETURN(call.token, ReadToken(ctx, *client, receiver));
  WEIR_ASSIGN_OR_RETURN(target.request, MakeReceiverRequest(call));
  target.base = options.url;
  target.is_found = target.base.empty();
  if (target.is_found) {
    WEIR_ASSIGN_OR_RETURN(target.base, FindBase(ctx, *client, options));
  }
  return target;
}

// What the flags say is all there is to know: no cluster is asked.
absl::StatusOr<Target> MakeTarget(const Globals& globals,
                                  const TriggerOptions& options) {
  if (options.url.empty()) {
    return absl::InvalidArgumentError(
        "with --token or --type, --url says where the webhooks are taken");
  }
  const bool has_secret = options.type != "generic-oidc";
  if (has_secret == options.token.empty()) {
    return absl::InvalidArgumentError(
        has_secret ? "--token is needed, for the path is made of it"
                   : "a Receiver of type generic-oidc has no --token");
  }
  ReceiverCall call;
  call.type = options.type;
  call.token = Secret(options.token);
  call.id_token = Secret(options.id_token);
  call.event = options.event;
  call.payload = options.payload;
  Target target;
  WEIR_ASSIGN_OR_RETURN(target.request, MakeReceiverRequest(call));
  target.base = options.url;
  target.path = WebhookPath(call.token, options.name, globals.name_space);
  return target;
}

// The base of the address only: who knows the path may use it.
absl::Status ToStatus(const Target& target,
                      const absl::StatusOr<http::Response>& answer) {
  if (!answer.ok()) {
    return absl::UnavailableError(absl::StrCat(
        RedactUrl(target.base), " cannot be reached from here (",
        absl::StatusCodeToString(answer.status().code()), ")",
        target.is_found
            ? absl::StrCat(": say another address by --url, say after `kubectl "
                           "port-forward service/",
                           kServiceName,
                           " 9292:80` --url "
                           "http://127.0.0.1:9292")
            : ""));
  }
  if (answer->code >= 200 && answer->code < 300) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      RedactUrl(target.base), " answered ", answer->code,
      answer->code == 404   ? ": it knows no such Receiver"
      : answer->code == 400 ? ": the Receiver refused token or payload"
      : answer->code == 503 ? ": the Receiver is suspended or not ready"
                            : ""));
}

absl::Status Send(const Context& ctx, const TriggerOptions& options,
                  absl::Duration delay, const Target& target) {
  http::Request request;
  request.method = "POST";
  request.url = absl::StrCat(absl::StripSuffix(target.base, "/"), target.path);
  for (const auto& [name, value] : target.request.headers) {
    request.headers.Set(name, value);
  }
  request.body = target.request.body;
  request.proxy =
      http::ChooseProxy(http::ProxiesFromEnvironment(), request.url);
  request.connect_timeout = absl::Seconds(5);
  request.max_response_bytes = 64u << 10;
  http::Client client;
  for (int attempt = 0;; ++attempt) {
    const auto answer = client.SendAndWait(ctx, request);
    WEIR_RETURN_IF_ERROR(ctx.status());
    const absl::Status status = ToStatus(target, answer);
    // An address that was only guessed is not waited for.
    const bool may_help =
        answer.ok() ? IsWorthAnotherTry(answer->code) : !target.is_found;
    if (status.ok() || !may_help || attempt >= options.retries) return status;
    PrintWaiting(absl::StrCat(absl::string_view(status.message()),
                              "; trying again in ", options.retry_delay, " (",
                              attempt + 1, "/", options.retries, ")"));
    WEIR_RETURN_IF_ERROR(ctx.SleepFor(delay));
  }
}

int Run(const Context& ctx, const Globals& globals, TriggerOptions options) {
  if (options.id_token.empty()) {
    // As flux has it.
    const char* said = std::getenv("FLUX_TRIGGER_RECEIVER_OIDC_TOKEN");
    if (said != nullptr) options.id_token = said;
  }
  const auto timeout = TimeoutOf(globals);
  if (!timeout.ok()) return Fail(timeout.status());
  const auto delay = ParseGoDuration(options.retry_delay);
  if (!delay.ok()) return Fail(delay.status());
  const Context bounded = ctx.WithTimeout(*timeout);
  const bool is_offline = !options.token.empty() || (options.type != "generic");
  const auto target = is_offline ? MakeTarget(globals, options)
                                 : FindTarget(bounded, globals, options);
  if (!target.ok()) return Fail(target.status());
  const std::string what =
      absl::StrCat("Receiver ", globals.name_space, "/", options.name);
  PrintAction(absl::StrCat("triggering ", what));
  const absl::Status status = Send(bounded, options, *delay, *target);
  if (!status.ok()) return Fail(status);
  PrintSuccess(absl::StrCat(what, " triggered"));
  return 0;
}

}  // namespace

void AddTriggerCommand(CLI::App& app, Invocation& invocation) {
  CLI::App* trigger =
      app.add_subcommand("trigger", "Does what the outside would do");
  trigger->require_subcommand(1);
  CLI::App* command = trigger->add_subcommand(
      "receiver", "Calls a Receiver's webhook, signed as its type wants");
  command->footer(
      "Without --token and --type the cluster is asked for the Receiver's\n"
      "type, Secret and path; with them, no cluster is needed.\n"
      "\n"
      "Examples:\n"
      "  weir trigger receiver app -n apps\n"
      "  weir trigger receiver app --url http://127.0.0.1:9292\n"
      "  weir trigger receiver app --type generic-hmac --token s3cret \\\n"
      "    --url https://hooks.example.com");
  auto options = std::make_shared<TriggerOptions>();
  command->add_option("NAME", options->name, "Name of the Receiver")
      ->required();
  command->add_option("--url", options->url,
                      "Where webhooks are taken; default: the Service "
                      "webhook-receiver of the cluster");
  command
      ->add_option("--service-namespace", options->service_namespace,
                   "Namespace of that Service")
      ->capture_default_str();
  command->add_option("--token", options->token, "The Receiver's token");
  command
      ->add_option("--type", options->type,
                   "The Receiver's type, when no cluster is asked")
      ->capture_default_str();
  command->add_option("--payload", options->payload,
                      "JSON to send; default: what the type understands");
  command->add_option("--event", options->event,
                      "Which event it is, for types that have them");
  command->add_option("--oidc-token", options->id_token,
                      "The sender's own token, for generic-oidc and gcr; "
                      "default: FLUX_TRIGGER_RECEIVER_OIDC_TOKEN");
  command
      ->add_option("--retries", options->retries,
                   "Further tries when there is no answer, or 404, 408, "
                   "429, 5xx")
      ->capture_default_str();
  command
      ->add_option("--retry-delay", options->retry_delay,
                   "Pause before each of them")
      ->type_name("DURATION")
      ->capture_default_str();
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options](const Context& ctx) {
      return Run(ctx, invocation.globals, *options);
    };
  });
}

}  // namespace weir::cli
