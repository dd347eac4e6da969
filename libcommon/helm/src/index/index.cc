#include "weir/helm/index.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/go_text.h"
#include "src/index/splitter.h"
#include "src/json_decoding.h"
#include "src/load/metadata.h"
#include "src/yaml.h"
#include "weir/base/status.h"
#include "weir/text/semver.h"
#include "weir/value/json.h"

namespace weir::helm {
namespace {

// Of versions in an index this check is not made: some servers leave aliases
// out.
constexpr char kSkippable[] =
    "validation: more than one dependency with name or alias";

constexpr const char* kDeprecated[] = {"checksum", "engine", "tillerVersion",
                                       "url"};

absl::Status Unmarshaled(const absl::Status& status, bool is_json) {
  if (status.ok() || is_json) return status;
  return Annotate(status, "error unmarshaling JSON: while decoding JSON");
}

// Decodes the parts of an index, and passes its versions on.
class Decoder {
 public:
  Decoder(IndexVisitor& visitor, const IndexOptions& options)
      : visitor_(visitor), options_(options) {}

  void set_is_json(bool is_json) { is_json_ = is_json; }

  // The text of one version, as a splitter cuts it.
  absl::Status Version(const std::string& chart, const std::string& text) {
    absl::StatusOr<Value> value = Parse(text);
    if (!value.ok()) return NotSplit();
    if (is_json_) return TakeSplit(chart, *value);
    if (!value->is_array()) return NotSplit();
    for (const Value& one : value->array()) {
      WEIR_RETURN_IF_ERROR(TakeSplit(chart, one));
    }
    return absl::OkStatus();
  }

  // All but the entries.
  absl::Status Rest(const std::string& text) {
    const absl::StatusOr<Value> value = Parse(text);
    // Whatever is wrong is said of the whole text.
    if (!value.ok() || !TakeIndex(*value).ok()) return NotSplit();
    return Finish();
  }

  absl::Status Whole(const std::string& text) {
    JsonParseOptions json;
    json.max_values = text.size() + 1;
    absl::StatusOr<Value> value = ParseJson(text, json);
    is_json_ = value.ok();
    if (!is_json_) {
      WEIR_ASSIGN_OR_RETURN(value, ReadYamlStrictly(text));
    }
    WEIR_RETURN_IF_ERROR(TakeIndex(*value));
    return Finish();
  }

  absl::Status Chart(const std::string& chart) {
    visitor_.Name(chart);
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<Value> Parse(const std::string& text) const {
    return is_json_ ? ParseJson(text) : ReadYamlStrictly(text);
  }

  absl::Status Finish() {
    if (head_.api_version.empty()) {
      return absl::InvalidArgumentError("no API version specified");
    }
    visitor_.Head(std::move(head_));
    return absl::OkStatus();
  }

  // YAML is decoded strictly, and its numbers may be texts.
  JsonDecoderOptions Options() const {
    JsonDecoderOptions options;
    if (!is_json_) options = kDecoding;
    options.strict = !is_json_;
    return options;
  }

  absl::Status TakeSplit(const std::string& chart, const Value& value) {
    JsonDecoder reader(Options());
    ChartVersion version;
    absl::Status time;
    Read(value, reader, version, time);
    if (!reader.status().ok() || !time.ok()) return NotSplit();
    Pass(chart, value, std::move(version));
    return absl::OkStatus();
  }

  // `time` is the first error, when it is one of a time.
  static void Read(const Value& value, JsonDecoder& reader,
                   ChartVersion& version, absl::Status& time) {
    std::vector<JsonDecoder::Field> fields =
        MetadataFields(reader, version.metadata);
    for (JsonDecoder::Field& field : fields) field.embedded_in = "Metadata";
    const auto text = [&reader](std::string* out) {
      return [&reader, out](const Value& v) { reader.String(v, out); };
    };
    fields.push_back(
        {"urls", [&](const Value& v) { reader.Strings(v, &version.urls); }});
    fields.push_back(
        {"removed", [&](const Value& v) { reader.Bool(v, &version.removed); }});
    fields.push_back(
        {"created", [&](const Value& v) {
           if (!reader.status().ok()) return;
           time.Update(ReadTime(v, &version.created, &version.created_text));
         }});
    fields.push_back({"digest", text(&version.digest)});
    for (const char* old : kDeprecated) {
      fields.push_back({old, [&reader, &version, old](const Value& v) {
                          reader.String(v, &version.deprecated[old]);
                        }});
    }
    reader.StructOf(value, "repo.ChartVersion", fields);
  }

  static absl::Status ReadTime(const Value& value, absl::Time* out,
                               std::string* printed) {
    if (!value.is_string()) {
      return absl::InvalidArgumentError(
          "Time.UnmarshalJSON: input is not a JSON string");
    }
    std::string error;
    if (absl::ParseTime(absl::RFC3339_full, value.AsString(), out, &error)) {
      *printed = AsGoPrints(value.AsString());
      return absl::OkStatus();
    }
    const std::string text = GoQuote(value.AsString());
    return absl::InvalidArgumentError(
        absl::StrCat("parsing time ", text,
                     " as \"2006-01-02T15:04:05Z07:00\": cannot parse ", text,
                     " as \"2006\""));
  }

  // A time of RFC 3339 keeps its zone, and loses what does not count.
  static std::string AsGoPrints(absl::string_view text) {
    std::string out(text);
    for (const char* zero : {"+00:00", "-00:00"}) {
      if (absl::EndsWith(out, zero)) out.replace(out.size() - 6, 6, "Z");
    }
    const size_t dot = out.find('.');
    if (dot == std::string::npos) return out;
    const size_t end = out.find_first_not_of("0123456789", dot + 1);
    size_t last = end == std::string::npos ? out.size() : end;
    const size_t rest = last;
    while (last > dot + 1 && out[last - 1] == '0') --last;
    if (last == dot + 1) last = dot;
    return out.erase(last, rest - last);
  }

  // The whole document, its entries included.
  absl::Status TakeIndex(const Value& value) {
    if (value.is_null()) return absl::OkStatus();
    JsonDecoder reader(Options());
    absl::Status time;
    absl::Time generated;
    reader.Struct(
        value, "repo.IndexFile",
        {{"serverInfo",
          [&](const Value& v) { reader.Map(v, &head_.server_info); }},
         {"apiVersion",
          [&](const Value& v) { reader.String(v, &head_.api_version); }},
         {"generated",
          [&](const Value& v) {
            if (reader.status().ok()) {
              time.Update(ReadTime(v, &generated, &head_.generated));
            }
          }},
         {"entries", [&](const Value& v) { TakeEntries(v, reader, time); }},
         {"publicKeys",
          [&](const Value& v) { reader.Strings(v, &head_.public_keys); }},
         {"annotations",
          [&](const Value& v) { reader.StringMap(v, &head_.annotations); }}});
    return Unmarshaled(time.ok() ? reader.status() : time, is_json_);
  }

  void TakeEntries(const Value& value, JsonDecoder& reader,
                   absl::Status& time) {
    Value entries;
    reader.Map(value, &entries);
    for (const Value::Member& chart : entries.object()) {
      visitor_.Name(chart.key);
      if (chart.value.is_null() ||
          !reader.IsList(chart.value, "repo.ChartVersions")) {
        continue;
      }
      for (const Value& one : chart.value.array()) {
        ChartVersion version;
        Read(one, reader, version, time);
        if (reader.status().ok() && time.ok())
          Pass(chart.key, one, std::move(version));
      }
    }
  }

  void Pass(const std::string& chart, const Value& value,
            ChartVersion version) {
    if (value.is_null()) {
      Skip(GoQuote(chart), "empty entry");
      return;
    }
    if (version.metadata.api_version.empty()) {
      version.metadata.api_version = "v1";
    }
    const absl::Status status = ValidateMetadata(version.metadata);
    if (!status.ok() && !absl::StartsWith(status.message(), kSkippable)) {
      Skip(absl::StrCat(GoQuote(chart), " ", GoQuote(version.metadata.version)),
           status.message());
      return;
    }
    visitor_.Visit(chart, std::move(version));
  }

  void Skip(absl::string_view what, absl::string_view why) const {
    if (!options_.on_warning) return;
    options_.on_warning(
        absl::StrCat("skipping loading invalid entry for chart ", what,
                     " from ", options_.source, ": ", why));
  }

  IndexVisitor& visitor_;
  const IndexOptions& options_;
  bool is_json_ = false;
  IndexHead head_;
};

// The first byte that is no white space; nothing at the end.
absl::StatusOr<std::optional<char>> FirstByte(const OpenIndex& open,
                                              int64_t max_bytes) {
  WEIR_ASSIGN_OR_RETURN(const archive::Source source, open());
  ByteReader reader(source, max_bytes);
  bool is_empty = true;
  for (int c = reader.Next(); c >= 0; c = reader.Next()) {
    is_empty = false;
    if (!absl::ascii_isspace(static_cast<unsigned char>(c))) {
      return static_cast<char>(c);
    }
  }
  WEIR_RETURN_IF_ERROR(reader.status());
  if (is_empty) return absl::InvalidArgumentError("empty index.yaml file");
  return std::nullopt;
}

absl::StatusOr<std::string> ReadAll(const OpenIndex& open, int64_t max_bytes) {
  WEIR_ASSIGN_OR_RETURN(const archive::Source source, open());
  std::string out;
  std::string buffer(256 << 10, '\0');
  while (true) {
    WEIR_ASSIGN_OR_RETURN(const size_t size,
                          source(buffer.data(), buffer.size()));
    if (size == 0) return out;
    out.append(buffer, 0, size);
    if (static_cast<int64_t>(out.size()) > max_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the index is larger than ", max_bytes,
                       " bytes, and has a form that is read as a whole"));
    }
  }
}

class Collector : public IndexVisitor {
 public:
  explicit Collector(const std::set<std::string>& charts) : charts_(charts) {}

  void Visit(const std::string& chart, ChartVersion version) override {
    if (charts_.count(chart) > 0) found_[chart].push_back(std::move(version));
  }
  void Restart() override { found_.clear(); }

  std::map<std::string, std::vector<ChartVersion>> Take() {
    for (auto& [name, versions] : found_) Sort(versions);
    return std::move(found_);
  }

 private:
  static void Sort(std::vector<ChartVersion>& versions) {
    std::vector<std::pair<text::Version, ChartVersion*>> order;
    for (ChartVersion& one : versions) {
      absl::StatusOr<text::Version> version =
          text::ParseVersion(one.metadata.version);
      order.emplace_back(version.ok() ? *std::move(version) : text::Version(),
                         &one);
    }
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) {
                       return text::CompareVersions(a.first, b.first) > 0;
                     });
    std::vector<ChartVersion> sorted;
    for (auto& [version, one] : order) sorted.push_back(std::move(*one));
    versions = std::move(sorted);
  }

  const std::set<std::string>& charts_;
  std::map<std::string, std::vector<ChartVersion>> found_;
};

}  // namespace

OpenIndex IndexFile(const std::string& path) {
  return [path] { return archive::FileSource(path); };
}

OpenIndex IndexText(absl::string_view text) {
  return [text]() -> absl::StatusOr<archive::Source> {
    return archive::StringSource(text);
  };
}

absl::Status ReadIndex(const OpenIndex& open, IndexVisitor& visitor,
                       const IndexOptions& options) {
  WEIR_ASSIGN_OR_RETURN(const std::optional<char> first,
                        FirstByte(open, options.max_bytes));
  absl::Status status;
  {
    Decoder decoder(visitor, options);
    const bool is_json = first == '{';
    decoder.set_is_json(is_json);
    IndexParts parts;
    parts.max_bytes = options.max_bytes;
    parts.max_version_bytes = options.max_version_bytes;
    parts.on_chart = [&](const std::string& chart) {
      return decoder.Chart(chart);
    };
    parts.on_version = [&](const std::string& chart, const std::string& text) {
      return decoder.Version(chart, text);
    };
    parts.on_rest = [&](const std::string& text) { return decoder.Rest(text); };
    WEIR_ASSIGN_OR_RETURN(const archive::Source source, open());
    status =
        is_json ? SplitJsonIndex(source, parts) : SplitYamlIndex(source, parts);
  }
  if (!IsNotSplit(status)) return status;
  visitor.Restart();
  WEIR_ASSIGN_OR_RETURN(const std::string text,
                        ReadAll(open, options.max_whole_bytes));
  return Decoder(visitor, options).Whole(text);
}

absl::StatusOr<std::map<std::string, std::vector<ChartVersion>>>
ReadChartVersions(const OpenIndex& open, const std::set<std::string>& charts,
                  const IndexOptions& options) {
  Collector collector(charts);
  WEIR_RETURN_IF_ERROR(ReadIndex(open, collector, options));
  return collector.Take();
}

absl::StatusOr<const ChartVersion*> FindChartVersion(
    const std::vector<ChartVersion>& newest_first, absl::string_view version) {
  if (newest_first.empty()) {
    return absl::NotFoundError("no chart version found");
  }
  WEIR_ASSIGN_OR_RETURN(
      const text::VersionRange range,
      text::VersionRange::Parse(version.empty() ? "*" : version));
  for (const ChartVersion& one : newest_first) {
    if (!version.empty() && one.metadata.version == version) return &one;
  }
  for (const ChartVersion& one : newest_first) {
    const absl::StatusOr<text::Version> parsed =
        text::ParseVersion(one.metadata.version);
    if (parsed.ok() && range.Contains(*parsed)) return &one;
  }
  return absl::NotFoundError(absl::StrCat("no chart version found for ",
                                          newest_first.front().metadata.name,
                                          "-", version));
}

}  // namespace weir::helm
