// StoredRelease is one revision of a release as Helm keeps it: JSON, gzipped,
// in a Secret.
//
// The JSON is held as it is, so that what another program wrote survives, and
// is written with the members in Helm's order, which digests are made of.
//
// Touches: nothing.
// Threads: as values.
// Source: Helm v4.2.4, pkg/release/v1 and pkg/storage/driver.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/helm/chart.h"
#include "weir/helm/manifests.h"
#include "weir/value/value.h"

namespace weir::helm {

// Values of info.status.
inline constexpr char kDeployed[] = "deployed";
inline constexpr char kUninstalled[] = "uninstalled";
inline constexpr char kSuperseded[] = "superseded";
inline constexpr char kFailed[] = "failed";
inline constexpr char kUninstalling[] = "uninstalling";
inline constexpr char kPendingInstall[] = "pending-install";
inline constexpr char kPendingUpgrade[] = "pending-upgrade";
inline constexpr char kPendingRollback[] = "pending-rollback";

// Values of a hook's last_run.phase.
inline constexpr char kHookUnknown[] = "Unknown";
inline constexpr char kHookRunning[] = "Running";
inline constexpr char kHookSucceeded[] = "Succeeded";
inline constexpr char kHookFailed[] = "Failed";

class StoredRelease {
 public:
  StoredRelease() = default;
  explicit StoredRelease(Value json) : json_(std::move(json)) {}

  const Value& json() const { return json_; }
  Value& mutable_json() { return json_; }

  std::string name() const { return Text("name"); }
  std::string name_space() const { return Text("namespace"); }
  int version() const { return static_cast<int>(json_.GetInt("version")); }
  std::string manifest() const { return Text("manifest"); }
  const Value& config() const { return json_["config"]; }
  bool is_server_side_applied() const {
    return json_.GetString("apply_method") == "ssa";
  }
  const Value& info() const { return json_["info"]; }
  std::string status() const { return std::string(info().GetString("status")); }
  bool is_pending() const;
  const Value& chart_metadata() const { return json_["chart"]["metadata"]; }
  // Of the Secret that it was read from or written to; "" before that.
  const std::string& resource_version() const { return resource_version_; }
  void set_resource_version(std::string version) {
    resource_version_ = std::move(version);
  }
  // Each with `name`, `kind`, `manifest`, `events`, `last_run` and so on.
  const Value::Array& hooks() const { return json_["hooks"].array(); }

  void SetStatus(absl::string_view status, absl::string_view description);
  // "first_deployed", "last_deployed" or "deleted".
  void SetTime(const char* field, absl::Time time);
  // The hook at `index` of hooks(): started, and ended unless that is the
  // infinite past.
  void SetLastRun(size_t index, absl::Time started, absl::Time completed,
                  absl::string_view phase);

 private:
  std::string Text(const char* key) const {
    return std::string(json_.GetString(key));
  }

  Value json_;
  std::string resource_version_;
};

// What a new revision is made of.
struct NewRelease {
  std::string name;
  std::string name_space;
  int version = 1;
  std::string status;
  std::string description;
  std::string notes;
  absl::Time first_deployed, last_deployed;
  bool is_server_side_applied = true;
  std::string manifest;
};
// `chart` and `hooks` as rendered; `config`: the user's values.
StoredRelease MakeRelease(const NewRelease& release, const Chart& chart,
                          const Value& config, const std::vector<Hook>& hooks);

// "---\n# Source: PATH\nCONTENT\n" for each: the manifest of a release.
std::string JoinManifests(const std::vector<Manifest>& objects);

// The hook as it is run.
Hook ReadHook(const Value& json);

// One line, as encoding/json writes Helm's struct.
std::string FormatReleaseJson(const Value& release);
// A part of it: "info", "hooks", or "chart.metadata" and the like.
std::string FormatReleaseJson(const Value& part, absl::string_view path);

// "sh.helm.release.v1.NAME.vVERSION"
std::string ReleaseSecretName(absl::string_view name, int version);

// Labels of a Secret that are the storage's own.
inline constexpr char kReleaseSecretType[] = "helm.sh/release.v1";

// The Secret to create (`is_new`), or to put in place of the one that is
// there.
Value MakeReleaseSecret(const StoredRelease& release,
                        const std::string& name_space, absl::Time now,
                        bool is_new);
// Errors: kInvalidArgument when there is no release in it; kResourceExhausted
// when it is above 64 MiB.
absl::StatusOr<StoredRelease> ReadReleaseSecret(const Value& secret);

}  // namespace weir::helm
