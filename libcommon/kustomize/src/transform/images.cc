// Images: a new name, tag or digest for each image with a name.

#include <memory>
#include <optional>
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
class ContainerWalk {
 public:
  explicit ContainerWalk(const ImageChange& change) : change_(change) {}

  // What becomes of a node; nothing when it stays as it is.
  // Errors: kFailedPrecondition for containers and images of another kind.
  absl::StatusOr<std::optional<Value>> Change(const Value& node) const {
    std::optional<Value> changed;
    for (size_t i = 0; i < node.array().size(); ++i) {
      WEIR_ASSIGN_OR_RETURN(std::optional<Value> item, Change(node[i]));
      if (!item.has_value()) continue;
      if (!changed.has_value()) changed = node;
      changed->MutableArray()[i] = *std::move(item);
    }
    for (size_t i = 0; i < node.object().size(); ++i) {
      const Value::Member& member = node.object()[i];
      if (!member.value.is_object() && !member.value.is_array()) continue;
      WEIR_ASSIGN_OR_RETURN(std::optional<Value> below, Change(member.value));
      if (HoldsContainers(member.key)) {
        WEIR_RETURN_IF_ERROR(ChangeImages(member.value, &below));
      }
      if (!below.has_value()) continue;
      if (!changed.has_value()) changed = node;
      changed->MutableObject()[i].value = *std::move(below);
    }
    return changed;
  }

 private:
  absl::Status ChangeImages(const Value& containers,
                            std::optional<Value>* changed) const {
    for (size_t i = 0; i < containers.array().size(); ++i) {
      const Value& container = containers[i];
      if (IsTaggedNull(container)) continue;
      if (!container.is_object()) return WrongKind("MappingNode", container);
      const Value& image = container["image"];
      if (image.is_object() || image.is_array()) {
        return WrongKind("ScalarNode", image);
      }
      if (!change_.Matches(image)) continue;
      if (!changed->has_value()) *changed = containers;
      (*changed)->MutableAt(i).Set("image", change_.Apply(image));
    }
    return absl::OkStatus();
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
        // All of every object is looked at, but at no text.
        Budget& budget = objects->budget();
        WEIR_RETURN_IF_ERROR(budget.SpendOnBytes(budget.bytes() / 8));
        for (const std::unique_ptr<Resource>& resource : objects->list()) {
          if (resource->kind() == "CustomResourceDefinition") continue;
          WEIR_ASSIGN_OR_RETURN(std::optional<Value> changed,
                                walk.Change(resource->tree()));
          if (changed.has_value()) {
            resource->MutableContent() = *std::move(changed);
          }
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
