#include "tests/support/git_servers.h"

#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/base/subprocess.h"

namespace weir::test {
namespace {

constexpr int64_t kFirstCommitAt = 1767225600;

using Environment = std::vector<std::pair<std::string, std::string>>;

Environment GitEnvironment() {
  return {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
          {"HOME", "/nonexistent"},
          {"GIT_CONFIG_NOSYSTEM", "1"},
          {"GIT_CONFIG_GLOBAL", "/dev/null"},
          {"LC_ALL", "C.UTF-8"}};
}

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

// As fast-import reads it.
std::string Quoted(absl::string_view path) {
  std::string out = "\"";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 32 || byte >= 127 || c == '"' || c == '\\') {
      absl::StrAppendFormat(&out, "\\%03o", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string Data(absl::string_view bytes) {
  return absl::StrCat("data ", bytes.size(), "\n", bytes, "\n");
}

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    Die("no free port");
  }
  close(fd);
  return ntohs(address.sin_port);
}

bool CanConnect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  const bool ok =
      connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return ok;
}

http::ServerResponse Plain(int code, std::string text) {
  http::ServerResponse response;
  response.code = code;
  response.headers.Set("Content-Type", "text/plain");
  response.body = std::move(text);
  return response;
}

}  // namespace

std::string RunOrDie(std::vector<std::string> arguments,
                     const std::string& folder, const std::string& input) {
  ProcessOptions options;
  const std::string what = absl::StrJoin(arguments, " ");
  options.arguments = std::move(arguments);
  options.environment = GitEnvironment();
  options.working_directory = folder;
  options.input = input;
  const absl::StatusOr<ProcessResult> result = RunProcess(Context(), options);
  if (!result.ok()) Die(absl::StrCat(what, ": ", result.status().message()));
  if (result->exit_code != 0) Die(absl::StrCat(what, ": ", result->error));
  return std::string(absl::StripSuffix(result->output, "\n"));
}

GitRepo::GitRepo(std::string path) : path_(std::move(path)) {
  if (!MakeDirectories(path_).ok()) Die("cannot make " + path_);
  struct stat info;
  if (stat((path_ + "/HEAD").c_str(), &info) != 0) {
    Git({"init", "-q", "--bare", "-b", "main"});
  }
}

std::string GitRepo::Git(std::vector<std::string> arguments,
                         const std::string& input) {
  arguments.insert(arguments.begin(), "git");
  return RunOrDie(std::move(arguments), path_, input);
}

std::string GitRepo::Commit(const GitCommit& commit) {
  ++count_;
  const std::string ref = "refs/heads/" + commit.branch;
  const std::string when =
      absl::StrCat(kFirstCommitAt + count_ * int64_t{60}, " +0000");
  const bool has_parent =
      !Git({"for-each-ref", "--format=%(refname)", ref}).empty();
  std::string in;
  if (commit.is_orphan) absl::StrAppend(&in, "reset ", ref, "\n");
  absl::StrAppend(&in, "commit ", ref, "\n");
  for (const char* role : {"author", "committer"}) {
    absl::StrAppend(&in, role, " Fixture <fixture@example.com> ", when, "\n");
  }
  absl::StrAppend(&in,
                  Data(commit.message.empty() ? absl::StrCat("change ", count_)
                                              : commit.message));
  if (has_parent && !commit.is_orphan) {
    absl::StrAppend(&in, "from ", ref, "^0\n");
  }
  for (const std::string& name : commit.remove) {
    absl::StrAppend(&in, "D ", Quoted(name), "\n");
  }
  for (const auto& [name, file] : commit.files) {
    const char* mode = file.is_link         ? "120000"
                       : file.is_executable ? "100755"
                                            : "100644";
    absl::StrAppend(&in, "M ", mode, " inline ", Quoted(name), "\n",
                    Data(file.text));
  }
  for (const auto& [name, oid] : commit.submodules) {
    absl::StrAppend(&in, "M 160000 ", oid, " ", Quoted(name), "\n");
  }
  absl::StrAppend(&in, "\n");
  Git({"fast-import", "--quiet", "--force", "--date-format=raw"}, in);
  return Git({"rev-parse", ref});
}

void GitRepo::Tag(const std::string& name, const std::string& commit,
                  bool is_annotated) {
  if (!is_annotated) {
    Git({"update-ref", "refs/tags/" + name, commit});
    return;
  }
  const std::string when =
      absl::StrCat(kFirstCommitAt + count_ * int64_t{60}, " +0000");
  Git({"fast-import", "--quiet", "--force", "--date-format=raw"},
      absl::StrCat("tag ", name, "\nfrom ", commit,
                   "\ntagger Fixture <fixture@example.com> ", when, "\n",
                   Data("tag " + name)));
}

GitHttpServer::GitHttpServer(std::string root,
                             std::optional<http::ServerTls> tls)
    : root_(std::move(root)) {
  http::ServerOptions options;
  options.tls = std::move(tls);
  options.max_body_bytes = 64u << 20;
  auto server = http::Server::Start(
      options, [this](http::ServerRequest request,
                      std::unique_ptr<http::Responder> responder) {
        Answer(std::move(request), std::move(responder));
      });
  if (!server.ok()) Die(std::string(server.status().message()));
  server_ = *std::move(server);
}

GitHttpServer::~GitHttpServer() { server_.reset(); }

std::string GitHttpServer::Url(absl::string_view repository) const {
  return absl::StrCat(server_->url(), "/", repository, ".git");
}

void GitHttpServer::SetBehaviour(GitBehaviour behaviour) {
  MutexLock lock(mu_);
  behaviour_ = std::move(behaviour);
}

std::vector<GitRequest> GitHttpServer::TakeRequests() {
  MutexLock lock(mu_);
  return std::exchange(requests_, {});
}

void GitHttpServer::Answer(http::ServerRequest request,
                           std::unique_ptr<http::Responder> responder) {
  GitBehaviour behaviour;
  {
    MutexLock lock(mu_);
    behaviour = behaviour_;
  }
  if (behaviour.delay > absl::ZeroDuration()) {
    if (!request.context.SleepFor(behaviour.delay).ok()) return;
  }
  http::ServerResponse response = Respond(request, behaviour);
  {
    MutexLock lock(mu_);
    requests_.push_back({request.method, request.target, response.code,
                         std::string(request.headers.Get("Authorization")),
                         response.body.size()});
  }
  responder->Send(std::move(response));
}

http::ServerResponse GitHttpServer::Respond(
    const http::ServerRequest& request, const GitBehaviour& behaviour) const {
  if (behaviour.status != 0) return Plain(behaviour.status, "unavailable\n");
  if (!behaviour.redirect_to.empty() &&
      absl::EndsWith(request.path, "/info/refs")) {
    http::ServerResponse response = Plain(302, "moved\n");
    response.headers.Set("Location", behaviour.redirect_to + request.target);
    return response;
  }
  if (!behaviour.basic.empty() || !behaviour.bearer.empty()) {
    const absl::string_view given = request.headers.Get("Authorization");
    const bool is_known =
        (!behaviour.basic.empty() &&
         given == "Basic " + absl::Base64Escape(behaviour.basic)) ||
        (!behaviour.bearer.empty() && given == "Bearer " + behaviour.bearer);
    if (!is_known) return Plain(401, "unauthorized\n");
  }
  return Backend(request);
}

http::ServerResponse GitHttpServer::Backend(
    const http::ServerRequest& request) const {
  const size_t end = request.path.find(".git/");
  struct stat info;
  if (end == std::string::npos ||
      stat((root_ + request.path.substr(0, end + 4)).c_str(), &info) != 0) {
    return Plain(404, "");
  }
  const size_t question = request.target.find('?');
  ProcessOptions options;
  options.arguments = {"git", "http-backend"};
  options.environment = GitEnvironment();
  for (const auto& [name, value] : Environment{
           {"GIT_PROJECT_ROOT", root_},
           {"GIT_HTTP_EXPORT_ALL", "1"},
           {"PATH_INFO", request.path},
           {"QUERY_STRING", question == std::string::npos
                                ? ""
                                : request.target.substr(question + 1)},
           {"REQUEST_METHOD", request.method},
           {"CONTENT_TYPE", std::string(request.headers.Get("Content-Type"))},
           {"CONTENT_LENGTH", absl::StrCat(request.body.size())},
           {"REMOTE_ADDR", "127.0.0.1"},
           {"HTTP_CONTENT_ENCODING",
            std::string(request.headers.Get("Content-Encoding"))}}) {
    options.environment->emplace_back(name, value);
  }
  options.input = request.body;
  options.max_output_bytes = size_t{4} << 30;
  const absl::StatusOr<ProcessResult> result = RunProcess(Context(), options);
  if (!result.ok()) {
    return Plain(500, std::string(result.status().message()));
  }
  http::ServerResponse response;
  const size_t head_end = result->output.find("\r\n\r\n");
  if (head_end == std::string::npos) return Plain(500, result->error);
  for (const absl::string_view line :
       absl::StrSplit(result->output.substr(0, head_end), "\r\n")) {
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(line, absl::MaxSplits(": ", 1));
    if (field.first == "Status") {
      (void)absl::SimpleAtoi(field.second.substr(0, 3), &response.code);
    } else {
      response.headers.Add(field.first, field.second);
    }
  }
  response.body = result->output.substr(head_end + 4);
  return response;
}

SshServer::SshServer(std::string folder) : folder_(std::move(folder)) {
  if (!MakeDirectories(folder_, 0700).ok()) Die("cannot make " + folder_);
  for (const char* name : {"host", "client", "other"}) {
    RunOrDie({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
              absl::StrCat(folder_, "/", name)});
  }
  port_ = FreePort();
  const std::string config = absl::StrCat(
      "Port ", port_, "\nListenAddress 127.0.0.1\nHostKey ", folder_,
      "/host\nAuthorizedKeysFile ", folder_,
      "/client.pub\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
      "KbdInteractiveAuthentication no\nPidFile none\nPermitRootLogin yes\n"
      "MaxStartups 100\n");
  if (!WriteFileAtomically(folder_ + "/config", config).ok()) {
    Die("cannot write the configuration of sshd");
  }
  if (geteuid() == 0) mkdir("/run/sshd", 0755);
  threads_.Start("sshd", [this](const Context& ctx) {
    ProcessOptions options;
    options.arguments = {"/usr/sbin/sshd", "-D", "-E",
                         folder_ + "/log", "-f", folder_ + "/config"};
    return RunProcess(ctx, options).status();
  });
  for (int i = 0; i < 500 && !CanConnect(port_); ++i) usleep(10000);
}

SshServer::~SshServer() {
  threads_.Stop();
  (void)threads_.Join();
}

std::string SshServer::Url(absl::string_view path) const {
  const passwd* user = getpwuid(geteuid());
  return absl::StrCat("ssh://", user != nullptr ? user->pw_name : "root",
                      "@127.0.0.1:", port_, path);
}

std::string SshServer::KnownHosts(const std::string& key) const {
  const absl::StatusOr<std::string> text =
      ReadFile(absl::StrCat(folder_, "/", key, ".pub"));
  if (!text.ok()) Die("no such key");
  const std::vector<std::string> parts = absl::StrSplit(*text, ' ');
  return absl::StrCat("[127.0.0.1]:", port_, " ", parts[0], " ", parts[1],
                      "\n");
}

Secret SshServer::PrivateKey(const std::string& key) const {
  absl::StatusOr<std::string> text = ReadFile(absl::StrCat(folder_, "/", key));
  if (!text.ok()) Die("no such key");
  return Secret(*std::move(text));
}

}  // namespace weir::test
