// An embedded, Kubernetes-compatible API server: objects in SQLite, kinds
// from a table, custom kinds from CRDs, workloads simulated.
//
// Touches: the database file; a listening socket only after Listen.
// Threads: safe to share.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/base/clock.h"
#include "weir/base/context.h"
#include "weir/base/log.h"
#include "weir/kube/transport.h"

namespace weir::apiserver {

enum class Simulation { kOff, kReady, kPods };

struct ServerOptions {
  // Folder of the database, keys and certificates; empty: all in memory.
  std::string data_dir;
  Simulation simulation = Simulation::kPods;
  // Pods stay Pending unless their label `fake` says ready, succeed or fail;
  // otherwise they run at once unless an annotation says otherwise.
  bool pods_need_label = false;
  // Null: the real clock.
  const Clock* clock = nullptr;
  // One JSON line a request goes to this file; empty: none.
  std::string audit_log;
  Logger logger;
};

struct ListenOptions {
  std::string address = "127.0.0.1:0";  // Port 0: a free one.
  // Where to write an admin kubeconfig (mode 0600); empty: nowhere.
  std::string kubeconfig_out;
  bool use_tls = true;
};

class Server {
 public:
  // Opens the database and bootstraps it.
  static absl::StatusOr<std::unique_ptr<Server>> Create(ServerOptions options);
  // Stops serving, finishes writes, closes the database.
  ~Server();

  // The server without a socket: requests are direct calls, as cluster admin.
  std::shared_ptr<kube::Transport> transport();

  // Serves HTTPS. Returns "https://127.0.0.1:40123" once it listens.
  absl::StatusOr<std::string> Listen(const ListenOptions& options);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::apiserver
