// The API server that `weir template --dry-run=server` asks: what is served,
// what is there, and whether a release could be installed.
//
// Touches: network, through a Transport; with the embedded server, memory.
// Threads: one thread.
// Source: Helm v4.2.4, pkg/action and pkg/engine, with their messages.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "template_command.h"
#include "weir/base/context.h"
#include "weir/kube/transport.h"

namespace weir::cli {

std::unique_ptr<TemplateCluster> MakeTemplateCluster(
    const Context& ctx, std::shared_ptr<kube::Transport> transport,
    bool skip_crds);

// A server of our own with the chart's CRDs and the release's namespace, which
// takes every object on trial.
absl::StatusOr<std::unique_ptr<TemplateCluster>> MakeEmbeddedCluster(
    const Context& ctx);

// The cluster that the flags and the kubeconfig name, or the embedded one.
absl::StatusOr<std::unique_ptr<TemplateCluster>> ConnectTemplateCluster(
    const Context& ctx, const TemplateArgs& args);

}  // namespace weir::cli
