// `weir template`: renders a chart and prints it, as `helm template` does.
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "folder_writer.h"
#include "input.h"
#include "kube_namespace.h"
#include "output.h"
#include "template_command.h"
#include "weir/base/file.h"
#include "weir/base/memory.h"
#include "weir/base/status.h"
#include "weir/helm/dependencies.h"
#include "weir/helm/url.h"
#include "weir/value/go_quote.h"

namespace weir::cli {
namespace {

constexpr char kDefaultName[] = "release-name";
constexpr size_t kLargeTemplates = size_t{32} << 10;

bool IsUrl(absl::string_view name) {
  return absl::StartsWith(name, "http://") ||
         absl::StartsWith(name, "https://") || absl::StartsWith(name, "oci://");
}

absl::StatusOr<std::string> ReadInput(const std::string& name) {
  if (absl::StripAsciiWhitespace(name) == "-") return ReadStandardInput();
  if (access(name.c_str(), R_OK) != 0) {
    std::string reason = std::strerror(errno);
    reason[0] = absl::ascii_tolower(reason[0]);
    return absl::NotFoundError(absl::StrCat("open ", name, ": ", reason));
  }
  return ReadFile(name);
}

// One line of comma-separated values, in which quotes keep commas.
// Errors: kInvalidArgument in the words of Go's encoding/csv.
absl::Status AppendList(absl::string_view flag, absl::string_view text,
                        std::vector<std::string>& out) {
  if (text.empty()) return absl::OkStatus();
  const auto wrong = [&](size_t at, absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(
        "invalid argument ", GoQuote(text), " for ", GoQuote(flag),
        " flag: parse error on line 1, column ", at + 1, ": ", what));
  };
  size_t at = 0;
  while (true) {
    std::string field;
    if (at < text.size() && text[at] == '"') {
      for (++at;; ++at) {
        if (at >= text.size()) {
          return wrong(at, "extraneous or missing \" in quoted-field");
        }
        if (text[at] != '"') {
          field.push_back(text[at]);
        } else if (at + 1 < text.size() && text[at + 1] == '"') {
          field.push_back('"');
          ++at;
        } else {
          break;
        }
      }
      ++at;
      if (at < text.size() && text[at] != ',') {
        return wrong(at - 1, "extraneous or missing \" in quoted-field");
      }
    } else {
      const size_t end = std::min(text.find(',', at), text.size());
      field = std::string(text.substr(at, end - at));
      const size_t quote = field.find('"');
      if (quote != std::string::npos) {
        return wrong(at + quote, "bare \" in non-quoted-field");
      }
      at = end;
    }
    out.push_back(std::move(field));
    if (at >= text.size()) return absl::OkStatus();
    ++at;
  }
}

absl::StatusOr<std::vector<std::string>> ListOf(
    absl::string_view flag, const std::vector<std::string>& given) {
  std::vector<std::string> out;
  for (const std::string& one : given) {
    WEIR_RETURN_IF_ERROR(AppendList(flag, one, out));
  }
  return out;
}

// The release's name and the chart.
absl::StatusOr<std::pair<std::string, std::string>> NameAndChart(
    const TemplateArgs& args) {
  const std::vector<std::string>& given = args.positional;
  if (given.size() > 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected at most two arguments, unexpected arguments: ",
                     absl::StrJoin(given.begin() + 2, given.end(), ", ")));
  }
  if (given.size() == 2) {
    if (args.generate_name) {
      return absl::InvalidArgumentError(
          "cannot set --generate-name and also specify a name");
    }
    if (!args.name_template.empty()) {
      return absl::InvalidArgumentError(
          "cannot set --name-template and also specify a name");
    }
    return std::make_pair(given[0], given[1]);
  }
  if (args.name_template.empty()) return std::make_pair(kDefaultName, given[0]);
  const auto variable = [](const std::string& variable_name) {
    return EnvironmentOr(variable_name.c_str(), "");
  };
  WEIR_ASSIGN_OR_RETURN(std::string name,
                        helm::RenderName(args.name_template, variable));
  return std::make_pair(std::move(name), given[0]);
}

absl::Status CheckMode(const TemplateArgs& args) {
  const std::string& mode = args.dry_run;
  if (mode == "client" || args.asks_server()) return absl::OkStatus();
  // Given without a value, it is "true".
  for (const char* known : {"unset", "1", "t", "T", "TRUE", "true", "True"}) {
    if (mode == known) return absl::OkStatus();
  }
  const bool is_no = mode == "none" || mode == "0" || mode == "f" ||
                     mode == "F" || mode == "FALSE" || mode == "false" ||
                     mode == "False";
  return absl::InvalidArgumentError(
      absl::StrCat("invalid dry-run value (", GoQuote(mode), "). Must be ",
                   is_no ? "\"server\" or \"client\""
                         : "\"none\", \"server\", or \"client\""));
}

absl::Status CheckLabelForm(const TemplateArgs& args, bool& has_reserved) {
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> labels,
                        ListOf("-l, --labels", args.labels));
  for (const std::string& label : labels) {
    const size_t equals = label.find('=');
    if (equals == std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("invalid argument ", GoQuote(args.labels.back()),
                       " for \"-l, --labels\" flag: ", label,
                       " must be formatted as key=value"));
    }
    for (const char* reserved :
         {"name", "owner", "status", "version", "createdAt", "modifiedAt"}) {
      if (label.substr(0, equals) == reserved) has_reserved = true;
    }
  }
  return absl::OkStatus();
}

// Helm makes its client of registries first, whatever the chart is.
absl::Status CheckTlsFiles(const ChartFlags& flags) {
  const auto missing = [](const std::string& path) {
    return access(path.c_str(), R_OK) != 0;
  };
  std::string wrong;
  if (!flags.cert_file.empty() && !flags.key_file.empty()) {
    for (const std::string* path : {&flags.cert_file, &flags.key_file}) {
      if (!missing(*path)) continue;
      wrong = absl::StrCat("can't load key pair from cert ",
                           GoQuote(flags.cert_file), " and key ",
                           GoQuote(flags.key_file), ": open ", *path);
      break;
    }
  }
  if (wrong.empty() && !flags.ca_file.empty() && missing(flags.ca_file)) {
    wrong = absl::StrCat("can't read CA file: ", GoQuote(flags.ca_file),
                         ": open ", flags.ca_file);
  }
  if (wrong.empty()) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat(
      "missing registry client: can't create TLS config for client: ", wrong,
      ": no such file or directory"));
}

absl::Status WriteRelease(const helm::RenderedRelease& release,
                          const std::string& name, const TemplateArgs& args) {
  FolderWriter writer([](absl::string_view text) { Print(text); });
  if (args.print.include_crds) {
    for (const helm::Crd& crd : helm::ListCrds(release.chart)) {
      WEIR_RETURN_IF_ERROR(
          writer.WriteOnce(args.output_dir, crd.path, crd.file->data));
    }
  }
  const std::string folder =
      args.use_release_name
          ? helm::CleanPath(absl::StrCat(args.output_dir, "/", name))
          : args.output_dir;
  for (const helm::Manifest& one : release.manifests.objects) {
    WEIR_RETURN_IF_ERROR(writer.WriteOnce(folder, one.path, one.content));
  }
  if (args.print.no_hooks) return absl::OkStatus();
  for (const helm::Hook& hook : release.manifests.hooks) {
    if (args.print.skip_tests && hook.is_test()) continue;
    WEIR_RETURN_IF_ERROR(writer.WriteOrAppend(folder, hook.path, hook.content));
  }
  return absl::OkStatus();
}

absl::StatusOr<helm::Chart> Load(const std::string& path,
                                 TemplateServices& services,
                                 bool dependency_update) {
  helm::LoadOptions options;
  options.map_files = true;
  options.on_warning = [](absl::string_view text) { PrintWarning(text); };
  WEIR_ASSIGN_OR_RETURN(helm::Chart chart, services.Load(path, options));
  WEIR_RETURN_IF_ERROR(helm::CheckInstallable(chart));
  if (chart.metadata.deprecated) PrintWarning("this chart is deprecated");
  const absl::Status missing = helm::CheckDependencies(chart);
  if (missing.ok()) return chart;
  if (!dependency_update) {
    return Annotate(missing,
                    "an error occurred while checking for chart dependencies. "
                    "You may need to run 'helm dependency build' to fetch "
                    "missing dependencies");
  }
  WEIR_RETURN_IF_ERROR(services.UpdateDependencies(path));
  WEIR_ASSIGN_OR_RETURN(chart, services.Load(path, options),
                        "failed reloading chart after repo update");
  return chart;
}

// The chart rendered, by a cluster where one is asked.
absl::StatusOr<helm::RenderedRelease> RenderChart(
    const TemplateArgs& args, helm::Chart chart, const Value& values,
    const helm::Release& release, helm::Capabilities capabilities,
    TemplateServices& services, TemplateCluster* cluster) {
  helm::RenderOptions options;
  options.skip_schema_validation = args.skip_schema_validation;
  if (args.resolves_hosts) options.resolve_host = helm::ResolveHost;
  options.on_warning = [](absl::string_view text) { PrintWarning(text); };
  options.load_schema = [&services](const std::string& url) {
    return services.LoadSchema(url);
  };
  if (cluster != nullptr) {
    WEIR_RETURN_IF_ERROR(cluster->CheckReachable(),
                         "cluster reachability check failed");
    WEIR_RETURN_IF_ERROR(cluster->Prepare(chart));
    WEIR_ASSIGN_OR_RETURN(capabilities, cluster->GetCapabilities());
    options.lookup = [cluster](absl::string_view version,
                               absl::string_view kind, absl::string_view ns,
                               absl::string_view name) {
      return cluster->Lookup(version, kind, ns, name);
    };
  }
  WEIR_ASSIGN_OR_RETURN(const helm::PostRender post_render,
                        services.FindPostRenderer());
  return helm::RenderRelease(std::move(chart), values, release, capabilities,
                             options, {post_render});
}

size_t TemplateBytes(const helm::Chart& chart) {
  size_t bytes = 0;
  for (const helm::File& file : chart.templates) bytes += file.data.size();
  for (const helm::Chart& one : chart.dependencies) bytes += TemplateBytes(one);
  return bytes;
}

// Flags that are lists are read before anything else is looked at.
absl::Status CheckListForms(const TemplateArgs& args) {
  WEIR_RETURN_IF_ERROR(
      ListOf("-a, --api-versions", args.api_versions).status());
  return ListOf("-f, --values", args.value_files).status();
}

// Keeps what is freed for what comes next, instead of giving it back.
void PrepareHeap() {
  constexpr int kMost = 128 << 20;
  mallopt(M_MMAP_THRESHOLD, kMost);
  mallopt(M_TRIM_THRESHOLD, kMost);
}

// Prints what helm prints of a release that could not be made: with --debug,
// the files, when they are what is wrong.
void PrintFailed(const absl::Status& status) {
  const auto files = status.GetPayload(helm::kRenderedFiles);
  const std::string text = files.has_value() ? std::string(*files) : "";
  Print(absl::StrCat(absl::StripAsciiWhitespace(text), "\n"));
}

// What is printed; with --output-dir it is written instead.
absl::StatusOr<std::string> FormatOrWrite(const TemplateArgs& args,
                                          const helm::RenderedRelease& rendered,
                                          const std::string& name) {
  if (args.output_dir.empty()) {
    return helm::FormatRelease(rendered, args.print);
  }
  WEIR_RETURN_IF_ERROR(WriteRelease(rendered, name, args));
  return std::string("\n");
}

absl::Status PrintShown(const TemplateArgs& args, std::string text) {
  if (!args.show_only.empty()) {
    WEIR_ASSIGN_OR_RETURN(text, helm::ShowOnly(text, args.show_only));
  }
  Print(text);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<helm::Capabilities> CapabilitiesOf(const TemplateArgs& args) {
  helm::Capabilities capabilities = helm::DefaultCapabilities();
  if (!args.kube_version.empty()) {
    WEIR_ASSIGN_OR_RETURN(capabilities.kube_version,
                          helm::ParseKubeVersion(args.kube_version),
                          "invalid kube version '", args.kube_version, "'");
  }
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> more,
                        ListOf("-a, --api-versions", args.api_versions));
  capabilities.api_versions.insert(capabilities.api_versions.end(),
                                   more.begin(), more.end());
  return capabilities;
}

std::string NamespaceOf(const TemplateArgs& args) {
  if (!args.name_space.empty()) return args.name_space;
  const std::string set = EnvironmentOr("HELM_NAMESPACE", "");
  if (!set.empty()) return set;
  return KubeNamespace(args.kubeconfig, args.cluster.context);
}

absl::StatusOr<Value> ValuesOf(const TemplateArgs& args,
                               TemplateServices& services) {
  helm::ValuesSources sources = args.values;
  WEIR_ASSIGN_OR_RETURN(sources.files,
                        ListOf("-f, --values", args.value_files));
  const auto read = [&](const std::string& name) {
    return IsUrl(name) ? services.ReadUrl(name) : ReadInput(name);
  };
  return helm::ReadValues(sources, read);
}

absl::Status PrintRelease(const TemplateArgs& args,
                          const helm::RenderedRelease& rendered,
                          const std::string& name) {
  WEIR_ASSIGN_OR_RETURN(std::string text, FormatOrWrite(args, rendered, name));
  return PrintShown(args, std::move(text));
}

absl::Status RenderTemplate(const TemplateArgs& args,
                            TemplateServices& services) {
  bool has_reserved_label = false;
  WEIR_RETURN_IF_ERROR(CheckLabelForm(args, has_reserved_label));
  WEIR_RETURN_IF_ERROR(CheckListForms(args));
  // A post-renderer that is not there is a wrong flag.
  WEIR_RETURN_IF_ERROR(services.FindPostRenderer().status());
  WEIR_ASSIGN_OR_RETURN(helm::Capabilities capabilities, CapabilitiesOf(args));
  WEIR_RETURN_IF_ERROR(CheckTlsFiles(args.chart));
  WEIR_RETURN_IF_ERROR(CheckMode(args));
  WEIR_ASSIGN_OR_RETURN(const auto name_and_chart, NameAndChart(args));
  WEIR_ASSIGN_OR_RETURN(const std::string path,
                        services.Locate(name_and_chart.second));
  WEIR_ASSIGN_OR_RETURN(const Value values, ValuesOf(args, services));
  WEIR_ASSIGN_OR_RETURN(helm::Chart chart,
                        Load(path, services, args.chart.dependency_update));
  helm::Release release;
  release.name = name_and_chart.first;
  release.name_space = NamespaceOf(args);
  release.is_upgrade = args.is_upgrade;
  std::unique_ptr<TemplateCluster> cluster;
  if (args.asks_server()) {
    WEIR_ASSIGN_OR_RETURN(cluster, services.Connect(),
                          "cluster reachability check failed");
  }
  const absl::StatusOr<helm::RenderedRelease> rendered =
      RenderChart(args, std::move(chart), values, release,
                  std::move(capabilities), services, cluster.get());
  if (has_reserved_label &&
      (rendered.ok() ||
       rendered.status().GetPayload(helm::kRenderingFailed).has_value())) {
    return absl::InvalidArgumentError(
        "user supplied labels contains system reserved label name. System "
        "labels: [name owner status version createdAt modifiedAt]");
  }
  if (!rendered.ok()) {
    if (args.debug && rendered.status().GetPayload(helm::kRenderingFailed)) {
      PrintFailed(rendered.status());
    }
    return rendered.status();
  }
  if (cluster == nullptr && args.output_dir.empty() && args.show_only.empty()) {
    helm::WriteRelease(*rendered, args.print,
                       [](absl::string_view piece) { PrintPiece(piece); });
    Print("");
    services.Finished();
    return absl::OkStatus();
  }
  WEIR_ASSIGN_OR_RETURN(std::string text,
                        FormatOrWrite(args, *rendered, release.name));
  if (cluster != nullptr && args.output_dir.empty()) {
    helm::PrintOptions installed = args.print;
    installed.no_hooks = true;
    WEIR_RETURN_IF_ERROR(cluster->Check(
        helm::FormatRelease(*rendered, installed), release, args));
  }
  return PrintShown(args, std::move(text));
}

bool NamesReleaseFile(const TemplateArgs& args) {
  if (args.positional.empty()) return false;
  const std::string& path = args.positional.back();
  if (path == "-") return true;
  if (!absl::EndsWith(path, ".yaml") && !absl::EndsWith(path, ".yml")) {
    return false;
  }
  // Of another file helm has its own to say.
  const absl::StatusOr<std::string> text = ReadFile(path);
  return text.ok() && absl::StrContains(*text, "helm.toolkit.fluxcd.io/");
}

bool IsLocal(const TemplateArgs& args) {
  const ChartFlags& chart = args.chart;
  if (args.asks_server() || chart.verify || chart.dependency_update ||
      !chart.repository.empty() || args.positional.empty() ||
      NamesReleaseFile(args)) {
    return false;
  }
  for (const std::string& one : args.post_renderer) {
    if (!one.empty()) return false;
  }
  // Standard input can be read once, by whoever renders.
  for (const std::string& list : args.value_files) {
    for (absl::string_view one : absl::StrSplit(list, ',')) {
      if (absl::StripAsciiWhitespace(one) == "-" ||
          absl::StrContains(one, "://")) {
        return false;
      }
    }
  }
  for (const std::string& list : args.values.set_file) {
    if (absl::StrContains(list, "://")) return false;
  }
  struct stat info;
  const std::string path(absl::StripAsciiWhitespace(args.positional.back()));
  return stat(path.c_str(), &info) == 0;
}

absl::StatusOr<std::string> LocalServices::Locate(const std::string& name) {
  std::error_code error;
  const std::string path =
      std::filesystem::absolute(std::string(absl::StripAsciiWhitespace(name)),
                                error)
          .lexically_normal()
          .string();
  if (error) return ErrnoToStatus(error.value(), name);
  return path;
}

absl::StatusOr<helm::Chart> LocalServices::Load(
    const std::string& path, const helm::LoadOptions& options) {
  WEIR_ASSIGN_OR_RETURN(helm::Chart chart, helm::LoadChart(path, options));
  if (TemplateBytes(chart) >= kLargeTemplates) {
    DropProgramPages();
    PrepareHeap();
  }
  return chart;
}

absl::Status LocalServices::NotHere(const std::string& what) {
  was_asked_ = true;
  return absl::UnimplementedError(what);
}

absl::Status LocalServices::UpdateDependencies(const std::string& path) {
  return NotHere(path);
}

absl::StatusOr<std::string> LocalServices::ReadUrl(const std::string& url) {
  return NotHere(url);
}

absl::StatusOr<std::string> LocalServices::LoadSchema(const std::string& url) {
  return NotHere(url);
}

absl::StatusOr<std::unique_ptr<TemplateCluster>> LocalServices::Connect() {
  return NotHere("a cluster");
}

absl::StatusOr<helm::PostRender> LocalServices::FindPostRenderer() {
  return helm::PostRender();
}

void LocalServices::Finished() { _exit(0); }

}  // namespace weir::cli
