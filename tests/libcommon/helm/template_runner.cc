#include "template_runner.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/support/deep_limits.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/helm/dependencies.h"
#include "weir/helm/fetch.h"
#include "weir/helm/load.h"
#include "weir/http/client.h"

namespace weir::helm {
namespace {

absl::StatusOr<std::string> ReadInput(const std::string& name) {
  struct stat info;
  if (stat(name.c_str(), &info) != 0) {
    return absl::NotFoundError(
        absl::StrCat("open ", name, ": no such file or directory"));
  }
  return ReadFile(name);
}

// The arguments of `helm template` that the cases use.
struct Arguments {
  std::vector<std::string> positional;
  ValuesSources values;
  Release release;
  Capabilities capabilities = DefaultCapabilities();
  RenderOptions render;
  PrintOptions print;
  std::vector<std::string> show_only;
  std::string name_template;
  absl::Status status;

  void AddFlag(const std::string& flag) {
    if (flag == "--is-upgrade") release.is_upgrade = true;
    if (flag == "--no-hooks") print.no_hooks = true;
    if (flag == "--skip-tests") print.skip_tests = true;
    if (flag == "--include-crds") print.include_crds = true;
    if (flag == "--skip-schema-validation") {
      render.skip_schema_validation = true;
    }
  }

  // Returns whether it is a flag with a value.
  bool AddOption(const std::string& flag, const std::string& value) {
    if (flag == "-f") {
      for (absl::string_view one : absl::StrSplit(value, ',')) {
        values.files.emplace_back(one);
      }
    } else if (flag == "--set") {
      values.set.push_back(value);
    } else if (flag == "--set-string") {
      values.set_string.push_back(value);
    } else if (flag == "--set-json") {
      values.set_json.push_back(value);
    } else if (flag == "--set-literal") {
      values.set_literal.push_back(value);
    } else if (flag == "--set-file") {
      values.set_file.push_back(value);
    } else if (flag == "-n") {
      release.name_space = value;
    } else if (flag == "--name-template") {
      name_template = value;
    } else if (flag == "-s" || flag == "--show-only") {
      show_only.push_back(value);
    } else if (flag == "-a" || flag == "--api-versions") {
      for (absl::string_view one : absl::StrSplit(value, ',')) {
        capabilities.api_versions.emplace_back(one);
      }
    } else if (flag == "--kube-version") {
      const auto version = ParseKubeVersion(value);
      if (version.ok()) {
        capabilities.kube_version = *version;
      } else {
        status = absl::InvalidArgumentError(
            absl::StrCat("invalid kube version '", value,
                         "': ", version.status().message()));
      }
    } else {
      return false;
    }
    return true;
  }
};

Arguments ReadArguments(const std::vector<std::string>& args) {
  Arguments arguments;
  for (size_t i = 0; i < args.size(); ++i) {
    if (!absl::StartsWith(args[i], "-")) {
      arguments.positional.push_back(args[i]);
    } else if (i + 1 < args.size() &&
               arguments.AddOption(args[i], args[i + 1])) {
      ++i;
    } else {
      arguments.AddFlag(args[i]);
    }
  }
  return arguments;
}

}  // namespace

absl::StatusOr<std::string> RunTemplate(const std::vector<std::string>& args) {
  Arguments arguments = ReadArguments(args);
  WEIR_RETURN_IF_ERROR(arguments.status);
  arguments.release.name = "release-name";
  arguments.render.limits = test::DeepLimits();
  if (arguments.positional.size() == 2) {
    if (!arguments.name_template.empty()) {
      return absl::InvalidArgumentError(
          "cannot set --name-template and also specify a name");
    }
    arguments.release.name = arguments.positional[0];
  } else if (!arguments.name_template.empty()) {
    WEIR_ASSIGN_OR_RETURN(arguments.release.name,
                          RenderName(arguments.name_template));
  }
  http::Client http;
  FetchOptions fetch;
  fetch.repository_config = "/nonexistent/none.yaml";
  ChartFetcher fetcher(http, fetch);
  WEIR_ASSIGN_OR_RETURN(const FoundChart found,
                        fetcher.Locate(Context(), arguments.positional.back()));
  WEIR_ASSIGN_OR_RETURN(const Value values,
                        ReadValues(arguments.values, ReadInput));
  WEIR_ASSIGN_OR_RETURN(Chart chart, fetcher.Load(found, {}));
  WEIR_RETURN_IF_ERROR(CheckInstallable(chart));
  WEIR_RETURN_IF_ERROR(
      CheckDependencies(chart),
      "an error occurred while checking for chart dependencies. You may need "
      "to run 'helm dependency build' to fetch missing dependencies");
  WEIR_ASSIGN_OR_RETURN(
      const RenderedRelease release,
      RenderRelease(std::move(chart), values, arguments.release,
                    arguments.capabilities, arguments.render));
  std::string text = FormatRelease(release, arguments.print);
  if (!arguments.show_only.empty()) {
    WEIR_ASSIGN_OR_RETURN(text, ShowOnly(text, arguments.show_only));
  }
  return text;
}

std::string InOrder(const std::string& message) {
  std::vector<std::string> lines = absl::StrSplit(message, '\n');
  std::sort(lines.begin(), lines.end());
  return absl::StrJoin(lines, "\n");
}

}  // namespace weir::helm
