#include "documents.h"

#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "api_errors.h"
#include "discovery.h"
#include "weir/crypto/digest.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

constexpr char kVersion[] = "v1.34.0+weir";

Value VersionDocument() {
  return Value::MakeObject({{"major", "1"},
                            {"minor", "34"},
                            {"gitVersion", kVersion},
                            {"gitCommit", std::string(40, '0')},
                            {"gitTreeState", "clean"},
                            {"buildDate", "1970-01-01T00:00:00Z"},
                            {"goVersion", "none"},
                            {"compiler", "c++"},
                            {"platform", "linux/amd64"}});
}

bool IsHealthPath(absl::string_view path) {
  return path == "/healthz" || path == "/livez" || path == "/readyz" ||
         absl::StartsWith(path, "/healthz/") ||
         absl::StartsWith(path, "/livez/") ||
         absl::StartsWith(path, "/readyz/");
}

}  // namespace

ApiResponse Documents::Serve(const ApiRequest& request) {
  if (request.method != kube::Method::kGet &&
      request.method != kube::Method::kHead) {
    return MakeText(404, "404 page not found\n");
  }
  absl::string_view path = request.path;
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  if (IsHealthPath(path)) {
    return MakeText(
        200, request.Query("verbose").empty() || path.find('/', 1) != path.npos
                 ? "ok"
                 : "[+]ping ok\n[+]store ok\nhealthz check "
                   "passed\n");
  }
  if (path == "/version") return MakeResponse(200, VersionDocument());
  if (path == "/api" || path == "/apis") {
    return ServeApi(request, path == "/api");
  }
  if (path == "/openapi/v3") return ServeOpenApiIndex();
  if (absl::ConsumePrefix(&path, "/openapi/v3/")) {
    return ServeOpenApi(request, std::string(path));
  }
  if (path == "/openapi/v2") {
    return MakeResponse(NotAcceptable("none: use /openapi/v3"));
  }
  const KindTablePtr table = registry_.table();
  const std::vector<std::string> parts =
      absl::StrSplit(path, '/', absl::SkipEmpty());
  if (parts.size() == 2 && parts[0] == "api" &&
      table->HasGroupVersion("", parts[1])) {
    return MakeResponse(200, ResourceList(*table, "", parts[1]));
  }
  if (parts.size() == 3 && parts[0] == "apis" &&
      table->HasGroupVersion(parts[1], parts[2])) {
    return MakeResponse(200, ResourceList(*table, parts[1], parts[2]));
  }
  if (parts.size() == 2 && parts[0] == "apis") {
    const Value group = GroupDocument(*table, parts[1]);
    if (!group.is_null()) return MakeResponse(200, group);
  }
  if (path == "/") {
    return MakeResponse(
        200,
        Value::MakeObject(
            {{"paths", Value(Value::Array{"/api", "/api/v1", "/apis",
                                          "/healthz", "/livez", "/openapi/v3",
                                          "/readyz", "/version"})}}));
  }
  return MakeText(404, "404 page not found\n");
}

ApiResponse Documents::ServeApi(const ApiRequest& request, bool is_core) {
  const std::string version = DiscoveryVersion(request.accept);
  if (!version.empty()) return ServeAggregated(request, is_core, version);
  if (is_core) return MakeResponse(200, CoreVersions());
  return MakeResponse(200, GroupList(*registry_.table()));
}

ApiResponse Documents::ServeAggregated(const ApiRequest& request, bool is_core,
                                       const std::string& version) {
  Value body = AggregatedDiscovery(*registry_.table(), is_core, version);
  std::string text = FormatJson(body);
  const std::string etag =
      absl::StrCat("\"", absl::AsciiStrToUpper(crypto::Sha256Hex(text)), "\"");
  ApiResponse response;
  if (request.if_none_match == etag) {
    response.code = 304;
  } else {
    response.body = std::move(body);
  }
  response.content_type =
      absl::StrCat("application/json;g=apidiscovery.k8s.io;v=", version,
                   ";as=APIGroupDiscoveryList");
  response.etag = etag;
  response.headers = {{"Vary", "Accept"}, {"Cache-Control", "public"}};
  return response;
}

// ------------------------------------------------------------------ OpenAPI

namespace {

std::string GroupVersionPath(const kube::GroupVersionKind& gvk) {
  return gvk.group.empty() ? absl::StrCat("api/", gvk.version)
                           : absl::StrCat("apis/", gvk.group, "/", gvk.version);
}

}  // namespace

// Documents are large, made when they are asked for, and never kept; their
// hashes are.
std::string Documents::OpenApiHash(const std::string& path,
                                   const std::vector<KindPtr>& kinds) {
  {
    MutexLock lock(mu_);
    auto it = hashes_.find(path);
    if (it != hashes_.end() && it->second.kinds == kinds) {
      return it->second.hash;
    }
  }
  std::string hash = absl::AsciiStrToUpper(
      crypto::ComputeDigest(crypto::DigestAlgorithm::kSha512,
                            FormatJson(OpenApiDocument(kinds)))
          .hex);
  MutexLock lock(mu_);
  hashes_[path] = {kinds, hash};
  return hash;
}

ApiResponse Documents::ServeOpenApiIndex() {
  const KindTablePtr table = registry_.table();
  std::map<std::string, std::vector<KindPtr>> groups;
  for (const Served& served : table->kinds()) {
    groups[GroupVersionPath(served.kind->resource.gvk)].push_back(served.kind);
  }
  Value paths = Value::MakeObject();
  for (const auto& [path, kinds] : groups) {
    paths.Set(path, Value::MakeObject(
                        {{"serverRelativeURL",
                          absl::StrCat("/openapi/v3/", path,
                                       "?hash=", OpenApiHash(path, kinds))}}));
  }
  return MakeResponse(200, Value::MakeObject({{"paths", std::move(paths)}}));
}

ApiResponse Documents::ServeOpenApi(const ApiRequest& request,
                                    const std::string& group_version) {
  const KindTablePtr table = registry_.table();
  std::vector<KindPtr> kinds;
  for (const Served& served : table->kinds()) {
    if (GroupVersionPath(served.kind->resource.gvk) == group_version) {
      kinds.push_back(served.kind);
    }
  }
  if (kinds.empty()) return MakeText(404, "404 page not found\n");
  const std::string hash = OpenApiHash(group_version, kinds);
  const std::string wanted(request.Query("hash"));
  ApiResponse response;
  if (!wanted.empty() && wanted != hash) {
    response = MakeText(301, "");
    response.headers = {{"Location", absl::StrCat("/openapi/v3/", group_version,
                                                  "?hash=", hash)}};
    return response;
  }
  response.etag = absl::StrCat("\"", hash, "\"");
  if (!wanted.empty()) {
    response.headers = {{"Cache-Control", "public, immutable"}};
  }
  if (request.if_none_match == response.etag) {
    response.code = 304;
    return response;
  }
  response.body = OpenApiDocument(kinds);
  return response;
}

}  // namespace weir::apiserver
