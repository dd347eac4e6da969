#include "src/list.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace weir::kube {

Request MakeListRequest(const Resource& resource, const std::string& name_space,
                        const ListOptions& options, int limit,
                        const std::string& continue_token) {
  Request request;
  request.path = resource.Path(name_space);
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) request.query.emplace_back(name, value);
  };
  add("labelSelector", options.label_selector);
  add("fieldSelector", options.field_selector);
  if (limit > 0) add("limit", absl::StrCat(limit));
  if (continue_token.empty()) {
    add("resourceVersion", options.resource_version);
  } else {
    add("continue", continue_token);
  }
  if (options.metadata_only) {
    request.accept =
        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,"
        "application/json";
  }
  return request;
}

Value FinishItem(Value item, const GroupVersionKind& gvk, bool metadata_only) {
  if (metadata_only) {
    return Value::MakeObject({{"apiVersion", gvk.ApiVersion()},
                              {"kind", gvk.kind},
                              {"metadata", item["metadata"]}});
  }
  if (!item.is_object()) return item;
  if (item.GetString("kind") != gvk.kind) item.Set("kind", gvk.kind);
  if (item.GetString("apiVersion") != gvk.ApiVersion()) {
    item.Set("apiVersion", gvk.ApiVersion());
  }
  return item;
}

absl::Status ErrorOf(const Response& response) {
  if (response.code < 400) return absl::OkStatus();
  Value body = response.body;
  if (!body.is_object()) {
    // An error always has a Status object, so that the wait can be kept.
    body = ApiStatusOf(MakeApiError(response.code, Value(response.text)));
  }
  if (response.retry_after.has_value() &&
      !body["details"].Has("retryAfterSeconds")) {
    Value& details = body.Mutable("details");
    if (!details.is_object()) details = Value::MakeObject();
    details.Set("retryAfterSeconds",
                absl::ToInt64Seconds(*response.retry_after));
  }
  return MakeApiError(response.code, body);
}

}  // namespace weir::kube
