// CLI11 stays in this file: it throws.
#include <CLI/CLI.hpp>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/reconcile/flags.h"

namespace weir::reconcile {
namespace {

using Values = std::vector<std::string>;

absl::Status ParseBool(const std::string& text, bool* target) {
  // Go's strconv.ParseBool.
  for (const char* yes : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (text == yes) {
      *target = true;
      return absl::OkStatus();
    }
  }
  for (const char* no : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (text == no) {
      *target = false;
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError("must be true or false");
}

template <typename T>
absl::Status ParseInt(const std::string& text, T* target) {
  if (absl::SimpleAtoi(text, target)) return absl::OkStatus();
  return absl::InvalidArgumentError("must be an integer in range");
}

}  // namespace

struct FlagSet::Impl {
  Impl(const std::string& program, const std::string& description)
      : app(description, program) {
    app.get_formatter()->column_width(44);
  }

  CLI::App app;
  absl::Status problem;  // The first of a value.

  Values Normalize(int argc, const char* const* argv) const;

  // Adds a flag with one value; the last one given wins.
  void AddOne(const std::string& name, const std::string& type,
              const std::string& shown_default, const std::string& help,
              std::function<absl::Status(const std::string&)> parse) {
    CLI::Option* option =
        AddMany(name, type, shown_default, help,
                [parse = std::move(parse)](const Values& values) {
                  return parse(values.back());
                });
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }

  CLI::Option* AddMany(const std::string& name, const std::string& type,
                       const std::string& shown_default,
                       const std::string& help,
                       std::function<absl::Status(const Values&)> parse) {
    CLI::Option* option = app.add_option(
        absl::StrCat("--", name),
        [this, name, parse = std::move(parse)](const Values& values) {
          const absl::Status status = parse(values);
          if (absl::IsFailedPrecondition(status)) {
            problem.Update(status);
          } else if (!status.ok() && problem.ok()) {
            problem = absl::InvalidArgumentError(absl::StrCat(
                "invalid argument \"", absl::StrJoin(values, ","),
                "\" for \"--", name, "\" flag: ", status.message()));
          }
          return true;
        },
        help);
    option->type_name(type);
    option->default_str(shown_default);
    return option;
  }
};

FlagSet::FlagSet(const std::string& program, const std::string& description)
    : impl_(std::make_unique<Impl>(program, description)) {}

FlagSet::~FlagSet() = default;

void FlagSet::Add(const std::string& name, bool* target,
                  const std::string& help) {
  // A bare boolean is true; its value comes only behind "=".
  CLI::Option* option = impl_->app.add_option(
      absl::StrCat("--", name),
      [this, name, target](const Values& values) {
        const absl::Status status = ParseBool(values.back(), target);
        if (!status.ok() && impl_->problem.ok()) {
          impl_->problem = absl::InvalidArgumentError(
              absl::StrCat("invalid argument \"", values.back(), "\" for \"--",
                           name, "\" flag: ", status.message()));
        }
        return true;
      },
      help);
  option->type_name("");
  option->default_str(*target ? "true" : "false");
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void FlagSet::Add(const std::string& name, int* target,
                  const std::string& help) {
  impl_->AddOne(
      name, "int", absl::StrCat(*target), help,
      [target](const std::string& text) { return ParseInt(text, target); });
}

void FlagSet::Add(const std::string& name, int64_t* target,
                  const std::string& help) {
  impl_->AddOne(
      name, "int", absl::StrCat(*target), help,
      [target](const std::string& text) { return ParseInt(text, target); });
}

void FlagSet::Add(const std::string& name, double* target,
                  const std::string& help) {
  impl_->AddOne(name, "number", absl::StrCat(*target), help,
                [target](const std::string& text) -> absl::Status {
                  if (absl::SimpleAtod(text, target)) return absl::OkStatus();
                  return absl::InvalidArgumentError("must be a number");
                });
}

void FlagSet::Add(const std::string& name, std::string* target,
                  const std::string& help) {
  impl_->AddOne(name, "string", *target, help,
                [target](const std::string& text) {
                  *target = text;
                  return absl::OkStatus();
                });
}

void FlagSet::Add(const std::string& name, absl::Duration* target,
                  const std::string& help) {
  impl_->AddOne(name, "duration", FormatGoDuration(*target), help,
                [target](const std::string& text) -> absl::Status {
                  WEIR_ASSIGN_OR_RETURN(*target, ParseGoDuration(text));
                  return absl::OkStatus();
                });
}

void FlagSet::Add(const std::string& name, std::vector<std::string>* target,
                  const std::string& help) {
  impl_
      ->AddMany(
          name, "strings", absl::StrJoin(*target, ","), help,
          [target](const Values& values) {
            target->clear();
            for (const std::string& value : values) {
              if (value.empty()) continue;
              for (const absl::string_view item : absl::StrSplit(value, ',')) {
                target->emplace_back(item);
              }
            }
            return absl::OkStatus();
          })
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void FlagSet::AddRepeated(const std::string& name,
                          std::vector<std::string>* target,
                          const std::string& help) {
  impl_
      ->AddMany(name, "string", absl::StrJoin(*target, ","), help,
                [target](const Values& values) {
                  *target = values;
                  return absl::OkStatus();
                })
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void FlagSet::Add(const std::string& name, FeatureGates* target,
                  const std::string& help) {
  std::vector<std::string> shown;
  for (const auto& [gate, is_enabled] : target->gates()) {
    shown.push_back(absl::StrCat(gate, "=", is_enabled ? "true" : "false"));
  }
  impl_
      ->AddMany(name, "gates", absl::StrJoin(shown, ","), help,
                [target](const Values& values) {
                  return target->Parse(absl::StrJoin(values, ","));
                })
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

// Booleans get their value here, so that CLI11 does not take the next word for
// one; and all values their "=", so that they may begin with dashes. Only an
// empty value stands alone.
Values FlagSet::Impl::Normalize(int argc, const char* const* argv) const {
  Values words;
  const auto push = [&words](absl::string_view name, absl::string_view value) {
    if (value.empty()) {
      words.emplace_back(name);
      words.emplace_back();
    } else {
      words.push_back(absl::StrCat(name, "=", value));
    }
  };
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const size_t equals = word.find('=');
    const CLI::Option* option = app.get_option_no_throw(word);
    if (word == "--help" || (option == nullptr && equals == word.npos)) {
      words.push_back(word);
    } else if (option == nullptr) {
      push(word.substr(0, equals), word.substr(equals + 1));
    } else if (option->get_type_name().empty()) {
      push(word, "true");
    } else if (i + 1 < argc) {
      push(word, argv[++i]);
    } else {
      words.push_back(word);
    }
  }
  return words;
}

absl::Status FlagSet::Parse(int argc, const char* const* argv) {
  Values words = impl_->Normalize(argc, argv);
  // CLI11 reads from the back.
  std::reverse(words.begin(), words.end());
  impl_->problem = absl::OkStatus();
  try {
    impl_->app.parse(words);
  } catch (const CLI::CallForHelp&) {
    return absl::CancelledError(impl_->app.help());
  } catch (const CLI::ExtrasError& e) {
    return absl::InvalidArgumentError(
        absl::StrCat("unknown flag or argument: ",
                     absl::StrJoin(impl_->app.remaining(), " ")));
  } catch (const CLI::ParseError& e) {
    return absl::InvalidArgumentError(e.what());
  }
  return impl_->problem;
}

}  // namespace weir::reconcile
