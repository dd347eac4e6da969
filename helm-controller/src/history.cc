#include "src/history.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "weir/base/duration.h"
#include "weir/codec/codec.h"
#include "weir/value/json.h"
#include "weir/value/yaml_sorted.h"

namespace weir::helm_controller {
namespace {

constexpr int kMaxSnapshots = 5;
constexpr char kSnapshotVersion[] = "v2";
constexpr char kTest[] = "test";

bool WasGood(const Snapshot& snapshot, bool ignores_tests) {
  return (snapshot.status() == helm::kDeployed ||
          snapshot.status() == helm::kSuperseded) &&
         (ignores_tests || !HasTestInPhase(snapshot, helm::kHookFailed));
}

void KeepNewest(int count, Status* status) {
  auto& history = *status->mutable_history();
  if (history.size() > count) {
    history.DeleteSubrange(count, history.size() - count);
  }
}

bool IsTestHook(const Value& hook) {
  const Value::Array& events = hook["events"].array();
  return std::any_of(events.begin(), events.end(), [](const Value& event) {
    return event.is_string() && event.AsString() == kTest;
  });
}

// What a snapshot's digest is made of, as Go's encoder writes it.
std::string ObservationText(const helm::StoredRelease& release,
                            const std::string& oci_digest) {
  constexpr JsonFormatOptions kGo = {.escape_html = true};
  const Value& json = release.json();
  std::string out = "{\"name\":";
  AppendJson(Value(release.name()), &out, kGo);
  absl::StrAppend(
      &out, ",\"version\":", release.version(),
      ",\"info\":", helm::FormatReleaseJson(release.info(), "info"),
      ",\"chartMetadata\":",
      helm::FormatReleaseJson(release.chart_metadata(), "chart.metadata"),
      ",\"config\":");
  AppendJson(release.config().empty() ? Value() : release.config(), &out, kGo);
  absl::StrAppend(&out, ",\"manifest\":");
  AppendJson(Value(json.GetString("manifest")), &out, kGo);
  // Tests that people run by hand change nothing.
  Value hooks;
  for (const Value& hook : release.hooks()) {
    if (!IsTestHook(hook)) hooks.Append(hook);
  }
  absl::StrAppend(&out, ",\"hooks\":", helm::FormatReleaseJson(hooks, "hooks"),
                  ",\"namespace\":");
  AppendJson(Value(release.name_space()), &out, kGo);
  if (!oci_digest.empty()) {
    absl::StrAppend(&out, ",\"ociDigest\":");
    AppendJson(Value(oci_digest), &out, kGo);
  }
  absl::StrAppend(&out, "}\n");
  return out;
}

// With whole seconds, as the status has times.
std::string StatusTime(const Value& info, const char* field) {
  const auto time = ParseKubeTime(info.GetString(field));
  return time.ok() ? FormatKubeTime(*time) : "";
}

// As Go's encoder writes a struct: members in the order of its fields.
void AppendInFieldOrder(const Value& value,
                        const google::protobuf::Descriptor* type,
                        std::string* out) {
  if (value.is_array()) {
    absl::string_view separator = "[";
    for (const Value& element : value.array()) {
      absl::StrAppend(out, separator);
      AppendInFieldOrder(element, type, out);
      separator = ",";
    }
    absl::StrAppend(out, value.empty() ? "[]" : "]");
    return;
  }
  if (!value.is_object() || type == nullptr || type->options().map_entry()) {
    AppendJson(value, out, {.escape_html = true});
    return;
  }
  absl::string_view separator = "{";
  for (int i = 0; i < type->field_count(); ++i) {
    const Value* member = value.Find(type->field(i)->json_name());
    if (member == nullptr) continue;
    absl::StrAppend(out, separator, "\"", type->field(i)->json_name(), "\":");
    AppendInFieldOrder(*member, type->field(i)->message_type(), out);
    separator = ",";
  }
  absl::StrAppend(out, separator == "{" ? "{}" : "}");
}

std::string DigestOfJsonLine(const Value& value,
                             const google::protobuf::Descriptor* type,
                             crypto::DigestAlgorithm algorithm) {
  std::string text;
  AppendInFieldOrder(value, type, &text);
  return crypto::ComputeDigest(algorithm, text + "\n").ToString();
}

}  // namespace

std::string FullReleaseName(const Snapshot& snapshot) {
  return absl::StrCat(snapshot.namespace_(), "/", snapshot.name(), ".v",
                      snapshot.version());
}

std::string VersionedChartName(const Snapshot& snapshot) {
  return absl::StrCat(snapshot.chart_name(), "@", snapshot.chart_version());
}

const Snapshot* Latest(const Status& status) {
  const auto& history = status.history();
  const auto newest = std::max_element(
      history.begin(), history.end(),
      [](const auto& a, const auto& b) { return a.version() < b.version(); });
  return newest == history.end() ? nullptr : &*newest;
}

const Snapshot* Previous(const Status& status, bool ignores_tests) {
  for (int i = 1; i < status.history_size(); ++i) {
    if (WasGood(status.history(i), ignores_tests)) return &status.history(i);
  }
  return nullptr;
}

void TruncateHistory(bool ignores_tests, Status* status) {
  for (int i = 1; i < status->history_size(); ++i) {
    if (WasGood(status->history(i), ignores_tests)) {
      KeepNewest(i + 1, status);
      return;
    }
  }
  TruncateHistoryToNewest(status);
}

void TruncateHistoryToNewest(Status* status) {
  KeepNewest(kMaxSnapshots, status);
}

bool HasTestInPhase(const Snapshot& snapshot, absl::string_view phase) {
  const auto& hooks = snapshot.test_hooks().hooks();
  return std::any_of(hooks.begin(), hooks.end(), [&](const auto& hook) {
    return hook.second.phase() == phase;
  });
}

bool HasBeenTested(const Snapshot& snapshot) {
  if (!snapshot.has_test_hooks()) return false;
  if (HasTestInPhase(snapshot, helm::kHookFailed)) return true;
  const auto& hooks = snapshot.test_hooks().hooks();
  return std::all_of(hooks.begin(), hooks.end(), [](const auto& hook) {
    return hook.second.phase() == helm::kHookSucceeded;
  });
}

bool IsOf(const Snapshot& snapshot, const helm::StoredRelease& release) {
  return snapshot.name() == release.name() &&
         snapshot.namespace_() == release.name_space() &&
         snapshot.version() == release.version();
}

Snapshot MakeSnapshot(const helm::StoredRelease& release,
                      const std::string& action, const std::string& oci_digest,
                      crypto::DigestAlgorithm algorithm) {
  Snapshot out;
  out.set_api_version(kSnapshotVersion);
  out.set_digest(
      crypto::ComputeDigest(algorithm, ObservationText(release, oci_digest))
          .ToString());
  out.set_name(release.name());
  out.set_namespace_(release.name_space());
  out.set_version(release.version());
  out.set_status(release.status());
  if (!action.empty()) out.set_action(action);
  const Value& metadata = release.chart_metadata();
  out.set_chart_name(std::string(metadata.GetString("name")));
  out.set_chart_version(std::string(metadata.GetString("version")));
  if (const auto version = metadata.GetString("appVersion"); !version.empty()) {
    out.set_app_version(std::string(version));
  }
  out.set_config_digest(DigestOfValues(release.config(), algorithm));
  out.set_first_deployed(StatusTime(release.info(), "first_deployed"));
  out.set_last_deployed(StatusTime(release.info(), "last_deployed"));
  const std::string deleted = StatusTime(release.info(), "deleted");
  if (!deleted.empty()) out.set_deleted(deleted);
  if (!oci_digest.empty()) out.set_oci_digest(oci_digest);
  return out;
}

Verification Verify(const Snapshot& snapshot,
                    const helm::StoredRelease& release) {
  if (snapshot.api_version() != kSnapshotVersion) return Verification::kGood;
  const auto digest = crypto::ParseDigest(snapshot.digest());
  if (!digest.ok()) return Verification::kBadDigest;
  const bool is_same =
      crypto::ComputeDigest(digest->algorithm,
                            ObservationText(release, snapshot.oci_digest())) ==
      *digest;
  return is_same ? Verification::kGood : Verification::kOtherRelease;
}

void PrependSnapshot(Snapshot snapshot, Status* status) {
  auto& history = *status->mutable_history();
  *history.Add() = std::move(snapshot);
  for (int i = history.size() - 1; i > 0; --i) history.SwapElements(i, i - 1);
}

bool RefreshSnapshot(const helm::StoredRelease& release,
                     const std::string& action,
                     crypto::DigestAlgorithm algorithm, Status* status) {
  for (Snapshot& snapshot : *status->mutable_history()) {
    if (!IsOf(snapshot, release)) continue;
    Snapshot fresh =
        MakeSnapshot(release, action, snapshot.oci_digest(), algorithm);
    if (snapshot.has_test_hooks()) {
      *fresh.mutable_test_hooks() = snapshot.test_hooks();
    }
    snapshot = std::move(fresh);
    return true;
  }
  return false;
}

std::string DigestOfValues(const Value& values,
                           crypto::DigestAlgorithm algorithm) {
  return crypto::ComputeDigest(algorithm,
                               values.empty() ? "" : FormatSortedYaml(values))
      .ToString();
}

std::string DigestOfPostRenderers(const Spec& spec,
                                  crypto::DigestAlgorithm algorithm) {
  if (spec.post_renderers().empty()) return "";
  Value list = Value::MakeArray();
  for (const auto& renderer : spec.post_renderers()) {
    list.Append(codec::ToValue(renderer));
  }
  return DigestOfJsonLine(list, weir::helm::v2::PostRenderer::descriptor(),
                          algorithm);
}

std::string DigestOfCommonMetadata(const Spec& spec,
                                   crypto::DigestAlgorithm algorithm) {
  if (!spec.has_common_metadata()) return "";
  // Upstream's struct has them in this order.
  std::string text = "{";
  const Value metadata = codec::ToValue(spec.common_metadata());
  for (const char* field : {"annotations", "labels"}) {
    if (!metadata.Has(field)) continue;
    absl::StrAppend(&text, text.size() > 1 ? "," : "", "\"", field, "\":");
    AppendJson(metadata[field], &text, {.escape_html = true});
  }
  return crypto::ComputeDigest(algorithm, text + "}\n").ToString();
}

bool IsSelected(
    absl::string_view test,
    const google::protobuf::RepeatedPtrField<weir::helm::v2::Filter>& filters) {
  bool has_inclusion = false;
  bool is_included = false;
  for (const auto& filter : filters) {
    if (filter.exclude()) {
      if (filter.name() == test) return false;
      continue;
    }
    has_inclusion = true;
    is_included = is_included || filter.name() == test;
  }
  return is_included || !has_inclusion;
}

weir::helm::v2::TestHooks TestHooksOf(
    const helm::StoredRelease& release,
    const google::protobuf::RepeatedPtrField<weir::helm::v2::Filter>& filters) {
  weir::helm::v2::TestHooks out;
  for (const Value& hook : release.hooks()) {
    const std::string name(hook.GetString("name"));
    if (!IsTestHook(hook) || !IsSelected(name, filters)) continue;
    const Value& run = hook["last_run"];
    auto& status = (*out.mutable_hooks())[name];
    const std::string started = StatusTime(run, "started_at");
    const std::string completed = StatusTime(run, "completed_at");
    if (!started.empty()) status.set_last_started(started);
    if (!completed.empty()) status.set_last_completed(completed);
    const auto phase = run.GetString("phase");
    if (!phase.empty()) status.set_phase(std::string(phase));
  }
  return out;
}

}  // namespace weir::helm_controller
