// Whatever is given to --set and its family, it ends in values or an error.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "weir/helm/set_values.h"
#include "weir/helm/values.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  for (auto* set : {&weir::helm::SetTyped, &weir::helm::SetText,
                    &weir::helm::SetJson, &weir::helm::SetLiteral}) {
    weir::Value values = weir::Value::MakeObject();
    (void)set(text, values);
    (void)set(text, values);
  }
  (void)weir::helm::ParseValues(text);
  return 0;
}
