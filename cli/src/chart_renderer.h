// LocalCharts renders the charts that kustomizations name, with our own engine.
//
// Touches: nothing but the given FileSystem; process (environment: the default
// namespace).
// Threads: safe to share.
#pragma once

#include <atomic>
#include <string>

#include "weir/kustomize/charts.h"

namespace weir::cli {

class LocalCharts : public kustomize::ChartRenderer {
 public:
  absl::StatusOr<std::string> Render(
      const Context& ctx, const kustomize::FileSystem& files,
      const kustomize::ChartRequest& request) override;
  // Both fetch nothing, and remember that something was to be fetched.
  absl::Status Pull(const Context& ctx,
                    const kustomize::ChartPull& pull) override;
  virtual absl::StatusOr<std::string> LoadSchema(const Context& ctx,
                                                 const std::string& url);

  bool was_asked() const { return was_asked_; }

 private:
  std::atomic<bool> was_asked_ = false;
};

}  // namespace weir::cli
