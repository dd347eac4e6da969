// Git repositories made by the real git, and real servers for them on
// loopback: `git http-backend` behind our HTTP server, and sshd.
//
// Touches: files under the folders given; processes; loopback sockets.
// Threads: a GitRepo belongs to one thread; servers are safe to share.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/base/secret.h"
#include "weir/base/thread_group.h"
#include "weir/http/server.h"

namespace weir::test {

struct GitFile {
  GitFile(const char* t) : text(t) {}              // NOLINT: implicit.
  GitFile(std::string t, bool executable = false)  // NOLINT: implicit.
      : text(std::move(t)), is_executable(executable) {}
  static GitFile Link(std::string target) {
    GitFile file(std::move(target));
    file.is_link = true;
    return file;
  }
  std::string text;
  bool is_executable = false;
  bool is_link = false;
};

struct GitCommit {
  std::map<std::string, GitFile> files;
  std::vector<std::string> remove;
  std::string branch = "main";
  std::string message;     // Empty: "change <n>".
  bool is_orphan = false;  // Without a parent.
  // Paths that become submodules, at the given commit.
  std::map<std::string, std::string> submodules;
};

// A bare repository. Commits carry fixed names and dates, so that the same
// steps give the same hashes everywhere. Failures end the test program.
class GitRepo {
 public:
  // Makes the repository, or opens it.
  explicit GitRepo(std::string path);

  const std::string& path() const { return path_; }
  // Returns the new commit's hash.
  std::string Commit(const GitCommit& commit);
  // A tag on a commit; moves an existing one.
  void Tag(const std::string& name, const std::string& commit,
           bool is_annotated = false);
  // Runs git in the repository; returns its output without the last newline.
  std::string Git(std::vector<std::string> arguments,
                  const std::string& input = "");

 private:
  const std::string path_;
  int count_ = 0;
};

struct GitRequest {
  std::string method;
  std::string target;
  int code = 0;
  std::string authorization;
  size_t response_bytes = 0;
};

// How the server answers from now on.
struct GitBehaviour {
  int status = 0;           // Everything is answered with it; 0: normally.
  std::string basic;        // "user:password" that is asked for.
  std::string bearer;       // A token that is accepted as well.
  std::string redirect_to;  // Base that info/refs redirects to.
  absl::Duration delay;     // Before each answer.
};

// Serves <root>/<path>.git at /<path>.git.
class GitHttpServer {
 public:
  explicit GitHttpServer(std::string root,
                         std::optional<http::ServerTls> tls = std::nullopt);
  ~GitHttpServer();

  std::string Url(absl::string_view repository) const;
  int port() const { return server_->port(); }
  void SetBehaviour(GitBehaviour behaviour);
  std::vector<GitRequest> TakeRequests();

 private:
  void Answer(http::ServerRequest request,
              std::unique_ptr<http::Responder> responder);
  http::ServerResponse Respond(const http::ServerRequest& request,
                               const GitBehaviour& behaviour) const;
  http::ServerResponse Backend(const http::ServerRequest& request) const;

  const std::string root_;
  Mutex mu_;
  GitBehaviour behaviour_ ABSL_GUARDED_BY(mu_);
  std::vector<GitRequest> requests_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<http::Server> server_;
};

// sshd with keys of its own, for one client key.
class SshServer {
 public:
  // Keys and configuration go to `folder`.
  explicit SshServer(std::string folder);
  ~SshServer();

  // The URL of a local repository.
  std::string Url(absl::string_view path) const;
  int port() const { return port_; }
  // A line for the host key ("host", or "other" for a wrong one).
  std::string KnownHosts(const std::string& key = "host") const;
  // The key that may log in ("client"), or one that may not ("other").
  Secret PrivateKey(const std::string& key = "client") const;
  const std::string& folder() const { return folder_; }

 private:
  const std::string folder_;
  int port_ = 0;
  ThreadGroup threads_;
};

// Runs a program; ends the test program when it fails.
std::string RunOrDie(std::vector<std::string> arguments,
                     const std::string& folder = "",
                     const std::string& input = "");

}  // namespace weir::test
