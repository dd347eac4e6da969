// The `weir` program: builds and renders itself, and leaves the rest to
// weir-all.
#include <optional>

#include "src/front.h"
#include "weir/base/signals.h"

int main(int argc, char** argv) {
  std::optional<int> code;
  if (weir::cli::IsForFront(argc, argv)) {
    weir::RunUntilSignal([&](const weir::Context& ctx) {
      code = weir::cli::RunInFront(ctx, argc, argv);
      return 0;
    });
  }
  return code.has_value() ? *code : weir::cli::RunAllCommands(argv);
}
