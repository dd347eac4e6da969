#include "src/observation.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/remediation.h"
#include "weir/text/semver.h"

namespace weir::helm_controller {
namespace {

constexpr size_t kDigestInVersion = 12;

}  // namespace

absl::StatusOr<TrackedChart> TrackChart(const artifact::SourceKey& source,
                                        const std::string& revision,
                                        const std::string& version,
                                        bool is_tracked) {
  TrackedChart chart{version, ""};
  const bool has_digest =
      source.kind == "OCIRepository" ||
      (source.kind == "ExternalArtifact" && absl::StrContains(revision, ':'));
  if (!has_digest) return chart;
  const absl::StatusOr<text::Version> parsed = text::ParseVersion(version);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid chart version ", version));
  }
  const size_t at = revision.find('@');
  const std::string tag = revision.substr(0, at);
  std::string tag_version = tag;
  if (at != std::string::npos) {
    std::replace(tag_version.begin(), tag_version.end(), '_', '+');
  }
  const std::string digest =
      at == std::string::npos ? revision : revision.substr(at + 1);
  const absl::StatusOr<text::Version> tagged = text::ParseVersion(tag_version);
  if (tagged.ok() && (at == std::string::npos ||
                      text::CompareVersions(*tagged, *parsed) != 0)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "artifact revision ", tag, " does not match chart version ", version));
  }
  const size_t colon = digest.find(':');
  if (colon == std::string::npos ||
      digest.size() - colon - 1 < kDigestInVersion) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid artifact revision ", digest));
  }
  chart.oci_digest = digest;
  if (is_tracked) {
    text::Version tracked = *parsed;
    tracked.metadata = digest.substr(colon + 1, kDigestInVersion);
    chart.version = tracked.ToString();
  }
  return chart;
}

const char* FindTargetChange(const Plan& plan, const Status& status,
                             const std::string& chart_name) {
  const Snapshot* latest = Latest(status);
  if (status.storage_namespace().empty() || latest == nullptr) return nullptr;
  if (plan.storage_namespace != status.storage_namespace()) {
    return "storage namespace";
  }
  if (plan.release_namespace != latest->namespace_()) {
    return "release namespace";
  }
  if (plan.release_name != latest->name()) return "release name";
  const bool is_in_place =
      plan.spec.upgrade().chart_name_change_strategy() == "InPlaceUpdate";
  return chart_name != latest->chart_name() && !is_in_place ? kChartName
                                                            : nullptr;
}

Observation Observe(const Plan& plan, const Status& status,
                    const std::vector<helm::StoredRelease>& revisions,
                    const WantedRelease& wanted,
                    crypto::DigestAlgorithm algorithm) {
  Observation observation;
  const Snapshot* latest = Latest(status);
  if (!revisions.empty()) {
    const helm::StoredRelease& newest = revisions.front();
    Observation::Newest seen;
    seen.status = newest.status();
    seen.is_pending = newest.is_pending();
    seen.chart_name = std::string(newest.chart_metadata().GetString("name"));
    seen.chart_version =
        std::string(newest.chart_metadata().GetString("version"));
    if (latest != nullptr) seen.verification = Verify(*latest, newest);
    observation.newest = std::move(seen);
  }
  observation.chart_name = wanted.chart_name;
  observation.chart_version = wanted.chart_version;
  observation.config_digest = wanted.config_digest;
  observation.post_renderers_digest =
      DigestOfPostRenderers(plan.spec, algorithm);
  observation.common_metadata_digest =
      DigestOfCommonMetadata(plan.spec, algorithm);
  const Snapshot* previous = Previous(status, IgnoresTests(plan, status));
  if (previous == nullptr) return observation;
  observation.rollback_target = Observation::Target::kUnfit;
  observation.rollback_problem = "release disappeared from storage";
  for (const helm::StoredRelease& revision : revisions) {
    if (!IsOf(*previous, revision)) continue;
    if (Verify(*previous, revision) == Verification::kGood) {
      observation.rollback_target = Observation::Target::kGood;
    } else {
      observation.rollback_problem =
          "release not observed to be made for object";
    }
  }
  return observation;
}

}  // namespace weir::helm_controller
