#include "src/render/toml_tables.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/render/toml.h"

namespace weir::helm {

using gotmpl::Any;

namespace {

std::string AlreadyDefined(absl::string_view key) {
  return absl::StrCat("Key '", key, "' has already been defined.");
}

std::string AlreadyCreated(absl::string_view key) {
  return absl::StrCat("Key '", key, "' was already created as a hash.");
}

}  // namespace

TomlTables::TomlTables() : root_(std::make_unique<Table>()) {}

std::string TomlTables::PathTo(size_t depth) const {
  std::string out;
  for (size_t i = 0; i < depth; ++i) {
    absl::StrAppend(&out, i == 0 ? "" : ".", TomlKeyText(path_[i].name));
  }
  return out;
}

std::string TomlTables::PathWith(absl::string_view name) const {
  return absl::StrCat(Path(), path_.empty() ? "" : ".", TomlKeyText(name));
}

TomlTables::Table* TomlTables::TableOf(Entry& entry) {
  return entry.tables.empty() ? nullptr : entry.tables.back().get();
}

TomlTables::Note* TomlTables::NoteOf(Note* above, absl::string_view name) {
  std::unique_ptr<Note>& found = above->below[name];
  if (found == nullptr) found = std::make_unique<Note>();
  return found.get();
}

TomlTables::Problem TomlTables::Open(const std::vector<absl::string_view>& key,
                                     bool is_list) {
  std::vector<Level> above;
  Table* table = root_.get();
  Note* note = &note_;
  for (size_t i = 0; i + 1 < key.size(); ++i) {
    note = NoteOf(note, key[i]);
    const auto [at, is_new] = table->entries.try_emplace(key[i]);
    if (is_new) {
      note->is_implied = true;
      at->second.kind = Entry::Kind::kTable;
      at->second.tables.push_back(std::make_unique<Table>());
    }
    table = TableOf(at->second);
    above.push_back({key[i], note, table});
    if (table == nullptr) {
      std::swap(above, path_);
      const std::string path = Path();
      std::swap(above, path_);
      return AlreadyCreated(path);
    }
  }
  path_ = std::move(above);
  return Enter(key.back(), is_list);
}

TomlTables::Problem TomlTables::CheckPath() const {
  for (size_t i = 0; i < path_.size(); ++i) {
    if (path_[i].table == nullptr) return AlreadyCreated(PathTo(i + 1));
  }
  return std::nullopt;
}

TomlTables::Problem TomlTables::Enter(absl::string_view name, bool is_list) {
  if (Problem problem = CheckPath()) return problem;
  if (is_list) {
    const auto [at, is_new] = Present()->entries.try_emplace(name);
    if (is_new) at->second.kind = Entry::Kind::kTables;
    if (at->second.kind != Entry::Kind::kTables) {
      return absl::StrCat("Key '", PathWith(name),
                          "' was already created and cannot be used as an "
                          "array.");
    }
    at->second.tables.push_back(std::make_unique<Table>());
  } else {
    Entry entry;
    entry.kind = Entry::Kind::kTable;
    entry.tables.push_back(std::make_unique<Table>());
    if (Problem problem = SetEntry(name, std::move(entry))) return problem;
  }
  path_.push_back({name, NoteOf(PresentNote(), name),
                   TableOf(Present()->entries.find(name)->second)});
  return std::nullopt;
}

TomlTables::Problem TomlTables::Set(absl::string_view name, const Any& value) {
  Entry entry;
  entry.value = value;
  return SetEntry(name, std::move(entry));
}

TomlTables::Problem TomlTables::SetEntry(absl::string_view name, Entry entry) {
  for (size_t i = 0; i < path_.size(); ++i) {
    if (path_[i].table == nullptr) return AlreadyDefined(PathTo(i + 1));
  }
  const auto [at, is_new] = Present()->entries.try_emplace(name);
  if (is_new) {
    at->second = std::move(entry);
    return std::nullopt;
  }
  const auto found = PresentNote()->below.find(name);
  if (found == PresentNote()->below.end() || !found->second->is_implied) {
    return AlreadyDefined(PathWith(name));
  }
  found->second->is_implied = false;
  // Tables of a list in brackets were there already; the list has them too.
  if (found->second->is_list) at->second = std::move(entry);
  return std::nullopt;
}

void TomlTables::Imply(absl::string_view name) {
  NoteOf(PresentNote(), name)->is_implied = true;
}

void TomlTables::SetIsList(absl::string_view name, bool is_list) {
  if (name.empty() && !path_.empty()) {
    PresentNote()->is_list = is_list;
    return;
  }
  // Most keys need no note.
  auto& below = PresentNote()->below;
  if (is_list || below.count(name) > 0) {
    NoteOf(PresentNote(), name)->is_list = is_list;
  }
}

Any TomlTables::Convert(Table& table) {
  Any out = Any::NewDict();
  for (auto& [name, entry] : table.entries) {
    if (entry.kind == Entry::Kind::kValue) {
      out.AsDict()->Set(name, std::move(entry.value));
    } else if (entry.kind == Entry::Kind::kTable) {
      out.AsDict()->Set(name, Convert(*entry.tables.back()));
    } else {
      std::vector<Any> items;
      items.reserve(entry.tables.size());
      for (const auto& one : entry.tables) items.push_back(Convert(*one));
      out.AsDict()->Set(name,
                        Any::List(std::move(items), gotmpl::types::DictList()));
    }
  }
  table.entries.clear();
  return out;
}

Any TomlTables::Take() { return Convert(*root_); }

}  // namespace weir::helm
