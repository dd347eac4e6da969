// Embeds the source-controller: our own process, no cluster, an API server in
// memory. Prints what it publishes.
#include <cstdio>
#include <filesystem>

#include "weir/apiserver/server.h"
#include "weir/reconcile/manager.h"
#include "weir/source/source_controller.h"

int main() {
  const auto server = weir::apiserver::Server::Create({});
  if (!server.ok()) return 1;
  const std::string folder =
      std::filesystem::temp_directory_path() / "weir-embed-source";
  std::filesystem::create_directories(folder);

  weir::source::Options options;
  options.manager.transport = (*server)->transport();
  options.storage_path = folder;
  options.storage_address = "127.0.0.1:0";
  const auto manager = weir::reconcile::Manager::Create(options.manager);
  if (!manager.ok()) return 1;
  const auto controller =
      weir::source::SourceController::Create(**manager, options);
  if (!controller.ok()) return 1;

  const weir::Context ctx = weir::Context().WithTimeout(absl::Seconds(1));
  const absl::Status status = (*manager)->Run(ctx);
  std::printf("%s\n", status.ToString().c_str());
  return absl::IsDeadlineExceeded(status) ? 0 : 1;
}
