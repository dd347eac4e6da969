#include "src/target.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "src/generate/config_maps_secrets.h"
#include "src/load/decode.h"
#include "src/load/locate.h"
#include "src/load/paths.h"
#include "src/model/resource.h"
#include "src/refer/variables.h"
#include "weir/base/status.h"
#include "weir/value/go_quote.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

constexpr absl::string_view kFileNames[] = {
    "kustomization.yaml", "kustomization.yml", "Kustomization"};

// Errors that no other reading of the same path can mend.
bool IsFinal(const absl::Status& status) {
  if (IsHttpError(status)) return true;
  switch (status.code()) {
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
      return true;
    default:
      return false;
  }
}

// `is_strict`: no key may be there twice.
absl::StatusOr<Value> ReadYaml(const Loader& loader, const std::string& path,
                               bool is_strict) {
  WEIR_ASSIGN_OR_RETURN(const std::string text, loader.Load(path));
  YamlParseOptions options;
  options.schema = YamlParseOptions::Schema::kYaml11;
  options.reject_duplicate_keys = is_strict;
  options.file_name = path;
  absl::StatusOr<Value> value = ParseYaml(text, options);
  if (value.ok() || absl::IsResourceExhausted(value.status())) return value;
  return BuildError(absl::StrCat(
      "error converting YAML to JSON: yaml: ", GoYamlError(value.status()),
      " in File: ", path));
}

// As sigs.k8s.io/yaml words it; upstream does not say which file it is.
absl::Status UnmarshalError(const absl::Status& status,
                            const std::string& path) {
  if (status.ok() || absl::IsResourceExhausted(status)) return status;
  return BuildError(
      absl::StrCat("error unmarshaling JSON: while decoding "
                   "JSON: ",
                   status.message(), " in File: ", path));
}

// What starts as JSON is read as such.
absl::Status ReadCrds(const Loader& loader, const std::string& path,
                      TransformerConfig* config) {
  WEIR_ASSIGN_OR_RETURN(const std::string text, loader.Load(path));
  const std::string what =
      absl::StrCat("unable to parse open API definition from '", path, "'");
  if (text.empty() || text[0] != '{') {
    absl::StatusOr<Value> document = ReadYaml(loader, path, false);
    if (!document.ok()) return Annotate(document.status(), what);
    return Annotate(UnmarshalError(ParseCrds(*document, config), path), what);
  }
  const absl::StatusOr<Value> document = ParseJson(text);
  if (!document.ok()) {
    return BuildError(absl::StrCat(what, ": ", GoError(document.status()),
                                   " in File: ", path));
  }
  return Annotate(InFile(ParseCrds(*document, config), path), what);
}

// The place of "patches[0]".
std::vector<std::string> PlaceOfField(absl::string_view field) {
  std::vector<std::string> place;
  for (absl::string_view part :
       absl::StrSplit(field, absl::ByAnyChar("[]"), absl::SkipEmpty())) {
    place.emplace_back(part);
  }
  return place;
}

}  // namespace

absl::Status Target::Load() {
  std::string text;
  int found = 0;
  for (absl::string_view name : kFileNames) {
    // What an error would say of those that are not there, nobody reads.
    if (!loader_.MayHave(std::string(name))) continue;
    absl::StatusOr<std::string> file = loader_.Load(std::string(name));
    if (IsFinal(file.status())) return file.status();
    if (!file.ok()) continue;
    ++found;
    text = *std::move(file);
    file_name_ = std::string(name);
  }
  if (found == 0) {
    return BuildError(absl::StrCat(
        "unable to find one of 'kustomization.yaml', 'kustomization.yml' or "
        "'Kustomization' in directory '",
        loader_.display_root(), "'"));
  }
  if (found > 1) {
    return BuildError(absl::StrCat("Found multiple kustomization files under: ",
                                   loader_.display_root()));
  }
  WEIR_ASSIGN_OR_RETURN(Kustomization parsed,
                        ParseKustomization(text, true, OwnName()));
  return Take(std::move(parsed), file_name_);
}

absl::Status Target::LoadText(absl::string_view text) {
  given_text_ = std::string(text);
  WEIR_ASSIGN_OR_RETURN(Kustomization parsed,
                        ParseKustomization(text, true, OwnName()));
  return Take(std::move(parsed), std::string(kFileNames[0]));
}

absl::StatusOr<std::string> Target::OwnText() const {
  if (given_text_.has_value()) return *given_text_;
  return loader_.Load(file_name_);
}

std::string Target::OwnName() const {
  if (given_text_.has_value()) return "the given kustomization";
  return JoinPath(loader_.display_root(), file_name_);
}

absl::Status Target::Take(Kustomization kustomization, std::string file_name) {
  kustomization_ = std::move(kustomization);
  file_name_ = std::move(file_name);
  for (const auto& [field, successor] : kustomization_.deprecated) {
    state_.Warn(absl::StrCat(OwnName(), ": '", field, "' is deprecated, use '",
                             successor, "'"));
  }
  Normalize(&kustomization_);
  if (!kustomization_.has_content) {
    return BuildError("kustomization.yaml is empty");
  }
  const std::vector<std::string> wrong = CheckTypeMeta(kustomization_);
  if (!wrong.empty()) {
    return BuildError(absl::StrCat("Failed to read kustomization file under ",
                                   loader_.display_root(), ":\n",
                                   absl::StrJoin(wrong, "\n")));
  }
  return absl::OkStatus();
}

absl::Status Target::SetSchema(bool reset) {
  const StringMap& openapi = kustomization_.openapi;
  auto path = openapi.find("path");
  auto version = openapi.find("version");
  std::string text;
  if (path != openapi.end()) {
    WEIR_ASSIGN_OR_RETURN(text, loader_.Load(path->second));
  }
  if (state_.has_schema && !reset) return absl::OkStatus();
  state_.has_schema = false;
  if (path != openapi.end()) {
    if (version != openapi.end()) {
      return BuildError(
          "builtin version and custom schema provided, cannot use both");
    }
    const absl::StatusOr<Value> document = ParseYaml(text);
    WEIR_RETURN_IF_ERROR(document.status(),
                         "invalid schema file: ", path->second);
    const Schema::BuiltinUse builtin = state_.session.options.flux_mode
                                           ? Schema::BuiltinUse::kBelow
                                           : state_.schema.builtin_use();
    WEIR_ASSIGN_OR_RETURN(state_.custom_schema,
                          Schema::FromSwagger(*document, builtin),
                          path->second);
    state_.schema.UseBase(state_.custom_schema.get());
    state_.has_schema = true;
  } else if (version != openapi.end() && !version->second.empty()) {
    if (version->second != "v1.21.2") {
      return BuildError("the specified OpenAPI version is not built in");
    }
    state_.has_schema = true;
  }
  return absl::OkStatus();
}

absl::Status Target::Accumulate(Accumulator* into) {
  WEIR_RETURN_IF_ERROR(AddResources(kustomization_.resources, into),
                       "accumulating resources");
  WEIR_RETURN_IF_ERROR(MergeConfig(into));
  WEIR_RETURN_IF_ERROR(RunGenerators(into));
  WEIR_RETURN_IF_ERROR(AddComponents(into), "accumulating components");
  WEIR_RETURN_IF_ERROR(RunTransformers(into));
  WEIR_RETURN_IF_ERROR(RunValidators(into));
  WEIR_RETURN_IF_ERROR(
      BindVariables(kustomization_.vars, into->resources, &into->vars),
      "merging vars ", DescribeVariables(kustomization_.vars));
  return absl::OkStatus();
}

absl::Status Target::AddResources(const std::vector<std::string>& paths,
                                  Accumulator* into) {
  for (const std::string& path : paths) {
    const absl::Status as_file = AddFile(path, into);
    if (as_file.ok()) continue;
    if (IsFinal(as_file)) return as_file;
    absl::StatusOr<std::unique_ptr<Loader>> opened =
        loader_.OpenDirectory(path);
    absl::Status as_directory = opened.status();
    if (opened.ok()) {
      as_directory = AddDirectory(**opened, path, false, into);
      if (as_directory.ok()) continue;
    } else if (IsMalformedYaml(as_file)) {
      return as_file;
    }
    if (IsFinal(as_directory)) return as_directory;
    return Annotate(as_directory,
                    absl::StrCat("accumulation err='", as_file.message(), "'"));
  }
  return absl::OkStatus();
}

absl::Status Target::CheckSize(size_t objects, const std::string& path) const {
  const size_t limit = state_.session.options.max_objects;
  if (objects <= limit) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("the build has more than ", limit, " objects, at '",
                   JoinPath(loader_.display_root(), path), "'"));
}

absl::Status Target::AddFile(const std::string& path, Accumulator* into) {
  const auto context = [&path](absl::string_view what) {
    return absl::StrCat(what, " resources from '", path, "'");
  };
  absl::StatusOr<std::string> text = loader_.Load(path);
  if (!text.ok()) return Annotate(text.status(), context("accumulating"));
  auto resources = DecodeResources(*text, &state_.schema,
                                   state_.session.options.parse_cache);
  if (!resources.ok()) {
    return Annotate(InFile(resources.status(), path), context("accumulating"));
  }
  WEIR_RETURN_IF_ERROR(
      CheckSize(into->resources.size() + resources->size(), path));
  SourceLog::Outlines outlines;
  if (state_.sources != nullptr) outlines = SourceLog::Outline(*text);
  const auto file = std::make_shared<const std::string>(
      IsRemoteFile(path) ? path : JoinPath(loader_.display_root(), path));
  ResMap fresh;
  for (std::unique_ptr<Resource>& resource : *resources) {
    resource->file = file;
    if (state_.sources != nullptr) LogFile(path, outlines, resource.get());
    if (origin_.has_value()) {
      resource->origin = origin_->Below(path);
    }
    WEIR_RETURN_IF_ERROR(state_.session.budget.Hold(resource->tree()),
                         context("accumulating"));
    WEIR_RETURN_IF_ERROR(fresh.Append(std::move(resource)),
                         context("accumulating"));
  }
  WEIR_RETURN_IF_ERROR(into->resources.AppendAll(std::move(fresh)),
                       context("merging"));
  return absl::OkStatus();
}

absl::Status Target::AddDirectory(const Loader& loader, const std::string& path,
                                  bool is_component, Accumulator* into) {
  const size_t limit = state_.session.options.max_directories;
  if (++state_.directories > limit) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the build has more than ", limit, " directories, at '",
                     loader.display_root(), "'"));
  }
  std::optional<Origin> origin;
  if (origin_.has_value()) origin = origin_->Below(path);
  Target child(&state_, &loader, std::move(origin));
  child.place_ = ParseGitUrl(path).has_value() ? path : JoinPath(place_, path);
  child.outer_namespace_ =
      kustomization_.ns.empty() ? outer_namespace_ : kustomization_.ns;
  const std::string root = loader.display_root();
  WEIR_RETURN_IF_ERROR(child.Load(), "couldn't make target for path '", root,
                       "'");
  WEIR_RETURN_IF_ERROR(child.SetSchema(false));
  if (is_component && !child.kustomization_.is_component()) {
    return BuildError(absl::StrCat("expected kind 'Component' for path '", root,
                                   "' but got '", child.kustomization_.kind,
                                   "'"));
  }
  if (!is_component && child.kustomization_.is_component()) {
    return BuildError(
        absl::StrCat("expected kind != 'Component' for path '", root, "'"));
  }
  if (is_component) {
    // Works on what its parent has.
    WEIR_RETURN_IF_ERROR(child.Accumulate(into),
                         "recursed accumulation of path '", root, "'");
    WEIR_RETURN_IF_ERROR(into->resources.CheckUnique(),
                         "recursed merging from path '", root, "'");
    // Upstream puts all of it into a table that is empty, where a spec that
    // stands for more kinds than one before it is lost.
    WEIR_ASSIGN_OR_RETURN(into->config, MergeConfigs(nullptr, into->config),
                          "recursed merging from path '", root, "'");
    return absl::OkStatus();
  }
  Accumulator below;
  WEIR_RETURN_IF_ERROR(child.Accumulate(&below),
                       "recursed accumulation of path '", root, "'");
  WEIR_RETURN_IF_ERROR(into->resources.AppendAll(std::move(below.resources)),
                       "recursed merging from path '", root, "'");
  WEIR_ASSIGN_OR_RETURN(into->config, MergeConfigs(into->config, below.config),
                        "recursed merging from path '", root, "'");
  WEIR_RETURN_IF_ERROR(into->vars.Add(below.vars.list()),
                       "recursed merging from path '", root, "'");
  return absl::OkStatus();
}

absl::Status Target::AddComponents(Accumulator* into) {
  for (const std::string& path : kustomization_.components) {
    absl::StatusOr<std::unique_ptr<Loader>> opened =
        loader_.OpenDirectory(path);
    if (IsFinal(opened.status())) return opened.status();
    if (!opened.ok()) {
      return BuildError(
          absl::StrCat("loader.New ", GoQuote(opened.status().message())));
    }
    const absl::Status added = AddDirectory(**opened, path, true, into);
    if (IsFinal(added)) return added;
    if (!added.ok()) {
      return BuildError(
          absl::StrCat("accumulateDirectory: ", GoQuote(added.message())));
    }
  }
  return absl::OkStatus();
}

absl::Status Target::MergeConfig(Accumulator* into) {
  // In upstream's order of merging, which shows in that of the fields.
  ConfigPtr own;
  for (const std::string& path : kustomization_.configurations) {
    WEIR_ASSIGN_OR_RETURN(const Value document, ReadYaml(loader_, path, true));
    auto added = std::make_shared<TransformerConfig>();
    WEIR_RETURN_IF_ERROR(
        UnmarshalError(ParseConfig(document, added.get()), path));
    WEIR_ASSIGN_OR_RETURN(own, MergeConfigs(own, std::move(added)));
  }
  WEIR_ASSIGN_OR_RETURN(const ConfigPtr config,
                        MergeConfigs(DefaultConfig(), own));
  WEIR_ASSIGN_OR_RETURN(into->config, MergeConfigs(into->config, config),
                        "merging config");
  ConfigPtr crds;
  for (const std::string& path : kustomization_.crds) {
    const std::string what = absl::StrCat(
        "loading CRDs [", absl::StrJoin(kustomization_.crds, " "), "]");
    auto added = std::make_shared<TransformerConfig>();
    WEIR_RETURN_IF_ERROR(ReadCrds(loader_, path, added.get()), what);
    WEIR_ASSIGN_OR_RETURN(crds, MergeConfigs(crds, std::move(added)), what);
  }
  WEIR_ASSIGN_OR_RETURN(into->config, MergeConfigs(into->config, crds),
                        "merging CRDs");
  return absl::OkStatus();
}

std::string Target::PlaceOf(const std::string& path) const {
  return IsRemoteFile(path) ? path : JoinPath(place_, path);
}

void Target::LogFile(const std::string& path,
                     const SourceLog::Outlines& outlines,
                     Resource* resource) const {
  SourceLog::Entry entry;
  entry.source.file = PlaceOf(path);
  entry.source.what = "resource";
  entry.outlines = outlines;
  entry.outline =
      SourceLog::FindObject(outlines, resource->kind(), resource->name());
  if (entry.outline != nullptr) entry.source.line = entry.outline->line;
  resource->Record(state_.sources->Add(std::move(entry)));
}

absl::Status Target::LocateField(const absl::Status& status,
                                 absl::string_view field) const {
  if (status.ok()) return status;
  const absl::StatusOr<std::string> text = OwnText();
  const int line = text.ok() ? FindLine(*text, PlaceOfField(field)) : 0;
  // What Flux lays over a file, or generates, is in none.
  if (line == 0) return status;
  return Locate(status, OwnName(), line, field);
}

int Target::LogSource(absl::string_view field, const std::string& file) const {
  if (state_.sources == nullptr) return 0;
  SourceLog::Entry entry;
  entry.source.what = std::string(field);
  const absl::StatusOr<std::string> own = OwnText();
  if (own.ok()) entry.source.line = FindLine(*own, PlaceOfField(field));
  entry.source.file = PlaceOf(file_name_);
  if (!file.empty()) {
    entry.source.what =
        absl::StrCat(field, " of ", entry.source.file, ":", entry.source.line);
    entry.source.file = PlaceOf(file);
    entry.source.line = 0;
    const absl::StatusOr<std::string> text = loader_.Load(file);
    if (text.ok()) entry.outlines = SourceLog::Outline(*text);
    if (entry.outlines != nullptr && entry.outlines->size() == 1 &&
        entry.outlines->front().kind == YamlOutline::Kind::kMap) {
      entry.outline = &entry.outlines->front();
      entry.source.line = entry.outline->line;
    }
  }
  return state_.sources->Add(std::move(entry));
}

std::optional<Origin> Target::BuiltinOrigin(absl::string_view kind) const {
  if (!origin_.has_value()) return std::nullopt;
  Origin origin = *origin_;
  origin.configured_in = JoinPath(origin_->path, file_name_);
  origin.path.clear();
  origin.by_api_version = "builtin";
  origin.by_kind = std::string(kind);
  return origin;
}

}  // namespace weir::kustomize
