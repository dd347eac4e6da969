// All types of providers on the wire: how answers, silence, redirects, TLS and
// proxies end, and that nothing secret is told of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "src/provider_type.h"
#include "tests/notification-controller/forges/test_keys.h"
#include "tests/notification-controller/harness.h"
#include "tests/support/certificates.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

using Data = std::map<std::string, std::string>;

constexpr char kPassword[] = "s3cret-password";

// --- Settings of each type --------------------------------------------------

// "http://1.2.3.4:5" and where the type finds it.
std::string AddressOf(const std::string& type, const std::string& base) {
  const bool is_forge = absl::StartsWith(type, "git");
  if (type == "bitbucket") return "https://bitbucket.org/org/repo";
  if (type == "bitbucketserver") return base + "/scm/proj/repo.git";
  if (is_forge) return base + "/org/repo";
  if (type == "sentry") {
    return absl::StrReplaceAll(base, {{"://", "://s3cretkey@"}}) + "/1";
  }
  return base + "/s3cret-path";
}

std::string ChannelOf(const std::string& type) {
  if (type == "zulip") return "stream/topic";
  if (type == "azureeventhub") return "";
  return "channel";
}

Data SecretOf(const std::string& type) {
  Data data = {{"token", "s3cret-token"}};
  if (type == "generic") data["headers"] = "Authorization: Bearer s3cret-own\n";
  const bool has_login = type == "zulip" || type == "grafana" ||
                         type == "alertmanager" || type == "bitbucketserver";
  if (has_login) data = {{"username", "user"}, {"password", kPassword}};
  if (type == "bitbucket") data["token"] = "user:s3cret-password";
  if (type == "azureeventhub") {
    data = {{"address",
             "Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName="
             "name;SharedAccessKey=s3cretkey;EntityPath=hub"}};
  }
  if (type == "googlepubsub") data.erase("token");
  return data;
}

// Those whose address is their own.
bool IsFixed(const std::string& type) {
  return type == "telegram" || type == "bitbucket" || type == "azuredevops" ||
         type == "googlepubsub" || type == "azureeventhub";
}

std::vector<std::string> Names(bool is_fixed) {
  std::vector<std::string> names;
  for (const ProviderType* type : AllProviderTypes()) {
    // NATS speaks its own protocol, and has its own tests.
    if (std::string(type->name) == "nats") continue;
    if (IsFixed(type->name) == is_fixed) names.emplace_back(type->name);
  }
  return names;
}

std::string TestName(const testing::TestParamInfo<std::string>& info) {
  return absl::StrReplaceAll(info.param, {{"-", "_"}, {".", "_"}});
}

// --- Answers ----------------------------------------------------------------

http::ServerResponse Reply(int code, const std::string& body = "") {
  http::ServerResponse response;
  response.code = code;
  response.body = body;
  return response;
}

// What satisfies every type.
http::ServerResponse Fine(const http::ServerRequest& request) {
  if (absl::EndsWith(request.path, "/user")) {
    return Reply(200, R"({"id":1,"login":"me","username":"me"})");
  }
  if (absl::EndsWith(request.path, "/version")) {
    return Reply(200, R"({"version":"1.20.0"})");
  }
  if (request.method == "GET") return Reply(200, "[]");
  return Reply(201, "{}");
}

// Repeats all that it was sent, as debugging proxies do.
http::ServerResponse Echo(int code, const http::ServerRequest& request) {
  std::string text = absl::StrCat(request.method, " ", request.target, "\n");
  for (const auto& [name, value] : request.headers) {
    absl::StrAppend(&text, name, ": ", value, "\n");
  }
  return Reply(code, FormatJson(Value::MakeObject({{"message", text}})));
}

http::ServerResponse RedirectTo(const std::string& url) {
  http::ServerResponse response = Reply(307, "see " + url);
  response.headers.Set("Location", url);
  return response;
}

// --- The tests --------------------------------------------------------------

class WireTest : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() {
    harness_ = std::make_unique<NotificationHarness>();
    harness_->Start();
  }
  static void TearDownTestSuite() { harness_.reset(); }

  void TearDown() override {
    const std::string logs = harness_->Logs();
    EXPECT_THAT(logs, Not(HasSubstr("s3cret")));
    EXPECT_THAT(
        logs,
        Not(HasSubstr(absl::Base64Escape(absl::StrCat("user:", kPassword)))));
    harness_->ClearLogs();
  }

  const ProviderType& Type() const { return *FindProviderType(GetParam()); }

  // A Provider for `base`, with more of its spec, and an Alert for it.
  void Apply(const std::string& base, const std::string& more = "",
             const Data& more_data = {}) {
    ++number_;
    const std::string& type = GetParam();
    Data data = SecretOf(type);
    data.insert(more_data.begin(), more_data.end());
    if (type == "azuredevops") {
      data["address"] = "https://dev.azure.com/org/proj/_git/repo";
    } else if (type == "googlepubsub") {
      data["address"] = "project";
    } else {
      data.try_emplace("address", AddressOf(type, base));
    }
    harness_->ApplySecret(absl::StrCat("s", number_), data);
    std::string spec =
        absl::StrCat("type: ", type, ", secretRef: {name: s", number_, "}");
    const std::string channel = ChannelOf(type);
    if (!channel.empty()) absl::StrAppend(&spec, ", channel: ", channel);
    if (!more.empty()) absl::StrAppend(&spec, ", ", more);
    harness_->ApplyProvider(absl::StrCat("p", number_), spec);
    harness_->ApplyAlert(
        absl::StrCat("alert", number_),
        absl::StrCat("providerRef: {name: p", number_,
                     "}, eventSources: [{kind: Kustomization, name: app",
                     number_, "}]"));
    harness_->Settle();
  }

  // How often the log says it of the last Provider.
  static int CountLogged(const std::string& message) {
    const std::string provider = absl::StrCat("\"flux-system/p", number_, "\"");
    int count = 0;
    for (const absl::string_view line :
         absl::StrSplit(harness_->Logs(), '\n')) {
      if (absl::StrContains(line, message) &&
          absl::StrContains(line, provider)) {
        ++count;
      }
    }
    return count;
  }

  // Posts an event that all take, and waits until it is delivered or not.
  // Empty, or what the Alert's Event says.
  std::string Deliver() {
    Event event = harness_->MakeEvent(absl::StrCat("broken ", ++messages_));
    event.object.name = absl::StrCat("app", number_);
    event.severity = "error";
    event.reason = "BuildFailed";
    event.metadata["event.toolkit.fluxcd.io/commit"] =
        "main@sha1:2222222222222222222222222222222222222222";
    event.metadata["event.toolkit.fluxcd.io/change_request"] = "7";
    harness_->Post(event);
    const auto is_told = [](const char* text) { return CountLogged(text) > 0; };
    for (int i = 0; i < 5000 && !is_told("notification sent") &&
                    !is_told("failed to send notification");
         ++i) {
      (void)Context().SleepFor(absl::Milliseconds(2));
    }
    if (!is_told("failed to send notification")) {
      EXPECT_TRUE(is_told("notification sent"));
      return "";
    }
    const std::string text =
        harness_
            ->WaitForEvent(
                testing::Field(&EventText::message,
                               HasSubstr(absl::StrCat("/app", number_, ": "))))
            .message;
    EXPECT_THAT(text, Not(HasSubstr("s3cret")));
    const std::string begin = absl::StrCat(
        "failed to send notification for Kustomization/"
        "flux-system/app",
        number_, ": ");
    EXPECT_THAT(text, StartsWith(begin));
    return text.size() < begin.size() ? text : text.substr(begin.size());
  }

  static std::unique_ptr<NotificationHarness> harness_;
  static int number_;
  static int messages_;
};

std::unique_ptr<NotificationHarness> WireTest::harness_;
int WireTest::number_ = 0;
int WireTest::messages_ = 0;

INSTANTIATE_TEST_SUITE_P(AllTypes, WireTest, testing::ValuesIn(Names(false)),
                         TestName);

TEST_P(WireTest, ArrivesWhenItIsTaken) {
  RecordingServer server(Fine);
  Apply(server.url());
  EXPECT_EQ(Deliver(), "");
  ASSERT_THAT(server.requests(), Not(IsEmpty()));
  const http::ServerRequest last = server.requests().back();
  EXPECT_THAT(last.method, testing::AnyOf("POST", "PUT"));
  EXPECT_THAT(last.body, Not(IsEmpty()));
}

TEST_P(WireTest, FailuresAreTriedAsOftenAsTheyDeserve) {
  for (const auto& [code, tries] : {std::pair(400, 1), std::pair(500, 5),
                                    std::pair(501, 1), std::pair(429, 5)}) {
    const int answer = code;
    RecordingServer server([answer](const http::ServerRequest& request) {
      http::ServerResponse response = Echo(answer, request);
      response.headers.Set("Retry-After", "0");
      return response;
    });
    Apply(server.url());
    EXPECT_THAT(Deliver(), Not(IsEmpty())) << code;
    // Some look first, and go on all the same.
    std::map<std::string, int> counts;
    for (const http::ServerRequest& request : server.requests()) {
      ++counts[request.method + request.target];
    }
    for (const auto& [line, count] : counts) EXPECT_EQ(count, tries) << line;
  }
}

TEST_P(WireTest, APauseLongerThanTheTimeoutIsNotMade) {
  RecordingServer server([](const http::ServerRequest&) {
    http::ServerResponse response = Reply(429);
    response.headers.Set("Retry-After", "3600");
    return response;
  });
  Apply(server.url());
  EXPECT_THAT(Deliver(), HasSubstr("429"));
}

TEST_P(WireTest, SilenceEndsWithTheTimeout) {
  RecordingServer server(nullptr);
  Apply(server.url(), "timeout: 50ms");
  EXPECT_THAT(Deliver(), HasSubstr("deadline"));
}

TEST_P(WireTest, ARedirectWithinTheHostIsFollowed) {
  RecordingServer server([](const http::ServerRequest& request) {
    if (request.QueryValue("moved") == "yes") return Fine(request);
    return RedirectTo(request.path + "?moved=yes");
  });
  Apply(server.url());
  EXPECT_EQ(Deliver(), "");
  const auto requests = server.requests();
  ASSERT_GE(requests.size(), 2u);
  const http::ServerRequest& before = requests[requests.size() - 2];
  const http::ServerRequest& after = requests.back();
  EXPECT_EQ(after.method, before.method);
  EXPECT_EQ(after.body, before.body);
  EXPECT_EQ(after.headers.Get("Authorization"),
            before.headers.Get("Authorization"));
}

TEST_P(WireTest, ARedirectToAnotherHostTakesNoSecretAlong) {
  RecordingServer other(Fine);
  RecordingServer server([&other](const http::ServerRequest& request) {
    return RedirectTo(other.url() + "/elsewhere" + request.path.substr(0, 1));
  });
  Apply(server.url());
  const std::string error = Deliver();
  bool has_secret_header = false;
  const auto requests = server.requests();
  ASSERT_THAT(requests, Not(IsEmpty()));
  for (const auto& [name, value] : requests[0].headers) {
    const std::string lower = absl::AsciiStrToLower(name);
    has_secret_header = has_secret_header || lower == "authorization" ||
                        lower == "dd-api-key" || lower == "private-token" ||
                        lower == "x-sentry-auth" || lower == "x-signature";
  }
  if (has_secret_header) {
    EXPECT_THAT(error, HasSubstr("a redirect is not followed"));
    EXPECT_THAT(error, Not(HasSubstr("elsewhere")));
    EXPECT_THAT(other.requests(), IsEmpty());
  }
  for (const http::ServerRequest& request : other.requests()) {
    for (const auto& [name, value] : request.headers) {
      EXPECT_THAT(value, Not(HasSubstr("s3cret"))) << name;
    }
  }
}

TEST_P(WireTest, ServerSideRequestForgeryByARedirectToTheLinkIsStopped) {
  RecordingServer server([](const http::ServerRequest&) {
    return RedirectTo("http://169.254.169.254/latest/meta-data");
  });
  Apply(server.url());
  EXPECT_THAT(Deliver(), testing::AnyOf(HasSubstr("a redirect is not followed"),
                                        HasSubstr("connection failed")));
}

// --- TLS and proxies --------------------------------------------------------

const test::Authority& ServersAuthority() {
  static const auto* const authority = new test::Authority("servers");
  return *authority;
}
const test::Authority& ClientsAuthority() {
  static const auto* const authority = new test::Authority("clients");
  return *authority;
}

http::ServerOptions WithTls(bool wants_certificate) {
  const test::KeyPair pair = ServersAuthority().SignServer();
  http::ServerOptions options;
  options.tls.emplace();
  options.tls->certificate_pem = pair.certificate_pem;
  options.tls->key_pem = Secret(pair.key_pem);
  if (wants_certificate) {
    options.tls->client_ca_pem = ClientsAuthority().pem();
    options.tls->require_client_certificate = true;
  }
  return options;
}

TEST_P(WireTest, AnUnknownAuthorityIsRefused) {
  RecordingServer server(Fine, WithTls(false));
  Apply(server.url());
  EXPECT_THAT(Deliver(), HasSubstr("certificate"));
  EXPECT_THAT(server.requests(), IsEmpty());
}

TEST_P(WireTest, EdgeCertificatesAreTakenWhereTheTypeDoes) {
  RecordingServer server(Fine, WithTls(true));
  const test::KeyPair pair = ClientsAuthority().Sign({.common_name = "weir"});
  harness_->ApplySecret("certs", {{"ca.crt", ServersAuthority().pem()},
                                  {"tls.crt", pair.certificate_pem},
                                  {"tls.key", pair.key_pem}});
  Apply(server.url(), "certSecretRef: {name: certs}");
  const std::string error = Deliver();
  if (Type().has_tls) {
    EXPECT_EQ(error, "");
    ASSERT_THAT(server.requests(), Not(IsEmpty()));
    ASSERT_TRUE(server.requests()[0].peer_certificate.has_value());
    EXPECT_EQ(server.requests()[0].peer_certificate->common_name, "weir");
  } else {
    EXPECT_THAT(error, HasSubstr("certificate"));
    EXPECT_THAT(server.requests(), IsEmpty());
  }
}

TEST_P(WireTest, TheProxyIsTakenWhereTheTypeDoes) {
  RecordingServer proxy(Fine);
  RecordingServer server(Fine);
  harness_->ApplySecret("proxy", {{"address", proxy.url()},
                                  {"username", "user"},
                                  {"password", kPassword}});
  const std::string base =
      Type().has_proxy ? "http://receiver.test" : server.url();
  Apply(base, "proxySecretRef: {name: proxy}");
  EXPECT_EQ(Deliver(), "");
  if (Type().has_proxy) {
    ASSERT_THAT(proxy.requests(), Not(IsEmpty()));
    EXPECT_THAT(proxy.requests()[0].target, StartsWith("http://receiver.test"));
  } else {
    EXPECT_THAT(server.requests(), Not(IsEmpty()));
    EXPECT_THAT(proxy.requests(), IsEmpty());
  }
}

TEST_P(WireTest, ADeadProxyIsToldOfWithoutItsPassword) {
  if (!Type().has_proxy) return;
  harness_->ApplySecret("proxy", {{"address", "http://127.0.0.1:1"},
                                  {"username", "user"},
                                  {"password", kPassword}});
  Apply("http://receiver.test", "proxySecretRef: {name: proxy}");
  EXPECT_THAT(Deliver(), HasSubstr("connection refused"));
}

// --- Types with an address of their own -------------------------------------

// Reached through a proxy, which sees where they want to go, and says no.
class FixedAddressTest : public WireTest {};

INSTANTIATE_TEST_SUITE_P(AllTypes, FixedAddressTest,
                         testing::ValuesIn(Names(true)), TestName);

TEST_P(FixedAddressTest, GoesThroughTheProxyAndTellsItNoSecret) {
  RecordingServer proxy([](const http::ServerRequest& request) {
    if (absl::EndsWith(request.target, "/token")) {
      return Reply(200,
                   R"({"access_token":"s3cret-access","expires_in":3600})");
    }
    return Echo(403, request);
  });
  Data data;
  if (GetParam() == "googlepubsub") {
    data["token"] = FormatJson(
        Value::MakeObject({{"type", "service_account"},
                           {"client_email", "sa@proj.iam.test"},
                           {"private_key_id", "id"},
                           {"private_key", Pkcs8Pem()},
                           {"token_uri", "http://token.test/token"}}));
  }
  Apply("", absl::StrCat("proxy: '", proxy.url(), "'"), data);
  const std::string error = Deliver();
  EXPECT_THAT(error, Not(IsEmpty()));
  const std::map<std::string, std::string> hosts = {
      {"telegram", "api.telegram.org:443"},
      {"bitbucket", "api.bitbucket.org:443"},
      {"azuredevops", "dev.azure.com:443"},
      {"googlepubsub", "pubsub.googleapis.com:443"},
      {"azureeventhub", "ns.servicebus.windows.net:443"}};
  bool has_connect = false;
  for (const http::ServerRequest& request : proxy.requests()) {
    if (request.method != "CONNECT") continue;
    has_connect = true;
    EXPECT_EQ(request.target, hosts.at(GetParam()));
    for (const auto& [name, value] : request.headers) {
      EXPECT_THAT(value, Not(HasSubstr("s3cret"))) << name;
    }
  }
  EXPECT_TRUE(has_connect) << error;
}

}  // namespace
}  // namespace weir::notification_controller
