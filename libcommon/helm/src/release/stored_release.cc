#include "weir/helm/stored_release.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "src/load/metadata_json.h"
#include "weir/archive/gzip.h"
#include "weir/base/status.h"
#include "weir/helm/release.h"
#include "weir/value/json.h"

namespace weir::helm {
namespace {

constexpr size_t kMaxReleaseBytes = size_t{64} << 20;
constexpr char kNoTime[] = "0001-01-01T00:00:00Z";
constexpr absl::string_view kGzipMagic("\x1f\x8b\x08", 3);

// The members of a struct in its order; what is not listed, as in maps, comes
// after them by key.
struct Shape {
  struct Member {
    absl::string_view name;
    const Shape* shape = nullptr;
  };
  std::vector<Member> members;
  const Shape* elements = nullptr;  // Of a list.
};

struct Shapes {
  Shape dependency{{{"name"},
                    {"version"},
                    {"repository"},
                    {"condition"},
                    {"tags"},
                    {"enabled"},
                    {"import-values"},
                    {"alias"}}};
  Shape dependencies{{}, &dependency};
  Shape maintainer{{{"name"}, {"email"}, {"url"}}};
  Shape maintainers{{}, &maintainer};
  Shape metadata{{{"name"},
                  {"home"},
                  {"sources"},
                  {"version"},
                  {"description"},
                  {"keywords"},
                  {"maintainers", &maintainers},
                  {"icon"},
                  {"apiVersion"},
                  {"condition"},
                  {"tags"},
                  {"appVersion"},
                  {"deprecated"},
                  {"annotations"},
                  {"kubeVersion"},
                  {"dependencies", &dependencies},
                  {"type"}}};
  Shape lock{{{"generated"}, {"digest"}, {"dependencies", &dependencies}}};
  Shape file{{{"name"}, {"data"}, {"modtime"}}};
  Shape files{{}, &file};
  Shape chart{{{"metadata", &metadata},
               {"lock", &lock},
               {"templates", &files},
               {"values"},
               {"schema"},
               {"schemamodtime"},
               {"files", &files},
               {"modtime"}}};
  Shape info{{{"first_deployed"},
              {"last_deployed"},
              {"deleted"},
              {"description"},
              {"status"},
              {"rollback_revision"},
              {"notes"},
              {"resources"}}};
  Shape last_run{{{"started_at"}, {"completed_at"}, {"phase"}}};
  Shape hook{{{"name"},
              {"kind"},
              {"path"},
              {"manifest"},
              {"events"},
              {"last_run", &last_run},
              {"weight"},
              {"delete_policies"},
              {"output_log_policies"}}};
  Shape hooks{{}, &hook};
  Shape release{{{"name"},
                 {"info", &info},
                 {"chart", &chart},
                 {"config"},
                 {"manifest"},
                 {"hooks", &hooks},
                 {"version"},
                 {"namespace"},
                 {"apply_method"}}};
};

const Shape& ReleaseShape() {
  static const Shapes& shapes = *new Shapes;
  return shapes.release;
}

void AppendShaped(const Value& value, const Shape* shape, std::string* out) {
  constexpr JsonFormatOptions kGo = {.escape_html = true};
  if (shape != nullptr && value.is_array() && shape->elements != nullptr) {
    absl::string_view separator = "[";
    for (const Value& element : value.array()) {
      absl::StrAppend(out, separator);
      AppendShaped(element, shape->elements, out);
      separator = ",";
    }
    absl::StrAppend(out, value.empty() ? "[]" : "]");
    return;
  }
  if (shape == nullptr || !value.is_object() || shape->members.empty()) {
    AppendJson(value, out, kGo);
    return;
  }
  absl::string_view separator = "{";
  const auto append = [&](absl::string_view key, const Value& member,
                          const Shape* below) {
    absl::StrAppend(out, separator);
    AppendJson(Value(key), out, kGo);
    absl::StrAppend(out, ":");
    AppendShaped(member, below, out);
    separator = ",";
  };
  for (const Shape::Member& member : shape->members) {
    const Value* found = value.Find(member.name);
    if (found != nullptr) append(member.name, *found, member.shape);
  }
  for (const Value::Member& member : value.object()) {
    const bool is_listed =
        std::any_of(shape->members.begin(), shape->members.end(),
                    [&](const auto& one) { return one.name == member.key; });
    if (!is_listed) append(member.key, member.value, nullptr);
  }
  absl::StrAppend(out, separator == "{" ? "{}" : "}");
}

// As Go writes a time of UTC.
std::string FormatGoTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E*SZ", time, absl::UTCTimeZone());
}

Value TextList(const std::vector<std::string>& texts) {
  Value out = Value::MakeArray();
  for (const std::string& text : texts) out.Append(text);
  return out;
}

std::vector<std::string> ReadTexts(const Value& list) {
  std::vector<std::string> out;
  for (const Value& text : list.array()) {
    if (text.is_string()) out.push_back(text.AsString());
  }
  return out;
}

// A slice of Go that has nothing is null.
Value FileList(const std::vector<File>& files) {
  if (files.empty()) return Value();
  Value::Array out;
  out.reserve(files.size());
  for (const File& file : files) {
    out.push_back(Value::MakeObject(
        {{"name", file.name}, {"data", absl::Base64Escape(file.data)}}));
  }
  return Value(std::move(out));
}

Value ChartJson(const Chart& chart) {
  Value out = Value::MakeObject({{"metadata", MetadataToJson(chart.metadata)},
                                 {"lock", Value()},
                                 {"templates", FileList(chart.templates)},
                                 {"values", chart.values},
                                 {"schema", Value()},
                                 {"schemamodtime", kNoTime},
                                 {"files", FileList(chart.files)}});
  if (chart.lock.has_value()) out.Set("lock", LockToJson(*chart.lock));
  if (chart.schema.has_value()) {
    out.Set("schema", absl::Base64Escape(*chart.schema));
  }
  return out;
}

Value HookJson(const Hook& hook) {
  Value out =
      Value::MakeObject({{"name", hook.name},
                         {"kind", hook.kind},
                         {"path", hook.path},
                         {"manifest", hook.content},
                         {"last_run", Value::MakeObject({{"phase", ""}})}});
  if (!hook.events.empty()) out.Set("events", TextList(hook.events));
  if (hook.weight != 0) out.Set("weight", hook.weight);
  if (!hook.delete_policies.empty()) {
    out.Set("delete_policies", TextList(hook.delete_policies));
  }
  if (!hook.output_log_policies.empty()) {
    out.Set("output_log_policies", TextList(hook.output_log_policies));
  }
  return out;
}

void SetUnlessEmpty(Value& object, const char* key, absl::string_view text) {
  if (text.empty()) {
    object.Erase(key);
  } else {
    object.Set(key, text);
  }
}

absl::StatusOr<std::string> Gunzip(absl::string_view bytes) {
  archive::Source source = archive::GunzipSource(archive::StringSource(bytes));
  std::string out;
  std::array<char, 1 << 16> buffer;
  while (true) {
    WEIR_ASSIGN_OR_RETURN(const size_t size,
                          source(buffer.data(), buffer.size()));
    if (size == 0) return out;
    if (out.size() + size > kMaxReleaseBytes) {
      return absl::ResourceExhaustedError("the release is above 64 MiB");
    }
    out.append(buffer.data(), size);
  }
}

absl::StatusOr<Value> DecodeRelease(absl::string_view encoded) {
  std::string bytes;
  if (!absl::Base64Unescape(encoded, &bytes)) {
    return absl::InvalidArgumentError("the release is not base64");
  }
  if (absl::StartsWith(bytes, kGzipMagic)) {
    WEIR_ASSIGN_OR_RETURN(bytes, Gunzip(bytes));
  }
  return ParseJson(bytes, {.max_bytes = kMaxReleaseBytes});
}

std::string EncodeRelease(const Value& release) {
  std::string compressed;
  archive::GzipWriter gzip([&compressed](absl::string_view bytes) {
    compressed.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  });
  // The sink has no errors.
  (void)gzip.Write(FormatReleaseJson(release));
  (void)gzip.Finish();
  return absl::Base64Escape(compressed);
}

}  // namespace

bool StoredRelease::is_pending() const {
  const std::string now = status();
  return now == kPendingInstall || now == kPendingUpgrade ||
         now == kPendingRollback;
}

void StoredRelease::SetStatus(absl::string_view status,
                              absl::string_view description) {
  Value& info = json_.Mutable("info");
  info.Set("status", status);
  SetUnlessEmpty(info, "description", description);
}

void StoredRelease::SetTime(const char* field, absl::Time time) {
  json_.Mutable("info").Set(field, FormatGoTime(time));
}

void StoredRelease::SetLastRun(size_t index, absl::Time started,
                               absl::Time completed, absl::string_view phase) {
  Value run = Value::MakeObject({{"phase", phase}});
  if (started != absl::InfinitePast()) {
    run.Set("started_at", FormatGoTime(started));
  }
  if (completed != absl::InfinitePast()) {
    run.Set("completed_at", FormatGoTime(completed));
  }
  json_.Mutable("hooks").MutableAt(index).Set("last_run", std::move(run));
}

StoredRelease MakeRelease(const NewRelease& release, const Chart& chart,
                          const Value& config, const std::vector<Hook>& hooks) {
  StoredRelease out(Value::MakeObject(
      {{"name", release.name},
       {"info", Value::MakeObject()},
       {"chart", ChartJson(chart)},
       {"manifest", release.manifest},
       {"version", release.version},
       {"namespace", release.name_space},
       {"apply_method", release.is_server_side_applied ? "ssa" : "csa"}}));
  Value& json = out.mutable_json();
  if (!config.empty()) json.Set("config", config);
  if (release.manifest.empty()) json.Erase("manifest");
  if (!hooks.empty()) {
    Value& list = json.Set("hooks", Value::MakeArray());
    for (const Hook& hook : hooks) list.Append(HookJson(hook));
  }
  out.SetTime("first_deployed", release.first_deployed);
  out.SetTime("last_deployed", release.last_deployed);
  out.SetStatus(release.status, release.description);
  SetUnlessEmpty(json.Mutable("info"), "notes", release.notes);
  return out;
}

std::string JoinManifests(const std::vector<Manifest>& objects) {
  std::string out;
  for (const Manifest& object : objects) {
    AppendDocument(object.path, object.content, &out);
  }
  return out;
}

Hook ReadHook(const Value& json) {
  Hook hook;
  hook.name = std::string(json.GetString("name"));
  hook.kind = std::string(json.GetString("kind"));
  hook.path = std::string(json.GetString("path"));
  hook.content = std::string(json.GetString("manifest"));
  hook.events = ReadTexts(json["events"]);
  hook.weight = static_cast<int>(json.GetInt("weight"));
  hook.delete_policies = ReadTexts(json["delete_policies"]);
  hook.output_log_policies = ReadTexts(json["output_log_policies"]);
  return hook;
}

std::string FormatReleaseJson(const Value& release) {
  std::string out;
  AppendShaped(release, &ReleaseShape(), &out);
  return out;
}

std::string FormatReleaseJson(const Value& part, absl::string_view path) {
  const Shape* shape = &ReleaseShape();
  for (absl::string_view name : absl::StrSplit(path, '.')) {
    const Shape* below = nullptr;
    for (const Shape::Member& member : shape->members) {
      if (member.name == name) below = member.shape;
    }
    if (below == nullptr) break;
    shape = below;
  }
  std::string out;
  AppendShaped(part, shape, &out);
  return out;
}

std::string ReleaseSecretName(absl::string_view name, int version) {
  return absl::StrCat("sh.helm.release.v1.", name, ".v", version);
}

Value MakeReleaseSecret(const StoredRelease& release,
                        const std::string& name_space, absl::Time now,
                        bool is_new) {
  return Value::MakeObject(
      {{"apiVersion", "v1"},
       {"kind", "Secret"},
       {"type", kReleaseSecretType},
       {"metadata",
        Value::MakeObject(
            {{"name", ReleaseSecretName(release.name(), release.version())},
             {"namespace", name_space},
             {"labels",
              Value::MakeObject({{"name", release.name()},
                                 {"owner", "helm"},
                                 {"status", release.status()},
                                 {"version", absl::StrCat(release.version())},
                                 {is_new ? "createdAt" : "modifiedAt",
                                  absl::StrCat(absl::ToUnixSeconds(now))}})}})},
       {"data", Value::MakeObject({{"release", absl::Base64Escape(EncodeRelease(
                                                   release.json()))}})}});
}

namespace {

// Whether members that are changed and read later have the kinds that Go would
// decode.
bool IsRelease(const Value& json) {
  const auto is_map = [](const Value& value) {
    return value.is_null() || value.is_object();
  };
  const auto is_text = [](const Value& value) {
    return value.is_null() || value.is_string();
  };
  if (!json.is_object() || !json["info"].is_object()) return false;
  const Value& hooks = json["hooks"];
  if (!hooks.is_null() && !hooks.is_array()) return false;
  for (const Value& hook : hooks.array()) {
    if (!hook.is_object() || !is_map(hook["last_run"]) ||
        !is_text(hook["manifest"])) {
      return false;
    }
  }
  const Value& version = json["version"];
  return is_map(json["chart"]) && is_map(json["chart"]["metadata"]) &&
         is_map(json["config"]) && is_text(json["name"]) &&
         is_text(json["namespace"]) && is_text(json["manifest"]) &&
         is_text(json["info"]["status"]) &&
         (version.is_null() || version.is_int());
}

}  // namespace

absl::StatusOr<StoredRelease> ReadReleaseSecret(const Value& secret) {
  std::string encoded;
  if (!absl::Base64Unescape(secret["data"].GetString("release"), &encoded) ||
      encoded.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("Secret '", secret["metadata"].GetString("name"),
                     "' holds no release"));
  }
  WEIR_ASSIGN_OR_RETURN(Value json, DecodeRelease(encoded));
  if (!IsRelease(json)) {
    return absl::InvalidArgumentError(
        absl::StrCat("Secret '", secret["metadata"].GetString("name"),
                     "' holds no release"));
  }
  StoredRelease release(std::move(json));
  release.set_resource_version(
      std::string(secret["metadata"].GetString("resourceVersion")));
  return release;
}

}  // namespace weir::helm
