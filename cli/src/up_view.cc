#include "up_view.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "nouns.h"
#include "output.h"
#include "weir/kube/conditions.h"

namespace weir::cli {
namespace {

constexpr size_t kNewsLines = 8;
constexpr absl::string_view kReset = "\x1b[0m";

size_t TerminalWidth() {
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 40) {
    return 100;
  }
  return size.ws_col;
}

// At most `width` cells of one line.
std::string Cut(absl::string_view text, size_t width) {
  std::string line = absl::StrReplaceAll(text, {{"\n", " "}, {"\t", " "}});
  if (DisplayWidth(line) <= width) return line;
  size_t bytes = 0, cells = 0;
  while (bytes < line.size() && cells + 1 < width) {
    ++bytes;
    while (bytes < line.size() && (line[bytes] & 0xC0) == 0x80) ++bytes;
    ++cells;
  }
  return absl::StrCat(line.substr(0, bytes), "…");
}

std::string Pad(absl::string_view text, size_t width) {
  const std::string cut = Cut(text, width);
  return absl::StrCat(cut, std::string(width - DisplayWidth(cut), ' '));
}

std::string Age(absl::Time since) {
  const int64_t seconds = absl::ToInt64Seconds(absl::Now() - since);
  if (seconds < 120) return absl::StrCat(std::max<int64_t>(seconds, 0), "s");
  if (seconds < 7200) return absl::StrCat(seconds / 60, "m");
  return absl::StrCat(seconds / 3600, "h");
}

absl::string_view ColorOf(absl::string_view ready) {
  if (ready == "True") return "\x1b[32m";
  if (ready == "False") return "\x1b[31m";
  return "\x1b[33m";
}

std::string RevisionOf(const Value& object) {
  const Value& status = object["status"];
  const absl::string_view applied = status.GetString("lastAppliedRevision");
  return ShortenDigests(
      applied.empty() ? status["artifact"].GetString("revision") : applied);
}

std::string ClockTime() {
  return absl::FormatTime("%H:%M:%S", absl::Now(), absl::LocalTimeZone());
}

}  // namespace

void UpView::SetHeading(std::vector<std::string> lines) {
  MutexLock lock(mu_);
  heading_ = std::move(lines);
  if (is_live_) {
    Draw();
  } else {
    for (const std::string& line : heading_) Print(absl::StrCat(line, "\n"));
  }
}

void UpView::OnChange(const kube::Change& change) {
  const Value& object = change.after;
  const std::string name = absl::StrCat(object.GetString("kind"), "/",
                                        kube::KeyOf(object).ToString());
  MutexLock lock(mu_);
  if (change.type == kube::ChangeType::kDeleted) {
    if (rows_.erase(name) == 0) return;
    if (is_live_) {
      Draw();
    } else {
      Print(absl::StrCat(ClockTime(), " ", name, " deleted\n"));
    }
    return;
  }
  const Value& ready = kube::FindCondition(object, "Ready");
  Row row;
  row.revision = RevisionOf(object);
  row.ready = std::string(ready.GetString("status", "Unknown"));
  row.message = ready.is_null() ? "waiting to be reconciled"
                                : ShortenDigests(ready.GetString("message"));
  if (IsStatic(object)) {
    row.ready = "True";
    row.message = "Helm repository is Ready";
  }
  row.changed = absl::Now();
  Row& old = rows_[name];
  if (old.revision == row.revision && old.ready == row.ready &&
      old.message == row.message) {
    return;
  }
  old = std::move(row);
  if (is_live_) {
    Draw();
  } else {
    Print(absl::StrCat(ClockTime(), " ", name, " Ready=", old.ready, " ",
                       old.message, "\n"));
  }
}

void UpView::OnEvent(const reconcile::RecordedEvent& event) {
  const Value& object = event.event.object;
  const std::string who = absl::StrCat(object.GetString("kind"), "/",
                                       object["metadata"].GetString("name"));
  MutexLock lock(mu_);
  for (const absl::string_view line :
       absl::StrSplit(event.event.message, '\n', absl::SkipEmpty())) {
    AddNews(absl::StrCat(ClockTime(), " ", who, ": ", ShortenDigests(line)));
  }
  if (is_live_) Draw();
}

void UpView::AddNews(std::string line) {
  if (!is_live_) {
    Print(absl::StrCat(line, "\n"));
    return;
  }
  news_.push_back(std::move(line));
  if (news_.size() > kNewsLines) news_.erase(news_.begin());
}

void UpView::Say(absl::string_view text) {
  MutexLock lock(mu_);
  AddNews(absl::StrCat(ClockTime(), " ", text));
  if (is_live_) Draw();
}

void UpView::Tick() {
  MutexLock lock(mu_);
  if (is_live_) Draw();
}

std::string UpView::Render() const {
  const size_t width = TerminalWidth();
  size_t name_width = 6, revision_width = 8;
  for (const auto& [name, row] : rows_) {
    name_width = std::max(name_width, DisplayWidth(name));
    revision_width = std::max(revision_width, DisplayWidth(row.revision));
  }
  name_width = std::min(name_width, width * 2 / 5);
  revision_width = std::min(revision_width, width / 4);
  const size_t used = name_width + revision_width + 7 + 4 + 4 * 2;
  const size_t message_width = width > used + 12 ? width - used : 12;

  std::string out;
  for (const std::string& line : heading_) {
    absl::StrAppend(&out, Cut(line, width), "\n");
  }
  absl::StrAppend(&out, "\n\x1b[1m", Pad("OBJECT", name_width), "  ",
                  Pad("REVISION", revision_width), "  ", Pad("READY", 7), "  ",
                  Pad("AGE", 4), "  MESSAGE", kReset, "\n");
  for (const auto& [name, row] : rows_) {
    absl::StrAppend(&out, Pad(name, name_width), "  ",
                    Pad(row.revision, revision_width), "  ", ColorOf(row.ready),
                    Pad(row.ready, 7), kReset, "  ", Pad(Age(row.changed), 4),
                    "  ", Cut(row.message, message_width), "\n");
  }
  absl::StrAppend(&out, "\n");
  for (const std::string& line : news_) {
    absl::StrAppend(&out, "\x1b[2m", Cut(line, width), kReset, "\n");
  }
  return out;
}

void UpView::Draw() {
  std::string text;
  // Back to the first line of the last drawing, and clear what is below.
  if (drawn_lines_ > 0) {
    text = absl::StrCat("\x1b[", drawn_lines_, "A\r\x1b[J");
  }
  const std::string table = Render();
  drawn_lines_ =
      static_cast<size_t>(std::count(table.begin(), table.end(), '\n'));
  Print(absl::StrCat(text, table));
}

}  // namespace weir::cli
