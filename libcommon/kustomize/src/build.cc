#include "weir/kustomize/build.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "src/finish.h"
#include "src/flux.h"
#include "src/model/resource.h"
#include "src/target.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {

absl::StatusOr<BuildResult> RunTarget(BuildState* state, Target* top,
                                      std::vector<ObjectHistory>* histories) {
  WEIR_RETURN_IF_ERROR(top->SetSchema(true));
  if (!top->kustomization().build_metadata.empty()) top->TrackOrigins();
  Accumulator built;
  WEIR_RETURN_IF_ERROR(top->Accumulate(&built));
  return Finish(top->kustomization(), state, &built, histories);
}

absl::StatusOr<BuildResult> Build(const Context& ctx, const FileSystem& files,
                                  absl::string_view directory,
                                  const BuildOptions& options) {
  BuildState state(ctx, files, options);
  WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<Loader> loader,
                        Loader::Open(&state.session, directory));
  Target top(&state, loader.get(), std::nullopt);
  WEIR_RETURN_IF_ERROR(top.Load());
  return RunTarget(&state, &top, nullptr);
}

absl::StatusOr<BuildResult> BuildText(const Context& ctx,
                                      const FileSystem& files,
                                      absl::string_view directory,
                                      absl::string_view text,
                                      const BuildOptions& options) {
  BuildState state(ctx, files, options);
  WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<Loader> loader,
                        Loader::Open(&state.session, directory));
  Target top(&state, loader.get(), std::nullopt);
  WEIR_RETURN_IF_ERROR(top.LoadText(text));
  return RunTarget(&state, &top, nullptr);
}

absl::StatusOr<BuildResult> BuildForFlux(const Context& ctx,
                                         const FileSystem& files,
                                         absl::string_view directory,
                                         const FluxOverrides& overrides,
                                         const BuildOptions& asked) {
  // Manifests are read twice, once to find them.
  ParseCache own_cache;
  BuildOptions options = asked;
  if (options.parse_cache == nullptr) options.parse_cache = &own_cache;
  BuildState state(ctx, files, options);
  WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<Loader> loader,
                        Loader::Open(&state.session, directory));
  WEIR_ASSIGN_OR_RETURN(RootFile root, ReadRootFile(*loader, overrides));
  Target top(&state, loader.get(), std::nullopt);
  const absl::Status taken =
      top.Take(std::move(root.kustomization), std::move(root.name));
  absl::StatusOr<BuildResult> result =
      taken.ok() ? RunTarget(&state, &top, nullptr) : taken;
  if (result.ok() || overrides.failure.empty()) return result;
  return Annotate(result.status(), overrides.failure);
}

namespace {

// Appends the text to `out`; `when_long` may take what is there.
void AppendResult(const BuildResult& result, std::string* out,
                  absl::FunctionRef<void()> when_long) {
  bool is_first = true;
  for (const Value& object : result.objects) {
    if (!is_first) out->append("---\n");
    is_first = false;
    AppendYaml(object, out, when_long);
  }
}

}  // namespace

std::string FormatResult(const BuildResult& result) {
  std::string out;
  AppendResult(result, &out, [] {});
  return out;
}

void WriteResult(const BuildResult& result,
                 absl::FunctionRef<void(absl::string_view)> write) {
  std::string out;
  AppendResult(result, &out, [&] {
    write(out);
    out.clear();
  });
  if (!out.empty()) write(out);
}

std::map<std::string, std::string> FormatFiles(const BuildResult& result) {
  struct File {
    std::string ns;
    std::string name;
    const Value* object;
  };
  std::vector<File> files;
  std::set<std::string> namespaces;
  for (const Value& object : result.objects) {
    const Resource resource(object, &Schema::Builtin());
    const ResId& id = resource.CurId();
    File file;
    for (const std::string* part :
         {&id.gvk.group, &id.gvk.version, &id.gvk.kind, &id.name}) {
      if (part->empty()) continue;
      absl::StrAppend(&file.name, file.name.empty() ? "" : "_", *part);
    }
    if (!id.cluster_scoped) {
      file.ns = std::string(id.EffectiveNamespace());
      namespaces.insert(file.ns);
    }
    file.object = &object;
    files.push_back(std::move(file));
  }
  std::map<std::string, std::string> texts;
  for (const File& file : files) {
    const bool names_namespace = namespaces.size() > 1 && !file.ns.empty();
    const std::string name =
        absl::StrCat(names_namespace ? file.ns : "", names_namespace ? "_" : "",
                     file.name, ".yaml");
    texts[absl::AsciiStrToLower(name)] = FormatYaml(*file.object);
  }
  return texts;
}

}  // namespace weir::kustomize
