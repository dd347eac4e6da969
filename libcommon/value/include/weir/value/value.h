// Value is a copy-on-write tree of JSON: null, booleans, exact integers,
// doubles, strings, arrays and objects.
//
// Copying is a reference count. Writing un-shares the path from the root to
// what is written, and nothing else, so a copy never sees the write.
//
// Touches: nothing.
// Threads: as a value: copies of one tree may be read and written from
// different threads; one Value object may not be written while it is read.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"

namespace weir {

class Value {
 public:
  enum class Kind : uint8_t {
    kNull,
    kBool,
    kInt,     // Fits int64_t.
    kUint,    // Only for integers above the range of int64_t.
    kDouble,  // Finite, unless YAML's .inf or .nan made it.
    kString,
    kArray,
    kObject,
  };
  // How a YAML text has a value. kUntagged: plain, and of the type that its
  // text looks like, whatever text it is given. Collections are kPlain or
  // kFlow, which is in brackets.
  enum class Style : uint8_t {
    kPlain,
    kUntagged,
    kSingleQuoted,
    kDoubleQuoted,
    kLiteral,
    kFolded,
    kFlow,
  };
  struct Member;
  using Array = std::vector<Value>;
  // Sorted by key, bytewise; keys are unique.
  using Object = std::vector<Member>;

  Value() noexcept : kind_(Kind::kNull) { payload_.integer = 0; }
  Value(std::nullptr_t) : Value() {}                               // NOLINT
  Value(bool b) : kind_(Kind::kBool) { payload_.boolean = b; }     // NOLINT
  Value(int i) : Value(int64_t{i}) {}                              // NOLINT
  Value(int64_t i) : kind_(Kind::kInt) { payload_.integer = i; }   // NOLINT
  Value(uint64_t u);                                               // NOLINT
  Value(double d) : kind_(Kind::kDouble) { payload_.number = d; }  // NOLINT
  Value(std::string s);                                            // NOLINT
  Value(absl::string_view s) : Value(std::string(s)) {}            // NOLINT
  Value(const char* s) : Value(std::string(s)) {}                  // NOLINT
  Value(Array array);                                              // NOLINT

  // A null that a text leaves out, as YAML's "key:" does. Equal to any other;
  // some programs tell them apart.
  static Value OmittedNull() {
    Value value;
    value.payload_.integer = 1;
    return value;
  }
  bool is_omitted_null() const {
    return is_null() && !is_written_ && payload_.integer == 1;
  }

  // A scalar that a text writes otherwise than it prints, as 1.10 or 0o17 are.
  // It is `scalar` in everything but `written()`, which copies keep.
  static Value Written(Value scalar, std::string text);
  // The text it is written as; null when that is how it prints.
  const std::string* written() const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // Kept by copies; nothing to equality.
  Style style() const { return style_; }
  void set_style(Style style) { style_ = style; }

  static Value MakeArray();
  static Value MakeObject();
  // The last of equal keys wins.
  static Value MakeObject(std::initializer_list<Member> members);
  // Takes members in any order; the last of equal keys wins.
  static Value FromMembers(Object members);

  Value(const Value& other) noexcept;
  Value(Value&& other) noexcept
      : kind_(other.kind_),
        style_(other.style_),
        is_written_(other.is_written_),
        payload_(other.payload_) {
    other.kind_ = Kind::kNull;
    other.is_written_ = false;
  }
  Value& operator=(const Value& other) noexcept {
    Value copy(other);
    swap(copy);
    return *this;
  }
  Value& operator=(Value&& other) noexcept {
    Value moved(std::move(other));
    swap(moved);
    return *this;
  }
  ~Value() {
    if (kind_ >= Kind::kString || is_written_) Release();
  }
  void swap(Value& other) noexcept {
    std::swap(kind_, other.kind_);
    std::swap(style_, other.style_);
    std::swap(is_written_, other.is_written_);
    std::swap(payload_, other.payload_);
  }

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::kNull; }
  bool is_bool() const { return kind_ == Kind::kBool; }
  bool is_int() const { return kind_ == Kind::kInt; }
  bool is_number() const {
    return kind_ == Kind::kInt || kind_ == Kind::kUint ||
           kind_ == Kind::kDouble;
  }
  bool is_string() const { return kind_ == Kind::kString; }
  bool is_array() const { return kind_ == Kind::kArray; }
  bool is_object() const { return kind_ == Kind::kObject; }

  // Scalars. Each needs its kind, but AsDouble takes every number.
  bool AsBool() const;
  int64_t AsInt() const;
  uint64_t AsUint() const;
  double AsDouble() const;
  const std::string& AsString() const ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // Elements of an array, members of an object; 0 for any other kind.
  size_t size() const;
  bool empty() const { return size() == 0; }

  // Reading arrays and objects. An empty one for any other kind.
  const Array& array() const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  const Object& object() const ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // The member, or null when absent or when this is no object.
  const Value* Find(absl::string_view key) const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  bool Has(absl::string_view key) const { return Find(key) != nullptr; }
  // The member, or a null Value. Chains: object["metadata"]["name"].
  const Value& operator[](absl::string_view key) const
      ABSL_ATTRIBUTE_LIFETIME_BOUND;
  const Value& operator[](const char* key) const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return (*this)[absl::string_view(key)];
  }
  // The element, or a null Value when out of range.
  const Value& operator[](size_t index) const ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // The member's scalar, or the default when absent or of another kind.
  absl::string_view GetString(absl::string_view key,
                              absl::string_view otherwise = "") const
      ABSL_ATTRIBUTE_LIFETIME_BOUND;
  int64_t GetInt(absl::string_view key, int64_t otherwise = 0) const;
  bool GetBool(absl::string_view key, bool otherwise = false) const;

  // Writing. A null Value becomes an object or array first; on any other
  // kind these are programming errors (WEIR_CHECK).
  //
  // Returns the member, which must not be kept across other writes.
  Value& Set(absl::string_view key, Value value) ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // The member for writing; added as null when absent.
  Value& Mutable(absl::string_view key) ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // The member for writing, or null when absent or not an object.
  Value* FindMutable(absl::string_view key) ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // Returns whether it was there.
  bool Erase(absl::string_view key);
  Value& Append(Value value) ABSL_ATTRIBUTE_LIFETIME_BOUND;
  Value& MutableAt(size_t index) ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // The array itself for writing.
  Array& MutableArray() ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // The members for writing values; keys must stay sorted and unique.
  Object& MutableObject() ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // Deep equality. Numbers are equal when kind and value are: 1 != 1.0, as
  // they print differently. Shared subtrees compare in constant time.
  friend bool operator==(const Value& a, const Value& b) {
    return a.IsSame(b) || a.DeepEquals(b);
  }
  // True when both share one tree (or are the same scalar): a cheap,
  // sufficient test for equality.
  bool IsSame(const Value& other) const {
    return kind_ == other.kind_ && is_written_ == other.is_written_ &&
           payload_.integer == other.payload_.integer;
  }

  // Bytes this tree holds on the heap, shared parts included.
  size_t HeapBytes() const;

 private:
  template <typename T>
  struct Shared;
  struct Writing;
  union Payload {
    bool boolean;
    int64_t integer;
    uint64_t unsigned_integer;
    double number;
    Shared<std::string>* string;
    Shared<Array>* array;
    Shared<Object>* object;
    Shared<Writing>* writing;  // When is_written_, whatever the kind.
  };

  bool DeepEquals(const Value& other) const;
  void Release() noexcept;
  // The scalar's payload, also when it is written otherwise.
  const Payload& scalar() const;

  Kind kind_;
  Style style_ = Style::kPlain;
  bool is_written_ = false;
  Payload payload_;
};

struct Value::Member {
  Member(std::string k, Value v) : key(std::move(k)), value(std::move(v)) {}
  Member(const char* k, Value v) : key(k), value(std::move(v)) {}
  std::string key;
  Value value;
};

}  // namespace weir
