// Builds Flux Kustomizations as our kustomize-controller does, many in one
// process. Each line of standard input: the root of a tree, a tab, and the
// Kustomization as JSON. Answers in the protocol of oracle/main.go.
#include <cstdio>
#include <iostream>
#include <string>

#include "absl/strings/string_view.h"
#include "src/builder.h"
#include "src/plan.h"
#include "src/variables.h"
#include "weir/base/context.h"
#include "weir/base/status.h"
#include "weir/codec/codec.h"
#include "weir/kustomize/v1/kustomization.pb.h"
#include "weir/value/json.h"

namespace {

namespace controller = weir::kustomize_controller;

absl::StatusOr<std::string> BuildLine(absl::string_view root,
                                      absl::string_view manifest) {
  const weir::Context ctx;
  WEIR_ASSIGN_OR_RETURN(const weir::Value object, weir::ParseJson(manifest));
  weir::kustomize::v1::Kustomization message;
  WEIR_RETURN_IF_ERROR(weir::codec::FromValue(object, &message));
  WEIR_ASSIGN_OR_RETURN(const controller::Plan plan,
                        controller::MakePlan(object, message));
  WEIR_ASSIGN_OR_RETURN(
      const std::string folder,
      controller::FindFolder(std::string(root), plan.spec.path()));
  // Without a cluster there is nothing to read variables from.
  const auto read =
      [](const weir::kube::ObjectRef&) -> absl::StatusOr<weir::Value> {
    return absl::NotFoundError("absent");
  };
  WEIR_ASSIGN_OR_RETURN(
      const controller::Variables variables,
      controller::LoadVariables(plan.spec.post_build(), "flux-system", read));
  WEIR_ASSIGN_OR_RETURN(const weir::kustomize::BuildResult result,
                        controller::BuildManifests(ctx, plan, std::string(root),
                                                   folder, variables, {}));
  return weir::kustomize::FormatResult(result);
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    const size_t tab = line.find('\t');
    if (tab == std::string::npos) return 1;
    const absl::StatusOr<std::string> built =
        BuildLine(absl::string_view(line).substr(0, tab),
                  absl::string_view(line).substr(tab + 1));
    const std::string text =
        built.ok() ? *built : std::string(built.status().message());
    std::printf("%s %zu\n", built.ok() ? "ok" : "error", text.size());
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }
  return 0;
}
