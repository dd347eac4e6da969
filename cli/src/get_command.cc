// `weir get`: tables of the toolkit's objects.
#include <algorithm>
#include <memory>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cluster.h"
#include "invocation.h"
#include "nouns.h"
#include "output.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"
#include "weir/base/task_queue.h"
#include "weir/kube/informer.h"

namespace weir::cli {
namespace {

struct GetOptions {
  bool all_namespaces = false;
  bool watch = false;
  bool no_header = false;
  bool show_source = false;
  std::string label_selector;
  std::string status_selector;  // "type=status" or "type!=status"
  std::string name;
};

bool MatchesStatus(const Value& object, absl::string_view selector) {
  if (selector.empty()) return true;
  const size_t at = selector.find('=');
  const bool is_negated = at > 0 && selector[at - 1] == '!';
  const absl::string_view type = selector.substr(0, at - (is_negated ? 1 : 0));
  const absl::string_view wanted = selector.substr(at + 1);
  for (const Value& condition : object["status"]["conditions"].array()) {
    if (absl::EqualsIgnoreCase(condition.GetString("type"), type)) {
      return absl::EqualsIgnoreCase(condition.GetString("status"), wanted) !=
             is_negated;
    }
  }
  return false;
}

// "" when it can be used, else what is wrong.
std::string CheckStatusSelector(absl::string_view selector) {
  const size_t at = selector.find('=');
  if (selector.empty() ||
      (at != absl::string_view::npos && at > 0 && at + 1 < selector.size() &&
       selector.substr(0, at) != "!")) {
    return "";
  }
  return absl::StrCat(
      "expected status selector in type=status format, but "
      "found: ",
      selector);
}

bool ShowsSource(const GetOptions& options, const Noun& noun) {
  return options.show_source &&
         (noun.gvk.kind == "Kustomization" || noun.gvk.kind == "HelmRelease");
}

std::string SourceOf(const Value& object) {
  const Value& spec = object["spec"];
  const Value* ref = spec.Find("sourceRef");
  if (ref == nullptr) ref = spec.Find("chartRef");
  if (ref == nullptr) ref = spec["chart"]["spec"].Find("sourceRef");
  if (ref == nullptr) return "";
  return absl::StrCat(
      ref->GetString("kind"), "/",
      ref->GetString("namespace", object["metadata"].GetString("namespace")),
      "/", ref->GetString("name"));
}

std::vector<std::string> HeaderOf(const GetOptions& options, const Noun& noun) {
  std::vector<std::string> header;
  if (options.all_namespaces) header.push_back("Namespace");
  header.push_back("Name");
  if (ShowsSource(options, noun)) header.push_back("Source");
  for (const absl::string_view column : noun.columns) {
    header.emplace_back(column);
  }
  return header;
}

std::vector<std::string> RowOf(const GetOptions& options, const Noun& noun,
                               const Value& object, bool with_kind) {
  const Value& metadata = object["metadata"];
  std::vector<std::string> row;
  if (options.all_namespaces) row.emplace_back(metadata.GetString("namespace"));
  row.push_back(with_kind ? absl::StrCat(absl::AsciiStrToLower(noun.gvk.kind),
                                         "/", metadata.GetString("name"))
                          : std::string(metadata.GetString("name")));
  if (ShowsSource(options, noun)) row.push_back(SourceOf(object));
  for (std::string& cell : noun.cells(object)) row.push_back(std::move(cell));
  return row;
}

kube::ListOptions ListOptionsOf(const GetOptions& options) {
  kube::ListOptions list;
  list.label_selector = options.label_selector;
  if (!options.name.empty()) {
    list.field_selector = absl::StrCat("metadata.name=", options.name);
  }
  return list;
}

// Prints the table of one kind; returns how many rows it has.
absl::StatusOr<size_t> PrintKind(const Context& ctx, const kube::Client& client,
                                 const Globals& globals,
                                 const GetOptions& options, const Noun& noun,
                                 bool with_kind, absl::string_view before) {
  WEIR_ASSIGN_OR_RETURN(
      const Value list,
      client.List(ctx, noun.gvk,
                  options.all_namespaces ? "" : globals.name_space,
                  ListOptionsOf(options)));
  std::vector<std::vector<std::string>> rows;
  for (const Value& object : list["items"].array()) {
    if (MatchesStatus(object, options.status_selector)) {
      rows.push_back(RowOf(options, noun, object, with_kind));
    }
  }
  if (!rows.empty()) {
    Print(absl::StrCat(before, FormatTable(HeaderOf(options, noun), rows,
                                           !options.no_header)));
  }
  return rows.size();
}

int GetOne(const Context& ctx, const kube::Client& client,
           const Globals& globals, const GetOptions& options,
           const Noun& noun) {
  const auto count = PrintKind(ctx, client, globals, options, noun, false, "");
  if (!count.ok()) return Fail(count.status());
  if (*count > 0) return 0;
  const std::string where =
      options.all_namespaces
          ? "any namespace"
          : absl::StrCat("\"", globals.name_space, "\" namespace");
  PrintFailure(
      options.name.empty()
          ? absl::StrCat("no ", noun.gvk.kind, " objects found in ", where)
          : absl::StrCat(noun.gvk.kind, " object '", options.name,
                         "' not found in ", where));
  return 1;
}

// Prints a row for each object, and a row again for each change.
int WatchOne(const Context& ctx, const kube::Client& client,
             const Globals& globals, const GetOptions& options,
             const Noun& noun) {
  const auto resource = client.FindResource(ctx, noun.gvk);
  if (!resource.ok()) return Fail(resource.status());
  TaskQueue tasks("get");
  kube::InformerOptions informer_options;
  informer_options.gvk = noun.gvk;
  informer_options.name_space =
      options.all_namespaces ? "" : globals.name_space;
  const kube::ListOptions list = ListOptionsOf(options);
  informer_options.label_selector = list.label_selector;
  informer_options.field_selector = list.field_selector;
  kube::Informer informer(client, tasks, std::move(informer_options));
  bool has_header = options.no_header;
  informer.AddHandler([&, last = std::map<std::string, std::string>()](
                          const kube::Change& change) mutable {
    if (change.type == kube::ChangeType::kDeleted ||
        !MatchesStatus(change.after, options.status_selector)) {
      return;
    }
    const std::string table =
        FormatTable(HeaderOf(options, noun),
                    {RowOf(options, noun, change.after, false)}, !has_header);
    std::string& before = last[kube::KeyOf(change.after).ToString()];
    if (before == table) return;
    before = table;
    has_header = true;
    Print(table);
  });
  ctx.SleepFor(absl::InfiniteDuration()).IgnoreError();
  return 0;
}

// Every kind the cluster serves; those without objects are left out.
int GetAll(const Context& ctx, const kube::Client& client,
           const Globals& globals, const GetOptions& options,
           std::optional<NounGroup> group) {
  size_t total = 0;
  for (const Noun& noun : Nouns()) {
    if (group.has_value() && noun.group != *group) continue;
    if (!client.FindResource(ctx, noun.gvk).ok()) continue;
    const auto count = PrintKind(ctx, client, globals, options, noun, true,
                                 total > 0 ? "\n" : "");
    if (!count.ok()) {
      PrintFailure(absl::string_view(count.status().message()));
    } else {
      total += *count;
    }
  }
  if (total == 0) {
    PrintFailure(absl::StrCat(
        "no objects found in ",
        options.all_namespaces
            ? "any namespace"
            : absl::StrCat("\"", globals.name_space, "\" namespace")));
  }
  return 0;
}

using Getter = std::function<int(const Context&, const kube::Client&)>;

void RunOnCluster(Invocation& invocation,
                  std::shared_ptr<const GetOptions> options, Getter getter) {
  invocation.run = [&invocation, options,
                    getter = std::move(getter)](const Context& ctx) {
    if (const std::string wrong = CheckStatusSelector(options->status_selector);
        !wrong.empty()) {
      PrintFailure(wrong);
      return 2;
    }
    const auto timeout = TimeoutOf(invocation.globals);
    if (!timeout.ok()) return Fail(timeout.status());
    auto client = Connect(invocation.globals);
    if (!client.ok()) return Fail(client.status());
    return getter(options->watch ? ctx : ctx.WithTimeout(*timeout), **client);
  };
}

void AddNoun(CLI::App& parent, const Noun& noun, Invocation& invocation,
             const std::shared_ptr<GetOptions>& options) {
  CLI::App* command =
      parent.add_subcommand(std::string(noun.plural),
                            absl::StrCat("Shows ", noun.gvk.kind, " objects"));
  for (const absl::string_view name : noun.names) {
    if (name != noun.plural) command->alias(std::string(name));
  }
  command->add_option("NAME", options->name, "Show only this one");
  command->callback([&noun, &invocation, options] {
    RunOnCluster(invocation, options,
                 [&noun, &invocation, options](const Context& ctx,
                                               const kube::Client& client) {
                   return (options->watch ? WatchOne : GetOne)(
                       ctx, client, invocation.globals, *options, noun);
                 });
  });
}

void AddAll(CLI::App& parent, Invocation& invocation,
            const std::shared_ptr<GetOptions>& options,
            std::optional<NounGroup> group) {
  CLI::App* command =
      parent.add_subcommand("all", "Shows objects of every kind");
  command->callback([&invocation, options, group] {
    RunOnCluster(invocation, options,
                 [&invocation, options, group](const Context& ctx,
                                               const kube::Client& client) {
                   return GetAll(ctx, client, invocation.globals, *options,
                                 group);
                 });
  });
}

}  // namespace

void AddGetCommand(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<GetOptions>();
  CLI::App* get = app.add_subcommand("get", "Shows objects and their state");
  get->footer(
      "Examples:\n"
      "  weir get all -A                      everything, everywhere\n"
      "  weir get ks -n apps --watch          follow Kustomizations\n"
      "  weir get sources git --status-selector ready=false\n");
  get->add_flag("-A,--all-namespaces", options->all_namespaces,
                "In all namespaces");
  get->add_flag("-w,--watch", options->watch, "Go on and show changes");
  get->add_flag("--no-header", options->no_header, "Rows only");
  get->add_flag("--show-source", options->show_source,
                "Show the source of Kustomizations and HelmReleases");
  get->add_option("-l,--label-selector", options->label_selector,
                  "Only objects with these labels: a=b,c!=d");
  get->add_option("--status-selector", options->status_selector,
                  "Only objects with this condition: ready=true");
  get->require_subcommand(1);
  AddAll(*get, invocation, options, std::nullopt);
  CLI::App* sources =
      get->add_subcommand("sources", "Shows sources")->alias("source");
  CLI::App* images =
      get->add_subcommand("images", "Shows image automation")->alias("image");
  for (CLI::App* group : {sources, images}) group->require_subcommand(1);
  AddAll(*sources, invocation, options, NounGroup::kSource);
  AddAll(*images, invocation, options, NounGroup::kImage);
  for (const Noun& noun : Nouns()) {
    CLI::App& parent = noun.group == NounGroup::kSource  ? *sources
                       : noun.group == NounGroup::kImage ? *images
                                                         : *get;
    AddNoun(parent, noun, invocation, options);
  }
}

}  // namespace weir::cli
