#include "weir/helm/index_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "src/index/splitter.h"
#include "src/load/metadata_json.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/text/semver.h"
#include "weir/value/json.h"

namespace weir::helm {
namespace {

constexpr size_t kMaxCharts = 200'000;
constexpr size_t kMaxVersions = 1'000'000;
constexpr size_t kMaxVersionsOfChart = 100'000;
constexpr size_t kBufferBytes = 256 << 10;
constexpr char kNoTime[] = "0001-01-01T00:00:00Z";

// Writes JSON as encoding/json does with an indent of two spaces.
class JsonWriter {
 public:
  JsonWriter(int depth, std::string* out) : depth_(depth), out_(*out) {}

  void Open(char bracket) {
    out_.push_back(bracket);
    ++depth_;
    is_first_ = true;
  }
  void Close(char bracket) {
    --depth_;
    if (!is_first_) Break();
    out_.push_back(bracket);
    is_first_ = false;
  }
  void Item() {
    if (!is_first_) out_.push_back(',');
    Break();
    is_first_ = false;
  }
  void Key(absl::string_view key) {
    Item();
    AppendJson(Value(key), &out_, {.escape_html = true});
    out_ += ": ";
  }
  void Any(const Value& value) {
    if (value.is_array() && !value.empty()) {
      Open('[');
      for (const Value& one : value.array()) {
        Item();
        Any(one);
      }
      Close(']');
    } else if (value.is_object() && !value.empty()) {
      Open('{');
      for (const Value::Member& one : value.object()) {
        Key(one.key);
        Any(one.value);
      }
      Close('}');
    } else {
      AppendJson(value, &out_, {.escape_html = true});
    }
  }
  // Fields that are left out when they are empty.
  void Text(const char* key, const std::string& text) {
    if (text.empty()) return;
    Key(key);
    Any(Value(text));
  }
  void Flag(const char* key, bool flag) {
    if (!flag) return;
    Key(key);
    Any(Value(true));
  }
  void Texts(const char* key, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    Key(key);
    Open('[');
    for (const std::string& one : texts) {
      Item();
      Any(Value(one));
    }
    Close(']');
  }
  void TextMap(const char* key,
               const std::map<std::string, std::string>& texts) {
    if (texts.empty()) return;
    Key(key);
    Open('{');
    for (const auto& [name, text] : texts) {
      Key(name);
      Any(Value(text));
    }
    Close('}');
  }

 private:
  void Break() {
    out_.push_back('\n');
    out_.append(static_cast<size_t>(depth_) * 2, ' ');
  }

  int depth_;
  std::string& out_;
  bool is_first_ = true;
};

void WriteDependencies(const std::vector<Dependency>& all, JsonWriter& json) {
  if (all.empty()) return;
  json.Key("dependencies");
  json.Open('[');
  for (const Dependency& one : all) {
    json.Item();
    json.Open('{');
    for (const Value::Member& field : DependencyFields(one)) {
      json.Key(field.key);
      json.Any(field.value);
    }
    json.Close('}');
  }
  json.Close(']');
}

void WriteMaintainers(const std::vector<Maintainer>& all, JsonWriter& json) {
  if (all.empty()) return;
  json.Key("maintainers");
  json.Open('[');
  for (const Maintainer& one : all) {
    json.Item();
    json.Open('{');
    json.Text("name", one.name);
    json.Text("email", one.email);
    json.Text("url", one.url);
    json.Close('}');
  }
  json.Close(']');
}

// In the order of Helm's structs.
void WriteVersion(const ChartVersion& version, JsonWriter& json) {
  const Metadata& m = version.metadata;
  json.Open('{');
  json.Text("name", m.name);
  json.Text("home", m.home);
  json.Texts("sources", m.sources);
  json.Text("version", m.version);
  json.Text("description", m.description);
  json.Texts("keywords", m.keywords);
  WriteMaintainers(m.maintainers, json);
  json.Text("icon", m.icon);
  json.Text("apiVersion", m.api_version);
  json.Text("condition", m.condition);
  json.Text("tags", m.tags);
  json.Text("appVersion", m.app_version);
  json.Flag("deprecated", m.deprecated);
  json.TextMap("annotations", m.annotations);
  json.Text("kubeVersion", m.kube_version);
  WriteDependencies(m.dependencies, json);
  json.Text("type", m.type);
  json.Texts("urls", version.urls);
  if (version.urls.empty()) {
    json.Key("urls");
    json.Any(Value());
  }
  json.Key("created");
  json.Any(
      Value(version.created_text.empty() ? kNoTime : version.created_text));
  json.Flag("removed", version.removed);
  json.Text("digest", version.digest);
  for (const char* old : {"checksum", "engine", "tillerVersion", "url"}) {
    const auto found = version.deprecated.find(old);
    if (found != version.deprecated.end()) json.Text(old, found->second);
  }
  json.Close('}');
}

// A file without a name: it goes with the object.
class Scratch {
 public:
  ~Scratch() {
    if (fd_ >= 0) close(fd_);
  }

  absl::Status Open(const std::string& folder) {
    const std::string path = absl::StrCat(folder, "/index-versions");
    fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd_ < 0) return ErrnoToStatus(errno, absl::StrCat("opening ", path));
    unlink(path.c_str());
    return absl::OkStatus();
  }
  absl::Status Clear() {
    buffer_.clear();
    size_ = 0;
    if (lseek(fd_, 0, SEEK_SET) < 0 || ftruncate(fd_, 0) != 0) {
      return ErrnoToStatus(errno, "clearing a temporary file");
    }
    return absl::OkStatus();
  }
  int64_t size() const { return size_; }
  absl::Status Append(absl::string_view bytes) {
    size_ += static_cast<int64_t>(bytes.size());
    buffer_.append(bytes.data(), bytes.size());
    return buffer_.size() < kBufferBytes ? absl::OkStatus() : Flush();
  }
  absl::Status Flush() {
    absl::string_view rest = buffer_;
    while (!rest.empty()) {
      const ssize_t wrote = write(fd_, rest.data(), rest.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return ErrnoToStatus(errno, "writing a temporary file");
      rest.remove_prefix(static_cast<size_t>(wrote));
    }
    buffer_.clear();
    return absl::OkStatus();
  }
  absl::Status Read(int64_t offset, size_t size, std::string* out) const {
    out->resize(size);
    size_t filled = 0;
    while (filled < size) {
      const ssize_t got = pread(fd_, out->data() + filled, size - filled,
                                offset + static_cast<int64_t>(filled));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return ErrnoToStatus(errno, "reading a temporary file");
      filled += static_cast<size_t>(got);
    }
    return absl::OkStatus();
  }

 private:
  int fd_ = -1;
  int64_t size_ = 0;
  std::string buffer_;
};

// Puts each version into a file, as the text that it becomes, and keeps where
// it is.
class Collector : public IndexVisitor {
 public:
  explicit Collector(Scratch& scratch) : scratch_(scratch) {}

  void Name(const std::string& chart) override {
    if (!status_.ok()) return;
    charts_.try_emplace(chart);
    if (charts_.size() > kMaxCharts) {
      status_ = absl::ResourceExhaustedError(
          absl::StrCat("the index has more than ", kMaxCharts, " charts"));
    }
  }
  void Visit(const std::string& chart, ChartVersion version) override {
    if (!status_.ok()) return;
    std::vector<Record>& records = charts_[chart];
    ++versions_;
    if (versions_ > kMaxVersions || records.size() >= kMaxVersionsOfChart) {
      status_ = absl::ResourceExhaustedError(
          absl::StrCat("the index has too many versions of ", chart));
      return;
    }
    text_.clear();
    JsonWriter json(kDepth, &text_);
    WriteVersion(version, json);
    const std::string& name = version.metadata.version;
    records.push_back({scratch_.size(), static_cast<uint32_t>(name.size()),
                       static_cast<uint32_t>(text_.size())});
    status_.Update(scratch_.Append(name));
    status_.Update(scratch_.Append(text_));
  }
  void Head(IndexHead head) override { head_ = std::move(head); }
  void Restart() override {
    charts_.clear();
    versions_ = 0;
    status_.Update(scratch_.Clear());
  }

  absl::Status Write(const archive::Sink& sink, std::vector<IndexSpan>* spans) {
    WEIR_RETURN_IF_ERROR(status_);
    WEIR_RETURN_IF_ERROR(scratch_.Flush());
    std::string out;
    JsonWriter json(0, &out);
    json.Open('{');
    if (!head_.server_info.empty()) {
      json.Key("serverInfo");
      json.Any(head_.server_info);
    }
    json.Text("apiVersion", head_.api_version);
    json.Key("generated");
    json.Any(Value(head_.generated.empty() ? kNoTime : head_.generated));
    json.Key("entries");
    json.Open('{');
    for (const auto& [chart, records] : charts_) {
      json.Key(chart);
      WEIR_RETURN_IF_ERROR(WriteChart(chart, records, json, sink, out, spans));
    }
    json.Close('}');
    json.Texts("publicKeys", head_.public_keys);
    json.TextMap("annotations", head_.annotations);
    json.Close('}');
    return Pass(sink, out);
  }

 private:
  static constexpr int kDepth = 3;  // Of a version.

  struct Record {
    int64_t offset;  // Of the version's name, then its text.
    uint32_t name_bytes, text_bytes;
  };

  absl::Status Pass(const archive::Sink& sink, std::string& out) {
    passed_ += static_cast<int64_t>(out.size());
    WEIR_RETURN_IF_ERROR(sink(out));
    out.clear();
    return absl::OkStatus();
  }

  absl::Status WriteChart(const std::string& chart,
                          const std::vector<Record>& records, JsonWriter& json,
                          const archive::Sink& sink, std::string& out,
                          std::vector<IndexSpan>* spans) {
    WEIR_ASSIGN_OR_RETURN(const std::vector<Record> sorted, Sorted(records));
    const int64_t start = passed_ + static_cast<int64_t>(out.size());
    json.Open('[');
    for (const Record& record : sorted) {
      json.Item();
      WEIR_RETURN_IF_ERROR(scratch_.Read(record.offset + record.name_bytes,
                                         record.text_bytes, &text_));
      out += text_;
      if (out.size() >= kBufferBytes) WEIR_RETURN_IF_ERROR(Pass(sink, out));
    }
    json.Close(']');
    const int64_t end = passed_ + static_cast<int64_t>(out.size());
    spans->push_back({chart, start, records.empty() ? 0 : end - start});
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Record>> Sorted(
      const std::vector<Record>& records) {
    std::vector<std::pair<text::Version, Record>> order;
    order.reserve(records.size());
    for (const Record& record : records) {
      std::string name;
      WEIR_RETURN_IF_ERROR(
          scratch_.Read(record.offset, record.name_bytes, &name));
      order.emplace_back(text::ParseVersion(name).value_or(text::Version()),
                         record);
    }
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) {
                       return text::CompareVersions(a.first, b.first) > 0;
                     });
    std::vector<Record> out;
    out.reserve(order.size());
    for (const auto& [version, record] : order) out.push_back(record);
    return out;
  }

  Scratch& scratch_;
  std::map<std::string, std::vector<Record>> charts_;
  size_t versions_ = 0;
  IndexHead head_;
  absl::Status status_;
  std::string text_;
  int64_t passed_ = 0;
};

}  // namespace

absl::Status WriteIndex(const OpenIndex& open, const std::string& temp_folder,
                        const IndexOptions& options, const archive::Sink& sink,
                        std::vector<IndexSpan>* spans) {
  Scratch scratch;
  WEIR_RETURN_IF_ERROR(scratch.Open(temp_folder));
  Collector collector(scratch);
  WEIR_RETURN_IF_ERROR(ReadIndex(open, collector, options));
  return collector.Write(sink, spans);
}

absl::StatusOr<std::vector<IndexSpan>> FindSpans(const archive::Source& index) {
  constexpr absl::string_view kChart = "    \"";
  constexpr absl::string_view kList = ": [";
  std::vector<IndexSpan> spans;
  ByteReader reader(index, int64_t{1} << 40);
  int64_t offset = 0;
  std::string line;
  bool in_entries = false, is_complete = false;
  while (true) {
    WEIR_ASSIGN_OR_RETURN(const bool is_line, reader.ReadLine(&line));
    if (!is_line) break;
    const int64_t start = offset;
    offset += static_cast<int64_t>(line.size());
    const absl::string_view text = absl::StripSuffix(line, "\n");
    if (text == "}") is_complete = true;
    if (text == "  \"entries\": {") in_entries = true;
    if (!in_entries) continue;
    if (text == "  }" || text == "  },") {
      in_entries = false;
    } else if (absl::StartsWith(text, kChart)) {
      const size_t list = text.rfind(kList);
      const size_t end =
          list == absl::string_view::npos ? text.rfind("\": null") : list - 1;
      if (end == absl::string_view::npos || end < kChart.size()) {
        return absl::InvalidArgumentError("the index has another form");
      }
      const absl::StatusOr<Value> name =
          ParseJson(text.substr(kChart.size() - 1, end + 2 - kChart.size()));
      if (!name.ok() || !name->is_string()) {
        return absl::InvalidArgumentError("the index has another form");
      }
      const bool is_empty = !absl::EndsWith(text, "[");
      spans.push_back({name->AsString(), start + static_cast<int64_t>(list) + 2,
                       is_empty ? 0 : -1});
    } else if (text == "    ]" || text == "    ],") {
      if (spans.empty() || spans.back().bytes != -1) {
        return absl::InvalidArgumentError("the index has another form");
      }
      spans.back().bytes = start + 5 - spans.back().offset;
    }
  }
  if (!is_complete || (!spans.empty() && spans.back().bytes < 0)) {
    return absl::InvalidArgumentError("the index has another form");
  }
  return spans;
}

}  // namespace weir::helm
