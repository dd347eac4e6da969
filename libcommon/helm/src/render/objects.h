// What templates see besides values: `.Chart`, `.Files`, `.Capabilities`,
// `.Release`, under the Go types that Helm gives them.
//
// Touches: nothing.
// Threads: pure functions; types live as long as the program.
#pragma once

#include <vector>

#include "weir/gotmpl/value.h"
#include "weir/helm/capabilities.h"
#include "weir/helm/chart.h"
#include "weir/helm/render.h"

namespace weir::helm {

// The type common.Values, a named map.
const gotmpl::Type* ValuesType();

gotmpl::Any MakeChartObject(const Chart& chart);
// It refers to the files, which must outlive what templates make of it.
gotmpl::Any MakeFilesObject(const std::vector<File>& files);
gotmpl::Any MakeReleaseObject(const Release& release);
gotmpl::Any MakeCapabilitiesObject(const Capabilities& capabilities);

}  // namespace weir::helm
