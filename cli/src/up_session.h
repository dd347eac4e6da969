// UpSession is everything in one process: an API server (embedded, or a real
// one), the controllers, and the source that `weir up` was asked to follow.
//
// Touches: files under UpOptions::data, network, process (threads, sockets).
// Threads: safe to share.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "invocation.h"
#include "weir/base/context.h"
#include "weir/base/log.h"
#include "weir/kube/client.h"
#include "weir/reconcile/manager.h"

namespace weir::cli {

struct UpOptions {
  std::string directory;         // Follow this folder; empty: not.
  std::string git;               // Follow this repository, a URL or a path.
  std::string branch;            // Empty: the repository's own, or "main".
  std::string path;              // Of the manifests, in folder or repository.
  std::string target_namespace;  // Given to all objects; empty: as they are.
  std::string data = ".weir";
  std::string listen = "127.0.0.1:0";    // The embedded server's address.
  std::string webhooks = "127.0.0.1:0";  // Address of Receivers' hooks.
  std::string simulate = "pods";
  std::string log_level = "info";
  bool once = false;
};

class UpSession {
 public:
  // Starts all; `say` gets a line for each thing worth telling.
  static absl::StatusOr<std::unique_ptr<UpSession>> Start(
      const Context& ctx, const Globals& globals, UpOptions options,
      std::function<void(absl::string_view)> say);
  ~UpSession();

  reconcile::Manager& manager() const;
  const kube::Client& client() const;
  // "" when a real cluster is used.
  const std::string& server_url() const;
  const std::string& kubeconfig() const;
  // "http://127.0.0.1:40123"; "" when webhooks are not taken.
  std::string webhooks_url() const;
  // What is followed: "folder /x" or "http://...@main"; "" for nothing.
  const std::string& followed() const;
  // Namespace and name of the Kustomization made for it; empty: none.
  const kube::ObjectKey& key() const;

  // Writes source and Kustomization, and asks for a pass of both; call it when
  // manager() runs.
  absl::Status Follow(const Context& ctx);
  // What Follow wrote into reconcile.fluxcd.io/requestedAt.
  const std::string& requested_at() const;

 private:
  struct Impl;
  explicit UpSession(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::cli
