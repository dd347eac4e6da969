// Any is a value as Go's templates see one: a Go type and what it holds.
//
// Lists and strings are never changed once shared; a dict is a shared mutable
// reference, as Go's maps are: what `set` writes, every holder sees. A value
// may also be an interface that holds another ("boxed"), which shows only in
// the evaluator's rules and error text, as with Go's reflection.
//
// Touches: nothing.
// Threads: copies share by reference count. A dict and what it reaches belong
// to one thread at a time; scalars, strings and lists of them may be shared.
#pragma once

#include <atomic>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/compare.h"
#include "weir/base/single_thread.h"
#include "weir/value/value.h"

namespace weir::gotmpl {

// As Go's reflect.Kind.
enum class Kind : uint8_t {
  kInvalid,
  kBool,
  kInt,
  kInt32,
  kInt64,
  kUint,
  kUint8,
  kUint32,
  kUint64,
  kFloat64,
  kComplex128,
  kFunc,
  kInterface,
  kMap,
  kPtr,
  kSlice,
  kString,
  kStruct,
};
// "invalid", "bool", ... "ptr".
absl::string_view KindName(Kind kind);

class Any;
class Dict;
struct Call;

// What a method or function does. An error's message is Go's error text.
using Implementation = std::function<absl::StatusOr<Any>(Call&)>;

struct Method {
  std::string name;
  std::string signature;  // "func(string) string", without the receiver.
  Implementation call;    // Call::receiver holds the value.
};

// A Go type. Types are compared by address and live as long as the program;
// an embedder's are function-local statics.
struct Type {
  struct Field {
    std::string name;
    const Type* type;
  };

  std::string name;  // As %T prints it: "map[string]interface {}".
  Kind kind = Kind::kInvalid;
  const Type* elem = nullptr;  // Of slices, maps and pointers.
  bool is_named = false;       // Only one of two assignable types may be.
  std::vector<Method> methods;
  std::vector<Field> fields;  // Of structs; printed in this order.
  // Names of fields that are not among `fields` and not for templates either.
  std::vector<std::string> hidden_fields;
  // String() or Error(); null when the type has neither.
  std::function<std::string(const Any&)> text;
  // Whether only a pointer to it has that method: an action that is the value
  // alone prints by it then, functions do not.
  bool is_text_of_pointer = false;
  // What it becomes in an interface, for which it is copied: the same without
  // what only a pointer to it has. Null: no other.
  const Type* in_interface = nullptr;
  bool is_error = false;
  // MarshalJSON; null for what the kind's rules give.
  std::function<absl::StatusOr<Value>(const Any&)> json;
  // The order of the members that `json` gives, as it is in JSON text. Without
  // it that of the keys.
  std::vector<std::string> json_order;

  const Method* FindMethod(absl::string_view method) const;
};
// Whether Go lets a `from` be given where a `to` is wanted.
bool IsAssignable(const Type* from, const Type* to);

namespace types {
const Type* Bool();
const Type* Int();
const Type* Int32();
const Type* Int64();
const Type* Uint();
const Type* Uint8();
const Type* Uint32();
const Type* Uint64();
const Type* Float64();
const Type* Complex128();
const Type* String();
const Type* Interface();     // interface {}
const Type* ReflectValue();  // reflect.Value: only in signatures.
const Type* Bytes();         // []uint8
const Type* List();          // []interface {}
const Type* StringList();    // []string
const Type* IntList();       // []int
const Type* ListList();      // [][]interface {}
const Type* DictList();      // []map[string]interface {}
const Type* Dict();          // map[string]interface {}
const Type* StringDict();    // map[string]string
const Type* BytesDict();     // map[string][]uint8
// One of the above, time.Time and the other types of Sprig's functions, by
// its name; null when there is none.
const Type* Named(absl::string_view name);
}  // namespace types

// What values share.
class Counted {
 public:
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  void Retain() const { Increase(refs_); }
  void Release() const {
    if (Decrease(refs_) == 0) Free();
  }

 protected:
  Counted() = default;
  virtual ~Counted() = default;
  // Frees the object; for objects with a tail of their own.
  virtual void Destroy() const { delete this; }

 private:
  void Free() const;

  friend struct Reaper;
  mutable std::atomic<uint32_t> refs_{1};
};

class SharedString final : public Counted {
 public:
  static SharedString* New(absl::string_view text);
  // Room for `size` bytes that the caller fills.
  static SharedString* NewUninitialized(size_t size);
  // Copies nothing: the text must outlive the string.
  static SharedString* NewView(absl::string_view text);
  absl::string_view view() const { return {data_, size_}; }
  // For filling one that is not a view.
  char* data() { return reinterpret_cast<char*>(this + 1); }

 private:
  explicit SharedString(size_t size) : data_(data()), size_(size) {}
  explicit SharedString(absl::string_view text)
      : data_(text.data()), size_(text.size()) {}
  bool is_view() const {
    return data_ != reinterpret_cast<const char*>(this + 1);
  }
  void Destroy() const override;
  const char* data_;
  size_t size_;
};

// A struct or what a pointer points to; an embedder derives from it.
class Object : public Counted {
 public:
  // The i-th of the type's fields.
  virtual Any GetField(size_t index) const;
  // Of a type without fields: whether it is equal to another one of it.
  virtual bool IsEqual(const Object&) const { return false; }
};

class Any {
 public:
  // Nil: an invalid reflect.Value.
  Any() = default;
  // An interface that holds nil.
  static Any BoxedNil();
  static Any Bool(bool value);
  static Any Int(int64_t value) { return Any(types::Int(), value); }
  static Any Int64(int64_t value) { return Any(types::Int64(), value); }
  static Any Integer(const Type* type, int64_t value) {
    return Any(type, value);
  }
  static Any Float64(double value);
  static Any Complex128(std::complex<double> value);
  static Any String(absl::string_view text);
  static Any String(const Type* type, absl::string_view text);
  // Copies nothing: the text must outlive all that is made of it.
  static Any StringView(absl::string_view text);
  // Takes over the caller's reference.
  static Any Adopt(SharedString* text);
  static Any Bytes(absl::string_view bytes);
  // Copies nothing: the bytes must outlive all that is made of them.
  static Any BytesView(absl::string_view bytes);
  static Any List(std::vector<Any> items, const Type* type = types::List());
  static Any Strings(const std::vector<std::string>& items);
  static Any NewDict(const Type* type = types::Dict());
  // Takes over the caller's reference.
  static Any OfDict(Dict* dict, const Type* type = types::Dict());
  // A nil slice, map or pointer of that type.
  static Any Nil(const Type* type) { return Any(type, int64_t{0}); }
  // Takes over the caller's reference.
  static Any OfObject(const Type* type, Object* object);

  Any(const Any& other) noexcept
      : type_(other.type_), payload_(other.payload_) {
    if (is_counted()) payload_.counted->Retain();
  }
  Any(Any&& other) noexcept : type_(other.type_), payload_(other.payload_) {
    other.type_ = 0;
  }
  Any& operator=(const Any& other) noexcept {
    Any copy(other);
    swap(copy);
    return *this;
  }
  Any& operator=(Any&& other) noexcept {
    Any moved(std::move(other));
    swap(moved);
    return *this;
  }
  ~Any() {
    if (is_counted()) payload_.counted->Release();
  }
  void swap(Any& other) noexcept {
    std::swap(type_, other.type_);
    std::swap(payload_, other.payload_);
  }

  // Null for nil, whether boxed or not.
  const Type* type() const {
    return reinterpret_cast<const Type*>(type_ & ~kFlags);
  }
  Kind kind() const { return type() ? type()->kind : Kind::kInvalid; }
  // "<nil>" for nil: what %T prints.
  absl::string_view type_name() const;

  // Whether it holds nothing at all; not so for a nil list or map.
  bool is_nothing() const { return type() == nullptr; }
  // An invalid reflect.Value: nothing, and no interface either.
  bool is_invalid() const { return (type_ & ~kCounted) == 0; }
  bool is_boxed() const { return (type_ & kBoxed) != 0; }
  Any Boxed() const {
    Any copy(*this);
    copy.type_ |= kBoxed;
    return copy;
  }
  Any Unboxed() && {
    type_ &= ~kBoxed;
    return std::move(*this);
  }
  void Unbox() { type_ &= ~kBoxed; }
  void Box() { type_ |= kBoxed; }
  // The same value under another type of the same kind.
  Any WithType(const Type* type) const;

  bool is_string() const { return kind() == Kind::kString; }
  bool is_dict() const { return kind() == Kind::kMap; }
  bool is_list() const { return kind() == Kind::kSlice; }
  bool is_signed() const;
  bool is_unsigned() const;
  // A nil map, slice or pointer, or nothing.
  bool is_nil() const;

  // Each needs its kind.
  bool AsBool() const { return payload_.integer != 0; }
  int64_t AsInt() const { return payload_.integer; }
  uint64_t AsUint() const { return static_cast<uint64_t>(payload_.integer); }
  double AsFloat() const { return payload_.number; }
  std::complex<double> AsComplex() const;
  // Of strings and bytes.
  absl::string_view AsString() const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // Null for a nil map.
  Dict* AsDict() const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  const Object* AsObject() const ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // Elements of a list or dict, bytes of a string; 0 for other kinds.
  size_t size() const;
  // The element of a list or of bytes; boxed when the type's elements are
  // interfaces.
  Any At(size_t index) const;

  // An identity for cycles: the shared part's address, or null.
  const void* identity() const {
    return is_counted() ? payload_.counted : nullptr;
  }

 private:
  static constexpr uintptr_t kBoxed = 1, kCounted = 2, kFlags = 3;
  union Payload {
    int64_t integer;
    double number;
    const Counted* counted;
  };

  Any(const Type* type, int64_t integer)
      : type_(reinterpret_cast<uintptr_t>(type)) {
    payload_.integer = integer;
  }
  Any(const Type* type, const Counted* counted)
      : type_(reinterpret_cast<uintptr_t>(type) | kCounted) {
    payload_.counted = counted;
  }
  bool is_counted() const { return (type_ & kCounted) != 0; }

  uintptr_t type_ = 0;
  Payload payload_{0};
};

// A map with string keys, in byte order.
class Dict final : public Counted {
 public:
  Dict() = default;
  ~Dict() override;

  struct Key {
    Key(absl::string_view key, uint64_t key_start)
        : text(SharedString::New(key)), start(key_start) {}
    Key(Key&& other) noexcept : text(other.text), start(other.start) {
      other.text = nullptr;
    }
    Key(const Key& other) noexcept : text(other.text), start(other.start) {
      text->Retain();
    }
    Key& operator=(Key other) noexcept {
      std::swap(text, other.text);
      start = other.start;
      return *this;
    }
    ~Key() {
      if (text != nullptr) text->Release();
    }
    absl::string_view view() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
      return text->view();
    }
    Any ToAny() const;
    SharedString* text;
    // The text's first eight bytes as a number that sorts as they do: it
    // decides most comparisons, so that a search seldom looks at texts.
    uint64_t start;
  };
  struct Order {
    using is_transparent = void;
    // Three ways, so that a search ends where the key is. What is searched for
    // has a view() and a `start`, too.
    template <typename A, typename B>
    absl::weak_ordering operator()(const A& a, const B& b) const {
      if (a.start != b.start) {
        return a.start < b.start ? absl::weak_ordering::less
                                 : absl::weak_ordering::greater;
      }
      const absl::string_view left = a.view(), right = b.view();
      const int order =
          left.size() <= 8 && right.size() <= 8
              ? static_cast<int>(left.size()) - static_cast<int>(right.size())
              : left.compare(right);
      return order < 0   ? absl::weak_ordering::less
             : order > 0 ? absl::weak_ordering::greater
                         : absl::weak_ordering::equivalent;
    }
  };
  using Map = absl::btree_map<Key, Any, Order>;

  const Any* Find(absl::string_view key) const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  void Set(absl::string_view key, Any value);
  bool Erase(absl::string_view key);
  size_t size() const { return members_.size(); }
  Map::const_iterator begin() const { return members_.begin(); }
  Map::const_iterator end() const { return members_.end(); }

 private:
  friend class CycleWatch;

  Map members_;
  // The list of the CycleWatch that this dict is in; null in none.
  Dict* watched_next_ = nullptr;
  Dict** watched_link_ = nullptr;
};

// How numbers of a Value become Go's.
enum class Numbers {
  kFloat64,  // As values that were read from YAML or JSON: all float64.
  kExact,    // Integers become int64.
};
Any FromValue(const Value& value, Numbers numbers = Numbers::kFloat64);
// The tree that encoding/json would write.
// Errors: kInvalidArgument with encoding/json's text; kResourceExhausted for
// nesting above 1,000 (as a dict that holds itself has).
absl::StatusOr<Value> ToValue(const Any& value);

// Go's rule of what counts as true in `if`.
bool IsTrue(const Any& value);
// reflect.DeepEqual.
bool DeepEqual(const Any& a, const Any& b);

}  // namespace weir::gotmpl
