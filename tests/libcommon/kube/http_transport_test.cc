#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/libcommon/kube/kube_fixture.h"
#include "tests/support/certificates.h"
#include "tests/support/fake_transport.h"
#include "weir/base/file.h"
#include "weir/base/mutex.h"
#include "weir/http/server.h"
#include "weir/kube/config.h"
#include "weir/kube/transport.h"
#include "weir/value/json.h"

namespace weir::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using enum absl::StatusCode;

// A server that notes the requests, and answers as it is told.
class Recorder {
 public:
  explicit Recorder(http::ServerOptions options = {}) {
    auto server = http::Server::Start(
        std::move(options), [this](const http::ServerRequest& request,
                                   std::unique_ptr<http::Responder> responder) {
          http::ServerResponse answer{
              200, {{"Content-Type", "application/json"}}, "{}"};
          {
            MutexLock lock(mu_);
            requests_.push_back(request);
            if (answer_.has_value()) answer = *answer_;
          }
          responder->Send(std::move(answer));
        });
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  std::string url() const { return server_->url(); }
  void set_answer(http::ServerResponse answer) {
    MutexLock lock(mu_);
    answer_ = std::move(answer);
  }
  http::ServerRequest last() {
    MutexLock lock(mu_);
    return requests_.empty() ? http::ServerRequest() : requests_.back();
  }
  size_t count() {
    MutexLock lock(mu_);
    return requests_.size();
  }

 private:
  Mutex mu_;
  std::vector<http::ServerRequest> requests_ ABSL_GUARDED_BY(mu_);
  std::optional<http::ServerResponse> answer_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<http::Server> server_;
};

std::shared_ptr<Transport> Make(const Config& config,
                                const HttpTransportOptions& options = {}) {
  auto transport = MakeHttpTransport(config, options);
  EXPECT_TRUE(transport.ok()) << transport.status();
  return *std::move(transport);
}

absl::StatusOr<Response> Get(Transport& transport,
                             const std::string& path = "/x") {
  Request request;
  request.path = path;
  return SendAndWait(transport, Soon(), std::move(request));
}

std::string HeaderOf(const http::ServerRequest& request, const char* name) {
  return std::string(request.headers.Get(name));
}

TEST(HttpTransportTest, SaysWhoAndWhat) {
  Recorder server;
  Config config;
  config.server = server.url() + "/prefix/";
  config.impersonate_user = "alice";
  config.impersonate_uid = "7";
  config.impersonate_groups = {"a", "b"};
  config.impersonate_extra = {{"Scopes/x", {"view"}}};
  config.username = "u";
  config.password = Secret("p");
  const auto transport = Make(config, {.user_agent = "agent/1"});
  Request request;
  request.method = Method::kPatch;
  request.path = "/api/v1/x";
  request.content_type = "application/merge-patch+json";
  request.body = Value::MakeObject({{"big", int64_t{9007199254740993}}});
  ASSERT_TRUE(SendAndWait(*transport, Soon(), std::move(request)).ok());
  const http::ServerRequest seen = server.last();
  EXPECT_EQ(seen.method, "PATCH");
  EXPECT_EQ(seen.target, "/prefix/api/v1/x");
  EXPECT_EQ(seen.body, "{\"big\":9007199254740993}");
  EXPECT_EQ(HeaderOf(seen, "Content-Type"), "application/merge-patch+json");
  EXPECT_EQ(HeaderOf(seen, "Accept"), "application/json");
  EXPECT_EQ(HeaderOf(seen, "User-Agent"), "agent/1");
  EXPECT_EQ(HeaderOf(seen, "Authorization"), "Basic dTpw");
  EXPECT_EQ(HeaderOf(seen, "Impersonate-User"), "alice");
  EXPECT_EQ(HeaderOf(seen, "Impersonate-Uid"), "7");
  EXPECT_THAT(seen.headers.GetAll("Impersonate-Group"), ElementsAre("a", "b"));
  EXPECT_EQ(HeaderOf(seen, "Impersonate-Extra-scopes%2Fx"), "view");
}

TEST(HttpTransportTest, ARequestMayActAsAnother) {
  Recorder server;
  Config config;
  config.server = server.url();
  config.impersonate_user = "alice";
  config.impersonate_groups = {"a"};
  const auto transport = Make(config);
  Request request;
  request.path = "/x";
  request.headers = {{"Impersonate-User", "bob"}};
  ASSERT_TRUE(SendAndWait(*transport, Soon(), std::move(request)).ok());
  EXPECT_THAT(server.last().headers.GetAll("Impersonate-User"),
              ElementsAre("bob"));
  EXPECT_FALSE(server.last().headers.Has("Impersonate-Group"));
}

struct AnswerCase {
  const char* name;
  http::ServerResponse answer;
  const char* want_text;
  std::vector<std::string> want_warnings;
  std::optional<absl::Duration> want_retry;
};
class AnswerTest : public testing::TestWithParam<AnswerCase> {};

TEST_P(AnswerTest, IsUnderstood) {
  Recorder server;
  server.set_answer(GetParam().answer);
  Config config;
  config.server = server.url();
  const auto transport = Make(config);
  const auto answer = Get(*transport);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->code, GetParam().answer.code);
  EXPECT_EQ(answer->text, GetParam().want_text);
  EXPECT_EQ(answer->warnings, GetParam().want_warnings);
  EXPECT_EQ(answer->retry_after, GetParam().want_retry);
}

INSTANTIATE_TEST_SUITE_P(
    Table, AnswerTest,
    testing::Values(
        AnswerCase{
            "Page", {502, {{"Content-Type", "text/html"}}, "<p>"}, "<p>"},
        AnswerCase{"NotModified", {304, {{"ETag", "e"}}, ""}, ""},
        AnswerCase{"BrokenJsonOfAnError",
                   {500, {{"Content-Type", "application/json"}}, "{"},
                   "{"},
        AnswerCase{"OneWarning",
                   {200, {{"Warning", "299 - \"v1 is old\""}}, ""},
                   "",
                   {"v1 is old"}},
        AnswerCase{"QuotedWarning",
                   {200, {{"Warning", "299 agent \"say \\\"no\\\"\""}}, ""},
                   "",
                   {"say \"no\""}},
        AnswerCase{"ManyWarnings",
                   {200,
                    {{"Warning",
                      "299 - \"a\" \"Sat, 25 Aug 2012 23:34:45 GMT\", "
                      "199 - \"skip\", 299 - \"b\""},
                     {"Warning", "299 - \"c\""}},
                    ""},
                   "",
                   {"a", "b", "c"}},
        AnswerCase{"BadWarnings",
                   {200, {{"Warning", "299"}, {"Warning", "299 - \"x"}}, ""},
                   ""},
        AnswerCase{"RetryAfter",
                   {429, {{"Retry-After", "3"}}, ""},
                   "",
                   {},
                   absl::Seconds(3)},
        AnswerCase{
            "RetryAfterDate",
            {503, {{"Retry-After", "Sat, 25 Aug 2012 23:34:45 GMT"}}, ""},
            ""}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(HttpTransportTest, JsonThatIsNoneIsAnError) {
  Recorder server;
  server.set_answer({200, {{"Content-Type", "application/json"}}, "{oops"});
  Config config;
  config.server = server.url();
  EXPECT_EQ(Get(*Make(config)).status().code(), kUnavailable);
}

TEST(HttpTransportTest, ErrorsNameTheRequest) {
  std::string url;
  {
    Recorder server;
    url = server.url();
  }
  Config config;
  config.server = url;
  const auto answer = Get(*Make(config), "/api/v1/a b");
  EXPECT_EQ(answer.status().code(), kUnavailable);
  EXPECT_FALSE(IsConnectionLost(answer.status()));
  EXPECT_EQ(answer.status().message(),
            absl::StrCat("Get \"", url, "/api/v1/a%20b\": dial tcp ",
                         url.substr(7), ": connect: connection refused"));
}

TEST(HttpTransportTest, RequestsWithoutADeadlineGetOne) {
  Mutex mu;
  std::vector<std::unique_ptr<http::Responder>> held;
  const auto server =
      *http::Server::Start({}, [&](const http::ServerRequest&, auto responder) {
        MutexLock lock(mu);
        held.push_back(std::move(responder));
      });
  Config config;
  config.server = server->url();
  const auto transport =
      Make(config, {.request_timeout = absl::Milliseconds(30)});
  Request request;
  request.path = "/x";
  EXPECT_EQ(SendAndWait(*transport, Context(), request).status().code(),
            kDeadlineExceeded);
  server->Stop(absl::ZeroDuration());
  MutexLock lock(mu);
  held.clear();
}

TEST(HttpTransportTest, TheClientsRateHoldsUntilTheServerIsFair) {
  Recorder server;
  Config config;
  config.server = server.url();
  const auto transport = Make(config, {.qps = 0.001, .burst = 2});
  EXPECT_TRUE(Get(*transport).ok());
  EXPECT_TRUE(Get(*transport).ok());
  Request request;
  request.path = "/x";
  // The next token is too far away.
  EXPECT_EQ(SendAndWait(*transport, Soon(), request).status().code(),
            kDeadlineExceeded);
  EXPECT_EQ(server.count(), 2);

  const auto fair = Make(config, {.qps = 0.001, .burst = 1});
  server.set_answer({200, {{"X-Kubernetes-Pf-Flowschema-Uid", "u"}}, ""});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Get(*fair).ok());
}

TEST(HttpTransportTest, WaitersOfTheRateAreToldOfItsEnd) {
  Recorder server;
  Config config;
  config.server = server.url();
  auto transport = Make(config, {.qps = 0.1, .burst = 1});
  EXPECT_TRUE(Get(*transport).ok());
  std::optional<absl::Status> end;
  Request request;
  request.path = "/x";
  transport->Send(Context(), request,
                  [&](const auto& answer) { end = answer.status(); });
  transport = nullptr;
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->code(), kCancelled);
}

TEST(HttpTransportTest, ItMayEndInItsOwnCallback) {
  Recorder server;
  Config config;
  config.server = server.url();
  auto transport = std::make_shared<std::shared_ptr<Transport>>(Make(config));
  Mutex mu;
  CondVar changed;
  bool is_done = false;
  Request request;
  request.path = "/x";
  (*transport)->Send(Context(), request, [&, transport](const auto&) {
    transport->reset();
    MutexLock lock(mu);
    is_done = true;
    changed.NotifyAll();
  });
  MutexLock lock(mu);
  while (!is_done) changed.Wait(mu);
}

TEST(HttpTransportTest, EventsMayBeCutAnywhere) {
  Mutex mu;
  CondVar changed;
  std::unique_ptr<http::ResponseStream> stream;
  const auto server =
      *http::Server::Start({}, [&](const http::ServerRequest&, auto responder) {
        MutexLock lock(mu);
        stream = responder->Stream({});
        changed.NotifyAll();
      });
  Config config;
  config.server = server->url();
  const auto transport = Make(config);
  std::vector<std::string> names;
  WatchHandler handler;
  handler.on_event = [&](const Value& event) {
    MutexLock lock(mu);
    names.push_back(KeyOf(event["object"]).name);
    changed.NotifyAll();
  };
  handler.on_end = [](const absl::Status&) {};
  Request request;
  request.path = "/x";
  const auto watch = transport->Watch(request, std::move(handler));
  const std::string text =
      "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"\xc3\xa4}\"}}}"
      "\n{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"b\"}}}";
  {
    MutexLock lock(mu);
    while (stream == nullptr) changed.Wait(mu);
    for (char c : text) ASSERT_TRUE(stream->Write(std::string(1, c)).ok());
    while (names.size() < 2) changed.Wait(mu);
    EXPECT_THAT(names, ElementsAre("\xc3\xa4}", "b"));
  }
  server->Stop(absl::ZeroDuration());
}

// --- Credentials
// ---------------------------------------------------------------

class CredentialsTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text,
                    int mode = 0600) {
    const std::string path = absl::StrCat(dir_.path(), "/", name);
    EXPECT_TRUE(WriteFileAtomically(path, text, mode).ok());
    return path;
  }
  std::string Authorization(Transport& transport) {
    EXPECT_TRUE(Get(transport).ok());
    return HeaderOf(server_.last(), "Authorization");
  }
  // A plugin that counts its runs, and prints what is in the file "answer".
  Config ConfigWithPlugin(const std::string& body = "") {
    const std::string script = Write(
        "plugin",
        absl::StrCat("#!/bin/sh\nprintf '%s' \"$KUBERNETES_EXEC_INFO\" > ",
                     dir_.path(), "/info\nprintf x >> ", dir_.path(), "/runs\n",
                     body, "\ncat ", dir_.path(), "/answer\n"),
        0700);
    auto exec = std::make_shared<ExecCredentialPlugin>();
    exec->command = script;
    exec->api_version = "client.authentication.k8s.io/v1";
    exec->interactive_mode = "Never";
    Config config;
    config.server = server_.url();
    config.exec = exec;
    return config;
  }
  void AnswerOfPlugin(Value status) {
    Write("answer", FormatJson(Value::MakeObject(
                        {{"kind", "ExecCredential"},
                         {"apiVersion", "client.authentication.k8s.io/v1"},
                         {"status", std::move(status)}})));
  }
  size_t Runs() {
    const auto runs = ReadFile(absl::StrCat(dir_.path(), "/runs"));
    return runs.ok() ? runs->size() : 0;
  }

  const TempDir dir_ = *TempDir::Create("weir-credentials");
  Recorder server_;
  ManualClock clock_;
};

TEST_F(CredentialsTest, ATokenFileIsReadAgainAfterAWhile) {
  Config config;
  config.server = server_.url();
  config.token_file = Write("token", " one\n");
  const auto transport = Make(config, {.clock = &clock_});
  EXPECT_EQ(Authorization(*transport), "Bearer one");
  Write("token", "two");
  EXPECT_EQ(Authorization(*transport), "Bearer one");
  clock_.Advance(absl::Seconds(51));
  EXPECT_EQ(Authorization(*transport), "Bearer two");
  // A token that is no longer there is kept.
  Write("token", "");
  clock_.Advance(absl::Seconds(51));
  EXPECT_EQ(Authorization(*transport), "Bearer two");
}

TEST_F(CredentialsTest, ATokenFileIsReadAgainAfterA401) {
  Config config;
  config.server = server_.url();
  config.token_file = Write("token", "one");
  const auto transport = Make(config);
  EXPECT_EQ(Authorization(*transport), "Bearer one");
  Write("token", "two");
  server_.set_answer({401, {}, ""});
  EXPECT_EQ(Authorization(*transport), "Bearer one");
  EXPECT_EQ(Authorization(*transport), "Bearer two");
}

TEST_F(CredentialsTest, AFileWinsOverItsToken) {
  Config config;
  config.server = server_.url();
  config.token = Secret("inline");
  config.token_file = absl::StrCat(dir_.path(), "/absent");
  EXPECT_EQ(Authorization(*Make(config)), "Bearer inline");
  config.token_file = Write("token", "file");
  EXPECT_EQ(Authorization(*Make(config)), "Bearer file");
}

TEST_F(CredentialsTest, MissingFilesAreNamed) {
  Config config;
  config.server = server_.url();
  config.token_file = absl::StrCat(dir_.path(), "/absent");
  const auto transport = MakeHttpTransport(config, {});
  EXPECT_EQ(transport.status().code(), kNotFound);
  EXPECT_THAT(transport.status().message(), HasSubstr("/absent"));
}

TEST_F(CredentialsTest, APluginRunsOnceUntilItsCredentialExpires) {
  AnswerOfPlugin(Value::MakeObject(
      {{"token", "one"}, {"expirationTimestamp", "2300-01-01T00:00:00Z"}}));
  const auto transport = Make(ConfigWithPlugin(), {.clock = &clock_});
  EXPECT_EQ(Authorization(*transport), "Bearer one");
  AnswerOfPlugin(Value::MakeObject({{"token", "two"}}));
  EXPECT_EQ(Authorization(*transport), "Bearer one");
  EXPECT_EQ(Runs(), 1);
  clock_.Advance(absl::Hours(24 * 366 * 300));
  EXPECT_EQ(Authorization(*transport), "Bearer two");
  EXPECT_EQ(Runs(), 2);
}

TEST_F(CredentialsTest, APluginRunsAgainAfterA401) {
  AnswerOfPlugin(Value::MakeObject({{"token", "one"}}));
  const auto transport = Make(ConfigWithPlugin());
  EXPECT_EQ(Authorization(*transport), "Bearer one");
  AnswerOfPlugin(Value::MakeObject({{"token", "two"}}));
  server_.set_answer({401, {}, ""});
  EXPECT_EQ(Authorization(*transport), "Bearer one");
  EXPECT_EQ(Authorization(*transport), "Bearer two");
}

TEST_F(CredentialsTest, OneRunServesAllWhoWait) {
  AnswerOfPlugin(Value::MakeObject({{"token", "one"}}));
  const auto transport = Make(ConfigWithPlugin("sleep 0.02"));
  constexpr int kCount = 10;
  Mutex mu;
  CondVar changed;
  int answered = 0;
  for (int i = 0; i < kCount; ++i) {
    Request request;
    request.path = "/x";
    transport->Send(Soon(), request, [&](const auto& answer) {
      EXPECT_TRUE(answer.ok()) << answer.status();
      MutexLock lock(mu);
      ++answered;
      changed.NotifyAll();
    });
  }
  MutexLock lock(mu);
  while (answered < kCount) changed.Wait(mu);
  EXPECT_EQ(Runs(), 1);
}

TEST_F(CredentialsTest, APluginLearnsOfTheCluster) {
  AnswerOfPlugin(Value::MakeObject({{"token", "one"}}));
  Config config = ConfigWithPlugin();
  auto exec = std::make_shared<ExecCredentialPlugin>(*config.exec);
  exec->provide_cluster_info = true;
  exec->cluster_config = Value::MakeObject({{"audience", "a"}});
  config.exec = exec;
  EXPECT_EQ(Authorization(*Make(config)), "Bearer one");
  const auto info = ParseJson(*ReadFile(absl::StrCat(dir_.path(), "/info")));
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->GetString("apiVersion"), "client.authentication.k8s.io/v1");
  const Value& spec = (*info)["spec"];
  EXPECT_FALSE(spec.GetBool("interactive", true));
  EXPECT_EQ(spec["cluster"].GetString("server"), server_.url());
  EXPECT_EQ(spec["cluster"]["config"].GetString("audience"), "a");
}

TEST_F(CredentialsTest, AnEndKillsAPlugin) {
  const auto script = ConfigWithPlugin("exec sleep 60");
  auto transport = Make(script);
  Request request;
  request.path = "/x";
  std::optional<absl::Status> end;
  transport->Send(Soon(), request,
                  [&](const auto& answer) { end = answer.status(); });
  ASSERT_TRUE(Eventually([&] { return Runs() == 1; }));
  transport = nullptr;
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->code(), kCancelled);
}

TEST_F(CredentialsTest, AWatchWaitsForAPluginToo) {
  Write("answer", "nonsense");
  const auto transport = Make(ConfigWithPlugin());
  Mutex mu;
  CondVar changed;
  std::optional<absl::Status> end;
  WatchHandler handler;
  handler.on_event = [](const Value&) {};
  handler.on_end = [&](absl::Status status) {
    MutexLock lock(mu);
    end = std::move(status);
    changed.NotifyAll();
  };
  Request request;
  request.path = "/x";
  const auto stream = transport->Watch(request, std::move(handler));
  MutexLock lock(mu);
  while (!end.has_value()) changed.Wait(mu);
  EXPECT_EQ(end->code(), kUnavailable);
}

struct PluginCase {
  const char* name;
  const char* answer;  // Printed by the plugin.
  const char* want;
};
class BrokenPluginTest : public CredentialsTest,
                         public testing::WithParamInterface<PluginCase> {};

TEST_P(BrokenPluginTest, IsReported) {
  Write("answer", GetParam().answer);
  const auto answer = Get(*Make(ConfigWithPlugin()));
  EXPECT_EQ(answer.status().code(), kUnavailable);
  EXPECT_EQ(answer.status().message(),
            absl::StrCat("getting credentials: ", GetParam().want));
}

#define EXEC_CREDENTIAL                                                      \
  "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s." \
  "io/"
INSTANTIATE_TEST_SUITE_P(
    Table, BrokenPluginTest,
    testing::Values(
        PluginCase{"NoJson", "secret", "the exec plugin's output is no JSON"},
        PluginCase{"OtherKind", "{\"kind\":\"Pod\"}",
                   "the exec plugin's output is no ExecCredential"},
        PluginCase{"OtherVersion",
                   EXEC_CREDENTIAL "v1beta1\",\"status\":{\"token\":\"x\"}}",
                   "exec plugin is configured to use API version "
                   "client.authentication.k8s.io/v1, plugin returned version "
                   "client.authentication.k8s.io/v1beta1"},
        PluginCase{"NoStatus", EXEC_CREDENTIAL "v1\"}",
                   "exec plugin didn't return a status field"},
        PluginCase{"Nothing", EXEC_CREDENTIAL "v1\",\"status\":{}}",
                   "exec plugin didn't return a token or cert/key pair"},
        PluginCase{"HalfAPair",
                   EXEC_CREDENTIAL
                   "v1\",\"status\":{\"clientKeyData\":\"secret\"}}",
                   "exec plugin returned only certificate or key, not both"},
        PluginCase{"BadTime",
                   EXEC_CREDENTIAL "v1\",\"status\":{\"token\":\"x\","
                                   "\"expirationTimestamp\":\"soon\"}}",
                   "bad expirationTimestamp"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(CredentialsTest, AFailedOrAbsentPluginIsReported) {
  const auto failed = Get(*Make(ConfigWithPlugin("exit 3")));
  EXPECT_THAT(failed.status().message(), HasSubstr("failed with exit code 3"));
  Config config = ConfigWithPlugin();
  auto exec = std::make_shared<ExecCredentialPlugin>(*config.exec);
  exec->command = "/absent/plugin";
  exec->install_hint = "Get it somewhere.";
  config.exec = exec;
  const auto absent = Get(*Make(config));
  EXPECT_EQ(absent.status().message(),
            "getting credentials: exec: executable /absent/plugin not "
            "found\n\nGet it somewhere.");
}

// --- Certificates
// ----------------------------------------------------------------

TEST_F(CredentialsTest, ChangedCertificatesAreUsedOnNewConnections) {
  static const auto* authority = new test::Authority();
  http::ServerOptions options;
  const test::KeyPair pair = authority->SignServer();
  options.tls.emplace();
  options.tls->certificate_pem = pair.certificate_pem;
  options.tls->key_pem = Secret(pair.key_pem);
  options.tls->client_ca_pem = authority->pem();
  options.tls->require_client_certificate = true;
  Recorder server(options);

  const auto write = [&](const char* name) {
    const test::KeyPair client = authority->Sign({.common_name = name});
    Write("cert", client.certificate_pem);
    Write("key", client.key_pem);
  };
  write("alice");
  Config config;
  config.server = server.url();
  config.ca_file = Write("ca", authority->pem());
  config.client_certificate_file = dir_.path() + "/cert";
  config.client_key_file = dir_.path() + "/key";
  const auto transport = Make(config, {.clock = &clock_});
  ASSERT_TRUE(Get(*transport).ok());
  EXPECT_EQ(server.last().peer_certificate->common_name, "alice");
  write("bob");
  ASSERT_TRUE(Get(*transport).ok());
  EXPECT_EQ(server.last().peer_certificate->common_name, "alice");
  clock_.Advance(absl::Minutes(6));
  ASSERT_TRUE(Get(*transport).ok());
  EXPECT_EQ(server.last().peer_certificate->common_name, "bob");
}

TEST_F(CredentialsTest, APluginMayGiveACertificate) {
  static const auto* authority = new test::Authority();
  http::ServerOptions options;
  const test::KeyPair pair = authority->SignServer();
  options.tls.emplace();
  options.tls->certificate_pem = pair.certificate_pem;
  options.tls->key_pem = Secret(pair.key_pem);
  options.tls->client_ca_pem = authority->pem();
  Recorder server(options);
  const test::KeyPair client = authority->Sign({.common_name = "carol"});
  AnswerOfPlugin(
      Value::MakeObject({{"clientCertificateData", client.certificate_pem},
                         {"clientKeyData", client.key_pem}}));
  Config config = ConfigWithPlugin();
  config.server = server.url();
  config.ca_pem = authority->pem();
  ASSERT_TRUE(Get(*Make(config)).ok());
  EXPECT_EQ(server.last().peer_certificate->common_name, "carol");
}

TEST(HttpTransportTest, RefusesWhatCannotWork) {
  EXPECT_EQ(MakeHttpTransport({}, {}).status().code(), kInvalidArgument);
  Config config;
  config.server = "https://127.0.0.1:1";
  config.ca_pem = "x";
  config.insecure_skip_tls_verify = true;
  EXPECT_EQ(MakeHttpTransport(config, {}).status().code(), kInvalidArgument);
}

}  // namespace
}  // namespace weir::kube
