// `weir completion`: scripts that complete commands and flags in a shell.
//
// The scripts are tables made from the commands themselves, so they cannot
// know less than `--help` does.
#include <map>
#include <memory>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "invocation.h"
#include "output.h"

namespace weir::cli {
namespace {

// "get sources" -> words that may follow it.
using WordTable = std::map<std::string, std::vector<std::string>>;

void Collect(const CLI::App& app, const std::string& path, WordTable& table) {
  std::vector<std::string>& words = table[path];
  for (const CLI::App* command : app.get_subcommands({})) {
    std::vector<std::string> names = command->get_aliases();
    names.insert(names.begin(), command->get_name());
    for (const std::string& name : names) {
      words.push_back(name);
      Collect(*command, path.empty() ? name : absl::StrCat(path, " ", name),
              table);
    }
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      words.push_back(absl::StrCat("--", name));
    }
    for (const std::string& name : option->get_snames()) {
      words.push_back(absl::StrCat("-", name));
    }
  }
}

constexpr char kBash[] = R"sh(# bash completion for weir
_weir() {
  local path= word candidates
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] || path="${path:+$path }$word"
  done
  # A name after the command: complete what the command itself takes.
  while :; do
    case "$path" in
@CASES@
      *) [[ $path == *" "* ]] && { path="${path% *}"; continue; } ;;
    esac
    break
  done
  candidates="$candidates @GLOBALS@"
  COMPREPLY=($(compgen -W "$candidates" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _weir weir
)sh";

constexpr char kZsh[] = R"sh(#compdef weir
autoload -U +X bashcompinit && bashcompinit
)sh";

std::string BashScript(const CLI::App& app) {
  WordTable table;
  Collect(app, "", table);
  std::string cases;
  for (const auto& [path, words] : table) {
    absl::StrAppend(&cases, "      '", path, "') candidates='",
                    absl::StrJoin(words, " "), "' ;;\n");
  }
  std::string flags;
  for (const std::string& word : table[""]) {
    if (word[0] == '-') absl::StrAppend(&flags, word, " ");
  }
  return absl::StrReplaceAll(kBash,
                             {{"@CASES@\n", cases}, {"@GLOBALS@", flags}});
}

std::string FishScript(const CLI::App& app) {
  WordTable table;
  Collect(app, "", table);
  std::string out = "# fish completion for weir\n";
  for (const auto& [path, words] : table) {
    std::vector<std::string> commands;
    for (const std::string& word : words) {
      if (word[0] != '-') commands.push_back(word);
    }
    std::string condition = "__fish_use_subcommand";
    if (!path.empty()) {
      condition = absl::StrCat("string match -qr -- '^weir ", path,
                               " [^ ]*$' (commandline -cp)");
    }
    if (!commands.empty()) {
      absl::StrAppend(&out, "complete -c weir -f -n \"", condition, "\" -a '",
                      absl::StrJoin(commands, " "), "'\n");
    }
    for (const std::string& word : words) {
      if (word.rfind("--", 0) == 0) {
        absl::StrAppend(
            &out, "complete -c weir -n \"string match -qr -- '^weir ", path,
            "' (commandline -cp)\" -l ", word.substr(2), "\n");
      }
    }
  }
  return out;
}

}  // namespace

void AddCompletionCommand(CLI::App& app, Invocation& invocation) {
  CLI::App* completion = app.add_subcommand(
      "completion", "Prints a completion script for a shell");
  completion->footer(
      "Examples:\n"
      "  source <(weir completion bash)\n"
      "  weir completion zsh > \"${fpath[1]}/_weir\"\n"
      "  weir completion fish > ~/.config/fish/completions/weir.fish\n");
  completion->require_subcommand(1);
  const auto add = [&](const char* shell,
                       std::string (*script)(const CLI::App&)) {
    completion->add_subcommand(shell, absl::StrCat("For ", shell))
        ->callback([&app, &invocation, script] {
          invocation.run = [&app, script](const Context&) {
            Print(script(app));
            return 0;
          };
        });
  };
  add("bash", BashScript);
  add("zsh", [](const CLI::App& root) {
    return absl::StrCat(kZsh, BashScript(root));
  });
  add("fish", FishScript);
}

}  // namespace weir::cli
