// Command lines as Go takes them: what follows an option is its value,
// whatever it looks like.
#include <algorithm>
#include <string>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "invocation.h"

namespace weir::cli {
namespace {

const CLI::App* CommandOf(const CLI::App& app, absl::string_view name) {
  for (const CLI::App* one : app.get_subcommands(nullptr)) {
    if (one->get_name() == name) return one;
  }
  return nullptr;
}

// An option of the command, or of one that it belongs to; null: none.
const CLI::Option* OptionOf(const CLI::App* command, absl::string_view name) {
  for (; command != nullptr; command = command->get_parent()) {
    const CLI::Option* option = command->get_option_no_throw(std::string(name));
    if (option != nullptr) return option;
  }
  return nullptr;
}

bool TakesValue(const CLI::Option* option) {
  return option != nullptr && option->get_items_expected_min() > 0;
}

// "-o=value" and "--output=" come apart; the parser takes what is behind "-o"
// as it is, and looks for a value that is not there behind "--output=".
bool ComesApart(absl::string_view argument, const CLI::App* command,
                absl::string_view* name, absl::string_view* value) {
  const size_t equals = argument.find('=');
  if (equals == absl::string_view::npos) return false;
  *name = argument.substr(0, equals);
  *value = argument.substr(equals + 1);
  if (absl::StartsWith(argument, "--")) return value->empty();
  return name->size() == 2 && TakesValue(OptionOf(command, *name));
}

}  // namespace

std::vector<std::string> ArgumentsFor(const CLI::App& app, int argc,
                                      char** argv) {
  std::vector<std::string> out;
  const CLI::App* command = &app;
  for (int i = 1; i < argc; ++i) {
    const absl::string_view argument(argv[i]);
    if (argument == "--") {
      out.insert(out.end(), argv + i, argv + argc);
      break;
    }
    absl::string_view name;
    absl::string_view value;
    if (argument.size() < 2 || argument[0] != '-') {
      const CLI::App* named = CommandOf(*command, argument);
      if (named != nullptr) command = named;
      out.emplace_back(argument);
    } else if (ComesApart(argument, command, &name, &value)) {
      const bool is_dashed = !value.empty() && value[0] == '-';
      out.emplace_back(is_dashed ? absl::StrCat(name, value) : name);
      if (!is_dashed) out.emplace_back(value);
    } else {
      out.emplace_back(argument);
      if (i + 1 < argc && TakesValue(OptionOf(command, argument))) {
        const absl::string_view next = argv[++i];
        if (next.size() > 1 && next[0] == '-') {
          absl::StrAppend(&out.back(),
                          absl::StartsWith(argument, "--") ? "=" : "", next);
        } else {
          out.emplace_back(next);
        }
      }
    }
  }
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace weir::cli
