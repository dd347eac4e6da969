#include "weir/kustomize/build.h"

#include <string>
#include <utility>

#include "src/finish.h"
#include "src/flux.h"
#include "src/target.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

absl::StatusOr<BuildResult> Run(const BuildOptions& options, Target* top) {
  WEIR_RETURN_IF_ERROR(top->SetSchema(true));
  if (!top->kustomization().build_metadata.empty()) top->TrackOrigins();
  Accumulator built;
  WEIR_RETURN_IF_ERROR(top->Accumulate(&built));
  return Finish(top->kustomization(), options, &built);
}

}  // namespace

absl::StatusOr<BuildResult> Build(const Context& ctx, const FileSystem& files,
                                  absl::string_view directory,
                                  const BuildOptions& options) {
  BuildState state(ctx, files, options);
  WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<Loader> loader,
                        Loader::Open(&state.session, directory));
  Target top(&state, loader.get(), std::nullopt);
  WEIR_RETURN_IF_ERROR(top.Load());
  return Run(options, &top);
}

absl::StatusOr<BuildResult> BuildForFlux(const Context& ctx,
                                         const FileSystem& files,
                                         absl::string_view directory,
                                         const FluxOverrides& overrides,
                                         const BuildOptions& options) {
  BuildState state(ctx, files, options);
  WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<Loader> loader,
                        Loader::Open(&state.session, directory));
  WEIR_ASSIGN_OR_RETURN(RootFile root, ReadRootFile(*loader, overrides));
  Target top(&state, loader.get(), std::nullopt);
  WEIR_RETURN_IF_ERROR(
      top.Take(std::move(root.kustomization), std::move(root.name)));
  return Run(options, &top);
}

std::string FormatResult(const BuildResult& result) {
  std::string out;
  for (const Value& object : result.objects) {
    if (!out.empty()) out.append("---\n");
    out.append(FormatYaml(object));
  }
  return out;
}

}  // namespace weir::kustomize
