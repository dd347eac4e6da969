#include "weir/kustomize/explain.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/explain/blame.h"
#include "src/explain/source_log.h"
#include "src/finish.h"
#include "src/target.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"
#include "weir/value/yaml_outline.h"

namespace weir::kustomize {
namespace {

constexpr size_t kShownNames = 20;

// "name", "Kind/name" or "Kind/namespace/name".
bool IsNamed(const ResId& id, absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() > 3 || id.name != parts.back()) return false;
  if (parts.size() > 1 && !absl::EqualsIgnoreCase(id.gvk.kind, parts[0])) {
    return false;
  }
  return parts.size() < 3 || id.ns == parts[1] ||
         id.EffectiveNamespace() == parts[1];
}

absl::Status NoSuchObject(absl::string_view name,
                          const std::vector<ObjectHistory>& histories) {
  std::vector<std::string> names;
  for (const ObjectHistory& history : histories) {
    const ResId& id = history.ids.back();
    names.push_back(absl::StrCat(id.gvk.kind, "/", id.name));
  }
  std::sort(names.begin(), names.end());
  const size_t count = names.size();
  if (count > kShownNames) names.resize(kShownNames);
  return absl::NotFoundError(absl::StrCat(
      "the build has no object '", name, "'; it has ",
      count == 0 ? "none" : absl::StrJoin(names, ", "),
      count > kShownNames ? absl::StrCat(" and ", count - kShownNames, " more")
                          : ""));
}

// The path of the deepest node that begins on each line.
using Path = std::vector<std::string>;
void CollectPaths(const YamlOutline& node, Path* path,
                  std::map<int, Path>* paths) {
  (*paths)[node.line] = *path;
  for (size_t i = 0; i < node.children.size(); ++i) {
    const bool is_map = node.kind == YamlOutline::Kind::kMap;
    path->push_back(is_map ? node.children[i].key : absl::StrCat(i));
    CollectPaths(node.children[i].value, path, paths);
    path->pop_back();
  }
}

const Blame* FindBlame(const Blame& root, const Path& path) {
  const Blame* at = &root;
  for (const std::string& step : path) {
    const Blame* next = at->Find(step);
    size_t index = 0;
    if (next == nullptr && absl::SimpleAtoi(step, &index) &&
        index < at->children.size() && at->children[index].key.empty()) {
      next = &at->children[index].blame;
    }
    if (next == nullptr) return at;
    at = next;
  }
  return at;
}

// Writes one object's explanation.
class Explainer {
 public:
  Explainer(const SourceLog& log, const ObjectHistory& history)
      : log_(log), history_(history) {}

  absl::StatusOr<Explanation> Explain() {
    const ResId& id = history_.ids.back();
    out_.object =
        absl::StrCat(id.gvk.kind, " ", id.name,
                     id.ns.empty() ? "" : absl::StrCat(" in namespace ", id.ns),
                     " (", id.gvk.ApiVersion(), ")");
    Blame blame;
    Value before;
    for (const Change& change : history_.changes) {
      blame = UpdateBlame(blame, before, change.after, change.source,
                          log_.entry(change.source).outline);
      before = change.after;
    }
    const std::string text = FormatYaml(before);
    WEIR_ASSIGN_OR_RETURN(const std::vector<YamlOutline> outlines,
                          OutlineYaml(text));
    std::map<int, Path> paths;
    Path path;
    if (!outlines.empty()) CollectPaths(outlines[0], &path, &paths);
    int number = 0;
    for (absl::string_view line :
         absl::StrSplit(absl::StripSuffix(text, "\n"), '\n')) {
      Explanation::Line explained;
      explained.text = std::string(line);
      auto found = paths.find(++number);
      if (found != paths.end()) {
        explained.made_by = Marks(*FindBlame(blame, found->second));
      }
      out_.lines.push_back(std::move(explained));
    }
    NumberSources();
    return std::move(out_);
  }

 private:
  // One mark a source: the last one.
  std::vector<Explanation::Mark> Marks(const Blame& blame) {
    std::vector<Explanation::Mark> marks;
    for (const Explanation::Mark& mark : blame.marks) {
      const bool known =
          std::any_of(marks.begin(), marks.end(),
                      [&](const auto& m) { return m.source == mark.source; });
      if (!known) marks.push_back(mark);
      used_[mark.source] = 0;
    }
    return marks;
  }

  // Numbers those that are used in the order in which they worked.
  void NumberSources() {
    for (auto& [source, number] : used_) {
      number = static_cast<int>(out_.sources.size());
      out_.sources.push_back(log_.entry(source).source);
    }
    for (Explanation::Line& line : out_.lines) {
      for (Explanation::Mark& mark : line.made_by) {
        mark.source = used_[mark.source];
      }
    }
  }

  const SourceLog& log_;
  const ObjectHistory& history_;
  Explanation out_;
  std::map<int, int> used_;
};

std::string FormatMark(const Explanation::Mark& mark) {
  return mark.line == 0 ? absl::StrCat(mark.source + 1)
                        : absl::StrCat(mark.source + 1, ":", mark.line);
}

std::string FormatPlace(const Explanation::Source& source) {
  if (source.file.empty()) return "(the build)";
  return source.line == 0 ? source.file
                          : absl::StrCat(source.file, ":", source.line);
}

std::string PadLeft(absl::string_view text, size_t width) {
  return absl::StrCat(std::string(width - std::min(width, text.size()), ' '),
                      text);
}

}  // namespace

absl::StatusOr<std::vector<Explanation>> Explain(const Context& ctx,
                                                 const FileSystem& files,
                                                 absl::string_view directory,
                                                 absl::string_view name,
                                                 const BuildOptions& options) {
  BuildState state(ctx, files, options);
  SourceLog log;
  state.sources = &log;
  WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<Loader> loader,
                        Loader::Open(&state.session, directory));
  Target top(&state, loader.get(), std::nullopt);
  WEIR_RETURN_IF_ERROR(top.Load());
  std::vector<ObjectHistory> histories;
  WEIR_RETURN_IF_ERROR(RunTarget(&state, &top, &histories).status());
  std::vector<Explanation> explanations;
  for (const ObjectHistory& history : histories) {
    const bool named =
        std::any_of(history.ids.begin(), history.ids.end(),
                    [&](const ResId& id) { return IsNamed(id, name); });
    if (!named) continue;
    WEIR_ASSIGN_OR_RETURN(Explanation explanation,
                          Explainer(log, history).Explain());
    explanations.push_back(std::move(explanation));
  }
  if (explanations.empty()) return NoSuchObject(name, histories);
  return explanations;
}

std::string FormatExplanation(const Explanation& explanation) {
  std::string out = absl::StrCat(explanation.object, "\n\n");
  size_t width = 0;
  for (const Explanation::Source& source : explanation.sources) {
    width = std::max(width, FormatPlace(source).size());
  }
  for (size_t i = 0; i < explanation.sources.size(); ++i) {
    const Explanation::Source& source = explanation.sources[i];
    const std::string place = FormatPlace(source);
    absl::StrAppend(&out, PadLeft(absl::StrCat(i + 1), 4), "  ", place,
                    std::string(width - place.size() + 2, ' '), source.what,
                    "\n");
  }
  absl::StrAppend(&out, "\n");
  std::vector<std::string> gutters;
  width = 4;
  for (const Explanation::Line& line : explanation.lines) {
    gutters.push_back(absl::StrJoin(line.made_by, " < ",
                                    [](std::string* text, const auto& mark) {
                                      text->append(FormatMark(mark));
                                    }));
    width = std::max(width, gutters.back().size());
  }
  for (size_t i = 0; i < gutters.size(); ++i) {
    absl::StrAppend(&out, PadLeft(gutters[i], width), "  ",
                    explanation.lines[i].text, "\n");
  }
  return out;
}

}  // namespace weir::kustomize
