// `weir events`: what Kubernetes Events say of the toolkit's objects.
#include <unistd.h>

#include <memory>
#include <utility>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cluster.h"
#include "event_table.h"
#include "invocation.h"
#include "nouns.h"
#include "output.h"
#include "weir/base/status.h"
#include "weir/base/task_queue.h"
#include "weir/kube/informer.h"

namespace weir::cli {
namespace {

struct EventsOptions {
  bool all_namespaces = false;
  bool watch = false;
  std::string target;  // --for
  std::vector<std::string> types;
};

const kube::GroupVersionKind& EventKind() {
  static const auto* const kind = new kube::GroupVersionKind{"", "v1", "Event"};
  return *kind;
}

// What to show, and how.
struct View {
  std::vector<EventTarget> targets;
  std::vector<std::string> types;
  bool with_namespace = false;
  bool is_coloured = false;

  void PrintTable(const std::vector<Value>& events, bool has_header) const {
    const absl::Time now = absl::Now();
    std::vector<std::vector<std::string>> rows;
    std::vector<bool> is_warning;
    for (const Value& event : events) {
      rows.push_back(EventRow(event, with_namespace, now));
      is_warning.push_back(event.GetString("type") == "Warning");
    }
    const std::string table =
        FormatTable(EventHeader(with_namespace), rows, has_header);
    Print(is_coloured ? ColourWarnings(table, is_warning, has_header) : table);
  }
};

absl::StatusOr<View> MakeView(const Context& ctx, const kube::Client& client,
                              const Globals& globals,
                              const EventsOptions& options) {
  View view;
  view.types = options.types;
  view.is_coloured = isatty(STDOUT_FILENO) != 0;
  view.with_namespace = options.all_namespaces;
  const std::string name_space =
      options.all_namespaces ? "" : globals.name_space;
  if (options.target.empty()) {
    view.targets.push_back({name_space, "", ""});
    return view;
  }
  WEIR_ASSIGN_OR_RETURN(const EventTarget target,
                        ParseEventTarget(options.target, name_space));
  view.targets.push_back(target);
  if (target.name.empty()) return view;
  for (const Noun& noun : Nouns()) {
    if (noun.gvk.kind != target.kind) continue;
    WEIR_ASSIGN_OR_RETURN(
        const Value object,
        client.Get(ctx, {noun.gvk, {globals.name_space, target.name}}));
    for (EventTarget& related : RelatedTargets(object)) {
      if (related.name_space != name_space) view.with_namespace = true;
      view.targets.push_back(std::move(related));
    }
  }
  return view;
}

absl::Status Show(const Context& ctx, const kube::Client& client,
                  const View& view) {
  std::vector<Value> events;
  for (const EventTarget& target : view.targets) {
    WEIR_ASSIGN_OR_RETURN(
        const Value list,
        client.List(ctx, EventKind(), target.name_space,
                    {.field_selector = target.FieldSelector()}));
    for (const Value& event : list["items"].array()) {
      if (IsShown(event, view.types)) events.push_back(event);
    }
  }
  if (events.empty()) {
    const std::string& name_space = view.targets[0].name_space;
    PrintFailure(name_space.empty() ? "no events found in any namespace"
                                    : absl::StrCat("no events found in \"",
                                                   name_space, "\" namespace"));
    return absl::OkStatus();
  }
  SortByTime(events);
  view.PrintTable(events, true);
  return absl::OkStatus();
}

// The events that there are, in order, then each new one.
class Follower {
 public:
  explicit Follower(const View& view) : view_(view) {}

  void OnChange(const kube::Change& change) {
    if (change.type == kube::ChangeType::kDeleted ||
        !IsShown(change.after, view_.types)) {
      return;
    }
    if (!has_begun_) {
      first_.push_back(change.after);
    } else {
      view_.PrintTable({change.after}, !std::exchange(has_header_, true));
    }
  }
  void Begin() {
    has_begun_ = true;
    SortByTime(first_);
    if (!first_.empty()) {
      has_header_ = true;
      view_.PrintTable(std::exchange(first_, {}), true);
    }
  }

 private:
  // All of the informers' thread.
  const View& view_;
  std::vector<Value> first_;
  bool has_begun_ = false;
  bool has_header_ = false;
};

absl::Status Follow(const Context& ctx, const kube::Client& client,
                    const View& view) {
  WEIR_RETURN_IF_ERROR(client.FindResource(ctx, EventKind()));
  Follower follower(view);
  TaskQueue tasks("events");
  std::vector<std::unique_ptr<kube::Informer>> informers;
  for (const EventTarget& target : view.targets) {
    kube::InformerOptions options;
    options.gvk = EventKind();
    options.name_space = target.name_space;
    options.field_selector = target.FieldSelector();
    informers.push_back(
        std::make_unique<kube::Informer>(client, tasks, std::move(options)));
    informers.back()->AddHandler(
        [&follower](const kube::Change& change) { follower.OnChange(change); });
  }
  for (const auto& informer : informers) {
    if (!informer->WaitForSync(ctx).ok()) return absl::OkStatus();
  }
  // Behind what the handlers were told of the lists.
  tasks.Post([&follower] { follower.Begin(); });
  ctx.SleepFor(absl::InfiniteDuration()).IgnoreError();
  return absl::OkStatus();
}

int Run(const Context& ctx, const Invocation& invocation,
        const EventsOptions& options) {
  const absl::Status types = CheckEventTypes(options.types);
  if (!types.ok()) {
    Fail(types);
    return 2;
  }
  const auto timeout = TimeoutOf(invocation.globals);
  if (!timeout.ok()) return Fail(timeout.status());
  const auto client = Connect(invocation.globals);
  if (!client.ok()) return Fail(client.status());
  const Context bounded = ctx.WithTimeout(*timeout);
  const auto view = MakeView(bounded, **client, invocation.globals, options);
  if (!view.ok()) return Fail(view.status());
  const absl::Status status = options.watch ? Follow(ctx, **client, *view)
                                            : Show(bounded, **client, *view);
  return status.ok() ? 0 : Fail(status);
}

}  // namespace

void AddEventsCommand(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<EventsOptions>();
  CLI::App* command = app.add_subcommand(
      "events", "Shows what happened to objects, by Kubernetes Events");
  command->footer(
      "Examples:\n"
      "  weir events -A --watch           everything, as it happens\n"
      "  weir events --for ks/app         of one object and of its source\n"
      "  weir events --for HelmRelease --types Warning -n apps");
  command->add_flag("-A,--all-namespaces", options->all_namespaces,
                    "In all namespaces");
  command->add_flag("-w,--watch", options->watch, "Go on and show new ones");
  command
      ->add_option("--for", options->target,
                   "Of this object, and of what it is made from")
      ->type_name("KIND[/NAME]");
  command->add_option("--types", options->types, "Only these: Normal, Warning")
      ->delimiter(',');
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options](const Context& ctx) {
      return Run(ctx, invocation, *options);
    };
  });
}

}  // namespace weir::cli
