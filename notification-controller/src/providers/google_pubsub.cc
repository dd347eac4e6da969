// googlepubsub: the event as a message of a topic of Google Cloud Pub/Sub.
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "src/providers/api_call.h"
#include "src/providers/git_repository.h"
#include "src/providers/google_token.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

constexpr char kScope[] = "https://www.googleapis.com/auth/pubsub";
constexpr char kHost[] = "https://pubsub.googleapis.com/v1/";

// "projects/<project>/topics/<topic>"; the channel may say all of it.
std::string TopicOf(const Settings& settings) {
  const std::vector<std::string> parts = absl::StrSplit(settings.channel, '/');
  if (parts.size() == 4 && parts[0] == "projects" && parts[2] == "topics") {
    return settings.channel;
  }
  return absl::StrCat("projects/", settings.address, "/topics/",
                      settings.channel);
}

absl::Status Check(const Settings& settings) {
  if (settings.address.empty()) {
    return absl::InvalidArgumentError("GCP project ID cannot be empty");
  }
  if (settings.channel.empty()) {
    return absl::InvalidArgumentError("GCP Pub/Sub topic ID cannot be empty");
  }
  const absl::StatusOr<std::vector<std::string>> parts =
      SplitRepositoryId(TopicOf(settings), 4);
  if (!parts.ok()) {
    return absl::InvalidArgumentError("invalid GCP Pub/Sub topic");
  }
  return absl::OkStatus();
}

absl::StatusOr<http::Request> MakeRequest(const Exchange& exchange,
                                          const Secret& token) {
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> parts,
                        SplitRepositoryId(TopicOf(exchange.settings), 4));
  Value message = Value::MakeObject();
  message.Set("data", absl::Base64Escape(ToJson(exchange.event)));
  if (!exchange.settings.headers.empty()) {
    Value& attributes = message.Set("attributes", Value::MakeObject());
    for (const auto& [name, value] : exchange.settings.headers) {
      attributes.Set(name, value.RevealForUse());
    }
  }
  Value body = Value::MakeObject();
  body.Mutable("messages").Append(std::move(message));
  http::Request with_token;
  SetBearer(with_token, token);
  return ApiRequest(
      "POST",
      absl::StrCat(kHost, "projects/", EscapeSegment(parts[1]), "/topics/",
                   EscapeSegment(parts[3]), ":publish"),
      with_token.headers, body);
}

absl::Status Publish(const Context& ctx, const Exchange& exchange) {
  if (exchange.settings.token.empty()) {
    return absl::UnimplementedError(
        "workload identity is not supported yet; the Secret needs a token");
  }
  WEIR_ASSIGN_OR_RETURN(const Secret token,
                        GetGoogleToken(ctx, exchange, kScope));
  WEIR_ASSIGN_OR_RETURN(http::Request request, MakeRequest(exchange, token));
  return CallIgnoringAnswer(ctx, exchange.sender, std::move(request));
}

absl::Status Notify(const Context& ctx, const Exchange& exchange) {
  WEIR_RETURN_IF_ERROR(Check(exchange.settings));
  WEIR_RETURN_IF_ERROR(Publish(ctx, exchange),
                       "error publishing to GCP Pub/Sub topic ",
                       TopicOf(exchange.settings));
  return absl::OkStatus();
}

}  // namespace

const ProviderType kGooglePubSub = {
    .name = "googlepubsub",
    .has_proxy = true,
    .check = Check,
    .notify = Notify,
};

}  // namespace weir::notification_controller
