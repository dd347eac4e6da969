// Render gives answers the shape the client asked for: whole objects, their
// metadata, or a table.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <vector>

#include "absl/time/time.h"
#include "api_request.h"
#include "registry.h"
#include "weir/value/value.h"

namespace weir::apiserver {

// One stored object. `with_columns`: a table says what its columns are.
Value RenderObject(const Served& served, const Shape& shape,
                   const Value& stored, absl::Time now,
                   bool with_columns = true);

struct ListMetadata {
  int64_t rv = 0;
  std::string continue_token;
  int64_t remaining = 0;
};
Value RenderList(const Served& served, const Shape& shape,
                 const std::vector<Value>& stored, const ListMetadata& meta,
                 absl::Time now);

// An object of which nothing but the version counts.
Value RenderBookmark(const Served& served, const Shape& shape, int64_t rv,
                     bool ends_initial_events);

}  // namespace weir::apiserver
