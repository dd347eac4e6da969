#include "diff_report.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/value/yaml.h"

namespace weir::cli {
namespace {

constexpr size_t kContextLines = 3;
constexpr size_t kMaxLines = 1000;  // Of texts that are compared by lines.

std::string Spell(size_t count) {
  static constexpr const char* kWords[] = {
      "no",    "one",   "two",  "three", "four",   "five",  "six",
      "seven", "eight", "nine", "ten",   "eleven", "twelve"};
  return count < std::size(kWords) ? kWords[count] : absl::StrCat(count);
}

std::string CountOf(size_t count, const char* one, const char* many) {
  return absl::StrCat(Spell(count), " ", count == 1 ? one : many);
}

std::string Indent(absl::string_view text, absl::string_view by) {
  std::string out;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::StrAppend(&out, by, line, "\n");
  }
  return out;
}

std::string YamlOf(const Value& value) {
  std::string text = FormatYaml(value);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

const char* TypeOf(const Value& value) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return "bool";
  if (value.is_string()) return "string";
  if (value.is_array()) return "list";
  return value.is_object() ? "map" : "number";
}

std::string JoinPath(const std::string& path, absl::string_view step) {
  return path.empty() ? std::string(step) : absl::StrCat(path, ".", step);
}

// The elements by name; nothing when one has none, or two have the same.
std::optional<std::map<std::string, const Value*>> ByName(const Value& list) {
  std::map<std::string, const Value*> out;
  for (const Value& one : list.array()) {
    if (!one.is_object() || one.GetString("name").empty()) return std::nullopt;
    if (!out.emplace(one.GetString("name"), &one).second) return std::nullopt;
  }
  return out;
}

// What a text of several lines became: what is the same at its ends is left
// out but for a few lines.
std::string FormatLines(const std::string& before, const std::string& after) {
  std::vector<absl::string_view> old_lines = absl::StrSplit(before, '\n');
  std::vector<absl::string_view> new_lines = absl::StrSplit(after, '\n');
  size_t head = 0, tail = 0;
  const size_t shorter = std::min(old_lines.size(), new_lines.size());
  while (head < shorter && old_lines[head] == new_lines[head]) ++head;
  while (tail < shorter - head && old_lines[old_lines.size() - 1 - tail] ==
                                      new_lines[new_lines.size() - 1 - tail]) {
    ++tail;
  }
  const size_t removed = old_lines.size() - head - tail;
  const size_t added = new_lines.size() - head - tail;
  std::string out = absl::StrCat("  ± value change in multiline text (",
                                 CountOf(added, "line", "lines"), " added, ",
                                 Spell(removed), " removed)\n");
  const auto add = [&out](const char* mark, absl::string_view line) {
    absl::StrAppend(&out, "    ", mark, line, "\n");
  };
  for (size_t i = head - std::min(head, kContextLines); i < head; ++i) {
    add("  ", old_lines[i]);
  }
  for (size_t i = 0; i < std::min(removed, kMaxLines); ++i) {
    add("- ", old_lines[head + i]);
  }
  for (size_t i = 0; i < std::min(added, kMaxLines); ++i) {
    add("+ ", new_lines[head + i]);
  }
  for (size_t i = 0; i < std::min(tail, kContextLines); ++i) {
    add("  ", new_lines[new_lines.size() - tail + i]);
  }
  return out;
}

class Report {
 public:
  void Walk(const std::string& path, const Value& before, const Value& after) {
    if (before == after) return;
    if (before.is_object() && after.is_object()) {
      WalkMaps(path, before, after);
    } else if (before.is_array() && after.is_array()) {
      WalkLists(path, before, after);
    } else {
      AddChange(path, before, after);
    }
  }

  std::string text() && { return std::move(text_); }

 private:
  void WalkMaps(const std::string& path, const Value& before,
                const Value& after) {
    Value removed = Value::MakeObject(), added = Value::MakeObject();
    for (const Value::Member& member : before.object()) {
      if (after.Find(member.key) == nullptr) {
        removed.Set(member.key, member.value);
      }
    }
    for (const Value::Member& member : after.object()) {
      if (before.Find(member.key) == nullptr) {
        added.Set(member.key, member.value);
      }
    }
    AddEntries(path, "map ent", removed, "-", "removed");
    AddEntries(path, "map ent", added, "+", "added");
    for (const Value::Member& member : before.object()) {
      const Value* other = after.Find(member.key);
      if (other != nullptr) {
        Walk(JoinPath(path, member.key), member.value, *other);
      }
    }
  }

  void WalkLists(const std::string& path, const Value& before,
                 const Value& after) {
    const auto old_names = ByName(before), new_names = ByName(after);
    Value removed = Value::MakeArray(), added = Value::MakeArray();
    if (old_names.has_value() && new_names.has_value()) {
      for (const auto& [name, value] : *old_names) {
        if (!new_names->contains(name)) removed.Append(*value);
      }
      for (const auto& [name, value] : *new_names) {
        if (!old_names->contains(name)) added.Append(*value);
      }
      AddEntries(path, "list ent", removed, "-", "removed");
      AddEntries(path, "list ent", added, "+", "added");
      bool is_same = removed.empty() && added.empty();
      for (const auto& [name, value] : *old_names) {
        const auto other = new_names->find(name);
        if (other == new_names->end()) continue;
        is_same = is_same && *value == *other->second;
        Walk(JoinPath(path, name), *value, *other->second);
      }
      if (is_same) AddOrder(path);
      return;
    }
    const auto is_plain = [](const Value& value) {
      return !value.is_object() && !value.is_array();
    };
    const auto& olds = before.array();
    const auto& news = after.array();
    if (std::all_of(olds.begin(), olds.end(), is_plain) &&
        std::all_of(news.begin(), news.end(), is_plain)) {
      WalkPlainLists(path, before, after);
      return;
    }
    const size_t shared = std::min(olds.size(), news.size());
    for (size_t i = 0; i < shared; ++i) {
      Walk(JoinPath(path, absl::StrCat(i)), olds[i], news[i]);
    }
    for (size_t i = shared; i < olds.size(); ++i) removed.Append(olds[i]);
    for (size_t i = shared; i < news.size(); ++i) added.Append(news[i]);
    AddEntries(path, "list ent", removed, "-", "removed");
    AddEntries(path, "list ent", added, "+", "added");
  }

  void WalkPlainLists(const std::string& path, const Value& before,
                      const Value& after) {
    Value removed = Value::MakeArray(), added = Value::MakeArray();
    std::map<std::string, int> left;
    for (const Value& value : after.array()) ++left[YamlOf(value)];
    for (const Value& value : before.array()) {
      if (--left[YamlOf(value)] < 0) removed.Append(value);
    }
    left.clear();
    for (const Value& value : before.array()) ++left[YamlOf(value)];
    for (const Value& value : after.array()) {
      if (--left[YamlOf(value)] < 0) added.Append(value);
    }
    AddEntries(path, "list ent", removed, "-", "removed");
    AddEntries(path, "list ent", added, "+", "added");
    if (removed.empty() && added.empty()) AddOrder(path);
  }

  // `what`: "map ent" or "list ent", which "ry" or "ries" follow.
  void AddEntries(const std::string& path, const char* what,
                  const Value& entries, const char* mark, const char* verb) {
    if (entries.empty()) return;
    Head(path);
    absl::StrAppend(&text_, "  ", mark, " ", Spell(entries.size()), " ", what,
                    entries.size() == 1 ? "ry " : "ries ", verb, ":\n",
                    Indent(YamlOf(entries), "    "), "\n");
  }

  void AddOrder(const std::string& path) {
    Head(path);
    absl::StrAppend(&text_, "  ⇆ order changed\n\n");
  }

  void AddChange(const std::string& path, const Value& before,
                 const Value& after) {
    Head(path);
    const bool are_texts = before.is_string() && after.is_string();
    if (are_texts && (absl::StrContains(before.AsString(), '\n') ||
                      absl::StrContains(after.AsString(), '\n'))) {
      absl::StrAppend(&text_, FormatLines(before.AsString(), after.AsString()),
                      "\n");
      return;
    }
    const absl::string_view old_type = TypeOf(before), new_type = TypeOf(after);
    absl::StrAppend(
        &text_, "  ± ",
        old_type == new_type
            ? std::string("value change")
            : absl::StrCat("type change from ", old_type, " to ", new_type),
        "\n");
    AppendMarked("- ", before);
    AppendMarked("+ ", after);
    absl::StrAppend(&text_, "\n");
  }

  void AppendMarked(const char* mark, const Value& value) {
    const std::string text =
        value.is_string() ? value.AsString() : YamlOf(value);
    bool is_first = true;
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      absl::StrAppend(&text_, "    ", is_first ? mark : "  ", line, "\n");
      is_first = false;
    }
  }

  // The path, unless what comes before is of the same.
  void Head(const std::string& path) {
    if (has_head_ && head_ == path) return;
    has_head_ = true;
    head_ = path;
    absl::StrAppend(&text_, path.empty() ? "(root level)" : path, "\n");
  }

  std::string text_;
  std::string head_;
  bool has_head_ = false;
};

}  // namespace

std::string FormatDifferences(const Value& before, const Value& after) {
  Report report;
  report.Walk("", before, after);
  return std::move(report).text();
}

}  // namespace weir::cli
