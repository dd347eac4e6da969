// Runs one recorded template case the way the oracle ran it.
//
// Touches: nothing.
// Threads: immutable; safe to share.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/gotmpl/template.h"
#include "weir/value/value.h"

namespace weir::templates {

class CaseRunner {
 public:
  // `now`: what the clock says; unset: the real one does.
  CaseRunner(absl::string_view data_json, bool has_sprig,
             std::optional<absl::Time> now = std::nullopt);

  // The record with "o" or "e" as they come out here.
  Value Run(const Value& record) const;

 private:
  Value data_;
  const std::optional<absl::Time> now_;
  std::shared_ptr<const gotmpl::FunctionTable> functions_;
};

}  // namespace weir::templates
