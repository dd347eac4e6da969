#include "weir/reconcile/status_draft.h"

#include "google/protobuf/util/message_differencer.h"

namespace weir::reconcile {

bool AreSame(const google::protobuf::Message& a,
             const google::protobuf::Message& b) {
  return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

}  // namespace weir::reconcile
