// TomlTables holds what a TOML text has defined so far: tables, values, and
// which keys may be defined once more.
//
// Touches: nothing.
// Threads: used by one thread.
// Source: github.com/BurntSushi/toml 1.6.0; messages are its own.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "weir/gotmpl/value.h"

namespace weir::helm {

// A part of a key as it is written: bare, or in quotes.
std::string TomlKeyText(absl::string_view part);

// Names are views that must outlive the tables.
class TomlTables {
 public:
  TomlTables();

  // What is wrong with a definition; nothing when it is fine.
  using Problem = std::optional<std::string>;

  // [a.b] and [[a.b]]: from now on, keys are of that table.
  Problem Open(const std::vector<absl::string_view>& key, bool is_list);
  // Goes into a table of the present one, which a dotted key or an inline
  // table implies; a list gets one more table.
  Problem Enter(absl::string_view name, bool is_list);
  // Whether Enter would fail for what lies above the table.
  Problem CheckPath() const;
  // Leaves what was entered last, up to a depth.
  void LeaveTo(size_t depth) { path_.resize(depth); }
  size_t depth() const { return path_.size(); }

  // Defines a key of the present table.
  Problem Set(absl::string_view name, const gotmpl::Any& value);
  // That a key is implied, so that it may be defined later.
  void Imply(absl::string_view name);
  // What kind of value a key has; "" stands for the present table.
  void SetIsList(absl::string_view name, bool is_list);

  // The present table's key, "a.b"; with one more part.
  std::string Path() const { return PathTo(path_.size()); }
  std::string PathWith(absl::string_view name) const;

  // All of it, as a dict.
  gotmpl::Any Take();

 private:
  struct Table;
  struct Entry {
    enum class Kind { kValue, kTable, kTables };
    Kind kind = Kind::kValue;
    gotmpl::Any value;
    std::vector<std::unique_ptr<Table>> tables;  // One, for kTable.
  };
  struct Table {
    std::map<absl::string_view, Entry> entries;
  };
  // What is known of a key, whichever table of a list it is in.
  struct Note {
    bool is_implied = false;
    bool is_list = false;
    std::map<absl::string_view, std::unique_ptr<Note>> below;
  };
  struct Level {
    absl::string_view name;
    Note* note;
    Table* table;  // Null where a value is in the way.
  };

  std::string PathTo(size_t depth) const;
  Table* Present() { return path_.empty() ? root_.get() : path_.back().table; }
  Note* PresentNote() { return path_.empty() ? &note_ : path_.back().note; }
  static Table* TableOf(Entry& entry);
  static Note* NoteOf(Note* above, absl::string_view name);
  Problem SetEntry(absl::string_view name, Entry entry);
  static gotmpl::Any Convert(Table& table);

  std::unique_ptr<Table> root_;
  Note note_;
  std::vector<Level> path_;
};

}  // namespace weir::helm
