// Fetcher brings an artifact's file to this machine and verifies its digest:
// over HTTP from the artifact's URL, or through an ArtifactService.
//
// Touches: network; files under FetcherOptions::temp_dir.
// Threads: safe to share.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/artifact/artifact.h"
#include "weir/artifact/service.h"
#include "weir/base/context.h"

namespace weir::http {
class Client;
}

namespace weir::artifact {

// A temporary file, removed with the object, and at the latest with the
// Fetcher.
class FetchedFile {
 public:
  explicit FetchedFile(std::string path) : path_(std::move(path)) {}
  ~FetchedFile();
  FetchedFile(FetchedFile&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  FetchedFile& operator=(FetchedFile&& other) noexcept;

  const std::string& path() const { return path_; }

 private:
  std::string path_;  // Empty once moved from.
};

struct FetcherOptions {
  // Where artifacts are read from. Null: by HTTP from their URLs.
  std::shared_ptr<ArtifactService> service;
  // Makes the HTTP requests; needed when `service` is null. Shared with
  // others; may be null otherwise: what the service does not know is then
  // not looked for at its URL.
  std::shared_ptr<http::Client> http_client;
  // "host:port" that replaces the one in artifact URLs, as Flux's consumers
  // take from SOURCE_CONTROLLER_LOCALHOST. Empty: URLs as they are.
  std::string host_override;
  // Tries for each fetch; connection errors and answers of 429 and 5xx are
  // tried again. Few: a reconcile that fails is retried with backoff anyway,
  // and must not hold its worker meanwhile.
  int max_attempts = 4;
  // For each try.
  absl::Duration request_timeout = absl::InfiniteDuration();
  absl::Duration min_retry_delay = absl::Milliseconds(200);
  absl::Duration max_retry_delay = absl::Seconds(2);
  // Larger files are refused. Flux's consumers stop at 100 MiB; 0 is no limit.
  int64_t max_bytes = 0;
  // Empty: the system's folder for temporary files.
  std::string temp_dir;
};

class Fetcher {
 public:
  explicit Fetcher(FetcherOptions options);
  ~Fetcher();

  // Errors: kNotFound when the server does not have the file (any more): the
  // source will publish a newer artifact, wait for it; kDataLoss when the
  // bytes do not have the digest; kInvalidArgument when the artifact has no
  // (valid) digest; kResourceExhausted above max_bytes; kUnavailable.
  absl::StatusOr<FetchedFile> Fetch(const Context& ctx,
                                    const Artifact& artifact) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::artifact
