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
#include "src/model/go_sort.h"
#include "src/model/scalar.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

using Parts = absl::Span<const std::string>;

// Each is compared with all others.
constexpr size_t kMaxFieldSpecs = 10000;

// Whether a visit that creates nothing would find a field that the test holds
// for, fail, or write.
bool Reaches(const Value& node, Parts path,
             absl::FunctionRef<bool(const Value&)> test) {
  if (path.empty()) return test(node);
  if (IsTaggedNull(node)) return false;
  if (node.is_array()) {
    for (const Value& item : node.array()) {
      if (Reaches(item, path, test)) return true;
    }
    return false;
  }
  if (!node.is_object()) return true;
  absl::string_view name = path[0];
  const bool is_list = absl::ConsumeSuffix(&name, "[]");
  const Value* field = node.Find(name);
  if (field == nullptr) return name.empty() || !IsFieldName(name);
  if (IsTaggedNull(*field) && is_list) return true;
  return Reaches(*field, path.subspan(1), test);
}

class Walk {
 public:
  // `tracks_place`: whether `set` is told where the field is.
  Walk(bool create, CreateKind kind, bool tracks_place, PlaceSetter set)
      : create_(create && kind != CreateKind::kNone),
        kind_(kind),
        tracks_place_(tracks_place),
        set_(set) {}

  absl::Status Visit(Value& node, Parts path) {
    if (path.empty()) return set_(node, place_);
    if (IsTaggedNull(node)) return absl::OkStatus();
    if (node.is_array()) {
      for (size_t i = 0; i < node.size(); ++i) {
        if (tracks_place_) place_.push_back(absl::StrCat(i));
        WEIR_RETURN_IF_ERROR(Visit(node.MutableAt(i), path),
                             "visit traversal on path: [",
                             absl::StrJoin(path, " "), "]");
        if (tracks_place_) place_.pop_back();
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
      node.Set(name, Fresh(path, ""));
    }
    Value& field = *node.FindMutable(name);
    if (IsTaggedNull(field)) {
      if (is_list) {
        field = Value::MakeArray();
      } else if (creates) {
        field = Fresh(path, NodeText(field));
      }
    }
    if (tracks_place_) place_.emplace_back(name);
    const absl::Status status = Visit(field, path.subspan(1));
    if (tracks_place_) place_.pop_back();
    return status;
  }

  // What was null keeps its text.
  Value Fresh(Parts path, const std::string& text) const {
    if (path.size() == 1 && kind_ == CreateKind::kScalar) {
      return UntaggedScalar(text);
    }
    return Value::MakeObject();
  }

  const bool create_;
  const CreateKind kind_;
  const bool tracks_place_;
  PlaceSetter set_;
  std::vector<std::string> place_;
};

// Whether an object's id may change with the field.
bool IsOfId(Parts path) {
  if (path.empty() || path[0] == "kind" || path[0] == "apiVersion") return true;
  return path[0] == "metadata" &&
         (path.size() == 1 || path[1] == "name" || path[1] == "namespace");
}

absl::Status Run(Resource* resource, const FieldSpec& spec, CreateKind create,
                 bool tracks_place, PlaceSetter set) {
  const bool creates = spec.create && create != CreateKind::kNone;
  WEIR_RETURN_IF_ERROR(CheckPathLength(spec.parts.size()));
  // What is not there needs no copy of the way to it.
  if (!creates && !Reaches(resource->tree(), spec.parts,
                           [](const Value&) { return true; })) {
    return absl::OkStatus();
  }
  Walk walk(spec.create, create, tracks_place, set);
  Value& tree =
      IsOfId(spec.parts) ? resource->MutableTree() : resource->MutableContent();
  absl::Status status = walk.Visit(tree, spec.parts);
  if (status.ok()) return status;
  return Annotate(status,
                  absl::StrCat("considering field '", spec.path, "' of object ",
                               resource->CurId().ToString()));
}

}  // namespace

std::vector<std::string> SplitPath(absl::string_view path, char delimiter) {
  std::vector<std::string> out;
  out.reserve(
      1 + static_cast<size_t>(std::count(path.begin(), path.end(), delimiter)));
  bool first = true;
  while (true) {
    const size_t end = path.find(delimiter);
    const absl::string_view piece = path.substr(0, end);
    if (!out.empty() && absl::EndsWith(out.back(), "\\")) {
      out.back().back() = delimiter;
      out.back().append(piece.data(), piece.size());
    } else if (!first || !piece.empty() || end == absl::string_view::npos) {
      out.emplace_back(piece);
    }
    if (end == absl::string_view::npos) return out;
    path.remove_prefix(end + 1);
    first = false;
  }
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
  if (specs->size() >= kMaxFieldSpecs) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a table has more than ", kMaxFieldSpecs, " field specs"));
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
  std::vector<std::pair<GvkOrder, size_t>> keyed;
  keyed.reserve(specs->size());
  for (const FieldSpec& spec : *specs) {
    keyed.emplace_back(OrderOf(spec.gvk), keyed.size());
  }
  SortLikeGo(&keyed,
             [](const auto& a, const auto& b) { return a.first < b.first; });
  FieldSpecs sorted;
  sorted.reserve(keyed.size());
  for (const auto& [order, index] : keyed) {
    sorted.push_back(std::move((*specs)[index]));
  }
  *specs = std::move(sorted);
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
  return Run(resource, spec, create, false,
             [set](Value& node, const std::vector<std::string>&) {
               return set(node);
             });
}

absl::Status VisitPlaces(Resource* resource, const FieldSpec& spec,
                         CreateKind create, PlaceSetter set) {
  return Run(resource, spec, create, true, set);
}

bool AnyField(const Resource& resource, const FieldSpec& spec,
              absl::FunctionRef<bool(const Value&)> test) {
  return Reaches(resource.tree(), spec.parts, test);
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
  if (IsTaggedNull(node)) return absl::OkStatus();
  if (!node.is_object()) return WrongKind("MappingNode", node);
  Value& member = node.Mutable(key);
  member = StringInPlaceOf(member, text);
  return absl::OkStatus();
}

}  // namespace weir::kustomize
