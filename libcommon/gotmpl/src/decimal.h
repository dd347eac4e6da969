// Decimal numbers of any size, as Go's shopspring/decimal 1.4 computes.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace weir::gotmpl {

enum class DecimalOperation { kAdd, kSubtract, kMultiply, kDivide };

// `first` combined with each of `others` in turn; only the result is rounded,
// and each quotient to 16 decimals.
// Errors: kInvalidArgument with the text of decimal's panics.
absl::StatusOr<double> CombineDecimals(DecimalOperation operation, double first,
                                       absl::Span<const double> others);

}  // namespace weir::gotmpl
