// Whatever the template, parsing and running it end in text or an error,
// within the limits.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "weir/gotmpl/template.h"
#include "weir/value/value.h"

namespace {

using weir::gotmpl::FunctionTable;

std::shared_ptr<const FunctionTable> Functions() {
  static const auto* const functions = [] {
    FunctionTable table = FunctionTable::Builtins();
    weir::gotmpl::AddSprig(table);
    // These take seconds by design.
    for (const char* slow :
         {"genPrivateKey", "genCA", "genSelfSignedCert", "genSignedCert",
          "bcrypt", "htpasswd", "derivePassword"}) {
      table.Remove(slow);
    }
    return new std::shared_ptr<const FunctionTable>(
        std::make_shared<FunctionTable>(std::move(table)));
  }();
  return *functions;
}

weir::Value Data() {
  using weir::Value;
  return Value::MakeObject({{"s", "text"},
                            {"n", 3},
                            {"f", 1.5},
                            {"l", Value(Value::Array{1, "a", nullptr})},
                            {"m", Value::MakeObject({{"a", 1}, {"b", "x"}})}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  weir::gotmpl::Set set(Functions());
  const auto parsed = set.Parse("fuzz", text);
  if (!parsed.ok()) return 0;
  weir::gotmpl::ExecOptions options;
  options.seed = 1;
  options.limits.max_steps = 20'000;
  options.limits.max_output_bytes = 1u << 20;
  options.limits.max_value_bytes = 1u << 18;
  options.limits.max_live_bytes = 1u << 22;
  options.limits.max_stack_bytes = 1u << 20;
  weir::gotmpl::Execution execution(options);
  std::string out;
  const absl::Status status =
      set.Execute(execution, *parsed, weir::gotmpl::FromValue(Data()), &out);
  if (!status.ok()) (void)weir::gotmpl::UnwrapChain(status);
  return 0;
}
