#include "src/index/splitter.h"

#include <optional>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "weir/base/status.h"

namespace weir::helm {
namespace {

constexpr char kNotSplit[] = "weir.dev/not-split";
constexpr size_t kMaxLineBytes = 4u << 20;
constexpr size_t kMaxRestBytes = 16u << 20;
constexpr size_t kMaxCharts = 1'000'000;

absl::Status TooLarge(absl::string_view what) {
  return absl::ResourceExhaustedError(
      absl::StrCat("the index has too large a ", what));
}

}  // namespace

absl::Status NotSplit() {
  absl::Status status = absl::InvalidArgumentError("not split");
  status.SetPayload(kNotSplit, absl::Cord());
  return status;
}

bool IsNotSplit(const absl::Status& status) {
  return status.GetPayload(kNotSplit).has_value();
}

bool ByteReader::Fill() {
  if (!status_.ok()) return false;
  const absl::StatusOr<size_t> size = source_(buffer_.data(), buffer_.size());
  if (!size.ok()) {
    status_ = size.status();
    return false;
  }
  at_ = 0;
  size_ = *size;
  total_ += static_cast<int64_t>(size_);
  if (total_ > max_bytes_) {
    status_ = absl::ResourceExhaustedError(
        absl::StrCat("the index is larger than ", max_bytes_, " bytes"));
    size_ = 0;
  }
  return size_ > 0;
}

absl::StatusOr<bool> ByteReader::ReadLine(std::string* line) {
  line->clear();
  while (true) {
    if (at_ == size_ && !Fill()) {
      WEIR_RETURN_IF_ERROR(status_);
      return !line->empty();
    }
    const size_t end = buffer_.find('\n', at_);
    const bool found = end != std::string::npos && end < size_;
    const size_t stop = found ? end + 1 : size_;
    line->append(buffer_, at_, stop - at_);
    at_ = stop;
    if (line->size() > kMaxLineBytes) return TooLarge("line");
    if (found) return true;
  }
}

namespace {

// Whether the name stands for itself in any spelling: no escapes, nothing that
// has to be checked for being UTF-8.
bool IsSimpleName(absl::string_view name) {
  return absl::c_all_of(name, [](unsigned char c) {
    return absl::ascii_isprint(c) && c != '\\';
  });
}

// A key of a block mapping: plain or quoted, without anything after it but
// blanks, a comment, or an empty list. Nothing when it is something else.
struct Key {
  std::string name;
  bool is_empty_list = false;
};
bool ReadKey(absl::string_view line, Key* key) {
  line = absl::StripAsciiWhitespace(line);
  size_t end = 0;
  if (absl::ConsumePrefix(&line, "\"") || absl::ConsumePrefix(&line, "'")) {
    const char quote = *(line.data() - 1);
    end = line.find(quote);
    if (end == absl::string_view::npos) return false;
    key->name = std::string(line.substr(0, end));
    if (!IsSimpleName(key->name)) return false;
    line.remove_prefix(end + 1);
    if (!absl::ConsumePrefix(&line, ":")) return false;
  } else {
    end = line.find(':');
    if (end == absl::string_view::npos) return false;
    key->name = std::string(line.substr(0, end));
    for (const char c : key->name) {
      if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' &&
          c != '_' && c != '.' && c != '/') {
        return false;
      }
    }
    // What may be a number, a boolean or a null is spelt otherwise as a key.
    bool has_letter = false;
    const bool may_be_number =
        absl::ascii_isdigit(static_cast<unsigned char>(key->name.front()));
    for (const char c : key->name) {
      has_letter |=
          absl::ascii_isalpha(static_cast<unsigned char>(c)) &&
          !(may_be_number && absl::StrContains("abcdefABCDEFoOxX", c));
    }
    if (!has_letter || key->name.front() == '.' || key->name.front() == '-') {
      return false;
    }
    static const auto& kWords = *new std::set<std::string>(
        {"y", "n", "yes", "no", "on", "off", "true", "false", "null"});
    if (kWords.count(absl::AsciiStrToLower(key->name)) > 0) return false;
    line.remove_prefix(end + 1);
  }
  if (!line.empty() && line[0] != ' ') return false;
  line = absl::StripAsciiWhitespace(line);
  if (line == "[]") {
    key->is_empty_list = true;
    return true;
  }
  return line.empty() || line[0] == '#';
}

class YamlSplitter {
 public:
  YamlSplitter(const archive::Source& source, const IndexParts& parts)
      : reader_(source, parts.max_bytes), parts_(parts) {}

  absl::Status Run() {
    std::string line;
    bool is_first = true;
    while (true) {
      WEIR_ASSIGN_OR_RETURN(const bool is_line, reader_.ReadLine(&line));
      if (!is_line) break;
      if (absl::EndsWith(line, "\r\n")) line.erase(line.size() - 2, 1);
      if (absl::StrContains(line, '\r') || absl::StartsWith(line, "%") ||
          absl::StartsWith(line, "...") || absl::StartsWith(line, "\xEF\xBB") ||
          (absl::StartsWith(line, "---") &&
           (!is_first || absl::StripAsciiWhitespace(line) != "---"))) {
        return NotSplit();
      }
      if (absl::StartsWith(line, "---")) continue;
      is_first = false;
      WEIR_RETURN_IF_ERROR(Take(line));
    }
    WEIR_RETURN_IF_ERROR(EndVersion());
    return parts_.on_rest(rest_);
  }

 private:
  absl::Status Take(const std::string& line) {
    const absl::string_view text = absl::StripAsciiWhitespace(line);
    const size_t indent = line.find_first_not_of(' ');
    const bool is_blank = text.empty() || text[0] == '#';
    if (!in_entries_) return TakeRest(line, is_blank);
    if (is_blank) return Append(line);
    if (line[indent] == '\t') return NotSplit();
    const bool is_item = text == "-" || absl::StartsWith(text, "- ");
    if (indent == 0) {
      if (is_item) return NotSplit();
      WEIR_RETURN_IF_ERROR(EndVersion());
      in_entries_ = false;
      return TakeRest(line, false);
    }
    if (!chart_indent_.has_value()) chart_indent_ = indent;
    if (indent < *chart_indent_) return NotSplit();
    if (indent == *chart_indent_ && !is_item) return TakeChart(text);
    if (chart_.empty() || has_no_versions_) return NotSplit();
    if (!item_indent_.has_value()) {
      if (!is_item) return NotSplit();
      item_indent_ = indent;
      version_.clear();  // Comments.
    }
    if (indent < *item_indent_) return NotSplit();
    if (indent == *item_indent_) {
      if (!is_item) return NotSplit();
      WEIR_RETURN_IF_ERROR(EndVersion());
    }
    return Append(line);
  }

  absl::Status TakeRest(const std::string& line, bool is_blank) {
    if (!is_blank && absl::StartsWith(line, "entries") &&
        absl::StripAsciiWhitespace(line) != "entries: {}") {
      const absl::string_view after =
          absl::StripAsciiWhitespace(absl::string_view(line).substr(7));
      if (had_entries_ || after != ":") return NotSplit();
      had_entries_ = in_entries_ = true;
      absl::StrAppend(&rest_, "entries: {}\n");
      return absl::OkStatus();
    }
    if (rest_.size() + line.size() > kMaxRestBytes) return TooLarge("head");
    rest_ += line;
    return absl::OkStatus();
  }

  absl::Status TakeChart(absl::string_view text) {
    WEIR_RETURN_IF_ERROR(EndVersion());
    Key key;
    if (!ReadKey(text, &key) || key.name.empty()) return NotSplit();
    if (!charts_.insert(key.name).second) return NotSplit();
    if (charts_.size() > kMaxCharts) return TooLarge("number of charts");
    chart_ = key.name;
    has_no_versions_ = key.is_empty_list;
    item_indent_.reset();
    return parts_.on_chart(chart_);
  }

  absl::Status Append(const std::string& line) {
    if (version_.size() + line.size() >
        static_cast<size_t>(parts_.max_version_bytes)) {
      return TooLarge("chart version");
    }
    version_ += line;
    return absl::OkStatus();
  }

  absl::Status EndVersion() {
    if (version_.empty()) return absl::OkStatus();
    const std::string text = std::exchange(version_, "");
    if (!item_indent_.has_value()) return absl::OkStatus();  // Comments.
    return parts_.on_version(chart_, text);
  }

  ByteReader reader_;
  const IndexParts& parts_;
  std::string rest_;
  bool in_entries_ = false;
  bool had_entries_ = false;
  std::optional<size_t> chart_indent_;
  std::optional<size_t> item_indent_;
  std::string chart_;
  bool has_no_versions_ = false;
  std::string version_;
  std::set<std::string> charts_;
};

class JsonSplitter {
 public:
  JsonSplitter(const archive::Source& source, const IndexParts& parts)
      : reader_(source, parts.max_bytes), parts_(parts) {}

  absl::Status Run() {
    const absl::Status status = Document();
    WEIR_RETURN_IF_ERROR(reader_.status());
    return status;
  }

 private:
  absl::Status Document() {
    rest_ = "{";
    WEIR_RETURN_IF_ERROR(Members([this](const std::string& key) {
      if (key == "\"entries\"" && Peek() == '{') return Entries();
      if (rest_.size() > 1) rest_ += ",";
      absl::StrAppend(&rest_, key, ":");
      return Capture(&rest_, kMaxRestBytes);
    }));
    if (Peek() != -1) return NotSplit();
    rest_ += "}";
    return parts_.on_rest(rest_);
  }

  absl::Status Entries() {
    if (std::exchange(had_entries_, true)) return NotSplit();
    return Members([this](const std::string& key) {
      if (!IsSimpleName(key) || Peek() != '[') return NotSplit();
      const std::string chart = key.substr(1, key.size() - 2);
      if (!charts_.insert(chart).second) return NotSplit();
      if (charts_.size() > kMaxCharts) return TooLarge("number of charts");
      WEIR_RETURN_IF_ERROR(parts_.on_chart(chart));
      return Versions(chart);
    });
  }

  absl::Status Versions(const std::string& chart) {
    reader_.Next();
    if (Peek() == ']') {
      reader_.Next();
      return absl::OkStatus();
    }
    while (true) {
      std::string text;
      Peek();
      WEIR_RETURN_IF_ERROR(
          Capture(&text, static_cast<size_t>(parts_.max_version_bytes)));
      WEIR_RETURN_IF_ERROR(parts_.on_version(chart, text));
      const int c = Peek();
      if (c != ',' && c != ']') return NotSplit();
      reader_.Next();
      if (c == ']') return absl::OkStatus();
    }
  }

  // Reads an object; `value` reads what is after a key and its colon.
  absl::Status Members(
      const std::function<absl::Status(const std::string&)>& value) {
    if (Peek() != '{') return NotSplit();
    reader_.Next();
    if (Peek() == '}') {
      reader_.Next();
      return absl::OkStatus();
    }
    while (true) {
      if (Peek() != '"') return NotSplit();
      std::string key;
      WEIR_RETURN_IF_ERROR(Capture(&key, kMaxLineBytes));
      if (Peek() != ':') return NotSplit();
      reader_.Next();
      Peek();
      WEIR_RETURN_IF_ERROR(value(key));
      const int c = Peek();
      if (c != ',' && c != '}') return NotSplit();
      reader_.Next();
      if (c == '}') return absl::OkStatus();
    }
  }

  // The next byte that is no white space.
  int Peek() {
    int c = reader_.Peek();
    while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      reader_.Next();
      c = reader_.Peek();
    }
    return c;
  }

  // Copies one value of any kind, which starts here; it is parsed later.
  absl::Status Capture(std::string* out, size_t max_bytes) {
    int depth = 0;
    bool in_string = false;
    while (true) {
      const int c = reader_.Peek();
      if (c < 0)
        return depth == 0 && !in_string && !out->empty() ? absl::OkStatus()
                                                         : NotSplit();
      if (!in_string && depth == 0 && (c == ',' || c == '}' || c == ']')) {
        return absl::OkStatus();
      }
      out->push_back(static_cast<char>(reader_.Next()));
      if (out->size() > max_bytes) return TooLarge("value");
      if (in_string) {
        if (c == '\\') {
          const int escaped = reader_.Next();
          if (escaped < 0) return NotSplit();
          out->push_back(static_cast<char>(escaped));
        } else if (c == '"') {
          in_string = false;
          if (depth == 0) return absl::OkStatus();
        }
      } else if (c == '"') {
        in_string = true;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (c == '}' || c == ']') {
        if (--depth == 0) return absl::OkStatus();
      }
    }
  }

  ByteReader reader_;
  const IndexParts& parts_;
  std::string rest_;
  bool had_entries_ = false;
  std::set<std::string> charts_;
};

}  // namespace

absl::Status SplitYamlIndex(const archive::Source& source,
                            const IndexParts& parts) {
  return YamlSplitter(source, parts).Run();
}

absl::Status SplitJsonIndex(const archive::Source& source,
                            const IndexParts& parts) {
  return JsonSplitter(source, parts).Run();
}

}  // namespace weir::helm
