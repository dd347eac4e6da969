#include "weir/codec/codec.h"
#include "weir/reconcile/status_writer.h"

namespace weir::reconcile {

absl::StatusOr<Value> StatusWriter::WriteStatus(
    const Context& ctx, const Value& object,
    const google::protobuf::Message& status) const {
  return WriteStatusValue(ctx, object,
                          codec::Overlay(object["status"], status));
}

}  // namespace weir::reconcile
