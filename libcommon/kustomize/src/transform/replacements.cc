#include "src/transform/replacements.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "src/model/field_path.h"
#include "src/model/resource.h"
#include "src/model/scalar.h"
#include "src/transform/apply_patch.h"
#include "src/transform/structured_text.h"
#include "weir/base/status.h"
#include "weir/value/go_quote.h"
#include "weir/value/yaml.h"
#include "weir/value/yaml_node.h"

namespace weir::kustomize {
namespace {

constexpr absl::string_view kDefaultPath = "metadata.name";
// Of a text while parts of it are replaced.
constexpr size_t kCopies = 4;
constexpr size_t kMaxText = size_t{8} << 20;
// What it takes to read a text and to write it again, beside looking at it.
constexpr size_t kEditing = 128;
constexpr size_t kStepsOfCopy = 4;

std::string DescribeSource(const ReplacementSpec& spec) {
  ResId id{{spec.source.group, spec.source.version, spec.source.kind},
           spec.source.name,
           spec.source.ns,
           false};
  std::string out = id.ToString();
  if (!spec.source_field_path.empty()) {
    absl::StrAppend(&out, ":", spec.source_field_path);
  }
  const std::optional<FieldOptions>& options = spec.source_options;
  if (options.has_value() && (!options->delimiter.empty() || options->create)) {
    absl::StrAppend(&out, ":", options->delimiter, "(", options->index,
                    "), create=", options->create ? "true" : "false");
  }
  return out;
}

// Calls `test` with the kind, name and namespace of each id, the oldest first,
// until one holds.
template <typename Test>
bool AnyId(const Resource& resource, Test test) {
  for (const Resource::PreviousId& old : resource.previous) {
    if (test(old.kind, old.name, old.ns)) return true;
  }
  const ResId& id = resource.CurId();
  return test(id.gvk.kind, id.name, id.ns);
}

// What it takes to look at the ids of all objects.
absl::Status SpendOnIds(ResMap* objects) {
  size_t previous = 0;
  for (const std::unique_ptr<Resource>& resource : objects->list()) {
    previous += resource->previous.size();
  }
  return objects->budget().Spend(objects->size() + previous / 4);
}

absl::StatusOr<const Resource*> FindSource(const ReplacementSpec& spec,
                                           const ResMap& objects) {
  ResId selector{{spec.source.group, spec.source.version, spec.source.kind},
                 spec.source.name,
                 spec.source.ns,
                 false};
  const Resource* match = nullptr;
  for (const std::unique_ptr<Resource>& resource : objects.list()) {
    WEIR_RETURN_IF_ERROR(resource->CheckPreviousIds(),
                         "error getting node IDs");
    if (!selector.name.empty() && resource->name() != selector.name &&
        resource->previous.empty()) {
      continue;
    }
    const Gvk& gvk = resource->CurId().gvk;
    const bool is_selected = AnyId(*resource, [&](absl::string_view kind,
                                                  absl::string_view name,
                                                  absl::string_view ns) {
      // Upstream knows of no scopes here.
      const auto effective = [](absl::string_view text) {
        return text.empty() ? absl::string_view("default") : text;
      };
      return (selector.name.empty() || selector.name == name) &&
             (selector.ns.empty() || selector.ns == effective(ns)) &&
             (selector.gvk.kind.empty() || selector.gvk.kind == kind) &&
             (selector.gvk.group.empty() || selector.gvk.group == gvk.group) &&
             (selector.gvk.version.empty() ||
              selector.gvk.version == gvk.version);
    });
    if (!is_selected) continue;
    if (match != nullptr) {
      return BuildError(
          absl::StrCat("multiple matches for selector ", DescribeSource(spec)));
    }
    match = resource.get();
  }
  if (match == nullptr) {
    return BuildError(
        absl::StrCat("nothing selected by ", DescribeSource(spec)));
  }
  return match;
}

// The object as a path meets it: upstream's own annotations are among the
// others.
Value TreeFor(const Resource& resource, const std::vector<std::string>& path) {
  const bool shows_annotations = !path.empty() && path[0] == "metadata" &&
                                 (path.size() == 1 || path[1] == "annotations");
  return shows_annotations ? resource.WithBuildAnnotations() : resource.tree();
}

// The value to copy. Without options it is read where it is, which a
// replacement may itself change.
class Source {
 public:
  explicit Source(Value value) : value_(std::move(value)) {}
  Source(const Resource* resource, std::vector<std::string> path, Value value)
      : resource_(resource), path_(std::move(path)), value_(std::move(value)) {}

  bool IsIn(const Resource& resource) const { return resource_ == &resource; }

  const Value& Read() {
    if (resource_ == nullptr) return value_;
    const Value tree = TreeFor(*resource_, path_);
    const absl::StatusOr<const Value*> found = LookUpPath(tree, path_);
    if (found.ok() && *found != nullptr) value_ = **found;
    return value_;
  }

 private:
  const Resource* resource_ = nullptr;
  std::vector<std::string> path_;
  Value value_;
};

absl::StatusOr<Source> ReadSource(const ReplacementSpec& spec,
                                  const ResMap& objects) {
  if (spec.source_value.has_value()) {
    if (spec.has_source) {
      return BuildError("value and resource selectors are mutually exclusive");
    }
    return Source(UntaggedScalar(*spec.source_value));
  }
  WEIR_ASSIGN_OR_RETURN(const Resource* source, FindSource(spec, objects));
  const std::string path = spec.source_field_path.empty()
                               ? std::string(kDefaultPath)
                               : spec.source_field_path;
  const Value tree = TreeFor(*source, SplitFieldPath(path));
  WEIR_ASSIGN_OR_RETURN(const Value* found,
                        LookUpPath(tree, SplitFieldPath(path)),
                        "error looking up replacement source");
  if (found == nullptr || IsTaggedNull(*found) ||
      (!IsScalar(*found) && found->empty())) {
    ResId id{{spec.source.group, spec.source.version, spec.source.kind},
             spec.source.name,
             spec.source.ns,
             false};
    return BuildError(absl::StrCat("fieldPath `", path,
                                   "` is missing for replacement source ",
                                   id.ToString()));
  }
  const std::optional<FieldOptions>& options = spec.source_options;
  if (!options.has_value() || options->delimiter.empty()) {
    return Source(source, SplitFieldPath(path), *found);
  }
  if (!IsScalar(*found)) {
    return BuildError("delimiter option can only be used with scalar nodes");
  }
  const std::string text = ScalarText(*found);
  const std::vector<std::string> pieces =
      absl::StrSplit(text, options->delimiter);
  if (options->index < 0 ||
      options->index >= static_cast<int64_t>(pieces.size())) {
    return BuildError(absl::StrCat("options.index ", options->index,
                                   " is out of bounds for value ", text));
  }
  return Source(WithText(*found, pieces[options->index]));
}

absl::Status SetTarget(const ReplacementTarget& target, const Value& source,
                       Budget* budget, Value& node) {
  const std::optional<FieldOptions>& options = target.options;
  if (!options.has_value() || options->delimiter.empty()) {
    const size_t size = SizeOf(node);
    CopyValue(source, node);
    return budget->Replace(size, node);
  }
  if (!IsScalar(node)) {
    return BuildError("delimiter option can only be used with scalar nodes");
  }
  const std::string text = ScalarText(source);
  std::vector<std::string> pieces =
      absl::StrSplit(NodeText(node), options->delimiter);
  if (options->index < 0) {
    pieces.insert(pieces.begin(), text);
  } else if (options->index >= static_cast<int64_t>(pieces.size())) {
    pieces.push_back(text);
  } else {
    pieces[options->index] = text;
  }
  std::string joined = absl::StrJoin(pieces, options->delimiter);
  if (joined.size() > kMaxText) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "a text with a replacement is larger than ", kMaxText, " bytes"));
  }
  const size_t held = budget->bytes();
  WEIR_RETURN_IF_ERROR(budget->Hold(kCopies * joined.size()));
  budget->ReleaseTo(held);
  WEIR_RETURN_IF_ERROR(budget->SpendOnBytes(joined.size()));
  const size_t size = SizeOf(node);
  node = WithText(node, joined);
  return budget->Replace(size, node);
}

// A path that goes on inside a scalar that holds YAML or JSON. True when it
// was that.
absl::StatusOr<bool> SetInside(Value& root,
                               const std::vector<std::string>& path,
                               CreateField create, const Value& source,
                               Budget* budget) {
  const absl::Span<const std::string> steps(path);
  const Value* at = &root;
  for (size_t i = 1; i < path.size(); ++i) {
    const absl::StatusOr<const Value*> found =
        LookUpPath(*at, steps.subspan(i - 1, 1));
    if (!found.ok() || *found == nullptr) return false;
    at = *found;
    if (!IsScalar(*at)) continue;
    const std::string text = NodeText(*at);
    WEIR_RETURN_IF_ERROR(budget->SpendOnBytes(text.size() * kEditing));
    const EditedText edited = EditStructuredText(
        text, {path.begin() + i, path.end()}, create, source);
    if (!edited.is_structured) continue;
    // What upstream cannot write it writes to a copy that nobody sees.
    if (!edited.text.has_value()) return edited.is_found;
    const auto set = [&](Value& node) {
      const size_t size = SizeOf(node);
      node = WithText(node, *edited.text);
      return budget->Replace(size, node);
    };
    WEIR_RETURN_IF_ERROR(VisitFieldPath(root, {path.begin(), path.begin() + i},
                                        CreateField::kNothing, set)
                             .status());
    return true;
  }
  return false;
}

struct CompiledPath {
  std::string text;
  std::vector<std::string> steps;

  // Whether ids may change with what it leads to.
  bool IsOfId() const {
    return steps.empty() || !IsFieldName(steps[0]) || steps[0] == "metadata" ||
           steps[0] == "kind" || steps[0] == "apiVersion";
  }
};

struct CompiledTarget {
  Selector select;
  std::vector<std::pair<Selector, bool>> reject;  // Whether it names ids.
  std::vector<CompiledPath> paths;
};

absl::Status CopyTo(const CompiledPath& path, const ReplacementTarget& target,
                    CreateField create, Source* from, Budget* budget,
                    Resource* resource) {
  WEIR_RETURN_IF_ERROR(CheckPathLength(path.steps.size()));
  WEIR_RETURN_IF_ERROR(budget->Spend(kStepsOfCopy));
  Value& tree =
      path.IsOfId() ? resource->MutableTree() : resource->MutableContent();
  if (create != CreateField::kNothing) {
    // Of what is on the way.
    WEIR_RETURN_IF_ERROR(
        budget->Hold(path.steps.size() * sizeof(Value::Member)));
    if (from->IsIn(*resource)) {
      // What is created may be part of what is copied.
      (void)VisitFieldPath(tree, path.steps, create,
                           [](Value&) { return absl::OkStatus(); });
    }
  }
  const Value source = from->Read();
  WEIR_ASSIGN_OR_RETURN(const bool is_inside,
                        SetInside(tree, path.steps, create, source, budget));
  if (is_inside) return absl::OkStatus();
  const auto missing = [&] {
    return absl::StrCat(
        "unable to find ",
        create == CreateField::kNothing ? "field " : "or create field ",
        GoQuote(path.text), " in replacement target");
  };
  absl::Status set_status;
  const absl::StatusOr<int> count =
      VisitFieldPath(tree, path.steps, create, [&](Value& node) {
        set_status = SetTarget(target, source, budget, node);
        return set_status;
      });
  WEIR_RETURN_IF_ERROR(set_status);
  if (!count.ok()) return Annotate(count.status(), missing());
  if (*count == 0) return BuildError(missing());
  return absl::OkStatus();
}

absl::Status Copy(const ReplacementTarget& target,
                  const CompiledTarget& compiled, Source* from, Budget* budget,
                  Resource* resource) {
  CreateField create = CreateField::kNothing;
  if (target.options.has_value() && target.options->create) {
    const Value& source = from->Read();
    create = source.is_object()  ? CreateField::kMapping
             : source.is_array() ? CreateField::kSequence
                                 : CreateField::kScalar;
  }
  for (const CompiledPath& path : compiled.paths) {
    WEIR_RETURN_IF_ERROR(CopyTo(path, target, create, from, budget, resource));
  }
  return absl::OkStatus();
}

absl::StatusOr<CompiledTarget> CompileTarget(const ReplacementTarget& target) {
  if (!target.select.has_value()) {
    return BuildError("target must specify resources to select");
  }
  CompiledTarget compiled;
  WEIR_ASSIGN_OR_RETURN(compiled.select, Selector::Compile(*target.select),
                        "error creating target selector");
  for (const SelectorSpec& reject : target.reject) {
    WEIR_ASSIGN_OR_RETURN(Selector selector, Selector::Compile(reject),
                          "error creating target selector");
    compiled.reject.emplace_back(std::move(selector), reject.HasId());
  }
  std::vector<std::string> paths = target.field_paths;
  if (paths.empty()) paths.emplace_back(kDefaultPath);
  for (std::string& path : paths) {
    std::vector<std::string> steps = SplitFieldPath(path);
    compiled.paths.push_back({std::move(path), std::move(steps)});
  }
  return compiled;
}

absl::StatusOr<bool> IsChosen(const ReplacementTarget& target,
                              const CompiledTarget& compiled,
                              const Resource& resource) {
  WEIR_ASSIGN_OR_RETURN(const bool matches,
                        compiled.select.MatchesMetadata(resource));
  if (!matches) return false;
  for (size_t i = 0; i < target.reject.size(); ++i) {
    const SelectorSpec& spec = target.reject[i];
    if (spec.annotation_selector.empty() && spec.label_selector.empty()) {
      continue;
    }
    WEIR_ASSIGN_OR_RETURN(const bool rejected,
                          compiled.reject[i].first.MatchesMetadata(resource));
    if (rejected) return false;
  }
  const Gvk& gvk = resource.CurId().gvk;
  const auto has_id = [&](const Selector& selector) {
    return AnyId(resource, [&](absl::string_view kind, absl::string_view name,
                               absl::string_view ns) {
      return selector.MatchesId(gvk, kind, name, ns);
    });
  };
  for (const auto& [selector, names_ids] : compiled.reject) {
    if (names_ids && has_id(selector)) return false;
  }
  return has_id(compiled.select);
}

// Whether a path may meet upstream's own annotations.
bool MeetsAnnotations(const ReplacementTarget& target) {
  return std::any_of(target.field_paths.begin(), target.field_paths.end(),
                     [](const std::string& path) {
                       return path == "metadata" ||
                              absl::StartsWith(path, "metadata.annotations");
                     });
}

absl::Status Replace(const ReplacementSpec& spec, ResMap* objects) {
  if ((!spec.has_source && !spec.source_value.has_value()) ||
      !spec.has_targets) {
    return BuildError(
        "replacements must specify a source and at least one target");
  }
  Budget& budget = objects->budget();
  WEIR_RETURN_IF_ERROR(SpendOnIds(objects));
  WEIR_ASSIGN_OR_RETURN(Source source, ReadSource(spec, *objects));
  for (const ReplacementTarget& target : spec.targets) {
    WEIR_RETURN_IF_ERROR(SpendOnIds(objects));
    WEIR_ASSIGN_OR_RETURN(const CompiledTarget compiled, CompileTarget(target));
    for (const std::unique_ptr<Resource>& resource : objects->list()) {
      WEIR_RETURN_IF_ERROR(resource->CheckPreviousIds());
      WEIR_ASSIGN_OR_RETURN(const bool is_chosen,
                            IsChosen(target, compiled, *resource));
      if (!is_chosen) continue;
      std::optional<BuildStateGuard> guard;
      if (MeetsAnnotations(target)) guard.emplace(resource.get());
      WEIR_RETURN_IF_ERROR(
          Copy(target, compiled, &source, &budget, resource.get()));
      if (guard.has_value()) guard->Finish();
      resource->SyncShared();
      if (!resource->knows_id()) objects->Reindex(resource.get());
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ReplacementSpec>> ReadAll(
    const std::vector<ReplacementSpec>& specs, const Loader& loader) {
  std::vector<ReplacementSpec> all;
  for (const ReplacementSpec& spec : specs) {
    if (spec.path.empty()) {
      all.push_back(spec);
      continue;
    }
    if (spec.has_source || !spec.targets.empty()) {
      return BuildError("cannot specify both path and inline replacement");
    }
    WEIR_ASSIGN_OR_RETURN(const std::string text, loader.Load(spec.path));
    const absl::StatusOr<Value> parsed = ParseYaml(text);
    if (!parsed.ok()) {
      return BuildError(absl::StrCat(
          "error converting YAML to JSON: yaml: ", GoYamlError(parsed.status()),
          " in File: ", spec.path));
    }
    const Value& document = *parsed;
    if (IsScalar(document)) {
      return BuildError(absl::StrCat(
          "unsupported replacement type encountered within replacement path: ",
          document.is_null() ? "invalid" : "string"));
    }
    WEIR_ASSIGN_OR_RETURN(std::vector<ReplacementSpec> read,
                          DecodeReplacements(document), spec.path);
    for (ReplacementSpec& one : read) all.push_back(std::move(one));
  }
  return all;
}

}  // namespace

absl::StatusOr<Transformer> MakeReplacementTransformer(
    const std::vector<ReplacementSpec>& specs, const Loader& loader) {
  WEIR_ASSIGN_OR_RETURN(std::vector<ReplacementSpec> all,
                        ReadAll(specs, loader));
  return Transformer([all = std::move(all)](ResMap* objects) -> absl::Status {
    for (const ReplacementSpec& spec : all) {
      WEIR_RETURN_IF_ERROR(Replace(spec, objects));
    }
    return absl::OkStatus();
  });
}

}  // namespace weir::kustomize
