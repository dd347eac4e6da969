#include "unifier.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace weir::cel {
namespace {

// Types share parts, and may print exponentially longer than the text.
constexpr size_t kMaxTypeSize = 10'000;

bool IsEqualOrLessSpecific(const Type& a, const Type& b) {
  if (IsDyn(a) || a.kind == TypeKind::kParameter) return true;
  if (IsDyn(b) || b.kind == TypeKind::kParameter) return false;
  if (a.kind != b.kind || a.name != b.name ||
      a.parameters.size() != b.parameters.size()) {
    return false;
  }
  if (a.kind == TypeKind::kType) return true;
  for (size_t i = 0; i < a.parameters.size(); ++i) {
    if (!IsEqualOrLessSpecific(*a.parameters[i], *b.parameters[i])) {
      return false;
    }
  }
  return true;
}

bool IsNullable(const Type& type) {
  return type.kind == TypeKind::kNull || type.kind == TypeKind::kOpaque ||
         type.kind == TypeKind::kDuration ||
         type.kind == TypeKind::kTimestamp || type.kind == TypeKind::kObject;
}

}  // namespace

TypePtr Unifier::NewParameter() {
  return ParameterType(absl::StrCat("_var", next_++));
}

TypePtr Unifier::MostGeneral(const TypePtr& a, const TypePtr& b) {
  return IsEqualOrLessSpecific(*a, *b) ? a : b;
}

bool Unifier::IsAssignable(const TypePtr& to, const TypePtr& from) {
  const size_t mark = trail_.size();
  const bool is_fine = Unify(to, from);
  if (!is_fine) Undo(mark);
  if (mark == 0) trail_.clear();
  return is_fine;
}

bool Unifier::AreAssignable(const std::vector<TypePtr>& to,
                            const std::vector<TypePtr>& from) {
  const size_t mark = trail_.size();
  const bool is_fine = UnifyAll(to, from);
  if (!is_fine) Undo(mark);
  if (mark == 0) trail_.clear();
  return is_fine;
}

const TypePtr* Unifier::Find(const Type& parameter) const {
  if (parameter.kind != TypeKind::kParameter) return nullptr;
  const auto found = bindings_.find(parameter.name);
  return found == bindings_.end() ? nullptr : &found->second;
}

void Unifier::Set(const std::string& parameter, TypePtr type) {
  TypePtr& binding = bindings_[parameter];
  trail_.emplace_back(parameter, binding);
  binding = std::move(type);
}

void Unifier::Undo(size_t mark) {
  while (trail_.size() > mark) {
    auto& [parameter, before] = trail_.back();
    if (before == nullptr) {
      bindings_.erase(parameter);
    } else {
      bindings_[parameter] = std::move(before);
    }
    trail_.pop_back();
  }
}

bool Unifier::UnifyAll(const std::vector<TypePtr>& a,
                       const std::vector<TypePtr>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!Unify(a[i], b[i])) return false;
  }
  return true;
}

bool Unifier::Unify(const TypePtr& a, const TypePtr& b) {
  if (b->kind == TypeKind::kParameter) {
    const Fit fit = Bind(a, b);
    if (fit != Fit::kNo) return fit == Fit::kYes;
  }
  if (a->kind == TypeKind::kParameter) return Bind(b, a) == Fit::kYes;
  if (IsDynOrError(*a) || IsDynOrError(*b)) return true;
  if (a->kind == TypeKind::kNull) return IsNullable(*b);
  if (b->kind == TypeKind::kNull) return IsNullable(*a);
  if (a->kind != b->kind || a->name != b->name) return false;
  if (a->kind == TypeKind::kType) return true;
  return UnifyAll(a->parameters, b->parameters);
}

Unifier::Fit Unifier::Bind(const TypePtr& type, const TypePtr& parameter) {
  if (IsSameType(*type, *parameter)) return Fit::kYes;
  if (const TypePtr* found = Find(*parameter)) {
    const TypePtr known = *found;
    if (IsSameType(*type, *known)) return Fit::kYes;
    if (!Unify(type, known)) return Fit::kNoButBound;
    const TypePtr general = MostGeneral(type, known);
    if (IsFree(parameter->name, general)) Set(parameter->name, general);
    return Fit::kYes;
  }
  if (!IsFree(parameter->name, type)) return Fit::kNo;
  Set(parameter->name, type);
  return Fit::kYes;
}

bool Unifier::IsFree(const std::string& parameter,
                     const TypePtr& within) const {
  if (within->kind == TypeKind::kParameter) {
    if (within->name == parameter) return false;
    const TypePtr* known = Find(*within);
    return known == nullptr || IsFree(parameter, *known);
  }
  for (const TypePtr& part : within->parameters) {
    if (!IsFree(parameter, part)) return false;
  }
  return true;
}

TypePtr Unifier::Substitute(const TypePtr& type, bool is_rest_dyn) const {
  if (const TypePtr* known = Find(*type)) {
    return Substitute(*known, is_rest_dyn);
  }
  if (type->kind == TypeKind::kParameter) {
    return is_rest_dyn ? SimpleType(TypeKind::kDyn) : type;
  }
  if (type->parameters.empty()) return type;
  std::vector<TypePtr> parts;
  for (const TypePtr& part : type->parameters) {
    parts.push_back(Substitute(part, is_rest_dyn));
  }
  TypePtr result = MakeType(type->kind, type->name, std::move(parts));
  if (result->size > kMaxTypeSize) {
    is_exhausted_ = true;
    return SimpleType(TypeKind::kDyn);
  }
  return result;
}

TypePtr Unifier::Rename(const TypePtr& type, const Renaming& renaming) {
  if (type->kind == TypeKind::kParameter) {
    for (const auto& [name, fresh] : renaming) {
      if (name == type->name) return fresh;
    }
    return type;
  }
  if (type->parameters.empty()) return type;
  std::vector<TypePtr> parts;
  for (const TypePtr& part : type->parameters) {
    parts.push_back(Rename(part, renaming));
  }
  return MakeType(type->kind, type->name, std::move(parts));
}

}  // namespace weir::cel
