#include "weir/base/status.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/cord.h"

namespace weir {

absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(),
                         absl::StrCat(context, ": ", status.message()));
  status.ForEachPayload(
      [&](absl::string_view type_url, const absl::Cord& payload) {
        annotated.SetPayload(type_url, payload);
      });
  return annotated;
}

namespace status_internal {
void CheckFailed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: WEIR_CHECK(%s) failed\n", file, line,
               expression);
  std::abort();
}
}  // namespace status_internal
}  // namespace weir
