// Documents are what the server says of itself: version, health, discovery in
// both forms, OpenAPI.
//
// Touches: nothing.
// Threads: safe to share.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "api_request.h"
#include "registry.h"
#include "weir/base/mutex.h"

namespace weir::apiserver {

class Documents {
 public:
  explicit Documents(const Registry& registry) : registry_(registry) {}

  // Answers every path that is not one of a resource.
  ApiResponse Serve(const ApiRequest& request);

 private:
  ApiResponse ServeApi(const ApiRequest& request, bool is_core);
  ApiResponse ServeAggregated(const ApiRequest& request, bool is_core,
                              const std::string& version);
  ApiResponse ServeOpenApiIndex();
  ApiResponse ServeOpenApi(const ApiRequest& request,
                           const std::string& group_version);

  std::string OpenApiHash(const std::string& path,
                          const std::vector<KindPtr>& kinds);

  // What a hash was made of, and the hash.
  struct HashedKinds {
    std::vector<KindPtr> kinds;
    std::string hash;
  };

  const Registry& registry_;
  Mutex mu_;
  std::map<std::string, HashedKinds> hashes_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::apiserver
