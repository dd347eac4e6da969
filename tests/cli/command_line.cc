#include "tests/cli/command_line.h"

#include <cstdio>
#include <cstdlib>

#include "gtest/gtest.h"
#include "invocation.h"

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
