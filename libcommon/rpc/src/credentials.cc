#include "src/credentials.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "weir/base/file.h"
#include "weir/base/status.h"

namespace weir::rpc {
namespace {

using grpc::experimental::FileWatcherCertificateProvider;

// How often the files are looked at.
constexpr unsigned kRefreshSeconds = 60;

// gRPC itself only logs what is wrong with the files; so they are read here
// first.
absl::Status CheckFiles(const TlsOptions& tls) {
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    return absl::InvalidArgumentError(
        "tls: a certificate and a key are needed, or neither");
  }
  for (const std::string& path :
       {tls.certificate_file, tls.key_file, tls.ca_file}) {
    if (path.empty()) continue;
    const absl::StatusOr<std::string> text = ReadFile(path, 1 << 20);
    if (!text.ok()) {
      return absl::InvalidArgumentError(text.status().message());
    }
    if (text->find("-----BEGIN ") == std::string::npos) {
      return absl::InvalidArgumentError(path + ": not a PEM file");
    }
  }
  return absl::OkStatus();
}

std::shared_ptr<FileWatcherCertificateProvider> WatchFiles(
    const TlsOptions& tls) {
  return std::make_shared<FileWatcherCertificateProvider>(
      tls.key_file, tls.certificate_file, tls.ca_file, kRefreshSeconds);
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentialsOf(
    const TlsOptions& tls) {
  WEIR_RETURN_IF_ERROR(CheckFiles(tls));
  if (tls.certificate_file.empty()) {
    if (!tls.ca_file.empty()) {
      return absl::InvalidArgumentError(
          "tls: a server that asks for certificates needs one itself");
    }
    return grpc::InsecureServerCredentials();
  }
  grpc::experimental::TlsServerCredentialsOptions options(WatchFiles(tls));
  options.watch_identity_key_cert_pairs();
  if (!tls.ca_file.empty()) {
    options.watch_root_certs();
    options.set_cert_request_type(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  } else {
    options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  }
  return grpc::experimental::TlsServerCredentials(options);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ChannelCredentialsOf(
    const TlsOptions& tls) {
  WEIR_RETURN_IF_ERROR(CheckFiles(tls));
  const bool has_files = !tls.certificate_file.empty() || !tls.ca_file.empty();
  if (!tls.is_enabled && !has_files) return grpc::InsecureChannelCredentials();
  grpc::experimental::TlsChannelCredentialsOptions options;
  if (has_files) options.set_certificate_provider(WatchFiles(tls));
  if (!tls.ca_file.empty()) options.watch_root_certs();
  if (!tls.certificate_file.empty()) options.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(options);
}

}  // namespace weir::rpc
