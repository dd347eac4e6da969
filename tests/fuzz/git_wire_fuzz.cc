// Feeds a server's answers to the git client: references, then the answer to
// a fetch. The first byte says how the bytes arrive and what the server can.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "src/upload_pack.h"
#include "src/url.h"
#include "weir/git/remote.h"

namespace {

class Bytes : public weir::git::ByteReader {
 public:
  Bytes(absl::string_view bytes, size_t step) : bytes_(bytes), step_(step) {}
  absl::StatusOr<size_t> Read(const weir::Context&, char* buffer,
                              size_t size) override {
    const size_t count = std::min({size, step_, bytes_.size()});
    bytes_.copy(buffer, count);
    bytes_.remove_prefix(count);
    return count;
  }

 private:
  absl::string_view bytes_;
  const size_t step_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view input(reinterpret_cast<const char*>(data) + 1,
                                size - 1);
  const size_t step = data[0] % 16 + 1;
  weir::git::PktReader refs(std::make_unique<Bytes>(input, step));
  const auto advertisement =
      weir::git::ReadAdvertisement(weir::Context(), refs);
  weir::git::Advertisement server;
  if (advertisement.ok()) server = *advertisement;
  if ((data[0] & 16) != 0) server.capabilities.insert("side-band-64k");
  if ((data[0] & 32) != 0) server.capabilities.insert("shallow");
  weir::git::FetchPlan plan;
  plan.depth = (data[0] & 64) != 0 ? 1 : 0;
  for (const weir::git::RemoteRef& ref : server.refs) {
    plan.wants.push_back(ref.target());
  }
  (void)weir::git::BuildRequest(plan, server, "fuzz");
  weir::git::PktReader answer(std::make_unique<Bytes>(input, step));
  (void)weir::git::ReadAnswer(
      weir::Context(), plan, server, answer,
      [](absl::string_view) { return absl::OkStatus(); });
  (void)weir::git::ParseUrl(input);
  return 0;
}
