// Runs `weir` in this process, as a user would, and gives what it printed.
//
// Touches: process (standard output and error).
// Threads: one thread.
#pragma once

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
