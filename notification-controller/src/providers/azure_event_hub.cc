// azureeventhub: the event as a message of Azure Event Hubs, over its REST API.
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/providers/api_call.h"
#include "src/providers/git_repository.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"
#include "weir/crypto/hmac.h"
#include "weir/value/go_quote.h"
#include "weir/value/go_url.h"

namespace weir::notification_controller {
namespace {

// Of a signature: it is made for each message.
constexpr absl::Duration kSignatureLife = absl::Minutes(15);

struct Hub {
  std::string host;  // "ns.servicebus.windows.net"
  std::string name;
  // Of a shared access policy; empty: the token is used.
  std::string key_name;
  Secret key;
};

bool IsConnectionString(const Settings& settings) {
  return absl::StrContains(settings.address, "SharedAccessKey");
}

absl::Status Invalid(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("invalid authentication options: ", what));
}

absl::Status CheckLogin(const Settings& settings) {
  if (settings.address.empty()) {
    return Invalid("endpoint URL cannot be empty");
  }
  const char* const way = IsConnectionString(settings) ? "SAS" : "jwt token";
  const bool has_account = !settings.service_account.empty();
  if (has_account &&
      (IsConnectionString(settings) || !settings.token.empty())) {
    return Invalid(absl::StrCat("serviceAccountName and ", way,
                                " authentication cannot be set at the same "
                                "time"));
  }
  if (IsConnectionString(settings) && !settings.token.empty()) {
    return Invalid(
        "jwt token and SAS authentication cannot be set at the same time");
  }
  return absl::OkStatus();
}

// The cloud of the process.
absl::string_view SuffixOf(const Settings& settings) {
  if (absl::StrContains(settings.azure_authority_host, "chinacloudapi.cn")) {
    return ".servicebus.chinacloudapi.cn";
  }
  if (absl::StrContains(settings.azure_authority_host, "microsoftonline.us")) {
    return ".servicebus.usgovcloudapi.net";
  }
  return ".servicebus.windows.net";
}

bool IsHost(absl::string_view host) {
  return !host.empty() && host[0] != '.' && host[0] != '-' &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '-';
         });
}

absl::StatusOr<Hub> CheckNames(Hub hub) {
  if (!IsHost(hub.host)) {
    return absl::InvalidArgumentError("invalid namespace of an event hub");
  }
  if (!SplitRepositoryId(hub.name, 1).ok()) {
    return absl::InvalidArgumentError("invalid name of an event hub");
  }
  return hub;
}

absl::StatusOr<Hub> ParseConnectionString(const std::string& text) {
  std::map<std::string, std::string> members;
  for (const absl::string_view member :
       absl::StrSplit(text, ';', absl::SkipWhitespace())) {
    const std::pair<std::string, std::string> pair =
        absl::StrSplit(member, absl::MaxSplits('=', 1));
    members[absl::AsciiStrToLower(pair.first)] = pair.second;
  }
  for (const char* name :
       {"Endpoint", "SharedAccessKeyName", "SharedAccessKey", "EntityPath"}) {
    if (members[absl::AsciiStrToLower(name)].empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("key ", GoQuote(name), " must not be empty"));
    }
  }
  absl::string_view host = members["endpoint"];
  if (!absl::ConsumePrefix(&host, "sb://")) {
    return absl::InvalidArgumentError("key \"Endpoint\" must begin with sb://");
  }
  absl::ConsumeSuffix(&host, "/");
  return CheckNames(Hub{std::string(host), members["entitypath"],
                        members["sharedaccesskeyname"],
                        Secret(members["sharedaccesskey"])});
}

absl::StatusOr<Hub> ReadHub(const Settings& settings) {
  WEIR_RETURN_IF_ERROR(CheckLogin(settings));
  if (IsConnectionString(settings)) {
    WEIR_ASSIGN_OR_RETURN(Hub hub, ParseConnectionString(settings.address),
                          "failed to create a eventhub using SAS");
    return hub;
  }
  if (settings.token.empty()) {
    return absl::UnimplementedError(
        "failed to create a eventhub using managed identity: it is not "
        "supported yet");
  }
  Hub hub;
  hub.name = settings.address;
  hub.host = settings.channel;
  if (!absl::StrContains(hub.host, ".servicebus.")) {
    absl::StrAppend(&hub.host, SuffixOf(settings));
  }
  WEIR_ASSIGN_OR_RETURN(
      hub, CheckNames(std::move(hub)),
      "failed to create a eventhub using authentication token");
  return hub;
}

absl::Status Check(const Settings& settings) {
  return ReadHub(settings).status();
}

// Source: "Generate SAS token" of Azure's documents for Event Hubs.
std::string Sign(const Hub& hub, absl::Time now) {
  const std::string audience = absl::AsciiStrToLower(
      QueryEscape(absl::StrCat("https://", hub.host, "/", hub.name)));
  const std::string expiry =
      absl::StrCat(absl::ToUnixSeconds(now + kSignatureLife));
  const std::string signature =
      crypto::Hmac(crypto::DigestAlgorithm::kSha256, hub.key,
                   absl::StrCat(audience, "\n", expiry));
  return absl::StrCat("SharedAccessSignature sr=", audience,
                      "&sig=", QueryEscape(absl::Base64Escape(signature)),
                      "&se=", expiry, "&skn=", QueryEscape(hub.key_name));
}

absl::Status Notify(const Context& ctx, const Exchange& exchange) {
  WEIR_ASSIGN_OR_RETURN(const Hub hub, ReadHub(exchange.settings));
  http::Request request =
      PostJson(absl::StrCat("https://", hub.host, "/", EscapeSegment(hub.name),
                            "/messages?api-version=2014-01"),
               ToJson(exchange.event));
  if (hub.key.empty()) {
    SetBearer(request, exchange.settings.token);
  } else {
    request.headers.Set("Authorization", Sign(hub, exchange.clock.Now()));
  }
  WEIR_RETURN_IF_ERROR(
      CallIgnoringAnswer(ctx, exchange.sender, std::move(request)),
      "failed to send msg");
  return absl::OkStatus();
}

}  // namespace

const ProviderType kAzureEventHub = {
    .name = "azureeventhub",
    .has_proxy = true,
    .check = Check,
    .notify = Notify,
};

}  // namespace weir::notification_controller
