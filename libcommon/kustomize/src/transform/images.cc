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

  // Whether anything below `node` needs `Change`.
  absl::StatusOr<bool> IsNeeded(const Value& node) const {
    bool needed = false;
    for (const Value& item : node.array()) {
      WEIR_ASSIGN_OR_RETURN(const bool below, IsNeeded(item));
      needed |= below;
    }
    for (const Value::Member& member : node.object()) {
      if (!member.value.is_object() && !member.value.is_array()) continue;
      WEIR_ASSIGN_OR_RETURN(const bool below, IsNeeded(member.value));
      needed |= below;
      if (!HoldsContainers(member.key)) continue;
      for (const Value& container : member.value.array()) {
        if (container.is_null()) continue;
        if (!container.is_object()) return WrongKind("MappingNode", container);
        const Value& image = container["image"];
        if (image.is_object() || image.is_array()) {
          return WrongKind("ScalarNode", image);
        }
        needed |= change_.Matches(image);
      }
    }
    return needed;
  }

  void Change(Value& node) const {
    if (node.is_array()) {
      for (Value& item : node.MutableArray()) Change(item);
    } else if (node.is_object()) {
      for (Value::Member& member : node.MutableObject()) {
        Change(member.value);
        if (!HoldsContainers(member.key) || !member.value.is_array()) continue;
        for (Value& container : member.value.MutableArray()) {
          Value* image = container.FindMutable("image");
          if (image != nullptr && change_.Matches(*image)) {
            *image = change_.Apply(*image);
          }
        }
      }
    }
  }

 private:
  const ImageChange& change_;
};

}  // namespace

absl::StatusOr<Transformer> MakeImageTransformer(const ImageSpec& image,
                                                 FieldSpecs specs) {
  WEIR_ASSIGN_OR_RETURN(ImageChange made, ImageChange::Make(image));
  auto change = std::make_shared<const ImageChange>(std::move(made));
  return Transformer([change, specs = std::move(specs)](
                         ResMap* objects) -> absl::Status {
    const ContainerWalk walk(*change);
    for (const std::unique_ptr<Resource>& resource : objects->list()) {
      if (resource->kind() == "CustomResourceDefinition") continue;
      WEIR_ASSIGN_OR_RETURN(const bool needed, walk.IsNeeded(resource->tree()));
      if (needed) walk.Change(resource->MutableContent());
    }
    for (const std::unique_ptr<Resource>& resource : objects->list()) {
      if (resource->kind() == "CustomResourceDefinition") continue;
      for (const FieldSpec& spec : specs) {
        WEIR_RETURN_IF_ERROR(
            VisitField(resource.get(), spec, CreateKind::kNone,
                       [&](Value& node) { return change->Set(node); }));
      }
    }
    return absl::OkStatus();
  });
}

}  // namespace weir::kustomize
