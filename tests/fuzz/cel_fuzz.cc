// Input: a byte of options, an expression, a zero byte, JSON data.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/strings/string_view.h"
#include "weir/cel/cel.h"
#include "weir/value/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  absl::string_view input(reinterpret_cast<const char*>(data), size);
  weir::cel::Options options;
  options.is_checked = (data[0] & 1) != 0;
  static const auto& environments =
      *new std::array<std::shared_ptr<const weir::cel::Environment>, 2>{
          weir::cel::MakeEnvironment({.has_regex = true}),
          weir::cel::MakeEnvironment({.has_lists = true,
                                      .has_two_variables = true,
                                      .strings_version = 2,
                                      .has_literal_checks = true})};
  options.environment = environments[(data[0] & 2) != 0 ? 1 : 0];
  if (options.is_checked) options.variables = {{"self"}, {"dep"}};
  options.limits.cost = 10'000;
  options.limits.bytes = 1 << 20;
  input.remove_prefix(1);
  const size_t end =
      std::min(input.find(absl::string_view("\0", 1)), input.size());
  const auto program =
      weir::cel::Program::Compile(input.substr(0, end), options);
  if (!program.ok()) return 0;
  const auto json =
      weir::ParseJson(input.substr(std::min(end + 1, input.size())));
  const auto value = (*program)->Evaluate(json.ok() ? *json : weir::Value());
  // Shared parts may print far longer than they are.
  if (value.ok()) (void)value->TypeName();
  return 0;
}
