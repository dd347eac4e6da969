#include "src/flux.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/load/decode.h"
#include "src/load/paths.h"
#include "src/model/resource.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

constexpr absl::string_view kFileNames[] = {
    "kustomization.yaml", "kustomization.yml", "Kustomization"};

// The path of a directory's kustomization file; empty when it has none.
std::string FindFile(const FileSystem& files, const std::string& directory) {
  for (absl::string_view name : kFileNames) {
    const std::string path = JoinPath(directory, name);
    if (files.IsFile(path)) return path;
  }
  return "";
}

// Collects the manifests below a directory, as Flux lists them in the file
// that it generates.
class ManifestWalk {
 public:
  explicit ManifestWalk(const Loader& loader)
      : session_(loader.session()),
        files_(loader.files()),
        root_(loader.root()) {}

  absl::Status Visit(const std::string& directory, int depth) {
    WEIR_RETURN_IF_ERROR(session_.ctx.status());
    if (depth > kMaxDepth) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "'", files_.DisplayPath(directory), "' is nested more than ",
          kMaxDepth, " directories deep"));
    }
    WEIR_ASSIGN_OR_RETURN(const std::vector<FileSystem::Entry> entries,
                          files_.List(directory));
    for (const FileSystem::Entry& entry : entries) {
      const std::string path = JoinPath(directory, entry.name);
      if (entry.is_directory) {
        if (FindFile(files_, path).empty()) {
          WEIR_RETURN_IF_ERROR(Visit(path, depth + 1));
        } else {
          Add(path);
        }
        continue;
      }
      if (!absl::EndsWith(entry.name, ".yaml") &&
          !absl::EndsWith(entry.name, ".yml")) {
        continue;
      }
      WEIR_RETURN_IF_ERROR(Check(path));
      Add(path);
    }
    return absl::OkStatus();
  }

  std::vector<std::string> TakeResources() { return std::move(resources_); }

 private:
  static constexpr int kMaxDepth = 256;

  void Add(const std::string& path) {
    const std::string relative =
        root_ == "." ? path : path.substr(root_.size() + 1);
    resources_.push_back(absl::StrCat("./", relative));
  }

  // Each file must hold objects.
  absl::Status Check(const std::string& path) {
    WEIR_ASSIGN_OR_RETURN(const std::string text, files_.ReadFile(path));
    return Annotate(
        DecodeObjectsOnce(text, session_.options.parse_cache).status(),
        absl::StrCat("failed to decode Kubernetes YAML from ",
                     files_.DisplayPath(path)));
  }

  const LoadSession& session_;
  const FileSystem& files_;
  const std::string root_;
  std::vector<std::string> resources_;
};

absl::StatusOr<RootFile> Generate(const Loader& loader) {
  ManifestWalk walk(loader);
  WEIR_RETURN_IF_ERROR(walk.Visit(loader.root(), 0));
  RootFile root;
  root.name = "kustomization.yaml";
  root.kustomization.kind = "Kustomization";
  root.kustomization.api_version = "kustomize.config.k8s.io/v1beta1";
  root.kustomization.resources = walk.TakeResources();
  // A directory without manifests builds to nothing, which is no error.
  root.kustomization.has_content = true;
  return root;
}

absl::StatusOr<RootFile> Read(const Loader& loader, const std::string& path) {
  WEIR_ASSIGN_OR_RETURN(const std::string text, loader.files().ReadFile(path));
  RootFile root;
  root.name = BaseName(path);
  WEIR_ASSIGN_OR_RETURN(
      root.kustomization,
      ParseKustomization(text, false, loader.files().DisplayPath(path)));
  return root;
}

absl::Status AddPatches(const FluxOverrides& overrides, Kustomization* k) {
  for (const FluxOverrides::Patch& patch : overrides.patches) {
    PatchSpec spec;
    spec.patch = patch.patch;
    if (!patch.target.is_null()) {
      WEIR_ASSIGN_OR_RETURN(spec.target, DecodeSelector(patch.target));
    }
    k->patches.push_back(std::move(spec));
  }
  return absl::OkStatus();
}

// A new tag and a digest replace each other.
void MergeImages(const FluxOverrides& overrides, Kustomization* k) {
  for (const FluxOverrides::Image& image : overrides.images) {
    ImageSpec* spec = nullptr;
    for (ImageSpec& known : k->images) {
      if (known.name == image.name) {
        spec = &known;
        break;
      }
    }
    if (spec == nullptr) {
      k->images.emplace_back();
      spec = &k->images.back();
      spec->name = image.name;
    }
    if (!image.new_name.empty()) spec->new_name = image.new_name;
    if (!image.new_tag.empty() || !image.digest.empty()) {
      spec->new_tag = image.new_tag;
      spec->digest = image.digest;
    }
  }
}

bool IsLocalRelativePath(absl::string_view path) {
  for (absl::string_view remote :
       {"git::", "gh:", "ssh://", "https://", "http://", "git@",
        "github.com:", "github.com/"}) {
    if (path.size() > remote.size() &&
        absl::StartsWithIgnoreCase(path, remote)) {
      return false;
    }
  }
  if (absl::StartsWithIgnoreCase(path, "file://")) {
    path.remove_prefix(absl::string_view("file://").size());
  }
  return !absl::StartsWith(path, "/");
}

absl::Status AddComponents(const Loader& loader, const FluxOverrides& overrides,
                           Kustomization* k) {
  const FileSystem& files = loader.files();
  for (const std::string& path : overrides.components) {
    if (!IsLocalRelativePath(path)) {
      return BuildError(absl::StrCat("component path '", path,
                                     "' must be local and relative"));
    }
    if (overrides.ignore_missing_components &&
        !files.IsDirectory(JoinPath(loader.root(), path))) {
      continue;
    }
    k->components.push_back(path);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RootFile> ReadRootFile(const Loader& loader,
                                      const FluxOverrides& overrides) {
  const std::string path = FindFile(loader.files(), loader.root());
  absl::StatusOr<RootFile> root =
      path.empty() ? Generate(loader) : Read(loader, path);
  WEIR_RETURN_IF_ERROR(root.status());
  Kustomization& k = root->kustomization;
  if (!path.empty() && k.resources.empty()) {
    k.build_metadata = {"originAnnotations"};
  }
  if (!overrides.target_namespace.empty()) k.ns = overrides.target_namespace;
  if (!overrides.name_prefix.empty()) k.name_prefix = overrides.name_prefix;
  if (!overrides.name_suffix.empty()) k.name_suffix = overrides.name_suffix;
  WEIR_RETURN_IF_ERROR(AddPatches(overrides, &k));
  MergeImages(overrides, &k);
  WEIR_RETURN_IF_ERROR(AddComponents(loader, overrides, &k));
  if (!overrides.build_metadata.empty()) {
    k.build_metadata = overrides.build_metadata;
  }
  k.has_content = true;
  return root;
}

}  // namespace weir::kustomize
