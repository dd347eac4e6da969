// CycleWatch cuts the cycles that templates make.
//
// Values are counted references, so a dict that holds itself would never be
// freed. Every cycle is closed by a write into a dict: those writes are told
// to the watch, which holds no reference itself.
//
// Touches: nothing.
// Threads: one thread each.
#pragma once

#include "weir/gotmpl/value.h"

namespace weir::gotmpl {

class CycleWatch {
 public:
  CycleWatch() = default;
  ~CycleWatch() { Cut(); }
  CycleWatch(const CycleWatch&) = delete;
  CycleWatch& operator=(const CycleWatch&) = delete;

  // To be told after `value` was put into `into`.
  void Written(Dict& into, const Any& value);
  // Makes nil of the members by which watched dicts hold themselves, and
  // watches none any more.
  void Cut();

 private:
  Dict* first_ = nullptr;
};

}  // namespace weir::gotmpl
