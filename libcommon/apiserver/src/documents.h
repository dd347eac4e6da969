// Documents are what the server says of itself: version, health, discovery in
// both forms, OpenAPI.
//
// Touches: nothing.
// Threads: safe to share.
#pragma once

#include <string>

#include "api_request.h"
#include "registry.h"

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

  const Registry& registry_;
};

}  // namespace weir::apiserver
