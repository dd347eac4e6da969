// Input: a rule in CEL, a newline, the JSON it is evaluated on.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "libcommon/apiserver/src/cel_program.h"
#include "weir/apiserver/server.h"
#include "weir/value/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t newline = std::min(input.find('\n'), size);
  auto program = weir::apiserver::CelProgram::Compile(input.substr(0, newline));
  if (!program.ok()) return 0;
  auto self = weir::ParseJson(input.substr(std::min(newline + 1, size)));
  const weir::Value value = self.ok() ? *self : weir::Value::MakeObject();
  weir::apiserver::CelInput given;
  given.self = &value;
  given.old_self = &value;
  weir::apiserver::CelBudget budget{10000};
  (void)(*program)->EvaluateBool(given, budget);
  (void)(*program)->EvaluateString(given, budget);
  return 0;
}
