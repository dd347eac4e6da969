// Input: a JSONPath, as in a printer column.
#include <cstddef>
#include <cstdint>

#include "../../libcommon/apiserver/src/json_path.h"
#include "absl/strings/string_view.h"
#include "weir/apiserver/server.h"
#include "weir/value/value.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using weir::Value;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto path = weir::apiserver::JsonPath::Parse(text);
  if (!path.ok()) return 0;
  const Value object = Value::MakeObject(
      {{"a", Value(Value::Array{
                 1, "x", Value::MakeObject({{"type", "Ready"}, {"n", 2}})})},
       {"b", Value::MakeObject({{"a", true}, {"c.d", 1.5}})}});
  (void)path->Find(object, 100);
  return 0;
}
