// OciPass is one reconcile of one OCIRepository.
//
// Touches: as SourcePass; the network (registry), the system's temporary
// folder.
// Threads: one object belongs to one thread.
// Source: source.md, section 8.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/source_pass.h"
#include "weir/base/file.h"
#include "weir/oci/client.h"
#include "weir/source/v1/ocirepository.pb.h"

namespace weir::source {

class OciPass : public SourcePassOf<v1::OCIRepository> {
 public:
  OciPass(const Context& ctx, const SourceEnvironment& environment,
          const reconcile::Request& request)
      : SourcePassOf(ctx, environment, request, kOciRepository) {}

 private:
  Step Work() override;
  std::string SuccessMessage() const override;
  absl::StatusOr<absl::Duration> Interval() const override;

  Step Connect(const Context& ctx, oci::ClientOptions* options);
  absl::StatusOr<oci::FindCredentials> FindLogin(const Context& ctx);
  absl::StatusOr<std::string> FindProxy(const Context& ctx) const;
  absl::StatusOr<std::shared_ptr<const http::TlsOptions>> FindTls(
      const Context& ctx) const;
  Step FindReference(const Context& ctx, oci::Client& client);
  absl::StatusOr<std::string> PickTag(const Context& ctx, oci::Client& client);
  absl::StatusOr<std::string> ResolveTag(const Context& ctx,
                                         oci::Client& client) const;
  Step FindRevision(const Context& ctx, oci::Client& client);
  Step Pull(const Context& ctx, oci::Client& client);
  absl::StatusOr<oci::Manifest> PullManifest(const Context& ctx,
                                             oci::Client& client);
  absl::StatusOr<oci::Descriptor> PickLayer(
      const oci::Manifest& manifest) const;
  Step ArtifactStep();

  Failure FetchFailure(const char* reason, std::string message);
  bool HasContentChanged() const;
  bool IsCurrent() const;
  bool is_copy() const { return spec().layer_selector().operation() == "copy"; }
  void MarkStored();

  oci::Reference reference_;  // As the object says; a range has become a tag.
  std::string digest_;
  std::string revision_;  // "v1@sha256:..."
  std::map<std::string, std::string> annotations_;
  std::optional<TempDir> folder_;  // Of the two below.
  std::string blob_path_;
  std::string tree_path_;
};

}  // namespace weir::source
