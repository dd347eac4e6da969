#include "tests/cli/command_line.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "invocation.h"
#include "weir/base/thread_group.h"

namespace weir::test {

Printed RunWeir(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "weir");
  std::vector<char*> argv;
  for (std::string& one : arguments) argv.push_back(one.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Printed printed;
  printed.code =
      cli::Main(Context(), static_cast<int>(argv.size()), argv.data());
  std::fflush(stdout);
  printed.out = testing::internal::GetCapturedStdout();
  printed.err = testing::internal::GetCapturedStderr();
  return printed;
}

struct RunningWeir::Impl {
  std::vector<std::string> arguments;
  std::FILE* file = nullptr;  // Stands for standard output.
  int before = -1;
  int code = -1;
  const Context ctx = Context().WithCancel();
  ThreadGroup thread;
};

RunningWeir::RunningWeir(std::vector<std::string> arguments)
    : impl_(std::make_unique<Impl>()) {
  Impl* impl = impl_.get();
  arguments.insert(arguments.begin(), "weir");
  impl->arguments = std::move(arguments);
  impl->file = std::tmpfile();
  std::fflush(stdout);
  impl->before = dup(STDOUT_FILENO);
  dup2(fileno(impl->file), STDOUT_FILENO);
  impl->thread.Start("weir", [impl](const Context&) {
    std::vector<char*> argv;
    for (std::string& one : impl->arguments) argv.push_back(one.data());
    impl->code =
        cli::Main(impl->ctx, static_cast<int>(argv.size()), argv.data());
    return absl::OkStatus();
  });
}

RunningWeir::~RunningWeir() {
  if (impl_->before >= 0) Stop();
  std::fclose(impl_->file);
}

std::string RunningWeir::out() const {
  std::string text(1 << 16, '\0');
  const ssize_t size = pread(fileno(impl_->file), text.data(), text.size(), 0);
  text.resize(size < 0 ? 0 : static_cast<size_t>(size));
  return text;
}

bool RunningWeir::Prints(const std::string& text) const {
  const absl::Time until = absl::Now() + absl::Seconds(10);
  while (!absl::StrContains(out(), text)) {
    if (absl::Now() > until) return false;
    absl::SleepFor(absl::Milliseconds(2));
  }
  return true;
}

int RunningWeir::Stop() {
  impl_->ctx.Cancel();
  impl_->thread.Join().IgnoreError();
  std::fflush(stdout);
  dup2(impl_->before, STDOUT_FILENO);
  close(std::exchange(impl_->before, -1));
  return impl_->code;
}

Variable::Variable(const char* name, const std::string& value) : name_(name) {
  if (const char* set = std::getenv(name)) {
    was_set_ = true;
    before_ = set;
  }
  setenv(name, value.c_str(), 1);
}

Variable::~Variable() {
  if (was_set_) {
    setenv(name_, before_.c_str(), 1);
  } else {
    unsetenv(name_);
  }
}

}  // namespace weir::test
