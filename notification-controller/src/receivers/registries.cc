// Registries, which sign nothing: the path is the secret, and the body must be
// what such a registry sends. Google's carries a token, verified before.
#include <string>

#include "absl/strings/escaping.h"
#include "src/receivers/payload.h"
#include "src/receivers/receiver_type.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::notification_controller {

absl::StatusOr<Message> ReadDockerHub(const Hook& hook, const Secret&) {
  WEIR_RETURN_IF_ERROR(
      CheckFirstPayload(hook.body,
                        {{"push_data", PayloadKind::kObject},
                         {"push_data.tag", PayloadKind::kText},
                         {"repository", PayloadKind::kObject},
                         {"repository.repo_url", PayloadKind::kText}}),
      "cannot decode DockerHub webhook payload");
  return Message();
}

absl::StatusOr<Message> ReadQuay(const Hook& hook, const Secret&) {
  WEIR_RETURN_IF_ERROR(
      CheckFirstPayload(hook.body, {{"docker_url", PayloadKind::kText},
                                    {"updated_tags", PayloadKind::kTexts}}),
      "cannot decode Quay webhook payload");
  return Message();
}

absl::StatusOr<Message> ReadAcr(const Hook& hook, const Secret&) {
  WEIR_RETURN_IF_ERROR(
      CheckFirstPayload(hook.body, {{"action", PayloadKind::kText},
                                    {"target", PayloadKind::kObject},
                                    {"target.repository", PayloadKind::kText},
                                    {"target.tag", PayloadKind::kText}}),
      "cannot decode ACR webhook payload");
  return Message();
}

// A Pub/Sub message that has the registry's in it.
absl::StatusOr<Message> ReadGcr(const Hook& hook, const Secret&) {
  WEIR_ASSIGN_OR_RETURN(const Value envelope, ParseFirst(hook.body),
                        "cannot decode GCR webhook payload");
  WEIR_RETURN_IF_ERROR(
      CheckPayload(envelope, {{"message", PayloadKind::kObject},
                              {"message.data", PayloadKind::kText},
                              {"message.messageId", PayloadKind::kText},
                              {"message.publishTime", PayloadKind::kTime},
                              {"message.subscription", PayloadKind::kText}}),
      "cannot decode GCR webhook payload");
  std::string raw;
  (void)absl::Base64Unescape(envelope["message"].GetString("data"), &raw);
  WEIR_ASSIGN_OR_RETURN(const Value inner, ParseWhole(raw),
                        "cannot decode GCR webhook body");
  WEIR_RETURN_IF_ERROR(CheckPayload(inner, {{"action", PayloadKind::kText},
                                            {"digest", PayloadKind::kText},
                                            {"tag", PayloadKind::kText}}),
                       "cannot decode GCR webhook body");
  Message message;
  message.body =
      FormatJson(Value::MakeObject({{"action", inner.GetString("action")},
                                    {"digest", inner.GetString("digest")},
                                    {"tag", inner.GetString("tag")}}));
  return message;
}

}  // namespace weir::notification_controller
