// TlsOptions says how one side of a gRPC connection proves who it is and whom
// it believes.
//
// Touches: nothing.
// Threads: a value.
#pragma once

#include <string>

namespace weir::rpc {

// Files are PEM and are read again when they change, so that rotated
// certificates need no restart.
struct TlsOptions {
  // This side's certificate chain and key: both or neither. A server with
  // neither speaks plain text; a client with them can log in to a server that
  // asks for certificates (mutual TLS).
  std::string certificate_file;
  std::string key_file;
  // Server: when set, clients must show a certificate that one of these has
  // signed. Client: whom the server's certificate must come from; empty: the
  // system's roots.
  std::string ca_file;
  // Client: speak TLS even though no file is given.
  bool is_enabled = false;
  // Client: the name that the server's certificate must have; empty: the host
  // of the address.
  std::string server_name;
};

}  // namespace weir::rpc
