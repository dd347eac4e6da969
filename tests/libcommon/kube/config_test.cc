#include "weir/kube/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "weir/base/file.h"

namespace weir::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using enum absl::StatusCode;

constexpr KubeconfigRules kAll = {.allow_exec = true,
                                  .allow_files = true,
                                  .allow_insecure_tls = true,
                                  .allow_impersonation = true};

// One cluster, user and context, whose fields come from the test.
std::string Kubeconfig(const std::string& cluster, const std::string& user) {
  return absl::StrCat(
      "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
      "contexts: [{name: c, context: {cluster: k, user: u, namespace: n}}]\n"
      "clusters: [{name: k, cluster: {server: 'https://k:6443', ",
      cluster, "}}]\nusers: [{name: u, user: {", user, "}}]\n");
}

TEST(ParseKubeconfigTest, ReadsEveryField) {
  const auto config = ParseKubeconfig(
      Kubeconfig("tls-server-name: s, certificate-authority-data: Q0E=, "
                 "proxy-url: 'socks5://p:1', disable-compression: true",
                 "client-certificate-data: Q0VSVA==, client-key-data: S0VZ, "
                 "token: t, tokenFile: /t, username: me, password: pw, "
                 "as: alice, as-uid: '7', as-groups: [a, b], "
                 "as-user-extra: {k: [v, w]}"),
      kAll);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->server, "https://k:6443");
  EXPECT_EQ(config->tls_server_name, "s");
  EXPECT_EQ(config->ca_pem, "CA");
  EXPECT_EQ(config->proxy_url, "socks5://p:1");
  EXPECT_TRUE(config->disable_compression);
  EXPECT_EQ(config->client_certificate_pem, "CERT");
  EXPECT_EQ(config->client_key_pem.RevealForUse(), "KEY");
  EXPECT_EQ(config->token.RevealForUse(), "t");
  EXPECT_EQ(config->token_file, "/t");
  EXPECT_EQ(config->username, "me");
  EXPECT_EQ(config->password.RevealForUse(), "pw");
  EXPECT_EQ(config->impersonate_user, "alice");
  EXPECT_EQ(config->impersonate_uid, "7");
  EXPECT_THAT(config->impersonate_groups, ElementsAre("a", "b"));
  EXPECT_THAT(config->impersonate_extra,
              ElementsAre(Pair("k", ElementsAre("v", "w"))));
  EXPECT_EQ(config->name_space, "n");
}

TEST(ParseKubeconfigTest, ReadsExecPlugins) {
  const auto config = ParseKubeconfig(
      Kubeconfig("extensions: [{name: client.authentication.k8s.io/exec, "
                 "extension: {audience: 7}}]",
                 "exec: {command: aws, args: [eks, token], "
                 "env: [{name: A, value: b}], installHint: get it, "
                 "apiVersion: client.authentication.k8s.io/v1beta1, "
                 "provideClusterInfo: true}"),
      kAll);
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_NE(config->exec, nullptr);
  EXPECT_EQ(config->exec->command, "aws");
  EXPECT_THAT(config->exec->arguments, ElementsAre("eks", "token"));
  EXPECT_THAT(config->exec->environment, ElementsAre(Pair("A", "b")));
  EXPECT_EQ(config->exec->interactive_mode, "IfAvailable");
  EXPECT_TRUE(config->exec->provide_cluster_info);
  EXPECT_EQ(config->exec->install_hint, "get it");
  EXPECT_EQ(config->exec->cluster_config["audience"], Value(7));
}

TEST(ParseKubeconfigTest, ReadsJson) {
  const auto config = ParseKubeconfig(
      R"({"current-context": "c",
          "contexts": [{"name": "c", "context": {"cluster": "k", "user": ""}}],
          "clusters": [{"name": "k", "cluster": {"server": "http:\/\/k"}}]})",
      {});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->server, "http://k");
}

TEST(ParseKubeconfigTest, DataWinsOverPaths) {
  const auto config = ParseKubeconfig(
      Kubeconfig("certificate-authority: /ca, certificate-authority-data: Q0E=",
                 "client-certificate: /c, client-certificate-data: Q0VSVA==, "
                 "client-key: /k, client-key-data: S0VZ"),
      {});  // So that not even the rules against paths apply.
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->ca_pem, "CA");
  EXPECT_EQ(config->ca_file, "");
  EXPECT_EQ(config->client_certificate_file, "");
  EXPECT_EQ(config->client_key_file, "");
}

struct BadCase {
  const char* name;
  std::string text;
  const char* want;
};
class BadKubeconfigTest : public testing::TestWithParam<BadCase> {};

TEST_P(BadKubeconfigTest, IsRefusedByFileAndField) {
  const auto config = ParseKubeconfig(GetParam().text, kAll);
  EXPECT_EQ(config.status().code(), kInvalidArgument);
  EXPECT_THAT(config.status().message(), HasSubstr(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadKubeconfigTest,
    testing::Values(
        BadCase{"Empty", "", "no configuration has been provided"},
        BadCase{"NoYaml", "a: [", "kubeconfig: line 1"},
        BadCase{"Text", "nonsense",
                "couldn't get version/kind; json parse error: json: cannot "
                "unmarshal string into Go value of type struct { APIVersion "
                "string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string "
                "\"json:\\\"kind,omitempty\\\"\" }"},
        BadCase{"List", "[]", "json: cannot unmarshal array"},
        BadCase{"OtherKind", "kind: Pod", "kind must be Config"},
        BadCase{"OtherVersion", "apiVersion: v2", "apiVersion must be v1"},
        BadCase{"NoSuchContext", "current-context: x",
                "context was not found for specified context: x"},
        BadCase{"NoSuchCluster",
                "current-context: c\ncontexts: [{name: c, context: {cluster: "
                "k}}]",
                "cluster \"k\" does not exist"},
        BadCase{"NoSuchUser",
                "current-context: c\ncontexts: [{name: c, context: {cluster: "
                "k, user: u}}]\nclusters: [{name: k, cluster: {server: s}}]",
                "user \"u\" does not exist"},
        BadCase{"NoServer",
                "current-context: c\ncontexts: [{name: c, context: {cluster: "
                "k}}]\nclusters: [{name: k, cluster: {}}]",
                "no server is named"},
        BadCase{"NumberForAString", Kubeconfig("tls-server-name: 7", ""),
                "cluster \"k\": tls-server-name must be a string"},
        BadCase{"StringForABool",
                Kubeconfig("insecure-skip-tls-verify: 'true'", ""),
                "insecure-skip-tls-verify must be true or false"},
        BadCase{"BadBase64", Kubeconfig("certificate-authority-data: '*'", ""),
                "certificate-authority-data is not base64"},
        BadCase{"InsecureWithAuthority",
                Kubeconfig("insecure-skip-tls-verify: true, "
                           "certificate-authority-data: Q0E=",
                           ""),
                "exclude each other"},
        BadCase{"HalfAPair", Kubeconfig("", "client-key-data: S0VZ"),
                "must come together"},
        BadCase{"AuthProvider", Kubeconfig("", "auth-provider: {name: gcp}"),
                "auth-provider \"gcp\" is no longer supported"},
        BadCase{"GroupsWithoutUser", Kubeconfig("", "as-groups: [a]"),
                "need as"},
        BadCase{"ExecVersion",
                Kubeconfig("",
                           "exec: {command: x, apiVersion: "
                           "client.authentication.k8s.io/v1alpha1}"),
                "v1alpha1\" is not supported"},
        BadCase{"ExecMode",
                Kubeconfig("",
                           "exec: {command: x, apiVersion: "
                           "client.authentication.k8s.io/v1}"),
                "interactiveMode must be"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(ParseKubeconfigTest, LeavesOutWhatIsForbidden) {
  const std::string text = Kubeconfig(
      "insecure-skip-tls-verify: true",
      "exec: {command: x, apiVersion: client.authentication.k8s.io/v1, "
      "interactiveMode: Never}, token: t, tokenFile: /etc/passwd, as: root, "
      "as-groups: [a], client-certificate: /c, client-key: /k");
  const auto config = ParseKubeconfig(text, {});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->exec, nullptr);
  EXPECT_FALSE(config->insecure_skip_tls_verify);
  EXPECT_EQ(config->token_file, "");
  EXPECT_EQ(config->client_certificate_file, "");
  EXPECT_EQ(config->client_key_file, "");
  EXPECT_EQ(config->impersonate_user, "");
  EXPECT_THAT(config->impersonate_groups, ElementsAre());
  EXPECT_EQ(config->token.RevealForUse(), "t");
  EXPECT_THAT(config->left_out, ElementsAre("exec", "insecure-skip-tls-verify",
                                            "client-certificate", "client-key",
                                            "tokenFile", "as"));
  const auto all = ParseKubeconfig(text, kAll);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_NE(all->exec, nullptr);
  EXPECT_EQ(all->token_file, "/etc/passwd");
  EXPECT_THAT(all->left_out, ElementsAre());
}

TEST(ParseKubeconfigTest, BoundsAliases) {
  std::string text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'h'; ++c) {
    const std::string before(1, static_cast<char>(c - 1));
    absl::StrAppend(&text, std::string(1, c), ": &", std::string(1, c), " [");
    for (int i = 0; i < 10; ++i) absl::StrAppend(&text, "*", before, ", ");
    absl::StrAppend(&text, "]\n");
  }
  EXPECT_EQ(ParseKubeconfig(text, {}).status().code(), kResourceExhausted);
}

// --- LoadConfig
// --------------------------------------------------------------------

class LoadConfigTest : public testing::Test {
 protected:
  LoadConfigTest() {
    EXPECT_TRUE(MakeDirectories(dir_.path() + "/home/.kube").ok());
    EXPECT_TRUE(MakeDirectories(dir_.path() + "/account").ok());
  }
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = absl::StrCat(dir_.path(), "/", name);
    EXPECT_TRUE(WriteFileAtomically(path, text).ok());
    return path;
  }
  static std::string Minimal(const std::string& server,
                             const std::string& user = "") {
    return absl::StrCat(
        "current-context: c\n"
        "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
        "clusters: [{name: k, cluster: {server: '",
        server, "'}}]\nusers: [{name: u, user: {", user, "}}]\n");
  }
  void MakeServiceAccount() {
    Write("account/token", "t");
    Write("account/ca.crt", "CA");
    Write("account/namespace", "flux-system\n");
    options_.service_host = "10.0.0.1";
    options_.service_port = "443";
    options_.service_account_dir = dir_.path() + "/account";
  }
  std::string Server() {
    const auto config = LoadConfig(options_);
    return config.ok() ? config->server
                       : std::string(config.status().message());
  }

  const TempDir dir_ = *TempDir::Create("weir-config");
  LoadOptions options_;
};

TEST_F(LoadConfigTest, TakesTheFirstSourceThatNamesACluster) {
  EXPECT_EQ(LoadConfig(options_).status().code(), kNotFound);

  options_.home = dir_.path() + "/home";
  EXPECT_EQ(LoadConfig(options_).status().code(), kNotFound);
  Write("home/.kube/config", Minimal("http://home"));
  EXPECT_EQ(Server(), "http://home");

  MakeServiceAccount();
  EXPECT_EQ(Server(), "https://10.0.0.1:443");
  options_.prefer_in_cluster = false;
  EXPECT_EQ(Server(), "http://home");
  options_.prefer_in_cluster = true;

  options_.kubeconfig_env = dir_.path() + "/absent";
  EXPECT_EQ(Server(), "https://10.0.0.1:443");
  options_.kubeconfig_env += ":" + Write("env", Minimal("http://env"));
  EXPECT_EQ(Server(), "http://env");

  options_.kubeconfig = dir_.path() + "/absent";
  EXPECT_EQ(LoadConfig(options_).status().code(), kInvalidArgument);
  options_.kubeconfig = Write("flag", Minimal("http://flag"));
  EXPECT_EQ(Server(), "http://flag");
}

TEST_F(LoadConfigTest, ReadsTheServiceAccount) {
  MakeServiceAccount();
  options_.service_host = "fd00::1";
  const auto config = LoadConfig(options_);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->server, "https://[fd00::1]:443");
  EXPECT_EQ(config->token_file, options_.service_account_dir + "/token");
  EXPECT_EQ(config->ca_file, options_.service_account_dir + "/ca.crt");
  EXPECT_EQ(config->name_space, "flux-system");
}

TEST_F(LoadConfigTest, AServiceAccountNeedsItsToken) {
  MakeServiceAccount();
  options_.service_account_dir = dir_.path();
  const auto config = LoadConfig(options_);
  EXPECT_EQ(config.status().code(), kFailedPrecondition);
  EXPECT_THAT(config.status().message(), HasSubstr("/token"));
}

TEST_F(LoadConfigTest, MergesFilesAndTheFirstWins) {
  const std::string first =
      Write("first",
            "current-context: a\n"
            "contexts: [{name: a, context: {cluster: a, user: u}}]\n"
            "users: [{name: u, user: {token: first}}]\n");
  const std::string second =
      Write("second",
            "current-context: b\n"
            "contexts: [{name: b, context: {cluster: a, user: u}}]\n"
            "clusters: [{name: a, cluster: {server: 'http://second'}}]\n"
            "users: [{name: u, user: {token: second}}]\n");
  options_.kubeconfig_env = absl::StrCat(first, ":", second);
  const auto config = LoadConfig(options_);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->server, "http://second");
  EXPECT_EQ(config->token.RevealForUse(), "first");
  options_.context = "b";
  EXPECT_TRUE(LoadConfig(options_).ok());
}

TEST_F(LoadConfigTest, PathsStartAtTheirFile) {
  options_.kubeconfig =
      Write("config",
            "current-context: c\n"
            "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
            "clusters: [{name: k, cluster: {server: 'https://k', "
            "certificate-authority: pki/ca.crt}}]\n"
            "users: [{name: u, user: {tokenFile: /abs/token, exec: {command: "
            "bin/login, interactiveMode: Never, apiVersion: "
            "client.authentication.k8s.io/v1}}}]\n");
  const auto config = LoadConfig(options_);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->ca_file, dir_.path() + "/pki/ca.crt");
  EXPECT_EQ(config->token_file, "/abs/token");
  EXPECT_EQ(config->exec->command, dir_.path() + "/bin/login");
}

TEST_F(LoadConfigTest, TheEnvironmentsProxyComesLast) {
  options_.proxies.http_proxy = "http://proxy:3128";
  options_.proxies.no_proxy = "10.0.0.0/8";
  options_.kubeconfig = Write("flag", Minimal("http://api.example:80"));
  EXPECT_EQ(LoadConfig(options_)->proxy_url, "http://proxy:3128");
  options_.kubeconfig = Write("flag", Minimal("http://10.0.0.1:80"));
  EXPECT_EQ(LoadConfig(options_)->proxy_url, "");
}

}  // namespace
}  // namespace weir::kube
