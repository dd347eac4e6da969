// History is what status.history tells of a release's revisions: a snapshot of
// each, newest first.
//
// Touches: nothing.
// Threads: pure functions.
// Source: helm-controller.md, sections 2, 3 and 6.5.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "src/plan.h"
#include "weir/crypto/digest.h"
#include "weir/helm/stored_release.h"
#include "weir/value/value.h"

namespace weir::helm_controller {

// "<namespace>/<name>.v<version>"
std::string FullReleaseName(const Snapshot& snapshot);
// "<chart>@<version>"
std::string VersionedChartName(const Snapshot& snapshot);

// The newest, or null.
const Snapshot* Latest(const Status& status);
// The newest older one that was good: what a rollback goes back to; or null.
const Snapshot* Previous(const Status& status, bool ignores_tests);
// Keeps what is needed to go back from the latest; else the newest five.
void TruncateHistory(bool ignores_tests, Status* status);
// Keeps the newest five.
void TruncateHistoryToNewest(Status* status);

// Whether its tests are over, as far as they go.
bool HasBeenTested(const Snapshot& snapshot);
bool HasTestInPhase(const Snapshot& snapshot, absl::string_view phase);
// Whether it is of this revision.
bool IsOf(const Snapshot& snapshot, const helm::StoredRelease& release);

// `action`: "install", "upgrade", "rollback" and so on; may be empty.
Snapshot MakeSnapshot(const helm::StoredRelease& release,
                      const std::string& action, const std::string& oci_digest,
                      crypto::DigestAlgorithm algorithm);

enum class Verification { kGood, kBadDigest, kOtherRelease };
// Whether the release is as the snapshot saw it. What older controllers wrote
// counts as good.
Verification Verify(const Snapshot& snapshot,
                    const helm::StoredRelease& release);

// Puts a new revision first.
void PrependSnapshot(Snapshot snapshot, Status* status);
// Brings the snapshot of the same revision up to date, if there is one; what
// was tested stays. Returns whether there is one.
bool RefreshSnapshot(const helm::StoredRelease& release,
                     const std::string& action,
                     crypto::DigestAlgorithm algorithm, Status* status);

// Digest of values: of nothing when there are none.
std::string DigestOfValues(const Value& values,
                           crypto::DigestAlgorithm algorithm);
// Digests of spec.postRenderers and spec.commonMetadata; "" when unset.
std::string DigestOfPostRenderers(const Spec& spec,
                                  crypto::DigestAlgorithm algorithm);
std::string DigestOfCommonMetadata(const Spec& spec,
                                   crypto::DigestAlgorithm algorithm);

// The results of tests, of those that the filters take.
weir::helm::v2::TestHooks TestHooksOf(
    const helm::StoredRelease& release,
    const google::protobuf::RepeatedPtrField<weir::helm::v2::Filter>& filters);
// Exclusion goes before inclusion.
bool IsSelected(
    absl::string_view test,
    const google::protobuf::RepeatedPtrField<weir::helm::v2::Filter>& filters);

}  // namespace weir::helm_controller
