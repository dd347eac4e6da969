// Type is what the checker knows of an expression before it runs.
//
// Touches: nothing.
// Threads: immutable; safe to share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace weir::cel {

enum class TypeKind : uint8_t {
  kDyn,
  kError,
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kTimestamp,
  kDuration,
  kList,
  kMap,
  kType,
  kOpaque,  // optional_type, and those of embedders.
  kParameter,
  kObject,  // With fields.
};

struct Type;
using TypePtr = std::shared_ptr<const Type>;

struct Type {
  TypeKind kind = TypeKind::kDyn;
  std::string name;  // Of an opaque type, and of a parameter.
  std::vector<TypePtr> parameters;
  size_t size = 1;  // How many types it names.
};

inline constexpr absl::string_view kOptionalName = "optional_type";

TypePtr SimpleType(TypeKind kind);
TypePtr ParameterType(std::string name);
TypePtr MakeType(TypeKind kind, std::string name,
                 std::vector<TypePtr> parameters);
TypePtr ListType(TypePtr element);
TypePtr MapType(TypePtr key, TypePtr value);
TypePtr TypeType(TypePtr of);
TypePtr OptionalType(TypePtr of);
TypePtr ObjectType(std::string name);

bool IsSameType(const Type& a, const Type& b);
bool IsDyn(const Type& type);
bool IsDynOrError(const Type& type);
bool IsOptional(const Type& type);

// "timestamp", "list(int)": as the checker's messages have it.
std::string CheckerText(const Type& type);
// "google.protobuf.Timestamp", "list(int)", "null_type": as others have it.
std::string TypeText(const Type& type);
// TypeText without parameters.
std::string TypeName(const Type& type);

// The type that a name stands for everywhere: "int",
// "google.protobuf.Timestamp".
std::optional<TypePtr> NamedType(absl::string_view name);

// Reads "list(A)", "map(string, dyn)", "optional(T)", "object(name)"; a single
// capital is a parameter, and another unknown name an opaque type's.
TypePtr ParseType(absl::string_view text);
// The comma separated types of a row's arguments.
std::vector<TypePtr> ParseTypes(absl::string_view text);

}  // namespace weir::cel
