#include "weir/helm/render.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/go_text.h"
#include "src/render/errors.h"
#include "src/render/functions.h"
#include "src/render/objects.h"
#include "src/schema/schema.h"
#include "src/values/tables.h"
#include "weir/base/status.h"
#include "weir/helm/dependencies.h"

namespace weir::helm {

using gotmpl::Any;
using gotmpl::Dict;

namespace {

// A template, and what its chart shows it. Charts' contexts are shared: what
// one file sets, the next one sees.
struct Source {
  std::string name;
  absl::string_view text;
  Any context;
  std::string base_path;
  ptrdiff_t depth = 0;  // Of the name.
};

bool IsPartial(absl::string_view name) {
  return absl::StartsWith(name.substr(name.rfind('/') + 1), "_");
}

// Collects templates and their contexts, a chart before those below it.
class Collector {
 public:
  Collector(Any release, Any capabilities)
      : release_(std::move(release)), capabilities_(std::move(capabilities)) {}

  Any Collect(const Chart& chart, const Any& values) {
    Any context = Any::NewDict(ValuesType());
    Dict& map = *context.AsDict();
    map.Set("Chart", MakeChartObject(chart));
    map.Set("Files", MakeFilesObject(chart.files));
    map.Set("Release", release_);
    map.Set("Capabilities", capabilities_);
    map.Set("Values", values.WithType(ValuesType()));
    const Any below = Any::NewDict();
    map.Set("Subcharts", below);
    for (const Chart& one : chart.dependencies) {
      const Any* table = values.AsDict()->Find(one.name());
      const bool is_table = table != nullptr && table->is_dict();
      const Any inner =
          Collect(one, is_table ? *table : Any::NewDict(ValuesType()));
      below.AsDict()->Set(one.name(), inner.WithType(gotmpl::types::Dict()));
    }
    for (const File& file : chart.templates) {
      if (chart.is_library() && !IsPartial(file.name)) continue;
      sources_.insert_or_assign(
          absl::StrCat(chart.full_path, "/", file.name),
          Source{absl::StrCat(chart.full_path, "/", file.name), file.data,
                 context, absl::StrCat(chart.full_path, "/templates")});
    }
    return context;
  }

  // Deeper ones first, then from the last name to the first: what is parsed
  // later replaces what was before.
  std::vector<Source> TakeInOrder() {
    std::vector<Source> out;
    out.reserve(sources_.size());
    for (auto& [name, source] : sources_) {
      source.depth = std::count(name.begin(), name.end(), '/');
      out.push_back(std::move(source));
    }
    // They are in the order of their names already.
    std::reverse(out.begin(), out.end());
    std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
      return a.depth > b.depth;
    });
    return out;
  }

 private:
  const Any release_;
  const Any capabilities_;
  std::map<std::string, Source> sources_;
};

std::shared_ptr<const gotmpl::FunctionTable> MakeFunctions(
    const RenderOptions& options) {
  gotmpl::FunctionTable table = gotmpl::FunctionTable::Builtins();
  gotmpl::AddSprig(table);
  AddHelmFunctions(table);
  if (options.add_functions) options.add_functions(table);
  return std::make_shared<const gotmpl::FunctionTable>(std::move(table));
}

// The table without additions is made once.
std::shared_ptr<const gotmpl::FunctionTable> FunctionsFor(
    const RenderOptions& options) {
  if (options.add_functions) return MakeFunctions(options);
  static const auto& functions =
      *new std::shared_ptr<const gotmpl::FunctionTable>(
          MakeFunctions(RenderOptions()));
  return functions;
}

absl::StatusOr<std::map<std::string, std::string>> Execute(
    const std::vector<Source>& sources, const RenderOptions& options) {
  gotmpl::Set set(FunctionsFor(options), "gotpl");
  for (const Source& source : sources) {
    const auto parsed = set.ParseKept(source.name, source.text);
    if (!parsed.ok()) return ParseFailure(source.name, parsed.status());
  }
  gotmpl::ExecOptions exec_options;
  exec_options.missing_key =
      options.strict ? gotmpl::MissingKey::kError : gotmpl::MissingKey::kZero;
  exec_options.limits = options.limits;
  exec_options.seed = options.seed;
  gotmpl::Execution execution(std::move(exec_options));
  RenderState state;
  state.options = &options;
  execution.user_data = &state;
  std::map<std::string, std::string> rendered;
  // One place to write all of them to: as a text grows it is copied, and ends
  // with room to spare.
  std::string text;
  for (const Source& source : sources) {
    if (IsPartial(source.name)) continue;
    Any about = Any::NewDict(ValuesType());
    about.AsDict()->Set("Name", Any::String(source.name));
    about.AsDict()->Set("BasePath", Any::String(source.base_path));
    source.context.AsDict()->Set("Template", about);
    text.clear();
    const absl::Status status =
        set.Execute(execution, source.name, source.context, &text);
    if (!status.ok()) return ExecutionFailure(source.name, status);
    EraseNoValue(text);
    rendered.emplace(source.name, text);
  }
  return rendered;
}

absl::Status CheckKubeVersion(const Chart& chart,
                              const Capabilities& capabilities) {
  const std::string& range = chart.metadata.kube_version;
  const KubeVersion& version = capabilities.kube_version;
  if (range.empty() ||
      IsCompatible(range, version.normalized.empty() ? version.version
                                                     : version.normalized)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("chart requires kubeVersion: ", range,
                   " which is incompatible with Kubernetes ", version.version));
}

absl::Status Marked(absl::Status status) {
  status.SetPayload(kRenderingFailed, absl::Cord("yes"));
  return status;
}

}  // namespace

absl::StatusOr<std::map<std::string, std::string>> Render(
    const Chart& chart, const Value& user, const Release& release,
    const Capabilities& capabilities, const RenderOptions& options) {
  const Any values = TableOf(user);
  WEIR_RETURN_IF_ERROR(
      Coalescer(options.on_warning).Coalesce(chart, *values.AsDict(), false));
  if (!options.skip_schema_validation) {
    const std::string wrong =
        ValidateValues(chart, values, options.load_schema);
    if (!wrong.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "values don't meet the specifications of the schema(s) in the "
          "following chart(s):\n",
          wrong));
    }
  }
  const absl::Status is_compatible = CheckKubeVersion(chart, capabilities);
  if (!is_compatible.ok()) return Marked(is_compatible);
  Collector collector(MakeReleaseObject(release),
                      MakeCapabilitiesObject(capabilities));
  collector.Collect(chart, values);
  auto rendered = Execute(collector.TakeInOrder(), options);
  if (!rendered.ok()) return Marked(rendered.status());
  return rendered;
}

absl::StatusOr<std::string> RenderName(absl::string_view name_template,
                                       const VariableLookup& environment) {
  gotmpl::FunctionTable table = gotmpl::FunctionTable::Builtins();
  gotmpl::AddSprig(table);
  if (environment) {
    table.Add(
        "env", "func(string) string",
        [&](gotmpl::Call& call) -> absl::StatusOr<Any> {
          return Any::String(environment(std::string(call.args[0].AsString())));
        });
    table.Add("expandenv", "func(string) string",
              [&](gotmpl::Call& call) -> absl::StatusOr<Any> {
                return Any::String(
                    ExpandVariables(call.args[0].AsString(), environment));
              });
  }
  gotmpl::Set set(
      std::make_shared<const gotmpl::FunctionTable>(std::move(table)),
      "name-template");
  WEIR_ASSIGN_OR_RETURN(const gotmpl::TemplateRef parsed,
                        set.Parse("name-template", name_template));
  gotmpl::Execution execution{gotmpl::ExecOptions()};
  std::string name;
  WEIR_RETURN_IF_ERROR(set.Execute(execution, parsed, Any(), &name));
  return name;
}

}  // namespace weir::helm
