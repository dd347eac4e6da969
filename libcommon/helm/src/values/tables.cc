#include "src/values/tables.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "src/go_text.h"
#include "weir/base/status.h"
#include "weir/gotmpl/format.h"

namespace weir::helm {

using gotmpl::Any;
using gotmpl::Dict;

namespace {

constexpr char kGlobal[] = "global";

Dict* AsTable(const Any& any) { return any.is_dict() ? any.AsDict() : nullptr; }

std::string Joined(const std::string& prefix, absl::string_view key) {
  return prefix.empty() ? std::string(key) : absl::StrCat(prefix, ".", key);
}

// A copy, for walks that change the table.
std::vector<std::pair<Dict::Key, Any>> Members(const Dict& table) {
  return {table.begin(), table.end()};
}

void EraseNulls(Dict& table) {
  std::vector<Dict::Key> nulls;
  for (const auto& [key, value] : table) {
    if (value.is_nothing()) {
      nulls.push_back(key);
    } else if (Dict* inner = AsTable(value); inner != nullptr) {
      EraseNulls(*inner);
    }
  }
  for (const Dict::Key& key : nulls) table.Erase(key.view());
}

bool IsChartBelow(const Chart& chart, absl::string_view name) {
  for (const Chart& one : chart.dependencies) {
    if (one.name() == name) return true;
  }
  return false;
}

}  // namespace

Any TableOf(const Value& value) {
  if (!value.is_object()) return Any::NewDict();
  return gotmpl::FromValue(value, gotmpl::Numbers::kExact);
}

Value ValueOf(const Any& any) {
  switch (any.kind()) {
    case gotmpl::Kind::kBool:
      return any.AsBool();
    case gotmpl::Kind::kInt64:
      return any.AsInt();
    case gotmpl::Kind::kFloat64:
      return any.AsFloat();
    case gotmpl::Kind::kString:
      return any.AsString();
    case gotmpl::Kind::kSlice: {
      Value::Array items;
      items.reserve(any.size());
      for (size_t i = 0; i < any.size(); ++i)
        items.push_back(ValueOf(any.At(i)));
      return items;
    }
    case gotmpl::Kind::kMap: {
      Value::Object members;
      if (any.AsDict() == nullptr) return Value::MakeObject();
      members.reserve(any.size());
      for (const auto& [key, value] : *any.AsDict()) {
        members.emplace_back(std::string(key.view()), ValueOf(value));
      }
      return Value::FromMembers(std::move(members));
    }
    default:
      return nullptr;
  }
}

Any CopyTable(const Any& table) {
  Any copy = Any::NewDict();
  for (const auto& [key, value] : *table.AsDict()) {
    copy.AsDict()->Set(key.view(),
                       AsTable(value) == nullptr ? value : CopyTable(value));
  }
  return copy;
}

const Any* FindTable(const Dict& table, absl::string_view path) {
  const Dict* at = &table;
  const Any* found = nullptr;
  for (absl::string_view part : absl::StrSplit(path, '.')) {
    found = at->Find(part);
    if (found == nullptr || AsTable(*found) == nullptr) return nullptr;
    at = found->AsDict();
  }
  return found;
}

const Any* FindScalar(const Dict& table, absl::string_view path) {
  const Dict* at = &table;
  const size_t dot = path.rfind('.');
  if (dot != absl::string_view::npos) {
    const Any* outer = FindTable(table, path.substr(0, dot));
    if (outer == nullptr) return nullptr;
    at = outer->AsDict();
    path.remove_prefix(dot + 1);
  }
  const Any* found = at->Find(path);
  return found == nullptr || AsTable(*found) != nullptr ? nullptr : found;
}

absl::Status Coalescer::CoalesceChart(const Chart& chart, Dict& values,
                                      const std::string& prefix,
                                      bool keep_nulls) {
  CoalesceDefaults(chart, values, prefix, keep_nulls);
  for (const Chart& one : chart.dependencies) {
    if (values.Find(one.name()) == nullptr) {
      values.Set(one.name(), Any::NewDict());
    }
    const Any below = *values.Find(one.name());
    if (AsTable(below) == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "type mismatch on ", one.name(), ": ", GoPrintBool(ValueOf(below))));
    }
    const std::string inner = Joined(prefix, chart.name());
    HandDownGlobals(*below.AsDict(), values, inner);
    WEIR_RETURN_IF_ERROR(
        CoalesceChart(one, *below.AsDict(), inner, keep_nulls));
  }
  return absl::OkStatus();
}

void Coalescer::HandDownGlobals(Dict& below, Dict& values,
                                const std::string& prefix) {
  const Any* there = below.Find(kGlobal);
  const Any globals = there == nullptr ? Any::NewDict() : *there;
  if (AsTable(globals) == nullptr) {
    Warning("skipping globals because destination global is not a table.");
    return;
  }
  if (const Any* given = values.Find(kGlobal); given != nullptr) {
    if (AsTable(*given) == nullptr) {
      Warning("skipping globals because source global is not a table.");
      return;
    }
    for (const auto& [key, value] : Members(*given->AsDict())) {
      HandDownGlobal(key.view(), value, *globals.AsDict(), prefix);
    }
  }
  below.Set(kGlobal, globals);
}

void Coalescer::HandDownGlobal(absl::string_view key, const Any& value,
                               Dict& below, const std::string& prefix) {
  const Any* there = below.Find(key);
  if (AsTable(value) == nullptr) {
    if (there != nullptr && AsTable(*there) != nullptr) {
      Warning(absl::StrCat("key ", key, " is table. Skipping"));
    } else {
      below.Set(key, value);
    }
    return;
  }
  // A copy of this level only: the levels below stay shared, as in Helm.
  Any copy = Any::NewDict();
  for (const auto& [inner_key, inner] : *value.AsDict()) {
    copy.AsDict()->Set(inner_key.view(), inner);
  }
  if (there != nullptr) {
    Dict* table = AsTable(*there);
    if (table == nullptr) {
      Warning(absl::StrCat("Conflict: cannot merge map onto non-map for ",
                           GoQuote(key), ". Skipping."));
      return;
    }
    CoalesceTables(*copy.AsDict(), *table, Joined(prefix, key), true);
  }
  below.Set(key, copy);
}

void Coalescer::CoalesceDefaults(const Chart& chart, Dict& values,
                                 const std::string& prefix, bool keep_nulls) {
  const std::string inner = Joined(prefix, chart.name());
  const Any defaults = TableOf(chart.values);
  for (const auto& [name, value] : Members(*defaults.AsDict())) {
    const absl::string_view key = name.view();
    Dict* default_table = AsTable(value);
    const Any* there = values.Find(key);
    if (there == nullptr) {
      if (!keep_nulls && value.is_nothing()) continue;
      if (!keep_nulls && default_table != nullptr) EraseNulls(*default_table);
      values.Set(key, value);
    } else if (there->is_nothing() && !keep_nulls) {
      values.Erase(key);
    } else if (Dict* table = AsTable(*there); table != nullptr) {
      if (default_table == nullptr) {
        if (!value.is_nothing()) {
          Warning(absl::StrCat("skipped value for ", inner, ".", key,
                               ": Not a table."));
        }
        continue;
      }
      // A chart below removes nulls itself.
      const bool keep = keep_nulls || IsChartBelow(chart, key);
      if (!keep) EraseNulls(*default_table);
      CoalesceTables(*table, *default_table, Joined(inner, key), keep);
    }
  }
}

void Coalescer::CoalesceTables(Dict& table, Dict& under,
                               const std::string& prefix, bool keep_nulls) {
  absl::flat_hash_set<std::string> had_value;
  for (const auto& [key, value] : table) {
    if (!value.is_nothing()) continue;
    const Any* below = under.Find(key.view());
    if (below != nullptr && !below->is_nothing()) had_value.emplace(key.view());
    under.Set(key.view(), Any());
  }
  for (const auto& [name, value] : Members(under)) {
    const absl::string_view key = name.view();
    const Any* there = table.Find(key);
    if (there == nullptr) {
      table.Set(key, value);
      continue;
    }
    if (!keep_nulls && there->is_nothing() && had_value.contains(key)) {
      table.Erase(key);
      continue;
    }
    Dict* inner = AsTable(*there);
    Dict* inner_under = AsTable(value);
    if (inner == nullptr && inner_under == nullptr) continue;
    const std::string path = Joined(prefix, key);
    if (inner_under != nullptr && inner != nullptr) {
      CoalesceTables(*inner, *inner_under, path, keep_nulls);
    } else if (inner_under != nullptr) {
      Warning(absl::StrCat("cannot overwrite table with non table for ", path,
                           " (", gotmpl::FormatValue(value), ")"));
    } else if (inner != nullptr && !value.is_nothing()) {
      Warning(absl::StrCat("destination for ", path,
                           " is a table. Ignoring non-table value (",
                           gotmpl::FormatValue(value), ")"));
    }
  }
}

absl::StatusOr<Value> CoalesceValues(const Chart& chart, const Value& user,
                                     const Warn& warn) {
  const Any values = TableOf(user);
  WEIR_RETURN_IF_ERROR(
      Coalescer(warn).Coalesce(chart, *values.AsDict(), false));
  return ValueOf(values);
}

}  // namespace weir::helm
