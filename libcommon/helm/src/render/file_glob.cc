#include "src/render/file_glob.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "src/go_text.h"

namespace weir::helm {
namespace {

void AppendLiteral(absl::string_view rune, std::string& out) {
  constexpr absl::string_view kSpecial = "\\.+*?()|[]{}^$";
  if (rune.size() == 1 && kSpecial.find(rune[0]) != absl::string_view::npos) {
    out.push_back('\\');
  }
  absl::StrAppend(&out, rune);
}

void AppendInClass(absl::string_view rune, std::string& out) {
  constexpr absl::string_view kSpecial = "\\[]^-";
  if (rune.size() == 1 && kSpecial.find(rune[0]) != absl::string_view::npos) {
    out.push_back('\\');
  }
  absl::StrAppend(&out, rune);
}

class Translator {
 public:
  explicit Translator(absl::string_view pattern) : rest_(pattern) {}

  // Nothing when the pattern is malformed.
  std::optional<std::string> Translate() {
    std::string out = "(?s)";
    while (!rest_.empty()) {
      const absl::string_view rune = Take();
      if (rune == "\\") {
        if (rest_.empty()) return std::nullopt;
        AppendLiteral(Take(), out);
      } else if (rune == "*") {
        const bool is_super = !rest_.empty() && rest_[0] == '*';
        if (is_super) Take();
        out += is_super ? ".*" : "[^/]*";
      } else if (rune == "?") {
        out += "[^/]";
      } else if (rune == "[") {
        if (!TranslateClass(out)) return std::nullopt;
      } else if (rune == "{") {
        ++depth_;
        out += "(?:";
      } else if (rune == "," && depth_ > 0) {
        out += "|";
      } else if (rune == "}" && depth_ > 0) {
        --depth_;
        out += ")";
      } else {
        AppendLiteral(rune, out);
      }
    }
    return out + std::string(depth_, ')');
  }

 private:
  absl::string_view Take() {
    size_t length = 0;
    RuneAt(rest_, 0, &length);
    const absl::string_view rune = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return rune;
  }

  // Either one range or a list of runes, nothing mixed.
  bool TranslateClass(std::string& out) {
    out += "[";
    if (!rest_.empty() && rest_[0] == '!') {
      Take();
      out += "^";
    }
    if (rest_.empty()) return false;
    absl::string_view rune = Take();
    if (!rest_.empty() && rest_[0] == '-') {
      Take();
      if (rest_.empty()) return false;
      AppendInClass(rune, out);
      out += "-";
      AppendInClass(Take(), out);
      if (rest_.empty() || Take() != "]") return false;
      out += "]";
      return true;
    }
    while (rune != "]") {
      if (rune == "\\") {
        if (rest_.empty()) return false;
        rune = Take();
      }
      AppendInClass(rune, out);
      if (rest_.empty()) return false;
      rune = Take();
    }
    out += "]";
    return out[out.size() - 2] != '[';
  }

  absl::string_view rest_;
  int depth_ = 0;
};

}  // namespace

FileGlob::FileGlob(absl::string_view pattern) {
  const std::optional<std::string> translated = Translator(pattern).Translate();
  if (!translated.has_value()) return;
  absl::StatusOr<text::Regex> regex = text::Regex::Compile(*translated);
  if (regex.ok()) regex_ = *std::move(regex);
}

bool FileGlob::Matches(absl::string_view name) const {
  return !regex_.has_value() || regex_->MatchesAll(name);
}

}  // namespace weir::helm
