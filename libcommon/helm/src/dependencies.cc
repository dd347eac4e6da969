#include "weir/helm/dependencies.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "src/go_text.h"
#include "src/values/tables.h"
#include "weir/base/status.h"
#include "weir/text/semver.h"

namespace weir::helm {
namespace {

using gotmpl::Any;
using gotmpl::Dict;

void Warning(const Warn& warn, absl::string_view text) {
  if (warn) warn(text);
}

bool IsMeant(const Dependency& wanted, const Chart& chart) {
  return chart.name() == wanted.name &&
         IsCompatible(wanted.version, chart.metadata.version);
}

// The path of the chart and of those right below. Deeper ones keep theirs, as
// in Helm, until their own dependencies are processed.
void SetPath(Chart& chart, const std::string& parent) {
  chart.full_path = absl::StrCat(parent, "/charts/", chart.name());
  for (Chart& one : chart.dependencies) {
    one.full_path = absl::StrCat(chart.full_path, "/charts/", one.name());
  }
}

// Those that nobody lists, in the order of loading, then one for each that is
// listed, under its alias.
void PickCharts(Chart& chart) {
  std::vector<Chart> loaded = std::move(chart.dependencies);
  std::vector<Dependency>& wanted = chart.metadata.dependencies;
  std::vector<int> uses(loaded.size(), 0);
  std::vector<int> picked;
  for (const Dependency& one : wanted) {
    int index = -1;
    for (size_t i = 0; i < loaded.size() && index < 0; ++i) {
      if (IsMeant(one, loaded[i])) index = static_cast<int>(i);
    }
    if (index >= 0) ++uses[index];
    picked.push_back(index);
  }
  std::vector<Chart> out;
  for (Chart& one : loaded) {
    bool is_listed = false;
    for (const Dependency& listed : wanted) {
      is_listed = is_listed || IsMeant(listed, one);
    }
    if (!is_listed) out.push_back(std::move(one));
  }
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (picked[i] >= 0) {
      Chart& from = loaded[picked[i]];
      out.push_back(--uses[picked[i]] == 0 ? std::move(from) : from);
      if (!wanted[i].alias.empty()) {
        out.back().metadata.name = wanted[i].alias;
      }
      SetPath(out.back(), chart.full_path);
    }
    if (!wanted[i].alias.empty()) wanted[i].name = wanted[i].alias;
  }
  chart.dependencies = std::move(out);
}

void ApplyTags(std::vector<Dependency>& dependencies, const Dict& values,
               const Warn& warn) {
  const Any* table = FindTable(values, "tags");
  if (table == nullptr) return;
  const Dict& tags = *table->AsDict();
  for (Dependency& one : dependencies) {
    bool has_true = false;
    bool has_false = false;
    for (const std::string& tag : one.tags) {
      const Any* found = tags.Find(tag);
      if (found == nullptr) continue;
      if (found->kind() != gotmpl::Kind::kBool) {
        Warning(warn, absl::StrCat("returned non-bool value for tag ", tag,
                                   " of chart ", one.name));
      } else {
        (found->AsBool() ? has_true : has_false) = true;
      }
    }
    one.enabled = has_true || !has_false;
  }
}

void ApplyConditions(std::vector<Dependency>& dependencies, const Dict& values,
                     const std::string& path, const Warn& warn) {
  for (Dependency& one : dependencies) {
    for (absl::string_view condition :
         absl::StrSplit(TrimSpace(one.condition), ',')) {
      if (condition.empty()) continue;
      const Any* found = FindScalar(values, absl::StrCat(path, condition));
      if (found == nullptr) continue;
      if (found->kind() == gotmpl::Kind::kBool) {
        one.enabled = found->AsBool();
        break;
      }
      Warning(warn, absl::StrCat("returned non-bool value for path ", condition,
                                 " of chart ", one.name));
    }
  }
}

void RemoveDisabled(Chart& chart) {
  std::set<std::string> disabled;
  for (const Dependency& one : chart.metadata.dependencies) {
    if (!one.enabled) disabled.insert(one.name);
  }
  std::erase_if(chart.dependencies, [&](const Chart& one) {
    return disabled.count(one.name()) > 0;
  });
  std::erase_if(chart.metadata.dependencies, [&](const Dependency& one) {
    return disabled.count(one.name) > 0;
  });
  // None of them left is as good as none listed.
  chart.metadata.lists_dependencies = !chart.metadata.dependencies.empty();
}

absl::Status ProcessEnabled(Chart& chart, const Any& user,
                            const std::string& path, const Warn& warn) {
  if (!chart.metadata.lists_dependencies) return absl::OkStatus();
  PickCharts(chart);
  for (Dependency& one : chart.metadata.dependencies) one.enabled = true;
  const Any values = CopyTable(user);
  WEIR_RETURN_IF_ERROR(
      Coalescer(warn).Coalesce(chart, *values.AsDict(), false));
  ApplyTags(chart.metadata.dependencies, *values.AsDict(), warn);
  ApplyConditions(chart.metadata.dependencies, *values.AsDict(), path, warn);
  RemoveDisabled(chart);
  for (Chart& one : chart.dependencies) {
    WEIR_RETURN_IF_ERROR(
        ProcessEnabled(one, values, absl::StrCat(path, one.name(), "."), warn));
  }
  return absl::OkStatus();
}

// {a: {b: table}} for "a.b".
Any AtPath(absl::string_view path, const Any& table) {
  if (path == ".") return table;
  const std::vector<std::string> parts = absl::StrSplit(path, '.');
  Any at = table;
  for (size_t i = parts.size(); i-- > 0;) {
    Any outer = Any::NewDict();
    outer.AsDict()->Set(parts[i], at);
    at = outer;
  }
  return at;
}

struct Import {
  std::string child;
  std::string parent;
};

bool ReadImport(const Value& written, Import* out) {
  if (written.is_string()) {
    *out = {absl::StrCat("exports.", written.AsString()), "."};
    return true;
  }
  if (!written.is_object()) return false;
  *out = {GoPrint(written["child"]), GoPrint(written["parent"])};
  return true;
}

absl::Status ImportValues(Chart& chart, const Warn& warn) {
  for (Chart& one : chart.dependencies) {
    WEIR_RETURN_IF_ERROR(ImportValues(one, warn));
  }
  if (!chart.metadata.lists_dependencies) return absl::OkStatus();
  const Any values = Any::NewDict();
  Coalescer coalescer(warn);
  WEIR_RETURN_IF_ERROR(coalescer.Coalesce(chart, *values.AsDict(), true));
  const Any imported = Any::NewDict();
  for (Dependency& one : chart.metadata.dependencies) {
    std::vector<Value> rewritten;
    for (const Value& written : one.import_values) {
      Import import;
      if (!ReadImport(written, &import)) continue;
      rewritten.push_back(Value::MakeObject(
          {{"child", import.child}, {"parent", import.parent}}));
      const Any* table = FindTable(*values.AsDict(),
                                   absl::StrCat(one.name, ".", import.child));
      if (table == nullptr) {
        Warning(warn, absl::StrCat("ImportValues missing table ", import.child,
                                   " of chart ", one.name));
        continue;
      }
      // An empty one is not shared.
      const Any source = table->size() == 0 ? Any::NewDict() : *table;
      coalescer.CoalesceTables(*imported.AsDict(),
                               *AtPath(import.parent, source).AsDict(), "",
                               true);
    }
    one.import_values = std::move(rewritten);
  }
  if (imported.size() == 0) {
    chart.values = ValueOf(values);
    return absl::OkStatus();
  }
  const Any merged = CopyTable(values);
  coalescer.CoalesceTables(*merged.AsDict(), *imported.AsDict(), "", true);
  chart.values = ValueOf(merged);
  return absl::OkStatus();
}

}  // namespace

bool IsCompatible(absl::string_view range, absl::string_view version) {
  const absl::StatusOr<text::Version> parsed = text::ParseVersion(version);
  if (!parsed.ok()) return false;
  const absl::StatusOr<text::VersionRange> parsed_range =
      text::VersionRange::Parse(range);
  return parsed_range.ok() && parsed_range->Contains(*parsed);
}

absl::Status ProcessDependencies(Chart& chart, const Value& user,
                                 const Warn& warn) {
  WEIR_RETURN_IF_ERROR(ProcessEnabled(chart, TableOf(user), "", warn));
  return ImportValues(chart, warn);
}

absl::Status CheckDependencies(const Chart& chart) {
  std::vector<std::string> missing;
  for (const Dependency& wanted : chart.metadata.dependencies) {
    bool is_there = false;
    for (const Chart& one : chart.dependencies) {
      is_there = is_there || one.name() == wanted.name;
    }
    if (!is_there) missing.push_back(wanted.name);
  }
  if (missing.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("found in Chart.yaml, but missing in charts/ directory: ",
                   absl::StrJoin(missing, ", ")));
}

}  // namespace weir::helm
