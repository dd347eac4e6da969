#include "src/builder.h"

#include <sys/stat.h>

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/apply/normalize.h"
#include "weir/archive/secure_join.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"
#include "weir/kustomize/build.h"
#include "weir/kustomize/file_system.h"

namespace weir::kustomize_controller {
namespace {

// Objects of kustomize itself configure the build and are not applied.
bool IsKustomization(const Value& object) {
  return absl::EqualsIgnoreCase(object.GetString("kind"), "Kustomization") &&
         absl::StartsWith(object.GetString("apiVersion"),
                          "kustomize.config.k8s.io/");
}

bool IsApplicable(const Value& object) {
  return !object.GetString("kind").empty() &&
         !object.GetString("apiVersion").empty() &&
         !object["metadata"].GetString("name").empty() &&
         !IsKustomization(object);
}

// Objects of lists are objects of their own.
void Expand(Value object, std::vector<Value>* objects) {
  const Value* items = object.Find("items");
  if (items != nullptr && items->is_array() &&
      absl::EndsWith(object.GetString("kind"), "List")) {
    for (const Value& item : items->array()) Expand(item, objects);
  } else if (IsApplicable(object)) {
    objects->push_back(std::move(object));
  }
}

// What tells objects apart in a build.
std::string IdOf(const Value& object) {
  const Value& metadata = object["metadata"];
  const absl::string_view name_space = metadata.GetString("namespace");
  return absl::StrCat(object.GetString("apiVersion"), "\n",
                      object.GetString("kind"), "\n",
                      name_space.empty() ? "default" : name_space, "\n",
                      metadata.GetString("name"));
}

// One object after the other: each must be the only one of its name then.
absl::Status Substitute(const Variables& variables, bool is_strict,
                        std::vector<Value>* objects) {
  absl::flat_hash_map<std::string, int> ids;
  for (const Value& object : *objects) ++ids[IdOf(object)];
  for (Value& object : *objects) {
    WEIR_ASSIGN_OR_RETURN(Value substituted,
                          SubstituteVariables(object, variables, is_strict));
    const std::string id = IdOf(substituted);
    --ids[IdOf(object)];
    const int count = ++ids[id];
    if (count > 1) {
      return absl::FailedPreconditionError(
          absl::StrCat("in Replace: id matched ", count, " resources"));
    }
    object = std::move(substituted);
  }
  return absl::OkStatus();
}

Value ToValue(const google::protobuf::Map<std::string, std::string>& map) {
  Value value = Value::MakeObject();
  for (const auto& [key, text] : map) value.Set(key, text);
  return value;
}

}  // namespace

absl::StatusOr<std::string> FindFolder(const std::string& root,
                                       const std::string& path) {
  WEIR_ASSIGN_OR_RETURN(const std::string folder,
                        archive::SecureJoin(root, path));
  struct stat info;
  if (stat(folder.c_str(), &info) != 0) {
    return absl::NotFoundError(
        absl::StrCat("kustomization path not found: stat ", folder,
                     ": no such file or directory"));
  }
  absl::string_view relative = folder;
  relative.remove_prefix(root.size());
  while (absl::StartsWith(relative, "/")) relative.remove_prefix(1);
  while (absl::EndsWith(relative, "/")) relative.remove_suffix(1);
  return relative.empty() ? std::string(".") : std::string(relative);
}

absl::StatusOr<weir::kustomize::BuildResult> BuildManifests(
    const Context& ctx, const Plan& plan, const std::string& root,
    const std::string& folder, const Variables& variables,
    const BuildSettings& settings) {
  const std::string file = absl::StrCat(root, "/", folder);
  struct stat info;
  if (stat(file.c_str(), &info) == 0 && !S_ISDIR(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "open ", file, "/kustomization.yaml: not a directory remove ", file,
        "/kustomization.yaml: not a directory"));
  }
  using weir::kustomize::BuildOptions;
  BuildOptions options;
  options.load_restrictor = BuildOptions::LoadRestrictor::kNone;
  options.reorder = BuildOptions::Reorder::kNone;
  options.flux_mode = true;
  options.allow_remote_bases = settings.allow_remote_bases;
  options.remote = settings.remote;
  options.parse_cache = settings.parse_cache;
  const std::unique_ptr<weir::kustomize::FileSystem> files =
      weir::kustomize::MakeDiskFileSystem(root);
  WEIR_ASSIGN_OR_RETURN(
      weir::kustomize::BuildResult result,
      weir::kustomize::BuildForFlux(ctx, *files, folder, OverridesOf(plan.spec),
                                    options));
  if (NeedsSubstitution(plan.spec.post_build(), variables)) {
    WEIR_RETURN_IF_ERROR(
        Substitute(variables, settings.is_strict, &result.objects));
  }
  return result;
}

absl::StatusOr<BuiltObjects> BuildObjects(const Context& ctx, const Plan& plan,
                                          const std::string& root,
                                          const std::string& folder,
                                          const Variables& variables,
                                          const BuildSettings& settings) {
  WEIR_ASSIGN_OR_RETURN(
      weir::kustomize::BuildResult result,
      BuildManifests(ctx, plan, root, folder, variables, settings));
  BuiltObjects built;
  built.digest = absl::StrCat(
      "sha256:", crypto::Sha256Hex(weir::kustomize::FormatResult(result)));

  const Value owner = OwnerLabels(plan.key);
  const Value labels = ToValue(plan.spec.common_metadata().labels());
  const Value annotations = ToValue(plan.spec.common_metadata().annotations());
  std::vector<Value> objects;
  for (Value& object : result.objects) Expand(std::move(object), &objects);
  for (Value& object : objects) {
    apply::SetLabels(object, owner);
    WEIR_ASSIGN_OR_RETURN(object, apply::Normalize(std::move(object)));
    apply::SetLabels(object, labels);
    apply::SetAnnotations(object, annotations);
    built.objects.push_back(std::move(object));
  }
  return built;
}

}  // namespace weir::kustomize_controller
