// TlsStream is a TCP connection that one reads lines from, and that may turn to
// TLS at any time, as protocols do that begin in the clear.
//
// Touches: network.
// Threads: a stream is used by one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/context.h"

namespace weir::notification_controller {

struct TlsStreamLimits {
  size_t max_line_bytes = 64u << 10;
  size_t max_bytes = 1u << 20;  // Of all that is read.
};

// Errors of all calls: kUnavailable when the connection failed or broke;
// kUnauthenticated when the certificate does not verify; kResourceExhausted
// above a limit; kDeadlineExceeded, kCancelled; kPermissionDenied for
// link-local addresses, where the metadata of clouds is.
class TlsStream {
 public:
  using Limits = TlsStreamLimits;

  // Goes to the first address of the host that answers. Resolving the name
  // takes as long as the system's resolver lets it.
  static absl::StatusOr<TlsStream> Connect(const Context& ctx,
                                           const std::string& host,
                                           const std::string& port,
                                           const Limits& limits = {});
  ~TlsStream();
  TlsStream(TlsStream&&) noexcept;
  TlsStream& operator=(TlsStream&&) noexcept;

  // From here on all is encrypted, for a server that proves to be `host` to
  // the system's authorities.
  // Errors: also kFailedPrecondition when bytes are here already: whoever sent
  // them could have been anybody.
  absl::Status StartTls(const Context& ctx, const std::string& host);

  absl::Status Write(const Context& ctx, absl::string_view bytes);
  // Without its end, "\r\n" or "\n".
  absl::StatusOr<std::string> ReadLine(const Context& ctx);

 private:
  struct Impl;
  explicit TlsStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::notification_controller
