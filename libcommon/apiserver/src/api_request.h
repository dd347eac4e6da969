// Requests and answers between the fronts (HTTP, in-process) and the handler,
// and what a path and its query say.
//
// Touches: nothing.
// Threads: values and pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/kube/transport.h"
#include "weir/value/value.h"

namespace weir::apiserver {

struct UserInfo {
  std::string name, uid;
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>> extra;

  // As authentication.k8s.io's UserInfo.
  Value ToValue() const;
};

struct ApiRequest {
  kube::Method method = kube::Method::kGet;
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
  std::string accept, content_type, if_none_match, user_agent;
  std::optional<Value> body;
  UserInfo user;

  // The first value of that name, or "".
  absl::string_view Query(absl::string_view name) const
      ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // "true" and "1".
  bool QueryBool(absl::string_view name) const;
};

struct ApiResponse {
  int code = 200;
  Value body;  // Null: `text` is the answer.
  std::string text;
  std::string content_type = "application/json";
  std::string etag;
  std::vector<std::string> warnings;
  std::vector<std::pair<std::string, std::string>> headers;
};
ApiResponse MakeResponse(int code, Value body);
ApiResponse MakeResponse(const absl::Status& error);
ApiResponse MakeText(int code, absl::string_view text);

// What a path names. "/api/v1/namespaces/a/pods/b/log" is a resource path.
struct ResourcePath {
  std::string group, version;
  std::string name_space, plural, name, subresource;
};
// Nothing for any other path.
std::optional<ResourcePath> ParseResourcePath(absl::string_view path);

// "get", "list", "watch", "create", "update", "patch", "delete",
// "deletecollection".
std::string VerbOf(const ApiRequest& request, const ResourcePath& path);

// Options of writes.
struct WriteParameters {
  bool is_dry_run = false;
  bool is_forced = false;
  bool has_force = false;
  std::string field_manager;
  enum class Validation {
    kIgnore,
    kWarn,
    kStrict
  } validation = Validation::kWarn;
};
// Errors: 422 and 400 for bad values.
absl::StatusOr<WriteParameters> ParseWriteParameters(const ApiRequest& request,
                                                     bool is_apply);

// "application/json; charset=utf-8" -> "application/json"
std::string MediaTypeOf(absl::string_view content_type);

// How an answer is to be shaped.
struct Shape {
  enum class Form { kFull, kMetadata, kTable } form = Form::kFull;
  std::string version = "v1";  // Of meta.k8s.io, for kMetadata and kTable.
  // Of rows: "None", "Metadata" or "Object".
  std::string include_object = "Metadata";
  bool is_yaml = false;
};
// Errors: 406 when nothing that is accepted can be made.
absl::StatusOr<Shape> ParseAccept(absl::string_view accept);
// Whether the client asks for aggregated discovery: "v2", "v2beta1" or "".
std::string DiscoveryVersion(absl::string_view accept);

}  // namespace weir::apiserver
