// Input: JSON, read as every kind, laid over itself, and written again.
#include <cstddef>
#include <cstdint>
#include <memory>

#include "google/protobuf/message.h"
#include "google/protobuf/util/message_differencer.h"
#include "weir/base/status.h"
#include "weir/codec/codec.h"
#include "weir/codec/crd.h"
#include "weir/codec/unsupported.h"
#include "weir/value/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<weir::Value> value = weir::ParseJson(text);
  if (!value.ok()) return 0;
  auto* factory = google::protobuf::MessageFactory::generated_factory();
  for (const auto* kind : weir::codec::AllKinds()) {
    const std::unique_ptr<google::protobuf::Message> message(
        factory->GetPrototype(kind)->New());
    if (!weir::codec::FromValue(*value, message.get()).ok()) {
      // What was read before the error can be written, too.
      (void)weir::codec::Overlay(*value, *message);
      continue;
    }
    (void)weir::codec::FindUnsupported(*message);
    WEIR_CHECK(weir::codec::Overlay(*value, *message) == *value);
    const std::unique_ptr<google::protobuf::Message> again(message->New());
    const weir::Value written = weir::codec::ToValue(*message);
    WEIR_CHECK(weir::codec::FromValue(written, again.get()).ok());
    // Times lose their fractions once, not twice.
    WEIR_CHECK(weir::codec::ToValue(*again) == written);
  }
  return 0;
}
