#include "helm_plugin.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "helm_flags.h"
#include "output.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/base/subprocess.h"
#include "weir/helm/expand.h"
#include "weir/kustomize/build.h"
#include "weir/text/semver.h"
#include "weir/value/go_quote.h"
#include "weir/value/json.h"
#include "weir/value/value.h"
#include "weir/value/yaml.h"

namespace weir::cli {
namespace {

constexpr char kPostRenderer[] = "postrenderer/v1";
// How a kustomization that post-renders knows the objects that it gets.
constexpr char kInputFile[] = "helm-release.yaml";

struct Plugin {
  std::string folder;
  std::string name;
  std::string type;
  std::string runtime;
  Value commands;  // platformCommand
};

std::string Expand(absl::string_view text,
                   const std::map<std::string, std::string>& variables) {
  return helm::ExpandVariables(text, [&](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? "" : found->second;
  });
}

absl::Status CheckMembers(const Value& object,
                          const std::set<absl::string_view>& known,
                          absl::string_view what) {
  for (const Value::Member& member : object.object()) {
    if (!known.contains(member.key)) {
      return absl::InvalidArgumentError(
          absl::StrCat("field ", member.key, " not found in ", what));
    }
  }
  return absl::OkStatus();
}

bool IsPluginName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '_' || c == '-';
  });
}

absl::StatusOr<Plugin> ReadPlugin(const std::string& folder) {
  WEIR_ASSIGN_OR_RETURN(const std::string text,
                        ReadFile(absl::StrCat(folder, "/plugin.yaml")));
  WEIR_ASSIGN_OR_RETURN(const Value head, ParseYaml(text));
  Plugin plugin;
  plugin.folder = folder;
  plugin.name = std::string(head.GetString("name"));
  const std::string api_version(head.GetString("apiVersion"));
  if (api_version.empty()) {
    // Plugins of Helm 3 are commands or getters.
    plugin.type = "cli/v1";
    return plugin;
  }
  if (api_version != "v1") {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid plugin apiVersion: ", GoQuote(api_version)));
  }
  WEIR_RETURN_IF_ERROR(
      CheckMembers(head,
                   {"apiVersion", "name", "type", "runtime", "version",
                    "sourceURL", "config", "runtimeConfig"},
                   "type plugin.MetadataV1"));
  plugin.type = std::string(head.GetString("type"));
  plugin.runtime = std::string(head.GetString("runtime"));
  const std::string version(head.GetString("version"));
  if (!IsPluginName(plugin.name)) {
    return absl::InvalidArgumentError("invalid plugin `name`");
  }
  if (!text::ParseFullVersion(version).ok() || version[0] == 'v') {
    return absl::InvalidArgumentError(absl::StrCat("invalid plugin `version` ",
                                                   GoQuote(version),
                                                   ": must be valid "
                                                   "semver"));
  }
  if (plugin.type.empty()) {
    return absl::InvalidArgumentError("`type` missing");
  }
  if (plugin.runtime != "subprocess" && plugin.runtime != "extism/v1") {
    return absl::InvalidArgumentError(absl::StrCat(
        "unsupported plugin runtime type: ", GoQuote(plugin.runtime)));
  }
  if (plugin.runtime == "subprocess") {
    WEIR_RETURN_IF_ERROR(
        CheckMembers(head["runtimeConfig"],
                     {"platformCommand", "platformHooks", "protocolCommands"},
                     "type plugin.RuntimeConfigSubprocess"));
  }
  plugin.commands = head["runtimeConfig"]["platformCommand"];
  return plugin;
}

std::vector<std::string> FoldersIn(const std::string& folder) {
  std::vector<std::string> out;
  DIR* stream = opendir(folder.c_str());
  if (stream == nullptr) return out;
  const auto closer = absl::MakeCleanup([stream] { closedir(stream); });
  while (const dirent* entry = readdir(stream)) {
    const std::string path = absl::StrCat(folder, "/", entry->d_name);
    struct stat info;
    if (stat(absl::StrCat(path, "/plugin.yaml").c_str(), &info) == 0) {
      out.push_back(path);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

absl::StatusOr<Plugin> FindPlugin(const std::string& name) {
  const std::string folders =
      EnvironmentOr("HELM_PLUGINS", HelmDataPath("plugins"));
  std::optional<Plugin> found;
  for (absl::string_view folder : absl::StrSplit(folders, ':')) {
    std::map<std::string, std::string> places;
    for (const std::string& path : FoldersIn(std::string(folder))) {
      absl::StatusOr<Plugin> plugin = ReadPlugin(path);
      if (!plugin.ok()) {
        PrintWarning(absl::StrCat("failed to load plugin (ignoring): ", path,
                                  "/plugin.yaml: ", plugin.status().message()));
        continue;
      }
      const auto [there, is_new] = places.emplace(plugin->name, path);
      if (!is_new) {
        return absl::InvalidArgumentError(absl::StrCat(
            "two plugins claim the name ", GoQuote(plugin->name), " at ",
            GoQuote(there->second), " and ", GoQuote(path)));
      }
      if (!found.has_value() && plugin->name == name &&
          plugin->type == kPostRenderer) {
        found = *std::move(plugin);
      }
    }
  }
  if (found.has_value()) return *std::move(found);
  return absl::NotFoundError(absl::StrCat(
      "plugin: {Name:", name, " Type:", kPostRenderer, "} not found"));
}

// The command for this system: exactly this one, else this operating system,
// else any.
const Value* CommandOf(const Plugin& plugin) {
#ifdef __aarch64__
  constexpr char kArchitecture[] = "arm64";
#else
  constexpr char kArchitecture[] = "amd64";
#endif
  const Value* any = nullptr;
  const Value* same_system = nullptr;
  for (const Value& command : plugin.commands.array()) {
    const std::string system = absl::AsciiStrToLower(command.GetString("os"));
    const std::string architecture =
        absl::AsciiStrToLower(command.GetString("arch"));
    if (system == "linux" && architecture == kArchitecture) return &command;
    if (!architecture.empty()) continue;
    if (system == "linux" && same_system == nullptr) same_system = &command;
    if (system.empty() && any == nullptr) any = &command;
  }
  return same_system != nullptr ? same_system : any;
}

std::vector<std::pair<std::string, std::string>> Environment() {
  std::vector<std::pair<std::string, std::string>> out;
  for (char** one = environ; *one != nullptr; ++one) {
    const absl::string_view text(*one);
    const size_t equals = text.find('=');
    if (equals == absl::string_view::npos) continue;
    out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

// What a program makes of the documents. What it says on standard error is
// shown when it fails.
absl::StatusOr<std::string> RunFilter(const Context& ctx,
                                      ProcessOptions options,
                                      const std::string& documents,
                                      const std::string& failed) {
  options.input = documents;
  WEIR_ASSIGN_OR_RETURN(const ProcessResult done, RunProcess(ctx, options));
  if (done.exit_code == 0) return done.output;
  const std::string said(absl::StripAsciiWhitespace(done.error));
  if (!said.empty()) PrintWarning(said);
  return absl::FailedPreconditionError(failed);
}

absl::StatusOr<std::string> NotEmpty(std::string text,
                                     const std::string& name) {
  if (!absl::StripAsciiWhitespace(text).empty()) return text;
  return absl::FailedPreconditionError(
      absl::StrCat("post-renderer ", GoQuote(name), " produced empty output"));
}

absl::StatusOr<std::string> RunPlugin(const Context& ctx, const Plugin& plugin,
                                      const std::vector<std::string>& arguments,
                                      const std::string& documents) {
  if (plugin.runtime != "subprocess") {
    return absl::UnimplementedError("plugins that are WebAssembly are not run");
  }
  auto environment = Environment();
  std::map<std::string, std::string> variables(environment.begin(),
                                               environment.end());
  for (const auto& [name, value] :
       {std::make_pair("HELM_PLUGIN_NAME", plugin.name),
        std::make_pair("HELM_PLUGIN_DIR", plugin.folder)}) {
    variables[name] = value;
  }
  const Value* command = CommandOf(plugin);
  ProcessOptions options;
  if (command != nullptr) {
    for (absl::string_view part :
         absl::StrSplit(command->GetString("command"), ' ')) {
      options.arguments.push_back(Expand(part, variables));
    }
    for (const Value& argument : (*command)["args"].array()) {
      options.arguments.push_back(
          Expand(argument.is_string() ? argument.AsString() : "", variables));
    }
  }
  if (options.arguments.empty() || options.arguments[0].empty()) {
    return absl::FailedPreconditionError(
        "failed to prepare plugin command: no plugin command is applicable");
  }
  options.arguments.insert(options.arguments.end(), arguments.begin(),
                           arguments.end());
  options.environment.emplace(variables.begin(), variables.end());
  return RunFilter(
      ctx, std::move(options), documents,
      absl::StrCat("plugin ", GoQuote(plugin.name), " exited with error"));
}

// A folder with one file more.
class WithFile : public kustomize::FileSystem {
 public:
  WithFile(const kustomize::FileSystem& base, std::string path,
           std::string text)
      : base_(base), path_(std::move(path)), text_(std::move(text)) {}

  absl::StatusOr<std::string> ReadFile(absl::string_view path) const override {
    if (path == path_) return text_;
    return base_.ReadFile(path);
  }
  bool IsDirectory(absl::string_view path) const override {
    return path != path_ && base_.IsDirectory(path);
  }
  bool IsFile(absl::string_view path) const override {
    return path == path_ || base_.IsFile(path);
  }
  absl::StatusOr<std::vector<Entry>> List(
      absl::string_view path) const override {
    return base_.List(path);
  }
  std::string DisplayPath(absl::string_view path) const override {
    return base_.DisplayPath(path);
  }
  absl::StatusOr<std::string> Resolve(absl::string_view path) const override {
    if (path == path_) return path_;
    return base_.Resolve(path);
  }

 private:
  const kustomize::FileSystem& base_;
  const std::string path_;
  const std::string text_;
};

absl::StatusOr<std::string> ReadKustomization(
    const kustomize::FileSystem& files, const std::string& folder) {
  for (const char* name :
       {"kustomization.yaml", "kustomization.yml", "Kustomization"}) {
    const std::string path = absl::StrCat(folder, "/", name);
    if (files.IsFile(path)) return files.ReadFile(path);
  }
  return absl::NotFoundError(absl::StrCat("no kustomization in /", folder));
}

// Builds the folder's kustomization with the documents among its resources.
absl::StatusOr<std::string> Kustomize(const Context& ctx,
                                      const std::string& folder,
                                      const std::string& documents) {
  const auto disk = kustomize::MakeDiskFileSystem("/");
  WEIR_ASSIGN_OR_RETURN(const std::string real, disk->Resolve(folder));
  const WithFile files(*disk, absl::StrCat(real, "/", kInputFile), documents);
  WEIR_ASSIGN_OR_RETURN(std::string text, ReadKustomization(files, real));
  WEIR_ASSIGN_OR_RETURN(Value kustomization, ParseYaml(text));
  if (kustomization.is_null()) kustomization = Value::MakeObject();
  const Value& resources = kustomization["resources"];
  const bool names_it = std::any_of(
      resources.array().begin(), resources.array().end(), [](const Value& one) {
        return one.is_string() && one.AsString() == kInputFile;
      });
  if (!names_it && kustomization.is_object()) {
    kustomization.Mutable("resources").Append(kInputFile);
    text = FormatJson(kustomization);
  }
  kustomize::BuildOptions options;
  options.reorder = kustomize::BuildOptions::Reorder::kNone;
  options.on_warning = [](absl::string_view warning) { PrintWarning(warning); };
  WEIR_ASSIGN_OR_RETURN(
      const kustomize::BuildResult built,
      kustomize::BuildText(ctx, files, absl::StrCat("./", real), text,
                           options));
  return kustomize::FormatResult(built);
}

}  // namespace

absl::StatusOr<helm::PostRender> MakePostRenderer(
    const Context& ctx, const std::string& name,
    const std::vector<std::string>& arguments) {
  if (!absl::StrContains(name, '/') && name != "." && name != "..") {
    absl::StatusOr<Plugin> plugin = FindPlugin(name);
    if (!plugin.ok()) {
      return absl::Status(plugin.status().code(),
                          absl::StrCat("invalid argument ", GoQuote(name),
                                       " for \"--post-renderer\" flag: ",
                                       plugin.status().message()));
    }
    return helm::PostRender(
        [ctx, plugin = *std::move(plugin), arguments](
            const std::string& documents) -> absl::StatusOr<std::string> {
          WEIR_ASSIGN_OR_RETURN(
              std::string text, RunPlugin(ctx, plugin, arguments, documents),
              "failed to invoke post-renderer plugin ", GoQuote(plugin.name));
          return NotEmpty(std::move(text), plugin.name);
        });
  }
  std::error_code error;
  const std::string path =
      std::filesystem::absolute(name, error).lexically_normal().string();
  struct stat info;
  if (error || stat(path.c_str(), &info) != 0) {
    return absl::NotFoundError(absl::StrCat("post-renderer ", GoQuote(name),
                                            ": there is no such "
                                            "program or folder"));
  }
  if (S_ISDIR(info.st_mode)) {
    return helm::PostRender(
        [ctx, folder = path.substr(1),
         name](const std::string& documents) -> absl::StatusOr<std::string> {
          WEIR_ASSIGN_OR_RETURN(std::string text,
                                Kustomize(ctx, folder, documents),
                                "post-renderer ", GoQuote(name));
          return NotEmpty(std::move(text), name);
        });
  }
  return helm::PostRender(
      [ctx, path, name,
       arguments](const std::string& documents) -> absl::StatusOr<std::string> {
        ProcessOptions options;
        options.arguments = {path};
        options.arguments.insert(options.arguments.end(), arguments.begin(),
                                 arguments.end());
        WEIR_ASSIGN_OR_RETURN(
            std::string text,
            RunFilter(ctx, std::move(options), documents,
                      absl::StrCat("post-renderer ", GoQuote(name),
                                   " exited with error")));
        return NotEmpty(std::move(text), name);
      });
}

}  // namespace weir::cli
