// Rules in CEL, as x-kubernetes-validations uses it: compiled once, evaluated
// on values seen through their schemas.
//
// Touches: nothing.
// Threads: immutable; safe to share. A CelBudget belongs to one thread.
// Source: the Common Expression Language's specification; apiserver, package
// cel/library.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "schema.h"
#include "weir/value/value.h"

namespace weir::apiserver {

struct CelNode;

// Steps left for one object.
struct CelBudget {
  int64_t steps = 10'000'000;
};

struct CelInput {
  const Schema* schema = nullptr;
  const Value* self = nullptr;
  const Value* old_self = nullptr;  // May be null.
  bool old_self_is_optional = false;
};

class CelProgram {
 public:
  // Errors: kInvalidArgument for what does not parse; kUnimplemented for
  // functions that are not supported.
  static absl::StatusOr<std::shared_ptr<const CelProgram>> Compile(
      absl::string_view text);
  ~CelProgram();

  bool uses_old_self() const { return uses_old_self_; }
  // Errors: what went wrong while evaluating; kResourceExhausted beyond the
  // budget.
  absl::StatusOr<bool> EvaluateBool(const CelInput& input,
                                    CelBudget& budget) const;
  absl::StatusOr<std::string> EvaluateString(const CelInput& input,
                                             CelBudget& budget) const;

 private:
  CelProgram();
  std::unique_ptr<const CelNode> root_;
  bool uses_old_self_ = false;
};

}  // namespace weir::apiserver
