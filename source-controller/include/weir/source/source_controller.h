// SourceController follows sources (Git repositories, registries, Helm
// repositories and charts) and publishes what it finds as artifacts: over HTTP,
// over gRPC, and in this process.
//
// Touches: network (API server, those sources, listening sockets), files under
// Options::storage_path and the system's temporary folder, clock, process
// (threads).
// Threads: make and run it from one thread; artifacts() from anywhere.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/artifact/service.h"
#include "weir/base/context.h"
#include "weir/http/proxy.h"
#include "weir/reconcile/manager.h"

namespace weir::artifact {
class Registry;
class Storage;
}  // namespace weir::artifact

namespace weir::source {

struct Options {
  // Used by Run only; Create takes a manager that is there already.
  reconcile::ManagerOptions manager;

  // Where artifacts are kept: an existing folder.
  std::string storage_path = "/data";
  // Where artifact files are served over HTTP; port 0: any. Empty: nowhere.
  std::string storage_address = ":9090";
  // "host[:port]" in artifact URLs, maybe with "http://" or "https://" before
  // it. Empty: the host and port that are served, "localhost" for an empty
  // host and the manager's host name for 0.0.0.0.
  std::string advertised_address;
  // Older files that are not current are removed, and so are those above the
  // number; the current one counts.
  absl::Duration artifact_retention_ttl = absl::Minutes(1);
  int artifact_retention_records = 2;
  // "sha256", "sha384", "sha512", "blake3" or "sha1".
  std::string artifact_digest_algorithm = "sha256";

  int concurrent = 2;  // Passes of one kind at a time.
  // How long to wait for an include that is not there.
  absl::Duration requeue_dependency = absl::Seconds(30);
  absl::Duration min_retry_delay = absl::Milliseconds(750);
  absl::Duration max_retry_delay = absl::Minutes(15);
  int interval_jitter_percentage = 5;  // 0 to 99.
  // What SSH negotiates; empty: the defaults.
  std::vector<std::string> ssh_kex_algorithms;
  std::vector<std::string> ssh_host_key_algorithms;

  // The largest index of a Helm repository, chart (compressed), and file of a
  // chart, in bytes.
  int64_t helm_index_max_bytes = 50 << 20;
  int64_t helm_chart_max_bytes = 10 << 20;
  int64_t helm_chart_file_max_bytes = 5 << 20;
  // Where in an index each chart is, is kept for so many repositories; 0: for
  // 1000. That takes about 100 bytes a chart, whatever the index's size.
  int helm_cache_max_size = 0;
  absl::Duration helm_cache_ttl = absl::Minutes(15);
  absl::Duration helm_cache_purge_interval = absl::Minutes(1);

  // Of registries and Helm repositories whose object names no proxy.
  http::ProxySettings proxies;

  // Repositories on this machine that are read in place, by the URL under
  // which objects name them. Empty: all come from the network.
  std::map<std::string, std::string> local_repositories;

  // Where the gRPC ArtifactService and EventService listen; empty: nowhere.
  std::string grpc_address;
  // Files in PEM, read again when they change. Without a certificate it speaks
  // plain text; with a client authority clients must have a certificate of it.
  std::string grpc_tls_certificate_file;
  std::string grpc_tls_key_file;
  std::string grpc_tls_client_ca_file;
};

class SourceController {
 public:
  // Opens the storage and adds the controllers to `manager`, which must live
  // as long as the object; they work while the manager runs. The object must
  // outlive the manager's Run.
  // Errors: kInvalidArgument for options that cannot be; kUnavailable when an
  // address is taken.
  static absl::StatusOr<std::unique_ptr<SourceController>> Create(
      reconcile::Manager& manager, Options options);
  ~SourceController();
  SourceController(const SourceController&) = delete;
  SourceController& operator=(const SourceController&) = delete;

  // The artifacts of this process, without a network in between.
  std::shared_ptr<artifact::ArtifactService> artifacts() const;
  // To publish artifacts of further kinds beside ours.
  artifact::Registry& registry() const;
  const artifact::Storage& storage() const;
  // "127.0.0.1:40123", or "" while none listens.
  std::string storage_address() const;
  std::string grpc_address() const;

 private:
  struct Impl;
  explicit SourceController(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Makes a manager from options.manager and runs the controller until ctx
// ends. Errors: those of Create and of the manager.
absl::Status Run(const Context& ctx, Options options);

}  // namespace weir::source
