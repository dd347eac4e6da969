// The server over HTTPS, with the project's own client.
#include <sys/stat.h>

#include "api_fixture.h"
#include "gmock/gmock.h"
#include "weir/base/file.h"
#include "weir/http/client.h"
#include "weir/kube/config.h"

namespace weir::apiserver {
namespace {

using testing::HasSubstr;

constexpr char kMaps[] = "/api/v1/namespaces/default/configmaps";

class FrontTest : public ApiTest {
 protected:
  FrontTest() : folder_(*TempDir::Create("front-test")) {}
  void SetUp() override {
    ServerOptions options = MakeOptions();
    options.audit_log = folder_.path() + "/audit.log";
    Open(std::move(options));
    ListenOptions listen;
    listen.kubeconfig_out = folder_.path() + "/kubeconfig";
    auto url = server_->Listen(listen);
    ASSERT_TRUE(url.ok()) << url.status();
    url_ = *url;
    kube::LoadOptions load;
    load.kubeconfig = listen.kubeconfig_out;
    auto config = kube::LoadConfig(load);
    ASSERT_TRUE(config.ok()) << config.status();
    config_ = *std::move(config);
    auto transport = kube::MakeHttpTransport(config_, {});
    ASSERT_TRUE(transport.ok()) << transport.status();
    transport_ = *std::move(transport);
  }
  // A plain HTTP call, so that headers can be seen.
  http::Response Raw(http::Request request, bool with_token = true) {
    auto tls = std::make_shared<http::TlsOptions>();
    tls->ca_pem = config_.ca_pem;
    request.tls = tls;
    request.url = url_ + request.url;
    if (with_token) {
      request.headers.Add("Authorization",
                          "Bearer " + config_.token.RevealForUse());
    }
    http::Client client;
    auto answer = client.SendAndWait(Context().WithTimeout(absl::Seconds(20)),
                                     std::move(request));
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *std::move(answer) : http::Response();
  }

  TempDir folder_;
  std::string url_;
  kube::Config config_;
};

TEST_F(FrontTest, KubeconfigIsForItsOwnerOnly) {
  struct stat info {};
  ASSERT_EQ(stat((folder_.path() + "/kubeconfig").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(FrontTest, ObjectsTravelOverTheWire) {
  const kube::Response made =
      Post(kMaps, "{metadata: {name: a}, data: {k: \"<&>\"}}");
  ASSERT_EQ(made.code, 201) << Text(made.body);
  EXPECT_EQ(Get(std::string(kMaps) + "/a").body, made.body);
  EXPECT_TRUE(made.has_flow_control);
  EXPECT_EQ(Get(std::string(kMaps) + "/b").code, 404);
}

TEST_F(FrontTest, WatchesStream) {
  const std::string rv = RvOf(Get(kMaps));
  WatchRecorder watch(*transport_, kMaps, {{"resourceVersion", rv}});
  Post(kMaps, "{metadata: {name: a}}");
  Delete(std::string(kMaps) + "/a");
  const std::vector<Value> events = watch.WaitFor(2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].GetString("type"), "ADDED");
  EXPECT_EQ(events[1].GetString("type"), "DELETED");
}

TEST_F(FrontTest, ServerThatGoesEndsItsWatches) {
  WatchRecorder watch(*transport_, kMaps, {{"resourceVersion", "1"}});
  watch.WaitFor(1);
  server_.reset();
  (void)watch.WaitForEnd();
}

TEST_F(FrontTest, StrangersAreUnauthorized) {
  http::Request request;
  request.url = kMaps;
  const http::Response refused = Raw(request, false);
  EXPECT_EQ(refused.code, 401);
  EXPECT_THAT(refused.body, HasSubstr("\"reason\":\"Unauthorized\""));
  http::Request health;
  health.url = "/livez";
  EXPECT_EQ(Raw(health, false).body, "ok");
}

// Field `number` of a protobuf message, of bytes.
std::string Delimited(int number, const std::string& bytes) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  out += static_cast<char>(bytes.size());
  return out + bytes;
}

std::string Envelope(const std::string& kind, const std::string& object) {
  return std::string("k8s\0", 4) +
         Delimited(1, Delimited(1, "v1") + Delimited(2, kind)) +
         Delimited(2, object);
}

TEST_F(FrontTest, ProtobufOfSecretsIsRead) {
  http::Request request;
  request.method = "POST";
  request.url = "/api/v1/namespaces/default/secrets";
  request.headers.Add("Content-Type", "application/vnd.kubernetes.protobuf");
  request.body = Envelope(
      "Secret",
      Delimited(1, Delimited(1, "s") + Delimited(3, "") +
                       Delimited(11, Delimited(1, "k") + Delimited(2, "v")) +
                       Delimited(8, "")) +
          Delimited(2, Delimited(1, "key") + Delimited(2, "data")) +
          Delimited(3, "helm.sh/release.v1"));
  const http::Response made = Raw(request);
  EXPECT_EQ(made.code, 201) << made.body;
  EXPECT_THAT(made.body, HasSubstr("\"key\":\"ZGF0YQ==\""));
  EXPECT_THAT(made.body, HasSubstr("\"labels\":{\"k\":\"v\"}"));
  EXPECT_THAT(made.body, HasSubstr("\"type\":\"helm.sh/release.v1\""));
}

TEST_F(FrontTest, OtherProtobufIsRefusedInWords) {
  http::Request request;
  request.method = "POST";
  request.url = kMaps;
  request.headers.Add("Content-Type", "application/vnd.kubernetes.protobuf");
  request.body = Envelope("Pod", "");
  const http::Response refused = Raw(request);
  EXPECT_EQ(refused.code, 415);
  EXPECT_THAT(refused.body, HasSubstr("no Pod in protobuf"));
  request.body = Envelope("Secret", "x").substr(0, 12);
  EXPECT_EQ(Raw(request).code, 400);
}

TEST_F(FrontTest, BrokenBodiesAreRefused) {
  http::Request request;
  request.method = "POST";
  request.url = kMaps;
  request.headers.Add("Content-Type", "application/json");
  request.body = "{\"metadata\":";
  EXPECT_EQ(Raw(request).code, 400);
}

TEST_F(FrontTest, AppliedYamlIsRead) {
  http::Request request;
  request.method = "PATCH";
  request.url = std::string(kMaps) + "/a?fieldManager=m";
  request.headers.Add("Content-Type", "application/apply-patch+yaml");
  request.body =
      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n";
  EXPECT_EQ(Raw(request).code, 201);
}

TEST_F(FrontTest, WarningsAreHeaders) {
  http::Request request;
  request.method = "POST";
  request.url = kMaps;
  request.headers.Add("Content-Type", "application/json");
  request.body = R"({"metadata":{"name":"a"},"odd":1})";
  EXPECT_EQ(Raw(request).headers.Get("Warning"),
            "299 - \"unknown field \\\"odd\\\"\"");
}

TEST_F(FrontTest, ServiceAccountTokensAreAccepted) {
  ASSERT_TRUE(Eventually("/api/v1/namespaces/default/serviceaccounts/default",
                         [](const auto& r) { return r.code == 200; }));
  const kube::Response issued = Post(
      "/api/v1/namespaces/default/serviceaccounts/default/token", "{spec: {}}");
  ASSERT_EQ(issued.code, 201) << Text(issued.body);
  const std::string token(issued.body["status"].GetString("token"));
  http::Request request;
  request.method = "POST";
  request.url = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  request.headers.Add("Authorization", "Bearer " + token);
  request.headers.Add("Content-Type", "application/json");
  request.body = "{}";
  const http::Response review = Raw(request, false);
  EXPECT_EQ(review.code, 201);
  EXPECT_THAT(review.body,
              HasSubstr("\"username\":\"system:serviceaccount:default:default"
                        "\""));
  request.headers.Set("Authorization", "Bearer " + token + "x");
  EXPECT_EQ(Raw(request, false).code, 401);
}

TEST_F(FrontTest, ImpersonatedUsersAreNamed) {
  http::Request request;
  request.method = "POST";
  request.url = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  request.headers.Add("Impersonate-User", "system:serviceaccount:a:b");
  request.headers.Add("Content-Type", "application/json");
  request.body = "{}";
  EXPECT_THAT(Raw(request).body, HasSubstr("system:serviceaccounts:a"));
}

TEST_F(FrontTest, AuditHasALineForEachRequest) {
  Get(kMaps, {{"limit", "5"}});
  auto log = ReadFile(folder_.path() + "/audit.log");
  ASSERT_TRUE(log.ok());
  EXPECT_THAT(*log, HasSubstr("\"method\":\"GET\""));
  EXPECT_THAT(*log, HasSubstr("\"path\":\"" + std::string(kMaps) + "\""));
  EXPECT_THAT(*log, HasSubstr("\"query\":\"limit=5\""));
}

TEST_F(FrontTest, CertificateOutlivesARestart) {
  // Two servers of one folder show certificates of one authority.
  ServerOptions options;
  options.data_dir = folder_.path() + "/data";
  std::string first;
  for (int i = 0; i < 2; ++i) {
    Open(options);
    ListenOptions listen;
    listen.kubeconfig_out = folder_.path() + "/other";
    ASSERT_TRUE(server_->Listen(listen).ok());
    kube::LoadOptions load;
    load.kubeconfig = listen.kubeconfig_out;
    auto config = kube::LoadConfig(load);
    ASSERT_TRUE(config.ok());
    if (i == 0) first = config->ca_pem + config->token.RevealForUse();
    EXPECT_EQ(config->ca_pem + config->token.RevealForUse(), first);
  }
}

TEST_F(FrontTest, ClearTextStaysOnLoopback) {
  Open(MakeOptions());
  ListenOptions listen;
  listen.address = "0.0.0.0:0";
  listen.use_tls = false;
  EXPECT_EQ(server_->Listen(listen).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace weir::apiserver
