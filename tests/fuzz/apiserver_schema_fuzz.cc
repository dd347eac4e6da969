// Input: the openAPIV3Schema of a CRD, a newline, an object of it.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "libcommon/apiserver/src/kinds.h"
#include "weir/apiserver/server.h"
#include "weir/value/json.h"

namespace {

weir::Value Crd(weir::Value schema) {
  using weir::Value;
  Value version = Value::MakeObject(
      {{"name", "v1"},
       {"served", true},
       {"storage", true},
       {"schema",
        Value::MakeObject({{"openAPIV3Schema", std::move(schema)}})}});
  Value names = Value::MakeObject({{"plural", "things"}, {"kind", "Thing"}});
  Value spec = Value::MakeObject(
      {{"group", "example.com"},
       {"scope", "Namespaced"},
       {"names", std::move(names)},
       {"versions", Value(Value::Array{std::move(version)})}});
  return Value::MakeObject({{"spec", std::move(spec)}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using weir::Value;
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t newline = std::min(input.find('\n'), size);
  auto schema = weir::ParseJson(input.substr(0, newline));
  if (!schema.ok()) return 0;
  auto kinds = weir::apiserver::KindsOfCrd(Crd(*schema));
  if (!kinds.ok() || kinds->empty()) return 0;
  const weir::apiserver::KindInfo& kind = *kinds->front();
  auto parsed = weir::ParseJson(input.substr(std::min(newline + 1, size)));
  Value object = parsed.ok() && parsed->is_object() ? *std::move(parsed)
                                                    : Value::MakeObject();
  object.Set("apiVersion", "example.com/v1");
  object.Set("kind", "Thing");
  if (!object["metadata"].is_object()) {
    object.Set("metadata", Value::MakeObject());
  }
  const weir::apiserver::FieldManager manager{"fuzz", "", absl::UnixEpoch()};
  auto applied =
      weir::apiserver::ServerSideApply(kind, Value(), object, true, manager);
  (void)weir::apiserver::PruneUnknownFields(kind, object);
  weir::apiserver::ApplyDefaults(kind, Value(), object);
  (void)weir::apiserver::Validate(kind, Value(), object);
  (void)weir::apiserver::Validate(kind, object, object);
  (void)weir::apiserver::TrackUpdate(kind, Value(), object, manager);
  if (applied.ok()) {
    (void)weir::apiserver::ServerSideApply(kind, *applied, object, true,
                                           manager);
  }
  (void)weir::apiserver::OpenApiDocument(*kinds);
  return 0;
}
