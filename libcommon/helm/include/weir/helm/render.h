// Render executes the templates of a chart and of those below it.
//
// Touches: clock and randomness, when a template asks for them; what `lookup`
// and `resolve_host` do; network, in ResolveHost.
// Threads: pure functions; one call uses one thread.
// Source: Helm v4.2.4, pkg/engine, with its error texts.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/gotmpl/function.h"
#include "weir/gotmpl/template.h"
#include "weir/helm/capabilities.h"
#include "weir/helm/chart.h"
#include "weir/helm/expand.h"
#include "weir/helm/values.h"
#include "weir/value/value.h"

namespace weir::helm {

struct Release {
  std::string name;
  std::string name_space = "default";
  int revision = 1;
  bool is_upgrade = false;  // Otherwise an install.
};

struct RenderOptions {
  // A key that values have not is an error.
  bool strict = false;
  // `required` and `fail` give an empty text.
  bool lint = false;
  bool skip_schema_validation = false;
  // What `lookup` finds; null: nothing. An absent object is an empty one.
  std::function<absl::StatusOr<Value>(
      absl::string_view api_version, absl::string_view kind,
      absl::string_view name_space, absl::string_view name)>
      lookup;
  // What `getHostByName` gives; null: "" for each.
  std::function<absl::StatusOr<std::string>(const std::string& host)>
      resolve_host;
  // Reads the documents elsewhere that $ref of values.schema.json names, by
  // http(s) URL. Null: such schemas are an error.
  std::function<absl::StatusOr<std::string>(const std::string& url)>
      load_schema;
  // Functions of yours, added last. What they are given is not to be kept
  // beyond the rendering: it refers to the chart.
  std::function<void(gotmpl::FunctionTable&)> add_functions;
  gotmpl::Limits limits;
  std::optional<uint64_t> seed;  // Makes rand* and the like reproducible.
  Warn on_warning;
};

// Each file of templates/ that is no partial, by its full path, rendered.
// The chart's dependencies must have been processed.
//
// Errors: kInvalidArgument with Helm's text; kResourceExhausted beyond a
// limit. The payload `kRenderingFailed` is there when values were fine.
absl::StatusOr<std::map<std::string, std::string>> Render(
    const Chart& chart, const Value& user, const Release& release,
    const Capabilities& capabilities, const RenderOptions& options = {});

inline constexpr char kRenderingFailed[] = "weir.dev/rendering-failed";
// The payload with all files, of an error about what they say.
inline constexpr char kRenderedFiles[] = "weir.dev/rendered-files";

// An address of the host, as the system's resolver has it. It may wait for the
// network. Errors: kNotFound.
absl::StatusOr<std::string> ResolveHost(const std::string& host);

// A release's name from --name-template, which may ask for variables where
// there is an environment.
absl::StatusOr<std::string> RenderName(absl::string_view name_template,
                                       const VariableLookup& environment = {});

}  // namespace weir::helm
