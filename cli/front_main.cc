// The `weir` program: builds and renders itself, and leaves the rest to
// weir-all.
#include <optional>

#include "src/front.h"
#include "weir/base/context.h"

int main(int argc, char** argv) {
  std::optional<int> code;
  if (weir::cli::IsForFront(argc, argv)) {
    // A signal ends the process: nothing is under way that could be undone.
    // Without another thread, counting references is cheap.
    code = weir::cli::RunInFront(weir::Context(), argc, argv);
  }
  return code.has_value() ? *code : weir::cli::RunAllCommands(argv);
}
