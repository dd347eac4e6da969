// What Secrets say about a connection: TLS material, a user, a proxy.
//
// Touches: network (API server), where a Secret is got; else nothing.
// Threads: pure functions besides.
// Source: source.md, section 6; notification.md, section 5.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "weir/base/context.h"
#include "weir/base/secret.h"
#include "weir/http/client.h"
#include "weir/kube/client.h"
#include "weir/value/value.h"

namespace weir::kube {

struct SecretData {
  std::string name;  // "namespace/name" of the Secret, for messages.
  std::string type;  // "kubernetes.io/dockerconfigjson"
  std::map<std::string, Secret> data;

  // Null when there is no such key.
  const Secret* Find(const std::string& key) const;
  // The newer name wins; empty when there is neither.
  Secret Get(const std::string& key, const std::string& old_key = "") const;
};

// Reads a Secret object. Errors: kInvalidArgument for data that is no base64.
absl::StatusOr<SecretData> ReadSecretData(const Value& secret);
// Errors: the client's, and those of ReadSecretData.
absl::StatusOr<SecretData> GetSecretData(const Context& ctx,
                                         const Client& client,
                                         const std::string& name_space,
                                         const std::string& name);

// tls.crt, tls.key and ca.crt, or their older names; null when there is
// neither a certificate nor an authority. Authorities are beside the system's.
// Errors: kInvalidArgument, in the words that users know, for half a pair.
absl::StatusOr<std::shared_ptr<http::TlsOptions>> ReadTls(
    const SecretData& credentials);

struct BasicAuth {
  std::string username;
  Secret password;
};
// Nothing without either. Errors: kInvalidArgument for half of it.
absl::StatusOr<std::optional<BasicAuth>> ReadBasicAuth(
    const SecretData& credentials);

// The proxy's URL, with its user.
// Errors: kInvalidArgument, in the words that users know.
absl::StatusOr<std::string> ReadProxyUrl(const SecretData& credentials);

}  // namespace weir::kube
