#include "src/nats_client.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/nkey.h"
#include "src/tls_stream.h"
#include "weir/base/status.h"
#include "weir/value/go_quote.h"
#include "weir/value/go_url.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

// As upstream's client.
constexpr char kClientName[] = "NATS Provider Publisher";
constexpr char kDefaultPort[] = "4222";
constexpr absl::Duration kConnectTimeout = absl::Seconds(2);
constexpr absl::Duration kPublishTimeout = absl::Seconds(10);
constexpr size_t kMaxServers = 16;
constexpr size_t kMaxErrorText = 256;
// Before the answer that is waited for.
constexpr int kMaxLines = 100;

struct Server {
  std::string host;
  std::string port;
  bool wants_tls = false;
  // Of the address.
  std::string user;
  Secret password;
  bool has_password = false;
};

absl::StatusOr<Server> ParseServer(absl::string_view text) {
  std::string address(absl::StripAsciiWhitespace(text));
  if (!absl::StrContains(address, "://")) {
    address = absl::StrCat("nats://", address);
  }
  const absl::StatusOr<GoUrl> url = ParseGoUrl(address);
  if (!url.ok() || url->Hostname().empty()) {
    return absl::InvalidArgumentError("invalid address of a NATS server");
  }
  if (url->scheme != "nats" && url->scheme != "tls") {
    return absl::InvalidArgumentError(absl::StrCat(
        "unsupported scheme of a NATS server: ", GoQuote(url->scheme)));
  }
  const std::string port = url->Port();
  return Server{.host = url->Hostname(),
                .port = port.empty() ? kDefaultPort : port,
                .wants_tls = url->scheme == "tls",
                .user = url->user,
                .password = Secret(url->password),
                .has_password = url->has_password};
}

absl::StatusOr<std::vector<Server>> ParseServers(absl::string_view text) {
  std::vector<Server> servers;
  for (const absl::string_view one : absl::StrSplit(text, ',')) {
    WEIR_ASSIGN_OR_RETURN(Server server, ParseServer(one));
    servers.push_back(std::move(server));
  }
  if (servers.size() > kMaxServers) {
    return absl::InvalidArgumentError("too many NATS servers");
  }
  return servers;
}

// What the server said of itself.
struct ServerInfo {
  bool needs_tls = false;
  bool offers_tls = false;
  std::string nonce;
  int64_t max_payload = 0;  // 0: not said.
};

absl::StatusOr<ServerInfo> ParseInfo(absl::string_view line) {
  const absl::Status wrong = absl::UnavailableError("this is no NATS server");
  if (!absl::ConsumePrefix(&line, "INFO ")) return wrong;
  const absl::StatusOr<Value> value = ParseJson(line);
  if (!value.ok()) return wrong;
  return ServerInfo{.needs_tls = value->GetBool("tls_required"),
                    .offers_tls = value->GetBool("tls_available"),
                    .nonce = std::string(value->GetString("nonce")),
                    .max_payload = value->GetInt("max_payload")};
}

absl::StatusOr<std::string> SignNonce(const Secret& seed,
                                      const std::string& nonce) {
  WEIR_ASSIGN_OR_RETURN(const std::string signature, SignWithNkey(seed, nonce));
  return absl::WebSafeBase64Escape(signature);
}

// Adds who we are to what CONNECT says.
absl::Status AddLogin(const Server& server, const NatsLogin& login,
                      const ServerInfo& info, Value* connect) {
  if (!login.creds.empty()) {
    WEIR_ASSIGN_OR_RETURN(const NatsCreds creds, ParseNatsCreds(login.creds));
    WEIR_ASSIGN_OR_RETURN(std::string signature,
                          SignNonce(creds.seed, info.nonce));
    connect->Set("jwt", creds.jwt.RevealForUse());
    connect->Set("sig", std::move(signature));
  } else if (!login.nkey.empty()) {
    WEIR_ASSIGN_OR_RETURN(std::string key, PublicNkey(login.nkey));
    WEIR_ASSIGN_OR_RETURN(std::string signature,
                          SignNonce(login.nkey, info.nonce));
    connect->Set("nkey", std::move(key));
    connect->Set("sig", std::move(signature));
  } else if (!login.username.empty() && !login.password.empty()) {
    connect->Set("user", login.username);
    connect->Set("pass", login.password.RevealForUse());
  } else if (server.has_password) {
    connect->Set("user", server.user);
    connect->Set("pass", server.password.RevealForUse());
  } else if (!server.user.empty()) {
    connect->Set("auth_token", server.user);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> MakeConnect(const Server& server,
                                        const NatsLogin& login,
                                        const ServerInfo& info, bool has_tls) {
  Value connect = Value::MakeObject();
  connect.Set("verbose", false);
  connect.Set("pedantic", false);
  connect.Set("tls_required", has_tls);
  connect.Set("name", kClientName);
  connect.Set("lang", "c++");
  connect.Set("version", "0.1.0");
  connect.Set("protocol", 1);
  WEIR_RETURN_IF_ERROR(AddLogin(server, login, info, &connect));
  return absl::StrCat("CONNECT ", FormatJson(connect), "\r\nPING\r\n");
}

// The text of "-ERR 'Authorization Violation'".
absl::Status ErrorOf(absl::string_view line) {
  absl::ConsumePrefix(&line, "-ERR");
  line = absl::StripAsciiWhitespace(line);
  absl::ConsumePrefix(&line, "'");
  absl::ConsumeSuffix(&line, "'");
  const bool is_login = absl::StrContains(line, "Authorization") ||
                        absl::StrContains(line, "Authentication");
  return absl::Status(is_login ? absl::StatusCode::kUnauthenticated
                               : absl::StatusCode::kUnavailable,
                      absl::CEscape(line.substr(0, kMaxErrorText)));
}

// Reads until the answer to our PING: the server has read all before it.
absl::Status WaitForPong(const Context& ctx, TlsStream& stream) {
  for (int i = 0; i < kMaxLines; ++i) {
    WEIR_ASSIGN_OR_RETURN(const std::string line, stream.ReadLine(ctx));
    if (line == "PONG") return absl::OkStatus();
    if (absl::StartsWith(line, "-ERR")) return ErrorOf(line);
    if (line == "PING") {
      WEIR_RETURN_IF_ERROR(stream.Write(ctx, "PONG\r\n"));
    } else if (line != "+OK" && !absl::StartsWith(line, "INFO ")) {
      return absl::UnavailableError("the server breaks the protocol");
    }
  }
  return absl::ResourceExhaustedError("the server does not answer");
}

struct Connection {
  TlsStream stream;
  ServerInfo info;
};

absl::StatusOr<Connection> Connect(const Context& parent, const Server& server,
                                   const NatsLogin& login) {
  const Context ctx = parent.WithTimeout(kConnectTimeout);
  WEIR_ASSIGN_OR_RETURN(TlsStream stream,
                        TlsStream::Connect(ctx, server.host, server.port));
  WEIR_ASSIGN_OR_RETURN(const std::string line, stream.ReadLine(ctx));
  WEIR_ASSIGN_OR_RETURN(ServerInfo info, ParseInfo(line));
  if (server.wants_tls && !info.needs_tls && !info.offers_tls) {
    return absl::UnavailableError("secure connection not available");
  }
  const bool has_tls = server.wants_tls || info.needs_tls;
  if (has_tls) WEIR_RETURN_IF_ERROR(stream.StartTls(ctx, server.host));
  WEIR_ASSIGN_OR_RETURN(const std::string connect,
                        MakeConnect(server, login, info, has_tls));
  WEIR_RETURN_IF_ERROR(stream.Write(ctx, connect));
  WEIR_RETURN_IF_ERROR(WaitForPong(ctx, stream));
  return Connection{std::move(stream), std::move(info)};
}

absl::Status Publish(const Context& parent, Connection& connection,
                     const std::string& subject, absl::string_view payload) {
  const Context ctx = parent.WithTimeout(kPublishTimeout);
  if (connection.info.max_payload > 0 &&
      payload.size() > static_cast<size_t>(connection.info.max_payload)) {
    return absl::FailedPreconditionError("maximum payload exceeded");
  }
  WEIR_RETURN_IF_ERROR(connection.stream.Write(
      ctx, absl::StrCat("PUB ", subject, " ", payload.size(), "\r\n", payload,
                        "\r\nPING\r\n")));
  return WaitForPong(ctx, connection.stream);
}

}  // namespace

absl::Status CheckNatsServers(absl::string_view servers) {
  return ParseServers(servers).status();
}

bool IsNatsSubject(absl::string_view subject) {
  const std::vector<absl::string_view> parts = absl::StrSplit(subject, '.');
  return std::none_of(parts.begin(), parts.end(),
                      [](absl::string_view part) { return part.empty(); }) &&
         std::none_of(subject.begin(), subject.end(), [](char c) {
           return absl::ascii_isspace(c) || absl::ascii_iscntrl(c);
         });
}

absl::Status PublishToNats(const Context& ctx, absl::string_view servers,
                           const NatsLogin& login, const std::string& subject,
                           absl::string_view payload) {
  if (!IsNatsSubject(subject)) {
    return absl::InvalidArgumentError("invalid subject of NATS");
  }
  WEIR_ASSIGN_OR_RETURN(const std::vector<Server> all, ParseServers(servers));
  absl::Status last;
  for (const Server& server : all) {
    absl::StatusOr<Connection> connection = Connect(ctx, server, login);
    if (connection.ok()) {
      WEIR_RETURN_IF_ERROR(Publish(ctx, *connection, subject, payload),
                           "error publishing message to server: nats");
      return absl::OkStatus();
    }
    last = connection.status();
  }
  return Annotate(last, "error connecting to server: nats");
}

}  // namespace weir::notification_controller
