#include "src/model/field_spec.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "src/model/field_path.h"
#include "src/model/scalar.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

using Parts = absl::Span<const std::string>;

class Walk {
 public:
  Walk(bool create, CreateKind kind, PlaceSetter set)
      : create_(create && kind != CreateKind::kNone), kind_(kind), set_(set) {}

  absl::Status Visit(Value& node, Parts path) {
    if (path.empty()) return set_(node, place_);
    if (node.is_null()) return absl::OkStatus();
    if (node.is_array()) {
      for (size_t i = 0; i < node.size(); ++i) {
        place_.push_back(absl::StrCat(i));
        WEIR_RETURN_IF_ERROR(Visit(node.MutableAt(i), path),
                             "visit traversal on path: [",
                             absl::StrJoin(path, " "), "]");
        place_.pop_back();
      }
      return absl::OkStatus();
    }
    if (node.is_object()) return VisitMap(node, path);
    return BuildError("expected sequence or mapping node");
  }

 private:
  absl::Status VisitMap(Value& node, Parts path) {
    absl::string_view name = path[0];
    const bool is_list = absl::ConsumeSuffix(&name, "[]");
    if (name.empty()) {
      return BuildError("cannot set or create an empty field name");
    }
    if (!IsFieldName(name)) {
      return Annotate(LookUpPath(node, {std::string(name)}).status(),
                      absl::StrCat("fieldName: ", name));
    }
    const bool creates = create_ && !is_list;
    if (!node.Has(name)) {
      if (!creates) return absl::OkStatus();
      node.Set(name, Fresh(path));
    }
    Value& field = *node.FindMutable(name);
    if (field.is_null()) {
      if (is_list) {
        field = Value::MakeArray();
      } else if (creates) {
        field = Fresh(path);
      }
    }
    place_.emplace_back(name);
    const absl::Status status = Visit(field, path.subspan(1));
    place_.pop_back();
    return status;
  }

  Value Fresh(Parts path) const {
    if (path.size() == 1 && kind_ == CreateKind::kScalar) return Value();
    return Value::MakeObject();
  }

  const bool create_;
  const CreateKind kind_;
  PlaceSetter set_;
  std::vector<std::string> place_;
};

// Whether an object's id may change with the field.
bool IsOfId(Parts path) {
  if (path.empty() || path[0] == "kind" || path[0] == "apiVersion") return true;
  return path[0] == "metadata" &&
         (path.size() == 1 || path[1] == "name" || path[1] == "namespace");
}

}  // namespace

std::vector<std::string> SplitPath(absl::string_view path, char delimiter) {
  std::vector<std::string> pieces = absl::StrSplit(path, delimiter);
  if (pieces.size() > 1 && pieces[0].empty()) pieces.erase(pieces.begin());
  std::vector<std::string> out;
  for (std::string& piece : pieces) {
    if (!out.empty() && absl::EndsWith(out.back(), "\\")) {
      out.back().back() = delimiter;
      out.back() += piece;
    } else {
      out.push_back(std::move(piece));
    }
  }
  return out;
}

FieldSpec MakeFieldSpec(Gvk gvk, absl::string_view path, bool create) {
  return {std::move(gvk), std::string(path), create, SplitPath(path, '/')};
}

absl::Status MergeFieldSpec(FieldSpecs* specs, const FieldSpec& added) {
  for (const FieldSpec& spec : *specs) {
    if (spec.path == added.path && spec.gvk.IsSelected(added.gvk)) {
      if (spec.create != added.create) {
        return BuildError("conflicting fieldspecs");
      }
      return absl::OkStatus();
    }
  }
  specs->push_back(added);
  return absl::OkStatus();
}

absl::Status MergeFieldSpecs(FieldSpecs* specs, const FieldSpecs& added) {
  for (const FieldSpec& spec : added) {
    WEIR_RETURN_IF_ERROR(MergeFieldSpec(specs, spec));
  }
  return absl::OkStatus();
}

void SortFieldSpecs(FieldSpecs* specs) {
  std::stable_sort(specs->begin(), specs->end(),
                   [](const FieldSpec& a, const FieldSpec& b) {
                     return GvkLess(a.gvk, b.gvk);
                   });
}

absl::Status VisitField(Resource* resource, const FieldSpec& spec,
                        CreateKind create,
                        absl::FunctionRef<absl::Status(Value&)> set) {
  if (!resource->CurId().gvk.IsSelected(spec.gvk)) return absl::OkStatus();
  return VisitPath(resource, spec, create, set);
}

absl::Status VisitPath(Resource* resource, const FieldSpec& spec,
                       CreateKind create,
                       absl::FunctionRef<absl::Status(Value&)> set) {
  return VisitPlaces(resource, spec, create,
                     [set](Value& node, const std::vector<std::string>&) {
                       return set(node);
                     });
}

absl::Status VisitPlaces(Resource* resource, const FieldSpec& spec,
                         CreateKind create, PlaceSetter set) {
  Walk walk(spec.create, create, set);
  Value& tree =
      IsOfId(spec.parts) ? resource->MutableTree() : resource->MutableContent();
  absl::Status status = walk.Visit(tree, spec.parts);
  if (status.ok()) return status;
  return Annotate(status,
                  absl::StrCat("considering field '", spec.path, "' of object ",
                               resource->CurId().ToString()));
}

absl::Status SetString(Value& node, absl::string_view text) {
  if (node.is_object() || node.is_array()) return WrongKind("ScalarNode", node);
  node = StringInPlaceOf(node, text);
  return absl::OkStatus();
}

absl::Status SetUntagged(Value& node, absl::string_view text) {
  if (node.is_object() || node.is_array()) return WrongKind("ScalarNode", node);
  node = UntaggedInPlaceOf(node, text);
  return absl::OkStatus();
}

absl::Status SetEntry(Value& node, absl::string_view key,
                      absl::string_view text) {
  if (node.is_null()) return absl::OkStatus();
  if (!node.is_object()) return WrongKind("MappingNode", node);
  Value& member = node.Mutable(key);
  member = StringInPlaceOf(member, text);
  return absl::OkStatus();
}

}  // namespace weir::kustomize
