// Value is what a CEL expression computes with: scalars, lists, maps, times,
// types, optionals, and errors, which flow through expressions as values do.
//
// Lists and maps are interfaces, so that JSON documents, and documents that
// somebody else types by a schema, are read member by member where they are.
//
// Touches: nothing.
// Threads: immutable; safe to share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir::cel {

class List;
class Map;
class Opaque;

enum class Kind : uint8_t {
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
  kOptional,
  kOpaque,  // Of an embedder.
};

// An instant, and the offset from UTC that it is written with.
struct Timestamp {
  int64_t seconds = 0;  // Since 1970.
  int32_t nanoseconds = 0;
  int32_t offset_seconds = 0;
};

// What evaluation may still spend. Once a charge fails, all later ones do.
class Meter {
 public:
  Meter(uint64_t cost, uint64_t bytes) : cost_(cost), bytes_(bytes) {}
  bool Charge(uint64_t cost) { return Take(cost, cost_); }
  // For strings, bytes and lists that a function makes.
  bool ChargeBytes(uint64_t bytes) { return Take(bytes, bytes_); }
  bool is_exhausted() const { return is_exhausted_; }
  uint64_t cost_left() const { return is_exhausted_ ? 0 : cost_; }

 private:
  bool Take(uint64_t amount, uint64_t& left) {
    if (is_exhausted_ || amount > left) {
      is_exhausted_ = true;
      return false;
    }
    left -= amount;
    return true;
  }
  uint64_t cost_;
  uint64_t bytes_;
  bool is_exhausted_ = false;
};

class Value {
 public:
  Value() : kind_(Kind::kNull) {}  // Null.
  static Value Bool(bool value);
  static Value Int(int64_t value);
  static Value Uint(uint64_t value);
  static Value Double(double value);
  static Value String(std::string value);
  static Value Bytes(std::string value);
  static Value Time(Timestamp value);
  static Value Duration(int64_t nanoseconds);
  static Value Of(std::shared_ptr<const List> list);
  static Value Of(std::shared_ptr<const Map> map);
  static Value Of(std::shared_ptr<const Opaque> opaque);
  static Value OfElements(std::vector<Value> elements);
  // By the name that type() prints: "int", "list", "null_type".
  static Value Type(std::string name);
  static Value None();  // The empty optional.
  static Value Some(Value value);
  static Value Error(std::string message);
  // A JSON value; arrays and objects are read where they are. Integers above
  // int64 are doubles, as Kubernetes reads them.
  static Value FromJson(const weir::Value& json);

  Kind kind() const { return kind_; }
  bool Is(Kind kind) const { return kind_ == kind; }
  bool is_error() const { return kind_ == Kind::kError; }
  bool IsTrue() const { return Is(Kind::kBool) && scalar_.boolean; }
  bool IsFalse() const { return Is(Kind::kBool) && !scalar_.boolean; }

  // Each needs its kind.
  bool AsBool() const { return scalar_.boolean; }
  int64_t AsInt() const { return scalar_.integer; }
  uint64_t AsUint() const { return scalar_.unsigned_integer; }
  double AsDouble() const { return scalar_.number; }
  Timestamp AsTime() const { return scalar_.time; }
  int64_t AsNanoseconds() const { return scalar_.integer; }
  // Of a string, bytes, the name of a type, the message of an error.
  const std::string& AsString() const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  const List& AsList() const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  const Map& AsMap() const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  const Opaque& AsOpaque() const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // Of an optional; null when it is empty.
  const Value* AsOptional() const ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // The name of the value's type: "int", "google.protobuf.Timestamp".
  std::string TypeName() const;

  // An error of a name that no variable has.
  static Value MissingVariable(absl::string_view name);
  bool is_missing_variable() const { return is_error() && scalar_.boolean; }
  Value WithoutMark() const;

 private:
  union Scalar {
    bool boolean;
    int64_t integer;
    uint64_t unsigned_integer;
    double number;
    Timestamp time;
    Scalar() : time() {}
  };
  Value(Kind kind, std::shared_ptr<const void> object)
      : kind_(kind), object_(std::move(object)) {}

  Kind kind_;
  Scalar scalar_;
  std::shared_ptr<const void> object_;
};

class List {
 public:
  virtual ~List() = default;
  virtual size_t size() const = 0;
  virtual Value At(size_t index) const = 0;
  // Whether the elements are those of a document, and not of an expression.
  virtual bool is_document() const { return false; }
  // Lists that are sets, or have keys, say themselves what is equal to them,
  // and what `this + other` is. Nothing: as for all lists.
  virtual std::optional<bool> Equals(const List& other, Meter& meter) const;
  virtual std::optional<Value> Plus(const List& other, Meter& meter) const;
};

class Map {
 public:
  virtual ~Map() = default;
  virtual size_t size() const = 0;
  // In an order of the implementation's; the same for one map.
  virtual Value KeyAt(size_t index) const = 0;
  virtual Value ValueAt(size_t index) const = 0;
  // Numbers find keys that are equal to them, whatever their type.
  virtual std::optional<Value> Find(const Value& key) const = 0;
  virtual bool is_document() const { return false; }
  // Maps with members that expressions do not see say themselves what is equal
  // to them. Nothing: as for all maps.
  virtual std::optional<bool> Equals(const Map& other, Meter& meter) const;
};

// A value of a type that an embedder adds.
class Opaque {
 public:
  virtual ~Opaque() = default;
  virtual std::string type_name() const = 0;
  // `other` is of the same type.
  virtual bool Equals(const Opaque& other) const = 0;
};

// CEL's equality: numbers by what they amount to, all else by type and parts.
bool Equal(const Value& a, const Value& b, Meter& meter);
// -1, 0, 1, or an error: "no such overload" unless both can be ordered.
Value Compare(const Value& a, const Value& b);
// Whether optional.ofNonZeroValue() takes it for nothing.
bool IsZero(const Value& value);

// One text for each value, which tells kinds apart: 1, 1u, double(1), "a".
std::string DebugText(const Value& value);
// How cel-go prints a value within a message.
std::string MessageText(const Value& value);

// The map of these entries; a later key replaces an equal one.
// Errors: an error value when a key is bytes. Lists, maps and optionals are
// keys that nothing finds.
Value MakeMap(std::vector<std::pair<Value, Value>> entries);

}  // namespace weir::cel
