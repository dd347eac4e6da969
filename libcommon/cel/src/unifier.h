// Unifier finds types for type parameters, so that types become assignable.
//
// Touches: nothing.
// Threads: used by one thread.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "type.h"

namespace weir::cel {

class Unifier {
 public:
  // Whether a value of type `from` may stand where `to` is wanted; what that
  // says about parameters is kept when it does.
  bool IsAssignable(const TypePtr& to, const TypePtr& from);
  bool AreAssignable(const std::vector<TypePtr>& to,
                     const std::vector<TypePtr>& from);
  // With parameters replaced by what is known of them; others stay, or become
  // dyn.
  TypePtr Substitute(const TypePtr& type, bool is_rest_dyn) const;

  // Parameters of a row, renamed.
  using Renaming = std::vector<std::pair<std::string, TypePtr>>;
  static TypePtr Rename(const TypePtr& type, const Renaming& renaming);

  TypePtr NewParameter();
  static TypePtr MostGeneral(const TypePtr& a, const TypePtr& b);
  // Whether a type grew past all reason.
  bool is_exhausted() const { return is_exhausted_; }

 private:
  enum class Fit { kYes, kNo, kNoButBound };
  bool Unify(const TypePtr& a, const TypePtr& b);
  bool UnifyAll(const std::vector<TypePtr>& a, const std::vector<TypePtr>& b);
  Fit Bind(const TypePtr& type, const TypePtr& parameter);
  bool IsFree(const std::string& parameter, const TypePtr& within) const;
  const TypePtr* Find(const Type& parameter) const;
  void Set(const std::string& parameter, TypePtr type);
  void Undo(size_t mark);

  std::unordered_map<std::string, TypePtr> bindings_;
  // What bindings were before; null for none.
  std::vector<std::pair<std::string, TypePtr>> trail_;
  int next_ = 0;
  mutable bool is_exhausted_ = false;
};

}  // namespace weir::cel
