// Input: FieldsV1, as clients send it in managedFields.
#include <cstddef>
#include <cstdint>

#include "libcommon/apiserver/src/ssa_fields.h"
#include "libcommon/apiserver/src/ssa_typed.h"
#include "weir/apiserver/server.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using weir::apiserver::FieldSet;
  auto json = weir::ParseJson(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!json.ok()) return 0;
  auto set = FieldSet::Decode(*json);
  if (!set.ok()) return 0;
  auto again = FieldSet::Decode(set->Encode());
  WEIR_CHECK(again.ok());
  WEIR_CHECK(*again == *set);
  WEIR_CHECK(set->Union(*set) == *set);
  WEIR_CHECK(set->Difference(*set).empty());
  const weir::apiserver::Schema* schema =
      weir::apiserver::FindBuiltinType("io.k8s.api.apps.v1.Deployment");
  WEIR_CHECK(schema != nullptr);
  (void)set->WithNamedFields(schema);
  (void)weir::apiserver::ReconcileFieldSet(*schema, *set);
  set->ForEach([](const weir::apiserver::FieldPath& path) {
    (void)weir::apiserver::FormatFieldPath(path);
  });
  return 0;
}
