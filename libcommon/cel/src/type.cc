#include "type.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace weir::cel {
namespace {

struct Names {
  TypeKind kind;
  absl::string_view row;      // In function tables.
  absl::string_view checker;  // In the checker's messages.
  absl::string_view full;
};

constexpr std::array<Names, 17> kNames = {{
    {TypeKind::kDyn, "dyn", "dyn", "dyn"},
    {TypeKind::kError, "error", "!error!", "*error*"},
    {TypeKind::kNull, "null", "null", "null_type"},
    {TypeKind::kBool, "bool", "bool", "bool"},
    {TypeKind::kInt, "int", "int", "int"},
    {TypeKind::kUint, "uint", "uint", "uint"},
    {TypeKind::kDouble, "double", "double", "double"},
    {TypeKind::kString, "string", "string", "string"},
    {TypeKind::kBytes, "bytes", "bytes", "bytes"},
    {TypeKind::kTimestamp, "timestamp", "timestamp",
     "google.protobuf.Timestamp"},
    {TypeKind::kDuration, "duration", "duration", "google.protobuf.Duration"},
    {TypeKind::kList, "list", "list", "list"},
    {TypeKind::kMap, "map", "map", "map"},
    {TypeKind::kType, "type", "type", "type"},
    {TypeKind::kOpaque, "optional", "", ""},
    {TypeKind::kParameter, "", "", ""},
    {TypeKind::kObject, "", "", ""},
}};

const Names& NamesOf(TypeKind kind) {
  return kNames[static_cast<size_t>(kind)];
}

// Types that are told apart by their own names.
bool HasName(const Type& type) {
  return type.kind == TypeKind::kOpaque || type.kind == TypeKind::kParameter ||
         type.kind == TypeKind::kObject;
}

std::string Text(const Type& type, bool is_checker) {
  std::string out;
  if (HasName(type)) {
    out = type.name;
  } else {
    const Names& names = NamesOf(type.kind);
    out = std::string(is_checker ? names.checker : names.full);
  }
  if (type.parameters.empty()) return out;
  out += '(';
  for (size_t i = 0; i < type.parameters.size(); ++i) {
    absl::StrAppend(&out, i == 0 ? "" : ", ",
                    Text(*type.parameters[i], is_checker));
  }
  return out + ")";
}

class Reader {
 public:
  explicit Reader(absl::string_view text) : text_(text) {}

  std::vector<TypePtr> List() {
    std::vector<TypePtr> types;
    while (true) {
      text_ = absl::StripLeadingAsciiWhitespace(text_);
      if (text_.empty() || text_[0] == ')') return types;
      types.push_back(One());
      text_ = absl::StripLeadingAsciiWhitespace(text_);
      if (!absl::ConsumePrefix(&text_, ",")) return types;
    }
  }

 private:
  TypePtr One() {
    size_t end = 0;
    while (end < text_.size() && text_[end] != '(' && text_[end] != ')' &&
           text_[end] != ',') {
      ++end;
    }
    const std::string name(text_.substr(0, end));
    text_.remove_prefix(end);
    std::vector<TypePtr> parameters;
    if (absl::ConsumePrefix(&text_, "(")) {
      parameters = List();
      absl::ConsumePrefix(&text_, ")");
    }
    if (name.size() == 1 && absl::ascii_isupper(name[0])) {
      return ParameterType(name);
    }
    if (name == "optional") return OptionalType(parameters[0]);
    if (name == "object") return ObjectType(parameters[0]->name);
    for (const Names& names : kNames) {
      if (names.row != name || name.empty()) continue;
      if (parameters.empty()) return SimpleType(names.kind);
      return MakeType(names.kind, "", std::move(parameters));
    }
    return MakeType(TypeKind::kOpaque, name, std::move(parameters));
  }

  absl::string_view text_;
};

}  // namespace

TypePtr SimpleType(TypeKind kind) {
  static const std::array<TypePtr, 17>& types = *[] {
    auto* all = new std::array<TypePtr, 17>;
    for (size_t i = 0; i < all->size(); ++i) {
      auto type = std::make_shared<Type>();
      type->kind = static_cast<TypeKind>(i);
      (*all)[i] = std::move(type);
    }
    return all;
  }();
  return types[static_cast<size_t>(kind)];
}

TypePtr MakeType(TypeKind kind, std::string name,
                 std::vector<TypePtr> parameters) {
  auto type = std::make_shared<Type>();
  type->kind = kind;
  type->name = std::move(name);
  type->parameters = std::move(parameters);
  for (const TypePtr& parameter : type->parameters) {
    type->size += parameter->size;
  }
  return type;
}

TypePtr ParameterType(std::string name) {
  return MakeType(TypeKind::kParameter, std::move(name), {});
}

TypePtr ListType(TypePtr element) {
  return MakeType(TypeKind::kList, "", {std::move(element)});
}

TypePtr MapType(TypePtr key, TypePtr value) {
  return MakeType(TypeKind::kMap, "", {std::move(key), std::move(value)});
}

TypePtr TypeType(TypePtr of) {
  return MakeType(TypeKind::kType, "", {std::move(of)});
}

TypePtr OptionalType(TypePtr of) {
  return MakeType(TypeKind::kOpaque, std::string(kOptionalName),
                  {std::move(of)});
}

TypePtr ObjectType(std::string name) {
  return MakeType(TypeKind::kObject, std::move(name), {});
}

bool IsSameType(const Type& a, const Type& b) {
  if (&a == &b) return true;
  if (a.kind != b.kind || a.name != b.name ||
      a.parameters.size() != b.parameters.size()) {
    return false;
  }
  for (size_t i = 0; i < a.parameters.size(); ++i) {
    if (!IsSameType(*a.parameters[i], *b.parameters[i])) return false;
  }
  return true;
}

bool IsDyn(const Type& type) { return type.kind == TypeKind::kDyn; }

bool IsDynOrError(const Type& type) {
  return IsDyn(type) || type.kind == TypeKind::kError;
}

bool IsOptional(const Type& type) {
  return type.kind == TypeKind::kOpaque && type.name == kOptionalName;
}

std::string CheckerText(const Type& type) { return Text(type, true); }

std::string TypeText(const Type& type) { return Text(type, false); }

std::string TypeName(const Type& type) {
  if (HasName(type)) return type.name;
  return std::string(NamesOf(type.kind).full);
}

std::vector<TypePtr> ParseTypes(absl::string_view text) {
  return Reader(text).List();
}

TypePtr ParseType(absl::string_view text) { return ParseTypes(text).front(); }

std::optional<TypePtr> NamedType(absl::string_view name) {
  static constexpr std::pair<absl::string_view, absl::string_view> kTypes[] = {
      {"bool", "bool"},
      {"bytes", "bytes"},
      {"double", "double"},
      {"int", "int"},
      {"uint", "uint"},
      {"string", "string"},
      {"null_type", "null"},
      {"list", "list(A)"},
      {"map", "map(A, B)"},
      {"type", "type"},
      {"optional_type", "optional(A)"},
      {"google.protobuf.Timestamp", "timestamp"},
      {"google.protobuf.Duration", "duration"},
  };
  for (const auto& [type, row] : kTypes) {
    if (type == name) return ParseType(row);
  }
  return std::nullopt;
}

}  // namespace weir::cel
