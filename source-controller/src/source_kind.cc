#include "src/source_kind.h"

namespace weir::source {

std::vector<std::string> SourceKind::Failures() const {
  std::vector<std::string> out = {kStorageOperationFailed, kFetchFailed};
  if (failure != nullptr) out.emplace_back(failure);
  return out;
}

reconcile::SummaryOptions SourceKind::Summary() const {
  reconcile::SummaryOptions out{Failures(), Failures()};
  for (const char* type :
       {kArtifactOutdated, kArtifactInStorage, kSourceVerified,
        reconcile::kStalled, reconcile::kReconciling}) {
    out.priority.emplace_back(type);
  }
  for (const char* type :
       {kArtifactOutdated, reconcile::kStalled, reconcile::kReconciling}) {
    out.negative.emplace_back(type);
  }
  return out;
}

std::vector<std::string> SourceKind::Conditions() const {
  std::vector<std::string> out = Summary().priority;
  out.emplace_back(reconcile::kReady);
  return out;
}

}  // namespace weir::source
