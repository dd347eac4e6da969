// Runs templates as the oracle does: lines of {"t", "m", "d"} in, lines with
// "o" or "e" out. For differential runs.
#include <fstream>
#include <iostream>
#include <sstream>

#include "case_runner.h"
#include "weir/value/json.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: template_replay data.json < cases\n";
    return 2;
  }
  const bool has_sprig = argc < 3 || std::string(argv[2]) != "builtins";
  std::ifstream file(argv[1]);
  std::stringstream text;
  text << file.rdbuf();
  const weir::templates::CaseRunner runner(text.str(), has_sprig);
  std::string line;
  while (std::getline(std::cin, line)) {
    const absl::StatusOr<weir::Value> record = weir::ParseJson(line);
    if (!record.ok()) {
      std::cerr << record.status().ToString() << "\n";
      return 1;
    }
    std::cout << weir::FormatJson(runner.Run(*record)) << "\n";
  }
  return 0;
}
