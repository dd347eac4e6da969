// Runs `weir` in this process, as a user would, and gives what it printed.
//
// Touches: process (standard output and error).
// Threads: one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace weir::test {

struct Printed {
  int code = 0;
  std::string out;
  std::string err;
};

// `arguments`: without the program's name.
Printed RunWeir(std::vector<std::string> arguments);

// `weir` on a thread of its own, for commands that go on.
class RunningWeir {
 public:
  explicit RunningWeir(std::vector<std::string> arguments);
  ~RunningWeir();
  RunningWeir(const RunningWeir&) = delete;
  RunningWeir& operator=(const RunningWeir&) = delete;

  // Whether this is printed within a few seconds.
  bool Prints(const std::string& text) const;
  std::string out() const;
  // Ends it; the exit code. Standard output is as before.
  int Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Sets a variable of the environment while it lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value);
  ~Variable();
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* const name_;
  std::string before_;
  bool was_set_ = false;
};

}  // namespace weir::test
