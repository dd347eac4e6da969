// Charts in registries: which manifest a reference means, and the layers of
// it.
//
// Touches: network.
// Threads: pure functions besides.
// Source: Helm v4.2.4, pkg/registry.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/context.h"
#include "weir/oci/client.h"
#include "weir/oci/reference.h"

namespace weir::helm {

inline constexpr char kOciScheme[] = "oci://";

// "+" of a tag is "_" in a registry. The tag keeps both spellings apart.
struct OciChart {
  oci::Reference reference;  // As the registry has it.
  std::string file_name;     // "web-1.2.0.tgz"
};

// Errors: kInvalidArgument, kNotFound, kFailedPrecondition with Helm's text.
absl::StatusOr<OciChart> ResolveOciChart(const Context& ctx,
                                         oci::Client& client,
                                         const std::string& url,
                                         const std::string& version);

enum class OciLayer { kChart, kProvenance };
// `print` gets what Helm says.
absl::StatusOr<std::string> PullOciLayer(
    const Context& ctx, oci::Client& client, const oci::Reference& reference,
    OciLayer layer, int64_t max_bytes,
    const std::function<void(absl::string_view)>& print);

}  // namespace weir::helm
