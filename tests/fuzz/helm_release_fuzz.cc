// Whatever a Secret of Helm's storage holds, reading it ends in a release or an
// error, and a release that was read survives being written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/helm/stored_release.h"
#include "weir/value/value.h"

namespace {

weir::Value SecretOf(const std::string& release) {
  weir::Value secret = weir::Value::MakeObject();
  secret.Set("type", weir::helm::kReleaseSecretType);
  secret.Mutable("metadata").Set("name", "sh.helm.release.v1.fuzz.v1");
  secret.Mutable("data").Set("release", release);
  return secret;
}

void Look(weir::helm::StoredRelease release) {
  (void)release.manifest();
  (void)release.is_pending();
  for (const weir::Value& hook : release.hooks()) {
    (void)weir::helm::ReadHook(hook);
  }
  for (size_t i = 0; i < release.hooks().size(); ++i) {
    release.SetLastRun(i, absl::UnixEpoch(), absl::InfinitePast(),
                       weir::helm::kHookRunning);
  }
  release.SetStatus(weir::helm::kFailed, "fuzz");
  const std::string json = weir::helm::FormatReleaseJson(release.json());
  for (const char* part : {"info", "hooks", "chart.metadata", "config"}) {
    (void)weir::helm::FormatReleaseJson(release.json(), part);
  }
  const weir::Value secret = weir::helm::MakeReleaseSecret(
      release, "fuzz", absl::UnixEpoch(), /*is_new=*/true);
  const auto again = weir::helm::ReadReleaseSecret(secret);
  if (!again.ok() || weir::helm::FormatReleaseJson(again->json()) != json) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  // As the API has it, and within one and two layers of base64.
  std::string release(text);
  for (int layers = 0; layers < 3; ++layers) {
    auto read = weir::helm::ReadReleaseSecret(SecretOf(release));
    if (read.ok()) Look(*std::move(read));
    release = absl::Base64Escape(release);
  }
  return 0;
}
