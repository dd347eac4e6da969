// Renders tests/templates/bench.tmpl for two seconds on one thread, reading
// its values anew each time; beside tests/templates/oracle/bench in Go.
//   gotmpl_bench tests/templates/data.json tests/templates/bench.tmpl
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "weir/base/status.h"
#include "weir/gotmpl/json.h"
#include "weir/gotmpl/template.h"

namespace weir::gotmpl {
namespace {

std::string ReadFile(const char* path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

absl::StatusOr<Any> Include(Call& call) {
  std::string out;
  WEIR_RETURN_IF_ERROR(call.set.Execute(call.execution, call.args[0].AsString(),
                                        call.args[1], &out));
  return Any::String(out);
}

absl::Status Measure(const std::string& data, const std::string& text) {
  FunctionTable functions = FunctionTable::Builtins();
  AddSprig(functions);
  functions.Add("include", "func(string, interface {}) (string, error)",
                Include);
  Set set(std::make_shared<FunctionTable>(std::move(functions)), "t");
  WEIR_ASSIGN_OR_RETURN(const TemplateRef parsed, set.Parse("t", text));
  size_t bytes = 0;
  int count = 0;
  const absl::Time start = absl::Now();
  while (absl::Now() - start < absl::Seconds(2)) {
    WEIR_ASSIGN_OR_RETURN(const Any values, UnmarshalJson(data));
    Execution execution{ExecOptions()};
    std::string out;
    WEIR_RETURN_IF_ERROR(set.Execute(execution, parsed, values, &out));
    bytes = out.size();
    ++count;
  }
  std::printf("gotmpl: %zu bytes, %.0f renders/s\n", bytes,
              count / absl::ToDoubleSeconds(absl::Now() - start));
  return absl::OkStatus();
}

}  // namespace
}  // namespace weir::gotmpl

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: gotmpl_bench DATA TEMPLATE\n");
    return 2;
  }
  const absl::Status status = weir::gotmpl::Measure(
      weir::gotmpl::ReadFile(argv[1]), weir::gotmpl::ReadFile(argv[2]));
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
