#include "src/json_decoding.h"

#include "absl/strings/str_cat.h"
#include "src/go_text.h"

namespace weir::helm {

std::string NumberText(const Value& number) {
  switch (number.kind()) {
    case Value::Kind::kInt:
      return absl::StrCat(number.AsInt());
    case Value::Kind::kUint:
      return absl::StrCat(number.AsUint());
    default:
      return GoFormatFloat(number.AsDouble(), 32);
  }
}

}  // namespace weir::helm
