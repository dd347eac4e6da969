// Certificates for tests, made on the spot: an authority, and what it signs.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace weir::test {

struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;
};

struct CertificateRequest {
  std::string common_name;
  std::vector<std::string> organizations;
  // "DNS:localhost", "IP:127.0.0.1"
  std::vector<std::string> alternative_names;
  bool is_expired = false;
};

// Failures end the test program.
class Authority {
 public:
  explicit Authority(const std::string& common_name = "test authority");
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  const std::string& pem() const { return pem_; }
  KeyPair Sign(const CertificateRequest& request) const;
  // For 127.0.0.1 and localhost.
  KeyPair SignServer() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string pem_;
};

}  // namespace weir::test
