#include "types.h"

#include "absl/container/flat_hash_map.h"
#include "weir/gotmpl/value.h"

namespace weir::gotmpl {

absl::string_view KindName(Kind kind) {
  static constexpr absl::string_view kNames[] = {
      "invalid",   "bool",   "int",    "int32",   "int64",      "uint",
      "uint8",     "uint32", "uint64", "float64", "complex128", "func",
      "interface", "map",    "ptr",    "slice",   "string",     "struct"};
  return kNames[static_cast<size_t>(kind)];
}

const Method* Type::FindMethod(absl::string_view method) const {
  for (const Method& candidate : methods) {
    if (candidate.name == method) return &candidate;
  }
  return nullptr;
}

bool IsAssignable(const Type* from, const Type* to) {
  if (from == to || to->kind == Kind::kInterface) return true;
  if (from->kind != to->kind || (from->is_named && to->is_named)) return false;
  return (from->kind == Kind::kMap || from->kind == Kind::kSlice) &&
         from->elem == to->elem;
}

namespace types {
namespace {

const Type* New(absl::string_view name, Kind kind, const Type* elem = nullptr) {
  Type* type = new Type;
  type->name = std::string(name);
  type->kind = kind;
  type->elem = elem;
  type->is_named = elem == nullptr && kind != Kind::kInterface;
  return type;
}

}  // namespace

#define WEIR_GOTMPL_TYPE(function, name, ...)               \
  const Type* function() {                                  \
    static const Type* const type = New(name, __VA_ARGS__); \
    return type;                                            \
  }

WEIR_GOTMPL_TYPE(Bool, "bool", Kind::kBool)
WEIR_GOTMPL_TYPE(Int, "int", Kind::kInt)
WEIR_GOTMPL_TYPE(Int32, "int32", Kind::kInt32)
WEIR_GOTMPL_TYPE(Int64, "int64", Kind::kInt64)
WEIR_GOTMPL_TYPE(Uint, "uint", Kind::kUint)
WEIR_GOTMPL_TYPE(Uint8, "uint8", Kind::kUint8)
WEIR_GOTMPL_TYPE(Uint32, "uint32", Kind::kUint32)
WEIR_GOTMPL_TYPE(Uint64, "uint64", Kind::kUint64)
WEIR_GOTMPL_TYPE(Float64, "float64", Kind::kFloat64)
WEIR_GOTMPL_TYPE(Complex128, "complex128", Kind::kComplex128)
WEIR_GOTMPL_TYPE(String, "string", Kind::kString)
WEIR_GOTMPL_TYPE(Interface, "interface {}", Kind::kInterface)
WEIR_GOTMPL_TYPE(ReflectValue, "reflect.Value", Kind::kStruct)
WEIR_GOTMPL_TYPE(Bytes, "[]uint8", Kind::kSlice, Uint8())
WEIR_GOTMPL_TYPE(List, "[]interface {}", Kind::kSlice, Interface())
WEIR_GOTMPL_TYPE(StringList, "[]string", Kind::kSlice, String())
WEIR_GOTMPL_TYPE(IntList, "[]int", Kind::kSlice, Int())
WEIR_GOTMPL_TYPE(ListList, "[][]interface {}", Kind::kSlice, List())
WEIR_GOTMPL_TYPE(DictList, "[]map[string]interface {}", Kind::kSlice, Dict())
WEIR_GOTMPL_TYPE(Dict, "map[string]interface {}", Kind::kMap, Interface())
WEIR_GOTMPL_TYPE(StringDict, "map[string]string", Kind::kMap, String())
WEIR_GOTMPL_TYPE(BytesDict, "map[string][]uint8", Kind::kMap, Bytes())

#undef WEIR_GOTMPL_TYPE

const Type* Named(absl::string_view name) {
  static const auto* const known = [] {
    auto* map = new absl::flat_hash_map<std::string, const Type*>;
    for (const Type* type :
         {Bool(),       Int(),       Int32(),        Int64(),    Uint(),
          Uint8(),      Uint32(),    Uint64(),       Float64(),  Complex128(),
          String(),     Interface(), ReflectValue(), Bytes(),    List(),
          StringList(), IntList(),   ListList(),     DictList(), Dict(),
          StringDict(), BytesDict()}) {
      map->emplace(type->name, type);
    }
    return map;
  }();
  const auto found = known->find(name);
  return found == known->end() ? NamedLibraryType(name) : found->second;
}

}  // namespace types
}  // namespace weir::gotmpl
