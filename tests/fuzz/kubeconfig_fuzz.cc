// Input: a kubeconfig.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "weir/kube/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  (void)weir::kube::ParseKubeconfig(text, {});
  (void)weir::kube::ParseKubeconfig(text, {.allow_exec = true,
                                           .allow_files = true,
                                           .allow_insecure_tls = true,
                                           .allow_impersonation = true});
  return 0;
}
