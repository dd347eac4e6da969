// Images: a new name, tag or digest for each image with a name.

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/model/resource.h"
#include "src/model/scalar.h"
#include "src/model/selector.h"
#include "src/transform/transformers.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

struct ImageParts {
  std::string name;
  std::string tag;
  std::string digest;
};

// Splits "registry:5000/name:tag@digest".
ImageParts SplitImage(absl::string_view image) {
  const size_t slash = image.find('/');
  const size_t from =
      slash == absl::string_view::npos || slash == 0 ? 0 : slash;
  const size_t at = image.find('@', from);
  const size_t colon = image.find(':', from);
  constexpr size_t kNone = absl::string_view::npos;
  if (at == kNone && colon == kNone) return {std::string(image), "", ""};
  if (colon == kNone || (at != kNone && at < colon)) {
    return {std::string(image.substr(0, at)), "",
            std::string(image.substr(at + 1))};
  }
  ImageParts parts;
  parts.name = std::string(image.substr(0, colon));
  parts.tag = std::string(
      image.substr(colon + 1, at == kNone ? kNone : at - colon - 1));
  if (at != kNone) parts.digest = std::string(image.substr(at + 1));
  return parts;
}

class ImageChange {
 public:
  static absl::StatusOr<ImageChange> Make(const ImageSpec& spec) {
    ImageChange change;
    change.spec_ = spec;
    WEIR_ASSIGN_OR_RETURN(
        change.pattern_,
        SearchPattern::Compile(
            absl::StrCat("^", spec.name,
                         "(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$")),
        "image name '", spec.name, "'");
    // What a matching image starts with, whatever the rest means.
    const size_t plain = spec.name.find_first_of("\\.+*?()|[]{}^$");
    if (plain == std::string::npos) {
      change.start_ = spec.name;
    } else if (spec.name.find('|') == std::string::npos && plain > 0) {
      change.start_ = spec.name.substr(0, plain - 1);
    }
    return change;
  }

  bool Matches(const Value& node) const {
    if (!node.is_string()) return false;
    const std::string image = ScalarText(node);
    return absl::StartsWith(image, start_) && pattern_.Matches(image);
  }

  Value Apply(const Value& node) const {
    ImageParts parts = SplitImage(ScalarText(node));
    if (!spec_.new_name.empty()) parts.name = spec_.new_name;
    if (!spec_.new_tag.empty() || !spec_.digest.empty()) {
      parts.tag = spec_.new_tag;
      parts.digest = spec_.digest;
    } else if (!spec_.tag_suffix.empty()) {
      parts.tag += spec_.tag_suffix;
      parts.digest.clear();
    }
    std::string image = std::move(parts.name);
    if (!parts.tag.empty()) absl::StrAppend(&image, ":", parts.tag);
    if (!parts.digest.empty()) absl::StrAppend(&image, "@", parts.digest);
    return UntaggedInPlaceOf(node, image);
  }

  // Whether Set would change it, or fail.
  bool Concerns(const Value& node) const {
    return node.is_object() || node.is_array() || Matches(node);
  }

  absl::Status Set(Value& node) const {
    if (node.is_object() || node.is_array()) {
      return WrongKind("ScalarNode", node);
    }
    if (Matches(node)) node = Apply(node);
    return absl::OkStatus();
  }

 private:
  ImageSpec spec_;
  SearchPattern pattern_;
  std::string start_;
};

bool HoldsContainers(absl::string_view key) {
  return key == "containers" || key == "initContainers";
}

// The images of all "containers" and "initContainers", wherever they are.
// What does not change stays shared.
class ContainerWalk {
 public:
  explicit ContainerWalk(const ImageChange& change) : change_(change) {}

  // Whether anything below `node` needs `Change`. Errors go to `status`.
  bool IsNeeded(const Value& node, absl::Status* status) const {
    bool needed = false;
    for (const Value& item : node.array()) needed |= IsNeeded(item, status);
    for (const Value::Member& member : node.object()) {
      const Value& below = member.value;
      if (!below.is_object() && !below.is_array()) continue;
      needed |= IsNeeded(below, status);
      if (!HoldsContainers(member.key)) continue;
      for (const Value& container : below.array()) {
        needed |= IsImageNeeded(container, status);
      }
    }
    return needed;
  }

  // Copies no more than the way to what changes.
  void Change(Value& node) const {
    for (size_t i = 0; i < node.array().size(); ++i) {
      if (IsNeeded(node[i])) Change(node.MutableAt(i));
    }
    for (size_t i = 0; i < node.object().size(); ++i) {
      const Value::Member& member = node.object()[i];
      const bool holds = HoldsContainers(member.key);
      if (!IsNeeded(member.value) && !(holds && AnyImage(member.value))) {
        continue;
      }
      Value& below = node.MutableObject()[i].value;
      Change(below);
      if (holds) ChangeImages(below);
    }
  }

 private:
  bool IsNeeded(const Value& node) const {
    absl::Status ignored;
    return IsNeeded(node, &ignored);
  }

  bool AnyImage(const Value& containers) const {
    for (const Value& container : containers.array()) {
      if (change_.Matches(container["image"])) return true;
    }
    return false;
  }

  void ChangeImages(Value& containers) const {
    for (size_t i = 0; i < containers.array().size(); ++i) {
      if (!change_.Matches(containers[i]["image"])) continue;
      Value& image = containers.MutableAt(i).Mutable("image");
      image = change_.Apply(image);
    }
  }

  bool IsImageNeeded(const Value& container, absl::Status* status) const {
    if (container.is_null()) return false;
    if (!container.is_object()) {
      status->Update(WrongKind("MappingNode", container));
      return false;
    }
    const Value& image = container["image"];
    if (image.is_object() || image.is_array()) {
      status->Update(WrongKind("ScalarNode", image));
      return false;
    }
    return change_.Matches(image);
  }

  const ImageChange& change_;
};

}  // namespace

absl::StatusOr<Transformer> MakeImageTransformer(const ImageSpec& image,
                                                 FieldSpecs specs) {
  WEIR_ASSIGN_OR_RETURN(ImageChange made, ImageChange::Make(image));
  auto change = std::make_shared<const ImageChange>(std::move(made));
  return Transformer(
      [change, specs = std::move(specs)](ResMap* objects) -> absl::Status {
        const ContainerWalk walk(*change);
        for (const std::unique_ptr<Resource>& resource : objects->list()) {
          if (resource->kind() == "CustomResourceDefinition") continue;
          absl::Status status;
          const bool needed = walk.IsNeeded(resource->tree(), &status);
          WEIR_RETURN_IF_ERROR(status);
          if (needed) walk.Change(resource->MutableContent());
        }
        for (const std::unique_ptr<Resource>& resource : objects->list()) {
          if (resource->kind() == "CustomResourceDefinition") continue;
          for (const FieldSpec& spec : specs) {
            if (!AnyField(*resource, spec, [&](const Value& node) {
                  return change->Concerns(node);
                })) {
              continue;
            }
            WEIR_RETURN_IF_ERROR(
                VisitField(resource.get(), spec, CreateKind::kNone,
                           [&](Value& node) { return change->Set(node); }));
          }
        }
        return absl::OkStatus();
      });
}

}  // namespace weir::kustomize
