// The functions that Kubernetes adds to CEL, and the environment that rules in
// CustomResourceDefinitions have of it.
//
// Touches: nothing.
// Threads: pure functions; the environment is safe to share.
// Source: apiserver, packages cel/library and cel/environment.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "weir/cel/environment.h"
#include "weir/cel/value.h"

namespace weir::apiserver {

const std::shared_ptr<const cel::Environment>& KubernetesCel();

// The families.
using CelOverloads = std::vector<cel::Overload>;
void AddCelFormats(CelOverloads& out);
void AddCelLists(CelOverloads& out);
void AddCelNetworks(CelOverloads& out);  // IP and CIDR.
void AddCelQuantities(CelOverloads& out);
void AddCelRegex(CelOverloads& out);
void AddCelSemver(CelOverloads& out);
void AddCelUrls(CelOverloads& out);

// A value of one of Kubernetes' types.
template <typename T>
class CelObject : public cel::Opaque {
 public:
  explicit CelObject(T value) : value_(std::move(value)) {}
  static cel::Value Make(T value) {
    return cel::Value::Of(std::shared_ptr<const cel::Opaque>(
        std::make_shared<CelObject>(std::move(value))));
  }
  static const T& Of(const cel::Value& value) {
    return static_cast<const CelObject&>(value.AsOpaque()).value_;
  }
  std::string type_name() const override { return T::kCelType; }
  bool Equals(const cel::Opaque& other) const override {
    return value_ == static_cast<const CelObject&>(other).value_;
  }

 private:
  const T value_;
};

}  // namespace weir::apiserver
