// The types that functions of Sprig give: times, versions, certificates.
//
// Touches: nothing.
// Threads: constants.
#pragma once

#include "absl/strings/string_view.h"
#include "weir/gotmpl/value.h"

namespace weir::gotmpl::types {

const Type* Time();          // time.Time
const Type* Duration();      // time.Duration
const Type* Month();         // time.Month
const Type* Weekday();       // time.Weekday
const Type* Location();      // *time.Location
const Type* Version();       // *semver.Version
const Type* VersionValue();  // semver.Version
const Type* Certificate();   // sprig.certificate

const Type* NamedLibraryType(absl::string_view name);

}  // namespace weir::gotmpl::types
