// Macros and helpers that pass absl::Status on and say what was being done.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace weir {

// Returns `status` with "<context>: " before its message. Code and payloads
// survive; an OK status is returned as it is.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

namespace status_internal {
inline const absl::Status& ToStatus(const absl::Status& status) {
  return status;
}
template <typename T>
const absl::Status& ToStatus(const absl::StatusOr<T>& status_or) {
  return status_or.status();
}
template <typename... Parts>
absl::Status AnnotateWith(const absl::Status& status, const Parts&... parts) {
  if constexpr (sizeof...(Parts) == 0) {
    return status;
  } else {
    return Annotate(status, absl::StrCat(parts...));
  }
}
// Ends the process, after printing the expression that did not hold.
[[noreturn]] void CheckFailed(const char* expression, const char* file,
                              int line);
}  // namespace status_internal
}  // namespace weir

#define WEIR_CONCAT_INNER(a, b) a##b
#define WEIR_CONCAT(a, b) WEIR_CONCAT_INNER(a, b)

// WEIR_RETURN_IF_ERROR(expr, "reading ", path): returns the annotated error.
#define WEIR_RETURN_IF_ERROR(expr, ...)                                 \
  do {                                                                  \
    if (const auto& weir_status = (expr); !weir_status.ok()) {          \
      return ::weir::status_internal::AnnotateWith(                     \
          ::weir::status_internal::ToStatus(weir_status) __VA_OPT__(, ) \
              __VA_ARGS__);                                             \
    }                                                                   \
  } while (false)

// WEIR_ASSIGN_OR_RETURN(auto x, F(), "doing ", what): assigns the value, or
// returns the annotated error.
#define WEIR_ASSIGN_OR_RETURN(lhs, expr, ...)                             \
  WEIR_ASSIGN_OR_RETURN_IMPL(WEIR_CONCAT(weir_status_or_, __LINE__), lhs, \
                             expr __VA_OPT__(, ) __VA_ARGS__)
#define WEIR_ASSIGN_OR_RETURN_IMPL(var, lhs, expr, ...)                      \
  auto var = (expr);                                                         \
  if (!var.ok()) {                                                           \
    return ::weir::status_internal::AnnotateWith(var.status() __VA_OPT__(, ) \
                                                     __VA_ARGS__);           \
  }                                                                          \
  lhs = *std::move(var)

// For invariants that we can prove. Data from users, files or the network
// never reaches one.
#define WEIR_CHECK(condition)   \
  (static_cast<bool>(condition) \
       ? void(0)                \
       : ::weir::status_internal::CheckFailed(#condition, __FILE__, __LINE__))
