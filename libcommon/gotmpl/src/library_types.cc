#include "types.h"

namespace weir::gotmpl::types {

const Type* NamedLibraryType(absl::string_view name) {
  static const Type* (*const kTypes[])() = {Time,         Duration,   Month,
                                            Weekday,      Location,   Version,
                                            VersionValue, Certificate};
  for (const auto type : kTypes) {
    if (type()->name == name) return type();
  }
  return nullptr;
}

}  // namespace weir::gotmpl::types
