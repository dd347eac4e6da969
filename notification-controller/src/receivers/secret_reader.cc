#include "src/receivers/secret_reader.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "weir/base/status.h"

namespace weir::notification_controller {

absl::StatusOr<SecretData> ReadSecret(const Context& ctx,
                                      const kube::Client& client,
                                      const kube::ObjectKey& key) {
  WEIR_ASSIGN_OR_RETURN(const Value object,
                        client.Get(ctx, {{"", "v1", "Secret"}, key}));
  SecretData data;
  for (const Value::Member& member : object["data"].object()) {
    std::string bytes;
    if (member.value.is_string() &&
        absl::Base64Unescape(member.value.AsString(), &bytes)) {
      data[member.key] = Secret(std::move(bytes));
    }
  }
  return data;
}

}  // namespace weir::notification_controller
