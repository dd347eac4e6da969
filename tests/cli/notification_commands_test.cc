// `weir events`, `weir trigger receiver`, and what suspends what is told to
// whom, against a cluster that holds objects and runs nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/cli/command_line.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/transport_server.h"
#include "weir/base/file.h"
#include "weir/base/mutex.h"
#include "weir/http/server.h"
#include "weir/value/yaml.h"

namespace weir::cli {
namespace {

using test::Printed;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

kube::Resource MakeResource(const std::string& group,
                            const std::string& version, const std::string& kind,
                            const std::string& plural) {
  kube::Resource resource;
  resource.gvk = {group, version, kind};
  resource.plural = plural;
  resource.is_namespaced = true;
  return resource;
}

std::vector<kube::Resource> Resources() {
  const std::string group = "notification.toolkit.fluxcd.io";
  return {MakeResource(group, "v1", "Receiver", "receivers"),
          MakeResource(group, "v1beta3", "Provider", "providers"),
          MakeResource(group, "v1beta3", "Alert", "alerts"),
          MakeResource("", "v1", "Secret", "secrets"),
          MakeResource("", "v1", "Service", "services")};
}

class NotificationCommandsTest : public testing::Test {
 protected:
  NotificationCommandsTest() : cluster_(Resources()), server_(cluster_) {
    auto folder = TempDir::Create("notification-commands");
    EXPECT_TRUE(folder.ok()) << folder.status();
    folder_ = std::make_unique<TempDir>(*std::move(folder));
    EXPECT_TRUE(
        WriteFileAtomically(
            Kubeconfig(),
            absl::StrCat("current-context: c\n"
                         "contexts: [{name: c, context: {cluster: c, user: "
                         "u}}]\nclusters: [{name: c, cluster: {server: '",
                         server_.url(), "'}}]\nusers: [{name: u}]\n"))
            .ok());
  }

  std::string Kubeconfig() const { return folder_->path() + "/kubeconfig"; }
  void Put(absl::string_view yaml) { cluster_.Put(*ParseYaml(yaml)); }
  Printed Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(),
                     {"-n", "ns", "--kubeconfig", Kubeconfig()});
    return test::RunWeir(std::move(arguments));
  }
  void PutEvent(const std::string& name, const std::string& kind,
                const std::string& type, const std::string& time) {
    Put(absl::StrCat("{apiVersion: v1, kind: Event, metadata: {name: ", name,
                     ", namespace: ns}, involvedObject: {kind: ", kind,
                     ", name: x}, type: ", type, ", reason: ", name,
                     ", message: said, lastTimestamp: '", time,
                     "', firstTimestamp: '", time, "', count: 1}"));
  }
  void PutReceiver(const std::string& spec, const std::string& status) {
    Put("{apiVersion: v1, kind: Secret, metadata: {name: tok, namespace: ns}, "
        "data: {token: czNjcmV0}}");
    Put(
        absl::StrCat("{apiVersion: notification.toolkit.fluxcd.io/v1, kind: "
                     "Receiver, metadata: {name: hook, namespace: ns}, spec: "
                     "{secretRef: {name: tok}, ",
                     spec, "}}"));
    cluster_.Patch(
        {{"notification.toolkit.fluxcd.io", "v1", "Receiver"}, {"ns", "hook"}},
        *ParseYaml(absl::StrCat("{status: {", status, "}}")));
  }

  std::unique_ptr<TempDir> folder_;
  test::FakeCluster cluster_;
  test::TransportServer server_;
};

TEST_F(NotificationCommandsTest, EventsAreThoseOfTheToolkitByTime) {
  PutEvent("late", "Kustomization", "Warning", "2024-01-01T00:00:09Z");
  PutEvent("early", "Kustomization", "Normal", "2024-01-01T00:00:01Z");
  PutEvent("other", "Pod", "Warning", "2024-01-01T00:00:05Z");
  const Printed all = Run({"events"});
  EXPECT_EQ(all.code, 0) << all.err;
  EXPECT_THAT(all.out, testing::MatchesRegex(
                           "LAST SEEN *\tTYPE *\tREASON\tOBJECT *\tMESSAGE\n"
                           ".*\tNormal *\tearly *\tKustomization/x\tsaid.*\n"
                           ".*\tWarning *\tlate *\tKustomization/x\tsaid.*\n"));
  const Printed warnings = Run({"events", "--types", "warning,Warning"});
  EXPECT_THAT(warnings.out, HasSubstr("late"));
  EXPECT_THAT(warnings.out, Not(HasSubstr("early")));
  const Printed everywhere = Run({"events", "-A"});
  EXPECT_THAT(everywhere.out, HasSubstr("NAMESPACE"));
}

TEST_F(NotificationCommandsTest, EventsAreFollowed) {
  PutEvent("second", "Kustomization", "Normal", "2024-01-01T00:00:02Z");
  PutEvent("first", "Kustomization", "Normal", "2024-01-01T00:00:01Z");
  test::RunningWeir weir(
      {"events", "--watch", "-n", "ns", "--kubeconfig", Kubeconfig()});
  EXPECT_TRUE(weir.Prints("second"));
  PutEvent("pod", "Pod", "Normal", "2024-01-01T00:00:00Z");
  PutEvent("third", "Alert", "Warning", "2024-01-01T00:00:00Z");
  EXPECT_TRUE(weir.Prints("third"));
  EXPECT_EQ(weir.Stop(), 0);
  EXPECT_THAT(weir.out(),
              testing::MatchesRegex("LAST SEEN[^\n]*\n[^\n]*first[^\n]*\n"
                                    "[^\n]*second[^\n]*\n[^\n]*third[^\n]*\n"));
}

TEST_F(NotificationCommandsTest, EventsSaysThatThereAreNone) {
  const Printed none = Run({"events", "--for", "HelmRelease"});
  EXPECT_EQ(none.code, 0);
  EXPECT_THAT(none.err, HasSubstr("no events found in \"ns\" namespace"));
  EXPECT_EQ(Run({"events", "--types", "Error"}).code, 2);
  EXPECT_EQ(Run({"events", "--for", "Pod/x"}).code, 1);
}

TEST_F(NotificationCommandsTest, AlertsAndProvidersAreShownAndSuspended) {
  Put("{apiVersion: notification.toolkit.fluxcd.io/v1beta3, kind: Provider, "
      "metadata: {name: chat, namespace: ns}, spec: {type: slack}}");
  Put("{apiVersion: notification.toolkit.fluxcd.io/v1beta3, kind: Alert, "
      "metadata: {name: all, namespace: ns}, spec: {suspend: false}}");
  for (const char* noun : {"providers", "alert-providers", "alert-provider"}) {
    EXPECT_EQ(Run({"get", noun}).out,
              "NAME\tREADY\tMESSAGE          \n"
              "chat\tTrue \tProvider is Ready\t\n")
        << noun;
  }
  EXPECT_EQ(Run({"suspend", "alert", "all"}).code, 0);
  EXPECT_EQ(Run({"get", "alerts"}).out,
            "NAME\tSUSPENDED\tREADY\tMESSAGE       \n"
            "all \tTrue     \tTrue \tAlert is Ready\t\n");
  EXPECT_EQ(Run({"suspend", "alert-provider", "chat"}).code, 0);
  const auto is_suspended = [&] {
    return (*cluster_.Find(
        {{"notification.toolkit.fluxcd.io", "v1beta3", "Provider"},
         {"ns", "chat"}}))["spec"]
        .GetBool("suspend");
  };
  EXPECT_TRUE(is_suspended());
  // Nothing ever writes its status: there is nothing to wait for.
  EXPECT_EQ(Run({"resume", "alert-provider", "chat", "--timeout", "10s"}).code,
            0);
  EXPECT_FALSE(is_suspended());
}

// Takes webhooks.
class Hooks {
 public:
  Hooks() {
    auto server = http::Server::Start(
        {}, [this](const http::ServerRequest& request,
                   std::unique_ptr<http::Responder> responder) {
          http::ServerResponse response;
          {
            MutexLock lock(mu_);
            seen_.push_back(absl::StrCat(
                request.method, " ", request.target, " ",
                absl::string_view(request.headers.Get("X-Signature")), " ",
                request.body));
            if (!codes_.empty()) {
              response.code = codes_.front();
              codes_.erase(codes_.begin());
            }
          }
          responder->Send(std::move(response));
        });
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  std::string url() const { return server_->url(); }
  void set_codes(std::vector<int> codes) {
    MutexLock lock(mu_);
    codes_ = std::move(codes);
  }
  std::vector<std::string> seen() {
    MutexLock lock(mu_);
    return seen_;
  }

 private:
  Mutex mu_;
  std::vector<int> codes_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> seen_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<http::Server> server_;
};

constexpr char kSigned[] =
    "sha256=adbde1ce40c89c14215687d5d762a47df6dfaefcfad61e2e86718ffc8498571b "
    "{}";

TEST_F(NotificationCommandsTest, TriggersWhatTheClusterKnows) {
  Hooks hooks;
  PutReceiver("type: generic-hmac", "webhookPath: /hook/abc");
  const Printed done =
      Run({"trigger", "receiver", "hook", "--url", hooks.url() + "/"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("Receiver ns/hook triggered"));
  EXPECT_THAT(hooks.seen(),
              ElementsAre(absl::StrCat("POST /hook/abc ", kSigned)));
}

TEST_F(NotificationCommandsTest, TriggersWithoutACluster) {
  Hooks hooks;
  EXPECT_EQ(Run({"trigger", "receiver", "hook", "--type", "generic-hmac",
                 "--token", "s3cret", "--url", hooks.url()})
                .code,
            0);
  ASSERT_EQ(hooks.seen().size(), 1u);
  EXPECT_TRUE(absl::StartsWith(hooks.seen()[0], "POST /hook/"));
  EXPECT_TRUE(absl::EndsWith(hooks.seen()[0], kSigned));
  EXPECT_THAT(cluster_.requests(), IsEmpty());
  // The address is needed then, and so is the token.
  EXPECT_EQ(Run({"trigger", "receiver", "hook", "--token", "s"}).code, 1);
  EXPECT_EQ(Run({"trigger", "receiver", "hook", "--type", "github", "--url",
                 hooks.url()})
                .code,
            1);
}

TEST_F(NotificationCommandsTest, TriggerTriesAgainWhileItMayHelp) {
  Hooks hooks;
  PutReceiver("type: generic", "webhookPath: /hook/abc");
  hooks.set_codes({404, 503, 200});
  EXPECT_EQ(Run({"trigger", "receiver", "hook", "--url", hooks.url(),
                 "--retry-delay", "1ms"})
                .code,
            0);
  EXPECT_EQ(hooks.seen().size(), 3u);
  hooks.set_codes({400});
  const Printed refused =
      Run({"trigger", "receiver", "hook", "--url", hooks.url()});
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(hooks.seen().size(), 4u);
  EXPECT_THAT(refused.err, HasSubstr("answered 400"));
  // Who knows the path may use it.
  EXPECT_THAT(refused.err, Not(HasSubstr("/hook/")));
}

TEST_F(NotificationCommandsTest, TriggerSaysWhatIsInTheWay) {
  const auto why = [this](std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"trigger", "receiver", "hook"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Printed printed = Run(arguments);
    EXPECT_EQ(printed.code, 1);
    return printed.err;
  };
  EXPECT_THAT(why(), HasSubstr("not found"));
  PutReceiver("type: generic",
              "conditions: [{type: Ready, status: 'False', "
              "message: unable to read token}]");
  EXPECT_THAT(why(), HasSubstr("not ready: unable to read token"));
  PutReceiver("type: generic", "webhookPath: /hook/abc");
  EXPECT_THAT(why(), HasSubstr("no Service webhook-receiver in flux-system"));
  Put("{apiVersion: v1, kind: Service, metadata: {name: webhook-receiver, "
      "namespace: flux-system}, spec: {clusterIP: 127.0.0.1, ports: [{port: "
      "1}]}}");
  EXPECT_THAT(why(), HasSubstr("http://127.0.0.1:1 cannot be reached"));
  EXPECT_THAT(why(), HasSubstr("port-forward"));
  PutReceiver("type: generic, suspend: true", "webhookPath: /hook/abc");
  EXPECT_THAT(why(), HasSubstr("weir resume receiver hook"));
}

}  // namespace
}  // namespace weir::cli
