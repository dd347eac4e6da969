// Runs one recorded template case the way the oracle ran it.
//
// Touches: nothing.
// Threads: immutable; safe to share.
#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "weir/gotmpl/template.h"
#include "weir/value/value.h"

namespace weir::templates {

class CaseRunner {
 public:
  CaseRunner(absl::string_view data_json, bool has_sprig);

  // The record with "o" or "e" as they come out here.
  Value Run(const Value& record) const;

 private:
  Value data_;
  std::shared_ptr<const gotmpl::FunctionTable> functions_;
};

}  // namespace weir::templates
