// Images: a new name, tag or digest for each image with a name.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
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

bool IsTag(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::StrContains("_.{}-", absl::string_view(&c, 1));
  });
}

// What an image may be named by: with and without its tag and its digest.
std::vector<absl::string_view> NamesOf(absl::string_view image) {
  constexpr absl::string_view kDigest = "@sha256:";
  std::vector<absl::string_view> names = {image};
  const size_t at = image.rfind(kDigest);
  if (at != absl::string_view::npos &&
      IsTag(image.substr(at + kDigest.size()))) {
    names.push_back(image.substr(0, at));
  }
  for (size_t i = names.size(); i > 0; --i) {
    const absl::string_view name = names[i - 1];
    const size_t colon = name.rfind(':');
    if (colon != absl::string_view::npos && IsTag(name.substr(colon + 1))) {
      names.push_back(name.substr(0, colon));
    }
  }
  return names;
}

// ASCII on one line: its bytes are what a dot in a pattern stands for.
bool IsOneAsciiLine(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isascii(static_cast<unsigned char>(c)) && c != '\n';
  });
}

// Whether nothing in a name means more than a character: most name a registry,
// whose dots stand for any.
bool IsDotted(absl::string_view name) {
  constexpr size_t kMostBytes = 1000;
  return name.size() <= kMostBytes &&
         name.find_first_of("\\+*?()|[]{}^$") == absl::string_view::npos &&
         IsOneAsciiLine(name);
}

bool EqualsDotted(absl::string_view text, absl::string_view dotted) {
  return text.size() == dotted.size() &&
         std::equal(text.begin(), text.end(), dotted.begin(),
                    [](char c, char d) { return d == '.' || c == d; });
}

class ImageChange {
 public:
  static absl::StatusOr<ImageChange> Make(const ImageSpec& spec) {
    ImageChange change;
    change.spec_ = spec;
    change.is_dotted_ = IsDotted(spec.name);
    if (!change.is_dotted_) {
      WEIR_ASSIGN_OR_RETURN(change.pattern_, Compile(spec.name), "image name '",
                            spec.name, "'");
    }
    // What a matching image starts with, whatever the rest means.
    const size_t plain = spec.name.find_first_of("\\.+*?()|[]{}^$");
    if (plain == std::string::npos) {
      change.start_ = spec.name;
      change.is_plain_ = true;
    } else if (spec.name.find('|') == std::string::npos && plain > 0) {
      change.start_ = spec.name.substr(0, plain - 1);
    }
    return change;
  }

  const std::string& name() const { return spec_.name; }
  // Whether the name is no pattern: it is one of NamesOf what it matches.
  bool is_plain() const { return is_plain_; }

  bool MayMatch(absl::string_view image) const {
    return absl::StartsWith(image, start_);
  }
  bool Matches(absl::string_view image) const {
    if (!MayMatch(image)) return false;
    if (!is_dotted_) return pattern_.Matches(image);
    if (!IsOneAsciiLine(image)) {
      if (!late_pattern_.has_value()) late_pattern_ = Compile(spec_.name);
      return late_pattern_->ok() && (*late_pattern_)->Matches(image);
    }
    const std::vector<absl::string_view> names = NamesOf(image);
    return std::any_of(names.begin(), names.end(), [&](absl::string_view name) {
      return EqualsDotted(name, spec_.name);
    });
  }

  // Changes an image that matches.
  void Apply(Value& node) const {
    if (!node.is_string()) return;
    const std::string old = ScalarText(node);
    if (!Matches(old)) return;
    ImageParts parts = SplitImage(old);
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
    node = UntaggedInPlaceOf(node, image);
  }

 private:
  static absl::StatusOr<SearchPattern> Compile(const std::string& name) {
    return SearchPattern::Compile(absl::StrCat(
        "^", name, "(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$"));
  }

  ImageSpec spec_;
  SearchPattern pattern_;  // Unless the name is dotted.
  // Of a dotted name, once an image is asked about that is not ASCII.
  mutable std::optional<absl::StatusOr<SearchPattern>> late_pattern_;
  std::string start_;
  bool is_plain_ = false;
  bool is_dotted_ = false;
};

using Images = std::vector<std::string>;

// All changes, in order, by the names that they are for.
class ImageChanges {
 public:
  static absl::StatusOr<ImageChanges> Make(const std::vector<ImageSpec>& all) {
    ImageChanges changes;
    for (const ImageSpec& spec : all) {
      WEIR_ASSIGN_OR_RETURN(ImageChange change, ImageChange::Make(spec));
      const size_t index = changes.list_.size();
      if (change.is_plain()) {
        changes.by_name_[change.name()].push_back(index);
      } else {
        changes.patterns_.push_back(index);
      }
      changes.list_.push_back(std::move(change));
    }
    return changes;
  }

  const ImageChange& operator[](size_t index) const { return list_[index]; }
  size_t size() const { return list_.size(); }

  // The first change from `from` on that one of the images matches; size()
  // when there is none. Adds to `looks` what that took.
  size_t Next(const Images& images, size_t from, size_t* looks) const {
    size_t next = size();
    *looks += kNameLooks * images.size();
    for (const std::string& image : images) {
      for (absl::string_view name : NamesOf(image)) {
        auto found = by_name_.find(name);
        if (found == by_name_.end()) continue;
        const auto at =
            std::lower_bound(found->second.begin(), found->second.end(), from);
        if (at != found->second.end()) next = std::min(next, *at);
      }
      for (auto at = std::lower_bound(patterns_.begin(), patterns_.end(), from);
           at != patterns_.end() && *at < next; ++at) {
        *looks += list_[*at].MayMatch(image) ? kPatternLooks : 1;
        if (list_[*at].Matches(image)) next = *at;
      }
    }
    return next;
  }

 private:
  // What a pattern takes, and an index, beside looking at how a text starts.
  static constexpr size_t kPatternLooks = 96;
  static constexpr size_t kNameLooks = 128;

  std::vector<ImageChange> list_;
  absl::flat_hash_map<std::string, std::vector<size_t>> by_name_;
  std::vector<size_t> patterns_;  // Those whose name is one.
};

bool HoldsContainers(absl::string_view key) {
  return key == "containers" || key == "initContainers";
}

// The images of all "containers" and "initContainers", wherever they are.
class ContainerWalk {
 public:
  // Adds those below a node. Errors: kFailedPrecondition for containers and
  // images of another kind.
  absl::Status Collect(const Value& node, Images* images) {
    nodes_ += 1 + node.size();
    for (const Value& item : node.array()) {
      WEIR_RETURN_IF_ERROR(Collect(item, images));
    }
    for (const Value::Member& member : node.object()) {
      if (!member.value.is_object() && !member.value.is_array()) continue;
      WEIR_RETURN_IF_ERROR(Collect(member.value, images));
      if (!HoldsContainers(member.key)) continue;
      for (const Value& container : member.value.array()) {
        if (IsTaggedNull(container)) continue;
        if (!container.is_object()) return WrongKind("MappingNode", container);
        const Value& image = container["image"];
        if (image.is_object() || image.is_array()) {
          return WrongKind("ScalarNode", image);
        }
        if (image.is_string()) images->push_back(ScalarText(image));
      }
    }
    return absl::OkStatus();
  }
  // That were looked at so far.
  size_t nodes() const { return nodes_; }

  // What becomes of a node; nothing when it stays as it is.
  static std::optional<Value> Apply(const ImageChange& change,
                                    const Value& node) {
    std::optional<Value> changed;
    for (size_t i = 0; i < node.array().size(); ++i) {
      std::optional<Value> item = Apply(change, node[i]);
      if (!item.has_value()) continue;
      if (!changed.has_value()) changed = node;
      changed->MutableArray()[i] = *std::move(item);
    }
    for (size_t i = 0; i < node.object().size(); ++i) {
      const Value::Member& member = node.object()[i];
      if (!member.value.is_object() && !member.value.is_array()) continue;
      std::optional<Value> below = Apply(change, member.value);
      if (HoldsContainers(member.key)) {
        ApplyToContainers(change, member.value, &below);
      }
      if (!below.has_value()) continue;
      if (!changed.has_value()) changed = node;
      changed->MutableObject()[i].value = *std::move(below);
    }
    return changed;
  }

 private:
  static void ApplyToContainers(const ImageChange& change,
                                const Value& containers,
                                std::optional<Value>* changed) {
    for (size_t i = 0; i < containers.array().size(); ++i) {
      const Value& image = containers[i]["image"];
      if (!image.is_string() || !change.Matches(ScalarText(image))) continue;
      if (!changed->has_value()) *changed = containers;
      change.Apply((*changed)->MutableAt(i).Mutable("image"));
    }
  }

  size_t nodes_ = 0;
};

// Adds what the specs name. Errors: kFailedPrecondition where it is no scalar.
absl::Status CollectFields(const FieldSpecs& specs, Resource* resource,
                           Images* images) {
  for (const FieldSpec& spec : specs) {
    if (!resource->CurId().gvk.IsSelected(spec.gvk)) continue;
    const size_t before = images->size();
    const auto add = [images](const Value& node) {
      if (node.is_string()) images->push_back(ScalarText(node));
      return node.is_object() || node.is_array();
    };
    if (!AnyField(*resource, spec, add)) continue;
    // It is wrong somewhere, or a visit changes it by itself.
    images->resize(before);
    WEIR_RETURN_IF_ERROR(
        VisitPath(resource, spec, CreateKind::kNone, [&](Value& node) {
          return add(node) ? WrongKind("ScalarNode", node) : absl::OkStatus();
        }));
  }
  return absl::OkStatus();
}

// Makes one change after the other, but none that changes nothing. `images`:
// those of the object.
absl::Status ChangeImages(const ImageChanges& changes, const FieldSpecs& specs,
                          Images images, Budget* budget, Resource* resource) {
  for (size_t next = 0; !images.empty(); ++next) {
    size_t looks = 0;
    next = changes.Next(images, next, &looks);
    WEIR_RETURN_IF_ERROR(budget->Spend(1 + looks / 16));
    if (next == changes.size()) break;
    const ImageChange& change = changes[next];
    std::optional<Value> changed =
        ContainerWalk::Apply(change, resource->tree());
    if (changed.has_value()) resource->MutableContent() = *std::move(changed);
    for (const FieldSpec& spec : specs) {
      const auto matches = [&](const Value& node) {
        return node.is_string() && change.Matches(ScalarText(node));
      };
      if (!AnyField(*resource, spec, matches)) continue;
      WEIR_RETURN_IF_ERROR(
          VisitField(resource, spec, CreateKind::kNone, [&](Value& node) {
            change.Apply(node);
            return absl::OkStatus();
          }));
    }
    images.clear();
    ContainerWalk walk;
    WEIR_RETURN_IF_ERROR(walk.Collect(resource->tree(), &images));
    WEIR_RETURN_IF_ERROR(CollectFields(specs, resource, &images));
    WEIR_RETURN_IF_ERROR(budget->Spend(walk.nodes() / 2));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Transformer> MakeImageTransformer(
    const std::vector<ImageSpec>& images, FieldSpecs specs) {
  absl::StatusOr<ImageChanges> made = ImageChanges::Make(images);
  // Upstream reads a pattern where there is an image to hold against it.
  absl::Status unfit = absl::OkStatus();
  if (!made.ok()) {
    unfit = made.status();
    if (images.size() > 1 || absl::IsResourceExhausted(unfit)) return unfit;
    made = ImageChanges();
  }
  auto changes = std::make_shared<const ImageChanges>(*std::move(made));
  return Transformer([changes, unfit, specs = std::move(specs)](
                         ResMap* objects) -> absl::Status {
    std::vector<Images> found(objects->size());
    ContainerWalk walk;
    const auto& list = objects->list();
    for (size_t i = 0; i < list.size(); ++i) {
      if (list[i]->kind() == "CustomResourceDefinition") continue;
      WEIR_RETURN_IF_ERROR(walk.Collect(list[i]->tree(), &found[i]));
    }
    WEIR_RETURN_IF_ERROR(objects->budget().Spend(walk.nodes() / 8));
    for (size_t i = 0; i < list.size(); ++i) {
      if (list[i]->kind() == "CustomResourceDefinition") continue;
      Images& own = found[i];
      WEIR_RETURN_IF_ERROR(CollectFields(specs, list[i].get(), &own));
      if (own.empty()) continue;
      WEIR_RETURN_IF_ERROR(unfit);
      WEIR_RETURN_IF_ERROR(ChangeImages(*changes, specs, std::move(own),
                                        &objects->budget(), list[i].get()));
    }
    return absl::OkStatus();
  });
}

}  // namespace weir::kustomize
