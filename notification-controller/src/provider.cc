#include "src/provider.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/http/headers.h"
#include "weir/value/go_url.h"
#include "weir/value/yaml.h"

namespace weir::notification_controller {
namespace {

constexpr size_t kMaxAddressBytes = 2048;
// Shorter values would turn messages into noise.
constexpr size_t kShortestMasked = 4;
constexpr size_t kShortestMaskedPath = 8;
constexpr size_t kMaxMaskedBytes = 64u << 10;

// Keys of Secrets whose values are no secrets.
constexpr std::array<absl::string_view, 7> kPublicKeys = {
    "username",
    "ca.crt",
    "tls.crt",
    "githubAppID",
    "githubAppBaseURL",
    "githubAppInstallationID",
    "githubAppInstallationOwner"};

absl::StatusOr<std::map<std::string, Secret>> ReadHeaders(const Secret& yaml) {
  // The parser's words may quote the text.
  const absl::StatusOr<Value> parsed = ParseYaml(yaml.RevealForUse());
  std::map<std::string, Secret> headers;
  const auto wrong = [](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("failed to read headers from secret: ", what));
  };
  if (!parsed.ok()) return wrong("it is not YAML");
  if (parsed->is_null()) return headers;
  if (!parsed->is_object()) return wrong("it is not a map");
  for (const Value::Member& member : parsed->object()) {
    if (!member.value.is_string()) {
      return wrong(absl::StrCat("header '", member.key, "' is not text"));
    }
    headers.emplace(member.key, Secret(member.value.AsString()));
  }
  return headers;
}

// What the Secret of spec.secretRef says.
absl::Status ApplySecret(const kube::SecretData& secret, Settings& settings) {
  settings.secret = secret.data;
  if (const Secret* address = secret.Find("address")) {
    if (address->RevealForUse().size() > kMaxAddressBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("invalid address in secret: address exceeds maximum "
                       "length of ",
                       kMaxAddressBytes, " bytes"));
    }
    settings.address =
        std::string(absl::StripAsciiWhitespace(address->RevealForUse()));
  }
  if (const Secret* proxy = secret.Find("proxy")) {
    settings.proxy =
        std::string(absl::StripAsciiWhitespace(proxy->RevealForUse()));
  }
  if (const Secret* headers = secret.Find("headers")) {
    WEIR_ASSIGN_OR_RETURN(settings.headers, ReadHeaders(*headers));
  }
  const auto basic = kube::ReadBasicAuth(secret);
  // Upstream takes no login at all from a Secret with half of one.
  if (!basic.ok()) return absl::OkStatus();
  settings.token = secret.Get("token");
  if (basic->has_value()) {
    settings.username = (*basic)->username;
    settings.password = (*basic)->password;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const http::TlsOptions>> ReadCertificates(
    const kube::SecretData& secret) {
  WEIR_ASSIGN_OR_RETURN(std::shared_ptr<http::TlsOptions> tls,
                        kube::ReadTls(secret), "failed to get TLS config");
  if (tls == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "failed to get TLS config: secret '", secret.name,
        "' must contain either 'ca.crt' or both 'tls.crt' and 'tls.key'"));
  }
  tls->use_system_roots = tls->ca_pem.empty();
  return std::shared_ptr<const http::TlsOptions>(std::move(tls));
}

// Commit statuses take TLS material from the Secret of the login, too.
absl::Status ApplyTlsOfSecret(const kube::SecretData& secret,
                              Settings& settings) {
  WEIR_RETURN_IF_ERROR(kube::ReadBasicAuth(secret).status(),
                       "failed to get TLS config");
  const bool has_tls = secret.Find("ca.crt") != nullptr ||
                       secret.Find("tls.crt") != nullptr ||
                       secret.Find("tls.key") != nullptr;
  if (!has_tls) return absl::OkStatus();
  WEIR_ASSIGN_OR_RETURN(settings.tls, ReadCertificates(secret));
  return absl::OkStatus();
}

bool IsPublicKey(absl::string_view key) {
  return std::find(kPublicKeys.begin(), kPublicKeys.end(), key) !=
         kPublicKeys.end();
}

// What must not be told, also as others may repeat it: a header without its
// scheme, a login as it is sent, a token inside a path.
std::vector<std::string> MaskedTexts(const Settings& settings) {
  std::vector<std::string> texts;
  const auto add = [&texts](absl::string_view text) {
    text = absl::StripAsciiWhitespace(text);
    if (text.size() >= kShortestMasked) texts.emplace_back(text);
  };
  const auto add_secret = [&add](const Secret& secret) {
    const absl::string_view text =
        absl::StripAsciiWhitespace(secret.RevealForUse());
    add(text);
    add(http::PercentEncode(text));
    add(http::PercentEncode(text, ":"));
  };
  for (const auto& [key, value] : settings.secret) {
    if (!IsPublicKey(key)) add_secret(value);
  }
  for (const auto& [name, value] : settings.headers) {
    add_secret(value);
    const std::string& text = value.RevealForUse();
    add(absl::string_view(text).substr(std::min(text.size(), text.find(' '))));
  }
  add_secret(settings.token);
  if (!settings.password.empty()) {
    add_secret(settings.password);
    add(absl::Base64Escape(absl::StrCat(settings.username, ":",
                                        settings.password.RevealForUse())));
  }
  for (const std::string& url : {settings.proxy, settings.address}) {
    const absl::StatusOr<GoUrl> parsed = ParseGoUrl(url);
    if (!parsed.ok()) continue;
    add(parsed->password);
    // A short path is no secret.
    if (settings.secret.count("address") == 0) continue;
    if (parsed->path.size() >= kShortestMaskedPath) {
      add(parsed->path);
      add(parsed->EscapedPath());
    }
    add(parsed->raw_query);
    add(parsed->user);
  }
  return texts;
}

}  // namespace

std::shared_ptr<const Provider> Provider::Parse(const Value& object) {
  auto provider = std::make_shared<Provider>();
  const Value& spec = object["spec"];
  provider->key = kube::KeyOf(object);
  provider->uid = std::string(object["metadata"].GetString("uid"));
  provider->type_name = std::string(spec.GetString("type"));
  provider->type = FindProviderType(provider->type_name);
  provider->is_suspended = spec.GetBool("suspend");
  const auto timeout = ParseGoDuration(spec.GetString("timeout"));
  if (timeout.ok() && *timeout > absl::ZeroDuration()) {
    provider->timeout = *timeout;
  }
  const std::string expression(spec.GetString("commitStatusExpr"));
  if (!expression.empty()) {
    cel::Options options;
    options.is_checked = true;
    options.variables = {{"event"}, {"alert"}, {"provider"}};
    options.output_type = "string";
    auto program = cel::Program::Compile(expression, options);
    if (program.ok()) {
      provider->commit_status = *std::move(program);
    } else {
      provider->commit_status_error = program.status();
    }
  }
  provider->object = object;
  return provider;
}

absl::StatusOr<Settings> ReadSettings(const Provider& provider,
                                      const FindSecret& find_secret) {
  const Value& spec = provider.object["spec"];
  Settings settings;
  settings.type = provider.type_name;
  settings.name_space = provider.key.name_space;
  settings.name = provider.key.name;
  settings.uid = provider.uid;
  settings.channel = std::string(spec.GetString("channel"));
  settings.address = std::string(spec.GetString("address"));
  settings.username = std::string(spec.GetString("username"));
  settings.proxy = std::string(spec.GetString("proxy"));
  settings.service_account = std::string(spec.GetString("serviceAccountName"));
  settings.timeout = provider.timeout;
  const auto find = [&](const char* field)
      -> absl::StatusOr<std::shared_ptr<const kube::SecretData>> {
    if (spec[field].is_null()) return nullptr;
    const std::string name(spec[field].GetString("name"));
    auto secret = find_secret(name);
    if (secret.ok()) return secret;
    return absl::Status(
        secret.status().code(),
        absl::StrCat("failed to get secret '", provider.key.name_space, "/",
                     name, "': ", secret.status().message()));
  };
  WEIR_ASSIGN_OR_RETURN(const auto secret, find("secretRef"));
  if (secret != nullptr) {
    WEIR_RETURN_IF_ERROR(ApplySecret(*secret, settings));
  }
  WEIR_ASSIGN_OR_RETURN(const auto proxy, find("proxySecretRef"));
  if (proxy != nullptr) {
    WEIR_ASSIGN_OR_RETURN(settings.proxy, kube::ReadProxyUrl(*proxy),
                          "failed to get proxy URL");
  }
  WEIR_ASSIGN_OR_RETURN(const auto certificates, find("certSecretRef"));
  if (certificates != nullptr) {
    WEIR_ASSIGN_OR_RETURN(settings.tls, ReadCertificates(*certificates));
  } else if (secret != nullptr && provider.type != nullptr &&
             provider.type->family == Family::kCommitStatus) {
    WEIR_RETURN_IF_ERROR(ApplyTlsOfSecret(*secret, settings));
  }
  if (provider.type == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("failed to initialize notifier: provider ",
                     provider.type_name, " not supported"));
  }
  if (provider.type->check != nullptr) {
    const absl::Status checked = provider.type->check(settings);
    if (!checked.ok()) {
      return absl::Status(
          checked.code(),
          absl::StrCat("failed to initialize notifier: ",
                       MaskSecrets(std::string(checked.message()), settings)));
    }
  }
  return settings;
}

absl::StatusOr<std::string> CommitStatusOf(const Provider& provider,
                                           const Alert& alert,
                                           const Event& event) {
  constexpr char kWhile[] =
      "failed to evaluate the spec.commitStatusExpr CEL expression for the "
      "event";
  WEIR_RETURN_IF_ERROR(provider.commit_status_error, kWhile,
                       ": failed to compile expression");
  if (provider.commit_status == nullptr) {
    return absl::AsciiStrToLower(
        absl::StrCat(event.object.kind, "/", event.object.name, "/",
                     provider.uid.substr(0, provider.uid.find('-'))));
  }
  WEIR_ASSIGN_OR_RETURN(std::string id,
                        provider.commit_status->EvaluateString(
                            Value::MakeObject({{"event", ToValue(event)},
                                               {"alert", alert.object},
                                               {"provider", provider.object}})),
                        kWhile);
  return id;
}

std::string MaskSecrets(std::string text, const Settings& settings) {
  const std::vector<std::string> secrets = MaskedTexts(settings);
  // Of a long text the end goes, with what may be the start of a secret.
  const bool is_cut = text.size() > kMaxMaskedBytes;
  if (is_cut) text.resize(kMaxMaskedBytes);
  size_t longest = 0;
  std::vector<std::pair<absl::string_view, absl::string_view>> replacements;
  for (const std::string& secret : secrets) {
    replacements.emplace_back(secret, "*****");
    longest = std::max(longest, secret.size());
  }
  // All at once, so that none hides a part of a longer one.
  text = absl::StrReplaceAll(text, replacements);
  if (is_cut) text.resize(text.size() - std::min(text.size(), 2 * longest));
  return text;
}

}  // namespace weir::notification_controller
