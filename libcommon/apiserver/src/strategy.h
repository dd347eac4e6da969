// Strategy is what happens to an object between the request and the store
// besides defaulting and validation: status is reset or kept, generations are
// counted, addresses are given out.
//
// Touches: nothing; reads the store.
// Threads: safe to share.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kinds.h"
#include "registry.h"
#include "store.h"
#include "weir/value/value.h"

namespace weir::apiserver {

class Strategy {
 public:
  explicit Strategy(const Store& store) : store_(store) {}

  // `object` is defaulted and in the served version.
  void PrepareForCreate(const KindInfo& kind, Value& object) const;
  // `subresource`: "", "status", "finalize", ...
  void PrepareForUpdate(const KindInfo& kind, const Value& old,
                        absl::string_view subresource, Value& object) const;

 private:
  void ChooseStorageClass(Value& claim) const;
  void AllocateService(const Value& old, Value& service) const;
  std::string FreeClusterIp() const;
  int64_t FreeNodePort() const;

  const Store& store_;
};

// Drops null and empty members of metadata, as Go's ObjectMeta does.
void NormalizeObject(Value& object);

// Whether two objects differ in what metadata.generation counts.
bool HasSpecChange(const KindInfo& kind, const Value& before,
                   const Value& after);

}  // namespace weir::apiserver
