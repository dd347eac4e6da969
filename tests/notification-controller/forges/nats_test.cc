#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/nats_client.h"
#include "src/nkey.h"
#include "tests/notification-controller/forges/forge_rig.h"
#include "tests/notification-controller/forges/nats_test_server.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr char kSeed[] =
    "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
constexpr char kInfoWithNonce[] =
    "INFO {\"nonce\":\"abc\",\"auth_required\":true}\r\n";
constexpr char kInfoWithTls[] = "INFO {\"tls_required\":true}\r\n";

class NatsTest : public testing::Test {
 protected:
  NatsTest() {
    rig.settings.token = Secret();
    rig.settings.channel = "flux.events";
  }
  void Serve(NatsScript script) {
    server.emplace(std::move(script));
    rig.settings.address = absl::StrCat("nats://", server->address());
  }
  // What the client said of itself.
  Value Connected() const {
    for (const std::string& line : server->lines()) {
      if (absl::StartsWith(line, "CONNECT ")) {
        return ParseJson(line.substr(8)).value_or(Value());
      }
    }
    return Value();
  }

  ForgeRig rig{"nats"};
  std::optional<NatsTestServer> server;
};

TEST_F(NatsTest, PublishesTheEvent) {
  Serve({});
  const absl::Status status = rig.Notify();
  ASSERT_TRUE(status.ok()) << status;
  const std::string body = ToJson(rig.event);
  EXPECT_THAT(
      server->lines(),
      ElementsAre(StartsWith("CONNECT "), "PING",
                  absl::StrCat("PUB flux.events ", body.size()), body, "PING"));
  EXPECT_EQ(FormatJson(Connected()),
            R"({"lang":"c++","name":"NATS Provider Publisher",)"
            R"("pedantic":false,"protocol":1,"tls_required":false,)"
            R"("verbose":false,"version":"0.1.0"})");
}

TEST_F(NatsTest, LogsInByPassword) {
  Serve({});
  rig.settings.username = "user";
  rig.settings.password = Secret("pass");
  ASSERT_TRUE(rig.Notify().ok());
  EXPECT_EQ(Connected().GetString("user"), "user");
  EXPECT_EQ(Connected().GetString("pass"), "pass");
}

TEST_F(NatsTest, LogsInByNkey) {
  Serve({.greeting = kInfoWithNonce});
  rig.settings.secret["nkey"] = Secret(absl::StrCat(kSeed, "\n"));
  rig.settings.username = "ignored";
  rig.settings.password = Secret("ignored");
  const absl::Status status = rig.Notify();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(Connected().GetString("nkey"),
            "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4");
  EXPECT_EQ(Connected().GetString("sig"),
            absl::WebSafeBase64Escape(
                SignWithNkey(Secret(kSeed), "abc").value_or("")));
  EXPECT_FALSE(Connected().Has("user"));
}

TEST_F(NatsTest, LogsInByCreds) {
  Serve({.greeting = kInfoWithNonce});
  rig.settings.secret["creds"] =
      Secret(absl::StrCat("-----BEGIN NATS USER JWT-----\neyJ.a.b\n",
                          "-----BEGIN USER NKEY SEED-----\n", kSeed, "\n"));
  rig.settings.secret["nkey"] = Secret("ignored");
  const absl::Status status = rig.Notify();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(Connected().GetString("jwt"), "eyJ.a.b");
  EXPECT_NE(Connected().GetString("sig"), "");
  EXPECT_FALSE(Connected().Has("nkey"));
}

TEST_F(NatsTest, LogsInByTheAddress) {
  Serve({});
  rig.settings.address = absl::StrCat("nats://u:p@", server->address());
  ASSERT_TRUE(rig.Notify().ok());
  EXPECT_EQ(Connected().GetString("pass"), "p");
  Serve({});
  rig.settings.address = absl::StrCat("nats://tok@", server->address());
  ASSERT_TRUE(rig.Notify().ok());
  EXPECT_EQ(Connected().GetString("auth_token"), "tok");
}

TEST_F(NatsTest, RefusedLoginsAreSaid) {
  Serve({.answer = [](const std::string& line) -> std::string {
    return absl::StartsWith(line, "CONNECT") ? "-ERR 'Authorization Violation'"
                                               "\r\n"
                                             : "";
  }});
  const absl::Status status = rig.Notify();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(status.message(),
            "error publishing event to subject flux.events: error connecting "
            "to server: nats: Authorization Violation");
}

TEST_F(NatsTest, RefusedMessagesAreSaid) {
  Serve({.answer = [](const std::string& line) -> std::string {
    return absl::StartsWith(line, "PUB")
               ? "-ERR 'Permissions Violation for Publish to \"x\"'\r\n"
               : "";
  }});
  EXPECT_EQ(rig.Notify().message(),
            "error publishing event to subject flux.events: error publishing "
            "message to server: nats: Permissions Violation for Publish to "
            "\\\"x\\\"");
}

TEST_F(NatsTest, AnswersPings) {
  bool is_first = true;
  Serve({.answer = [&is_first](const std::string& line) -> std::string {
    if (line != "PING" || !is_first) return "";
    is_first = false;
    return "+OK\r\nINFO {}\r\nPING\r\nPONG\r\n";
  }});
  const absl::Status status = rig.Notify();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(server->lines(), testing::Contains("PONG"));
}

TEST_F(NatsTest, GoesToTheNextServer) {
  Serve({});
  rig.settings.address =
      absl::StrCat("127.0.0.1:1, nats://", server->address());
  const absl::Status status = rig.Notify();
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(NatsTest, NobodyThereIsAnError) {
  rig.settings.address = "nats://127.0.0.1:1";
  const absl::Status status = rig.Notify();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(),
            "error publishing event to subject flux.events: error connecting "
            "to server: nats: Connection refused");
}

TEST_F(NatsTest, LargeMessagesAreNotSent) {
  Serve({.greeting = "INFO {\"max_payload\":16}\r\n"});
  EXPECT_THAT(std::string(rig.Notify().message()),
              HasSubstr("nats: maximum payload exceeded"));
  EXPECT_THAT(server->lines(), ElementsAre(StartsWith("CONNECT "), "PING"));
}

TEST_F(NatsTest, OtherServersAreNotTalkedTo) {
  Serve({.greeting = "220 mail.example ESMTP\r\n"});
  EXPECT_THAT(std::string(rig.Notify().message()),
              HasSubstr("nats: this is no NATS server"));
  EXPECT_THAT(server->lines(), IsEmpty());
}

TEST_F(NatsTest, StopsServersThatDoNotAnswer) {
  Serve({.stalls = true});
  NatsLogin login;
  const absl::Time start = absl::Now();
  const absl::Status status =
      PublishToNats(Context().WithTimeout(absl::Milliseconds(50)),
                    rig.settings.address, login, "s", "x");
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_LT(absl::Now() - start, absl::Seconds(1));
}

TEST_F(NatsTest, StopsServersThatStallTheHandshake) {
  Serve({.greeting = kInfoWithTls, .stalls = true});
  const absl::Status status =
      PublishToNats(Context().WithTimeout(absl::Milliseconds(50)),
                    rig.settings.address, {}, "s", "x");
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
}

TEST_F(NatsTest, StopsServersThatSendForEver) {
  Serve({.greeting = "INFO {\"a\":\"" + std::string(2u << 20, 'x')});
  const absl::Status status = rig.Notify();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
}

TEST_F(NatsTest, StopsMessagesToTheClient) {
  Serve({.answer = [](const std::string& line) -> std::string {
    return line == "PING" ? "MSG s 1 2000000000\r\nxxxx\r\n" : "";
  }});
  EXPECT_THAT(std::string(rig.Notify().message()),
              HasSubstr("nats: the server breaks the protocol"));
}

TEST_F(NatsTest, StopsLinkLocalAddresses) {
  for (const char* address : {"nats://169.254.169.254", "[fe80::1%25lo]",
                              "[::ffff:169.254.169.254]:80"}) {
    rig.settings.address = address;
    const absl::Status status = rig.Notify();
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
  }
}

TEST_F(NatsTest, StopsTextBeforeTls) {
  Serve({.greeting = absl::StrCat(kInfoWithTls, "PONG\r\n")});
  EXPECT_THAT(std::string(rig.Notify().message()),
              HasSubstr("the server sent more before it was known who it is"));
}

TEST_F(NatsTest, StopsDowngradesToTheClear) {
  Serve({});
  rig.settings.username = "user";
  rig.settings.password = Secret("pass");
  rig.settings.address = absl::StrCat("tls://", server->address());
  EXPECT_THAT(std::string(rig.Notify().message()),
              HasSubstr("nats: secure connection not available"));
  EXPECT_THAT(server->lines(), IsEmpty());
}

TEST_F(NatsTest, StopsServersWithOtherCertificates) {
  const test::Authority authority;
  const test::KeyPair pair = authority.SignServer();
  Serve({.greeting = kInfoWithTls, .tls = &pair});
  const absl::Status status = rig.Notify();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("the server's certificate does not verify"));
  EXPECT_THAT(server->lines(), IsEmpty());
}

// With an authority that the system trusts, for as long as it lives.
class TrustedAuthority {
 public:
  TrustedAuthority() : path_(testing::TempDir() + "/nats-ca.pem") {
    std::ofstream(path_) << authority.pem();
    setenv("SSL_CERT_FILE", path_.c_str(), 1);
  }
  ~TrustedAuthority() { unsetenv("SSL_CERT_FILE"); }
  const test::Authority authority;

 private:
  const std::string path_;
};

TEST_F(NatsTest, TurnsToTls) {
  const TrustedAuthority trusted;
  const test::KeyPair pair = trusted.authority.SignServer();
  Serve({.greeting = kInfoWithTls, .tls = &pair});
  const absl::Status status = rig.Notify();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(server->lines().size(), 5u);
  EXPECT_TRUE(Connected().GetBool("tls_required"));
}

TEST_F(NatsTest, StopsServersWithCertificatesOfOthers) {
  const TrustedAuthority trusted;
  const test::KeyPair pair = trusted.authority.Sign(
      {.common_name = "other", .alternative_names = {"DNS:other.example"}});
  Serve({.greeting = kInfoWithTls, .tls = &pair});
  EXPECT_EQ(rig.Notify().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(NatsTest, WantsServerAndSubject) {
  EXPECT_EQ(rig.Check().message().substr(0, 4), "unsu");
  rig.settings.address = "";
  EXPECT_EQ(rig.Check().message(), "NATS server (address) cannot be empty");
  rig.settings.address = "host";
  rig.settings.channel = "";
  EXPECT_EQ(rig.Check().message(), "NATS subject (channel) cannot be empty");
}

TEST_F(NatsTest, StopsProtocolLinesInSubjects) {
  rig.settings.address = "host";
  for (const char* subject :
       {"a 1\r\nx\r\nPUB b", "a b", "a..b", ".a", "a.", "a\tb", "a\x01"}) {
    rig.settings.channel = subject;
    EXPECT_EQ(rig.Check().message(), "NATS subject (channel) is invalid")
        << subject;
  }
}

TEST_F(NatsTest, StopsPasswordsOfAddressesInErrors) {
  rig.settings.channel = "s";
  for (const char* address : {"nats://u:hidden@host:port", "nats://u:hidden@",
                              "ws://u:hidden@host"}) {
    rig.settings.address = address;
    const absl::Status status = rig.Check();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("hidden")));
  }
}

}  // namespace
}  // namespace weir::notification_controller
