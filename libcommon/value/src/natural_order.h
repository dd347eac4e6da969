// The order in which go-yaml writes the keys of a mapping: runs of digits by
// number, letters after other characters.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace weir {

// go-yaml 3 has letters before other characters right behind a digit.
enum class NaturalOrder { kGoYaml2, kGoYaml3 };

bool NaturalLess(absl::string_view a, absl::string_view b, NaturalOrder order);

// The order has cycles on some odd keys, where the way of sorting shows: Go
// sorts few by insertion.
template <typename T, typename Less>
void SortAsGo(std::vector<T>& list, const Less& less) {
  constexpr size_t kFew = 12;
  if (list.size() > kFew) {
    std::stable_sort(list.begin(), list.end(), less);
    return;
  }
  for (size_t i = 1; i < list.size(); ++i) {
    for (size_t j = i; j > 0 && less(list[j], list[j - 1]); --j) {
      std::swap(list[j], list[j - 1]);
    }
  }
}

}  // namespace weir
