// The `weir-all` program: every command, started by `weir`.
#include "src/invocation.h"
#include "weir/base/signals.h"

int main(int argc, char** argv) {
  return weir::RunUntilSignal([&](const weir::Context& ctx) {
    return weir::cli::Main(ctx, argc, argv);
  });
}
