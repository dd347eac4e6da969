#include "kinds.h"

namespace weir::apiserver {

Value OpenApiDocument(const std::vector<KindPtr>&) {
  return Value::MakeObject({{"openapi", "3.0.0"}});
}

}  // namespace weir::apiserver
