#include "src/render/errors.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/go_text.h"
#include "weir/gotmpl/template.h"

namespace weir::helm {
namespace {

constexpr char kStart[] = "HELM_ERR_START";
constexpr char kEnd[] = "HELM_ERR_END";
constexpr char kTemplate[] = "template: ";

struct Level {
  std::string location, executing, message;

  bool operator==(const Level& other) const {
    return location == other.location && executing == other.executing &&
           message == other.message;
  }
  std::string ToString() const {
    std::string out;
    if (!location.empty()) absl::StrAppend(&out, location, "\n  ");
    if (!executing.empty()) absl::StrAppend(&out, executing, "\n    ");
    if (!message.empty()) absl::StrAppend(&out, message, "\n");
    return out;
  }
};

// Ends where the next error of a chain begins.
absl::string_view OwnMessage(absl::string_view message) {
  return message.substr(0, message.find(" template:"));
}

// `FILE:1:2: executing "NAME" at <NODE>: MESSAGE`
std::optional<Level> ParseExecuting(absl::string_view text) {
  constexpr absl::string_view kExecuting = ": executing ";
  const size_t cut = text.find(kExecuting);
  if (cut == absl::string_view::npos) return std::nullopt;
  absl::string_view after = text.substr(cut + kExecuting.size());
  if (!absl::StartsWith(after, "\"")) return std::nullopt;
  const size_t quote = after.find('"', 1);
  if (quote == absl::string_view::npos) return std::nullopt;
  const absl::string_view name = after.substr(1, quote - 1);
  after.remove_prefix(quote + 1);
  if (!absl::ConsumePrefix(&after, " at <")) return std::nullopt;
  const size_t end = after.find(">: ");
  if (end == absl::string_view::npos) return std::nullopt;
  return Level{
      std::string(text.substr(0, cut)),
      absl::StrCat("executing \"", name, "\" at <", after.substr(0, end), ">:"),
      std::string(OwnMessage(after.substr(end + 3)))};
}

std::optional<Level> ParseLevel(absl::string_view text) {
  absl::string_view rest = text;
  if (!absl::ConsumePrefix(&rest, kTemplate)) return std::nullopt;
  if (absl::StartsWith(rest, "no template ")) {
    return Level{"", "", std::string(text)};
  }
  if (std::optional<Level> level = ParseExecuting(rest)) return level;
  const size_t colon = rest.rfind(": ");
  if (colon == absl::string_view::npos) return std::nullopt;
  return Level{std::string(rest.substr(0, colon)), "",
               std::string(OwnMessage(rest.substr(colon + 2)))};
}

absl::Status Failure(const absl::Status& error, absl::string_view message) {
  return absl::Status(error.code(), message);
}

}  // namespace

std::string MarkMessage(absl::string_view message) {
  return absl::StrCat(kStart, message, kEnd);
}

absl::Status ParseFailure(absl::string_view file, const absl::Status& error) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(error.message(), ": ");
  if (parts.size() == 1) {
    return Failure(
        error, absl::StrCat("parse error in (", file, "): ", error.message()));
  }
  return Failure(
      error, absl::StrCat("parse error at (", parts[1], "): ", parts.back()));
}

absl::Status ExecutionFailure(absl::string_view file,
                              const absl::Status& error) {
  const absl::string_view text = error.message();
  if (!absl::StartsWith(text, kTemplate)) return error;
  const size_t first = text.find(": ");
  const size_t second = text.find(": ", first + 2);
  if (second == absl::string_view::npos) {
    return Failure(error,
                   absl::StrCat("execution error in (", file, "): ", text));
  }
  const absl::string_view location = text.substr(first + 2, second - first - 2);
  const absl::string_view rest = text.substr(second + 2);
  const size_t start = rest.find(kStart);
  const size_t end = rest.rfind(kEnd);
  if (start != absl::string_view::npos && end != absl::string_view::npos) {
    const size_t from = start + sizeof(kStart) - 1;
    if (end >= from) {
      return Failure(error, absl::StrCat("execution error at (", location,
                                         "): ", rest.substr(from, end - from)));
    }
  }
  std::vector<Level> levels;
  bool are_levels = true;
  gotmpl::ForEachWrapped(error, [&](absl::string_view one) {
    std::optional<Level> level = ParseLevel(one);
    are_levels = level.has_value();
    if (are_levels && (levels.empty() || !(levels.back() == *level))) {
      levels.push_back(*std::move(level));
    }
    return are_levels;
  });
  if (!are_levels) return Failure(error, text);
  std::string out;
  for (const Level& level : levels) out += level.ToString();
  return Failure(error, TrimSpace(out));
}

}  // namespace weir::helm
