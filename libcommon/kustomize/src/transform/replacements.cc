#include "src/transform/replacements.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "src/model/field_path.h"
#include "src/model/go_quote.h"
#include "src/model/resource.h"
#include "src/model/scalar.h"
#include "src/transform/apply_patch.h"
#include "src/transform/structured_text.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"
#include "weir/value/yaml_node.h"

namespace weir::kustomize {
namespace {

constexpr absl::string_view kDefaultPath = "metadata.name";
// Of a text while parts of it are replaced.
constexpr size_t kCopies = 4;

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

std::vector<ResId> AllIds(const Resource& resource) {
  std::vector<ResId> ids = resource.PreviousIds();
  ids.push_back(resource.CurId());
  ids.back().cluster_scoped = false;  // As upstream has it here.
  return ids;
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
    for (const ResId& id : AllIds(*resource)) {
      if (!id.IsSelectedBy(selector)) continue;
      if (match != nullptr) {
        return BuildError(absl::StrCat("multiple matches for selector ",
                                       DescribeSource(spec)));
      }
      match = resource.get();
      break;
    }
  }
  if (match == nullptr) {
    return BuildError(
        absl::StrCat("nothing selected by ", DescribeSource(spec)));
  }
  return match;
}

bool IsScalar(const Value& value) {
  return !value.is_object() && !value.is_array();
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
    CopyValue(source, node);
    return absl::OkStatus();
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
  WEIR_RETURN_IF_ERROR(budget->Hold(kCopies * joined.size()));
  WEIR_RETURN_IF_ERROR(budget->SpendOnBytes(joined.size()));
  node = WithText(node, joined);
  return absl::OkStatus();
}

// A path that goes on inside a scalar that holds YAML or JSON. True when it
// was that.
absl::StatusOr<bool> SetInside(Value& root,
                               const std::vector<std::string>& path,
                               CreateField create, const Value& source,
                               Budget* budget) {
  for (size_t i = 1; i < path.size(); ++i) {
    const std::vector<std::string> head(path.begin(), path.begin() + i);
    const absl::StatusOr<const Value*> found = LookUpPath(root, head);
    if (!found.ok() || *found == nullptr || !IsScalar(**found)) continue;
    const std::string text = NodeText(**found);
    constexpr size_t kParsing = 64;  // To reading alone.
    WEIR_RETURN_IF_ERROR(budget->SpendOnBytes(text.size() * kParsing));
    if (!ParseYamlNode(text).ok()) continue;
    const EditedText edited = EditStructuredText(
        text, {path.begin() + i, path.end()}, create, source);
    // What upstream cannot write it writes to a copy that nobody sees.
    if (!edited.text.has_value()) return edited.is_found;
    WEIR_RETURN_IF_ERROR(
        VisitFieldPath(root, head, CreateField::kNothing, [&](Value& node) {
          node = WithText(node, *edited.text);
          return absl::OkStatus();
        }).status());
    return true;
  }
  return false;
}

absl::Status Copy(const ReplacementTarget& target, Source* from, Budget* budget,
                  Resource* resource) {
  CreateField create = CreateField::kNothing;
  if (target.options.has_value() && target.options->create) {
    const Value& source = from->Read();
    create = source.is_object()  ? CreateField::kMapping
             : source.is_array() ? CreateField::kSequence
                                 : CreateField::kScalar;
  }
  std::vector<std::string> paths = target.field_paths;
  if (paths.empty()) paths.emplace_back(kDefaultPath);
  for (const std::string& field : paths) {
    const std::vector<std::string> path = SplitFieldPath(field);
    WEIR_RETURN_IF_ERROR(CheckPathLength(path.size()));
    WEIR_RETURN_IF_ERROR(budget->Spend(1));
    Value& tree = resource->MutableTree();
    if (create != CreateField::kNothing && from->IsIn(*resource)) {
      // What is created may be part of what is copied.
      (void)VisitFieldPath(tree, path, create,
                           [](Value&) { return absl::OkStatus(); });
    }
    const Value source = from->Read();
    WEIR_RETURN_IF_ERROR(budget->Hold(source));
    WEIR_ASSIGN_OR_RETURN(const bool is_inside,
                          SetInside(tree, path, create, source, budget));
    if (is_inside) continue;
    const std::string missing = absl::StrCat(
        "unable to find ",
        create == CreateField::kNothing ? "field " : "or create field ",
        GoQuote(field), " in replacement target");
    absl::Status set_status;
    const absl::StatusOr<int> count =
        VisitFieldPath(tree, path, create, [&](Value& node) {
          set_status = SetTarget(target, source, budget, node);
          return set_status;
        });
    WEIR_RETURN_IF_ERROR(set_status);
    if (!count.ok()) return Annotate(count.status(), missing);
    if (*count == 0) return BuildError(missing);
  }
  return absl::OkStatus();
}

struct CompiledTarget {
  Selector select;
  std::vector<std::pair<Selector, bool>> reject;  // Whether it names ids.
};

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
  bool selected = false;
  for (const ResId& id : AllIds(resource)) {
    for (const auto& [selector, has_id] : compiled.reject) {
      if (has_id && selector.MatchesId(id)) return false;
    }
    selected = selected || compiled.select.MatchesId(id);
  }
  return selected;
}

bool ReplacesAnnotations(const ReplacementTarget& target) {
  return std::any_of(target.field_paths.begin(), target.field_paths.end(),
                     [](const std::string& path) {
                       return path == "metadata" ||
                              path == "metadata.annotations";
                     });
}

absl::Status Replace(const ReplacementSpec& spec, ResMap* objects) {
  if ((!spec.has_source && !spec.source_value.has_value()) ||
      !spec.has_targets) {
    return BuildError(
        "replacements must specify a source and at least one target");
  }
  Budget& budget = objects->budget();
  WEIR_RETURN_IF_ERROR(objects->SpendOnEach(1, 0));
  WEIR_ASSIGN_OR_RETURN(Source source, ReadSource(spec, *objects));
  for (const ReplacementTarget& target : spec.targets) {
    WEIR_RETURN_IF_ERROR(objects->SpendOnEach(1, 0));
    WEIR_ASSIGN_OR_RETURN(const CompiledTarget compiled, CompileTarget(target));
    for (const std::unique_ptr<Resource>& resource : objects->list()) {
      WEIR_RETURN_IF_ERROR(resource->CheckPreviousIds());
      WEIR_ASSIGN_OR_RETURN(const bool is_chosen,
                            IsChosen(target, compiled, *resource));
      if (!is_chosen) continue;
      std::optional<BuildStateGuard> guard;
      if (ReplacesAnnotations(target)) guard.emplace(resource.get());
      const size_t held = budget.bytes();
      const size_t size = SizeOf(resource->tree());
      WEIR_RETURN_IF_ERROR(Copy(target, &source, &budget, resource.get()));
      budget.ReleaseTo(held);
      WEIR_RETURN_IF_ERROR(budget.Replace(size, resource->tree()));
      if (guard.has_value()) guard->Finish();
      resource->SyncShared();
      objects->Reindex(resource.get());
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
