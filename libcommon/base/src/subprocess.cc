#include "weir/base/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "weir/base/file.h"
#include "weir/base/status.h"

extern char** environ;

namespace weir {
namespace {

constexpr size_t kMaxErrorBytes = 64u << 10;
// How long a cancellation may go unnoticed.
constexpr absl::Duration kPollInterval = absl::Milliseconds(50);

// A file descriptor that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { Close(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read, write;
};

absl::StatusOr<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return ErrnoToStatus(errno, "pipe");
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

// As a pipe, but writing into one that nobody reads raises no SIGPIPE, which
// would end the whole process.
absl::StatusOr<Pipe> MakeInputPipe() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    return ErrnoToStatus(errno, "socketpair");
  }
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

// Strings as execve wants them.
class CStrings {
 public:
  explicit CStrings(std::vector<std::string> strings)
      : strings_(std::move(strings)) {
    for (std::string& text : strings_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  char* const* get() const { return pointers_.data(); }

 private:
  std::vector<std::string> strings_;
  std::vector<char*> pointers_;
};

// A running child: fed, read, and reaped.
class Child {
 public:
  explicit Child(const ProcessOptions& options) : options_(options) {}
  ~Child() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      Reap();
    }
  }

  absl::Status Spawn() {
    WEIR_ASSIGN_OR_RETURN(Pipe in, MakeInputPipe());
    WEIR_ASSIGN_OR_RETURN(Pipe out, MakePipe());
    WEIR_ASSIGN_OR_RETURN(Pipe err, MakePipe());
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (!options_.inherit_input) {
      posix_spawn_file_actions_adddup2(&actions, in.read.get(), 0);
    }
    posix_spawn_file_actions_adddup2(&actions, out.write.get(), 1);
    if (!options_.inherit_error) {
      posix_spawn_file_actions_adddup2(&actions, err.write.get(), 2);
    }
    // libcurl's and others' sockets are not all closed on exec.
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (!options_.working_directory.empty()) {
      posix_spawn_file_actions_addchdir_np(&actions,
                                           options_.working_directory.c_str());
    }
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const CStrings arguments(options_.arguments);
    std::vector<std::string> variables;
    if (options_.environment.has_value()) {
      for (const auto& [name, value] : *options_.environment) {
        variables.push_back(absl::StrCat(name, "=", value));
      }
    }
    const CStrings environment(std::move(variables));
    const int error = posix_spawnp(
        &pid_, options_.arguments[0].c_str(), &actions, &attributes,
        arguments.get(),
        options_.environment.has_value() ? environment.get() : environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) {
      pid_ = 0;
      return ErrnoToStatus(error,
                           absl::StrCat("running ", options_.arguments[0]));
    }
    if (options_.max_file_bytes != 0) {
      const rlimit limit = {options_.max_file_bytes, options_.max_file_bytes};
      prlimit(pid_, RLIMIT_FSIZE, &limit, nullptr);
    }
    if (!options_.inherit_input) in_ = std::move(in.write);
    out_ = std::move(out.read);
    if (!options_.inherit_error) err_ = std::move(err.read);
    for (const Fd* fd : {&in_, &out_, &err_}) {
      if (fd->is_open()) fcntl(fd->get(), F_SETFL, O_NONBLOCK);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<ProcessResult> Communicate(const Context& ctx) {
    if (options_.input.empty()) in_.Close();
    while (out_.is_open() || err_.is_open() || in_.is_open()) {
      WEIR_RETURN_IF_ERROR(ctx.status(), "waiting for ", options_.arguments[0]);
      std::array<pollfd, 3> fds = {{{in_.get(), POLLOUT, 0},
                                    {out_.get(), POLLIN, 0},
                                    {err_.get(), POLLIN, 0}}};
      const int ready = poll(fds.data(), fds.size(),
                             absl::ToInt64Milliseconds(kPollInterval));
      if (ready < 0 && errno != EINTR) return ErrnoToStatus(errno, "poll");
      if (ready <= 0) continue;
      if (fds[0].revents != 0) Feed();
      if (fds[1].revents != 0) Drain(out_, result_.output, SIZE_MAX);
      if (fds[2].revents != 0) Drain(err_, result_.error, kMaxErrorBytes);
      if (result_.output.size() > options_.max_output_bytes) {
        return absl::ResourceExhaustedError(
            absl::StrCat(options_.arguments[0], " wrote more than ",
                         options_.max_output_bytes, " bytes"));
      }
    }
    result_.exit_code = Reap();
    return std::move(result_);
  }

 private:
  void Feed() {
    const ssize_t count = send(in_.get(), options_.input.data() + fed_,
                               options_.input.size() - fed_, MSG_NOSIGNAL);
    if (count > 0) fed_ += static_cast<size_t>(count);
    // A child that reads no more is no error: its exit code tells.
    if ((count < 0 && errno != EAGAIN && errno != EINTR) ||
        fed_ == options_.input.size()) {
      in_.Close();
    }
  }

  static void Drain(Fd& fd, std::string& into, size_t max_bytes) {
    char buffer[1 << 16];
    const ssize_t count = read(fd.get(), buffer, sizeof(buffer));
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
      fd.Close();
    } else if (count > 0 && into.size() < max_bytes) {
      into.append(buffer, std::min(static_cast<size_t>(count),
                                   max_bytes - into.size()));
    }
  }

  int Reap() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

  const ProcessOptions& options_;
  pid_t pid_ = 0;
  Fd in_, out_, err_;
  size_t fed_ = 0;
  ProcessResult result_;
};

}  // namespace

absl::StatusOr<ProcessResult> RunProcess(const Context& ctx,
                                         const ProcessOptions& options) {
  if (options.arguments.empty()) {
    return absl::InvalidArgumentError("no program to run");
  }
  Child child(options);
  WEIR_RETURN_IF_ERROR(child.Spawn());
  return child.Communicate(ctx);
}

}  // namespace weir
