// Input: a label or field selector.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "weir/base/status.h"
#include "weir/kube/selector.h"
#include "weir/value/value.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  (void)weir::kube::ParseFieldSelector(text);
  const auto selector = weir::kube::LabelSelector::Parse(text);
  if (!selector.ok()) return 0;
  (void)selector->Matches(weir::Value::MakeObject({{"a", "b"}, {"c", "7"}}));
  const std::string written = selector->ToString();
  const auto again = weir::kube::LabelSelector::Parse(written);
  WEIR_CHECK(again.ok());
  WEIR_CHECK(again->ToString() == written);
  return 0;
}
