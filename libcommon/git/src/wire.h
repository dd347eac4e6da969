// Wire carries a conversation with git-upload-pack to a server.
//
// Touches: network.
// Threads: one object belongs to one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/url.h"
#include "weir/base/context.h"
#include "weir/git/remote.h"

namespace weir::git {

class ByteReader {
 public:
  virtual ~ByteReader() = default;
  // Waits for bytes; 0 at the end.
  virtual absl::StatusOr<size_t> Read(const Context& ctx, char* buffer,
                                      size_t size) = 0;
};

class Wire {
 public:
  virtual ~Wire() = default;
  // What the server says first: its references.
  virtual absl::StatusOr<std::unique_ptr<ByteReader>> Advertisement(
      const Context& ctx) = 0;
  // Sends a whole request; the answer is read from the result.
  virtual absl::StatusOr<std::unique_ptr<ByteReader>> Send(
      const Context& ctx, std::string request) = 0;
};

// `options` must outlive the wire.
std::unique_ptr<Wire> MakeHttpWire(const RemoteOptions& options, Url url);
std::unique_ptr<Wire> MakeSshWire(const RemoteOptions& options, Url url);

}  // namespace weir::git
