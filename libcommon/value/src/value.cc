#include "weir/value/value.h"

#include <algorithm>
#include <limits>

#include "weir/base/single_thread.h"
#include "weir/base/status.h"

namespace weir {

template <typename T>
struct Value::Shared {
  explicit Shared(T v) : value(std::move(v)) {}
  std::atomic<uint32_t> references{1};
  T value;
};

struct Value::Writing {
  Value scalar;
  std::string text;
};

namespace {

const Value& NullValue() {
  static const Value value;
  return value;
}

auto LowerBound(const Value::Object& members, absl::string_view key) {
  return std::lower_bound(
      members.begin(), members.end(), key,
      [](const Value::Member& member, absl::string_view wanted) {
        return absl::string_view(member.key) < wanted;
      });
}

template <typename T>
void Ref(T* shared) {
  Increase(shared->references);
}

template <typename T>
void Unref(T* shared) {
  if (Decrease(shared->references) == 0) delete shared;
}

// Makes `shared` the only reference to its value.
template <typename T>
auto& Unshare(T*& shared) {
  if (shared->references.load(std::memory_order_acquire) != 1) {
    T* copy = new T(shared->value);
    Unref(shared);
    shared = copy;
  }
  return shared->value;
}

}  // namespace

Value::Value(uint64_t u) : kind_(Kind::kUint) {
  payload_.unsigned_integer = u;
  if (u <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    kind_ = Kind::kInt;
    payload_.integer = static_cast<int64_t>(u);
  }
}

Value::Value(std::string s) : kind_(Kind::kString) {
  payload_.string = new Shared<std::string>(std::move(s));
}

Value::Value(Array array) : kind_(Kind::kArray) {
  payload_.array = new Shared<Array>(std::move(array));
}

Value Value::MakeArray() { return Value(Array()); }

Value Value::MakeObject() {
  Value value;
  value.kind_ = Kind::kObject;
  value.payload_.object = new Shared<Object>(Object());
  return value;
}

Value Value::MakeObject(std::initializer_list<Member> members) {
  return FromMembers(Object(members));
}

Value Value::FromMembers(Object members) {
  const auto before = [](const Member& a, const Member& b) {
    return a.key < b.key;
  };
  if (!std::is_sorted(members.begin(), members.end(), before)) {
    std::stable_sort(members.begin(), members.end(), before);
  }
  size_t kept = 0;
  for (size_t i = 0; i < members.size(); ++i) {
    if (i + 1 < members.size() && members[i].key == members[i + 1].key) {
      continue;
    }
    if (kept != i) members[kept] = std::move(members[i]);
    ++kept;
  }
  members.erase(members.begin() + static_cast<ptrdiff_t>(kept), members.end());
  Value value;
  value.kind_ = Kind::kObject;
  value.payload_.object = new Shared<Object>(std::move(members));
  return value;
}

Value Value::Written(Value scalar, std::string text) {
  WEIR_CHECK(!scalar.is_array() && !scalar.is_object() && !scalar.is_written_);
  Value value;
  value.kind_ = scalar.kind_;
  value.style_ = scalar.style_;
  value.is_written_ = true;
  value.payload_.writing =
      new Shared<Writing>({std::move(scalar), std::move(text)});
  return value;
}

const std::string* Value::written() const {
  return is_written_ ? &payload_.writing->value.text : nullptr;
}

const Value::Payload& Value::scalar() const {
  return is_written_ ? payload_.writing->value.scalar.payload_ : payload_;
}

Value::Value(const Value& other) noexcept
    : kind_(other.kind_),
      style_(other.style_),
      is_written_(other.is_written_),
      payload_(other.payload_) {
  if (is_written_) {
    Ref(payload_.writing);
    return;
  }
  switch (kind_) {
    case Kind::kString:
      Ref(payload_.string);
      break;
    case Kind::kArray:
      Ref(payload_.array);
      break;
    case Kind::kObject:
      Ref(payload_.object);
      break;
    default:
      break;
  }
}

void Value::Release() noexcept {
  if (is_written_) return Unref(payload_.writing);
  switch (kind_) {
    case Kind::kString:
      Unref(payload_.string);
      break;
    case Kind::kArray:
      Unref(payload_.array);
      break;
    case Kind::kObject:
      Unref(payload_.object);
      break;
    default:
      break;
  }
}

bool Value::AsBool() const {
  WEIR_CHECK(kind_ == Kind::kBool);
  return scalar().boolean;
}

int64_t Value::AsInt() const {
  WEIR_CHECK(kind_ == Kind::kInt);
  return scalar().integer;
}

uint64_t Value::AsUint() const {
  WEIR_CHECK(kind_ == Kind::kUint ||
             (kind_ == Kind::kInt && scalar().integer >= 0));
  return scalar().unsigned_integer;
}

double Value::AsDouble() const {
  switch (kind_) {
    case Kind::kInt:
      return static_cast<double>(scalar().integer);
    case Kind::kUint:
      return static_cast<double>(scalar().unsigned_integer);
    default:
      WEIR_CHECK(kind_ == Kind::kDouble);
      return scalar().number;
  }
}

const std::string& Value::AsString() const {
  WEIR_CHECK(kind_ == Kind::kString);
  return scalar().string->value;
}

size_t Value::size() const {
  if (kind_ == Kind::kArray) return payload_.array->value.size();
  if (kind_ == Kind::kObject) return payload_.object->value.size();
  return 0;
}

const Value::Array& Value::array() const {
  static const Array empty;
  return kind_ == Kind::kArray ? payload_.array->value : empty;
}

const Value::Object& Value::object() const {
  static const Object empty;
  return kind_ == Kind::kObject ? payload_.object->value : empty;
}

const Value* Value::Find(absl::string_view key) const {
  if (kind_ != Kind::kObject) return nullptr;
  const Object& members = payload_.object->value;
  const auto it = LowerBound(members, key);
  return it != members.end() && it->key == key ? &it->value : nullptr;
}

const Value& Value::operator[](absl::string_view key) const {
  const Value* member = Find(key);
  return member != nullptr ? *member : NullValue();
}

const Value& Value::operator[](size_t index) const {
  const Array& elements = array();
  return index < elements.size() ? elements[index] : NullValue();
}

absl::string_view Value::GetString(absl::string_view key,
                                   absl::string_view otherwise) const {
  const Value* member = Find(key);
  return member != nullptr && member->is_string()
             ? absl::string_view(member->AsString())
             : otherwise;
}

int64_t Value::GetInt(absl::string_view key, int64_t otherwise) const {
  const Value* member = Find(key);
  return member != nullptr && member->is_int() ? member->AsInt() : otherwise;
}

bool Value::GetBool(absl::string_view key, bool otherwise) const {
  const Value* member = Find(key);
  return member != nullptr && member->is_bool() ? member->AsBool() : otherwise;
}

Value::Object& Value::MutableObject() {
  if (kind_ == Kind::kNull) *this = MakeObject();
  WEIR_CHECK(kind_ == Kind::kObject);
  return Unshare(payload_.object);
}

Value::Array& Value::MutableArray() {
  if (kind_ == Kind::kNull) *this = MakeArray();
  WEIR_CHECK(kind_ == Kind::kArray);
  return Unshare(payload_.array);
}

Value& Value::Mutable(absl::string_view key) {
  Object& members = MutableObject();
  const auto it = LowerBound(members, key);
  const auto position = members.begin() + (it - members.cbegin());
  if (position != members.end() && position->key == key) {
    return position->value;
  }
  return members.insert(position, Member(std::string(key), Value()))->value;
}

Value& Value::Set(absl::string_view key, Value value) {
  Value& member = Mutable(key);
  member = std::move(value);
  return member;
}

Value* Value::FindMutable(absl::string_view key) {
  return Has(key) ? &Mutable(key) : nullptr;
}

bool Value::Erase(absl::string_view key) {
  if (!Has(key)) return false;
  Object& members = MutableObject();
  members.erase(members.begin() +
                (LowerBound(members, key) - members.cbegin()));
  return true;
}

Value& Value::Append(Value value) {
  Array& elements = MutableArray();
  elements.push_back(std::move(value));
  return elements.back();
}

Value& Value::MutableAt(size_t index) {
  Array& elements = MutableArray();
  WEIR_CHECK(index < elements.size());
  return elements[index];
}

bool Value::DeepEquals(const Value& other) const {
  if (kind_ != other.kind_) return false;
  switch (kind_) {
    case Kind::kDouble:
      return scalar().number == other.scalar().number;
    case Kind::kString:
      return AsString() == other.AsString();
    case Kind::kArray:
      return array() == other.array();
    case Kind::kObject:
      return std::equal(object().begin(), object().end(),
                        other.object().begin(), other.object().end(),
                        [](const Member& a, const Member& b) {
                          return a.key == b.key && a.value == b.value;
                        });
    case Kind::kNull:
      return true;
    case Kind::kBool:
      return scalar().boolean == other.scalar().boolean;
    default:
      return scalar().integer == other.scalar().integer;
  }
}

size_t Value::HeapBytes() const {
  size_t bytes = 0;
  if (is_written_) {
    const Writing& writing = payload_.writing->value;
    return sizeof(Shared<Writing>) + writing.text.capacity() +
           writing.scalar.HeapBytes();
  }
  switch (kind_) {
    case Kind::kString:
      bytes = sizeof(Shared<std::string>) + AsString().capacity();
      break;
    case Kind::kArray:
      bytes = sizeof(Shared<Array>) + array().capacity() * sizeof(Value);
      for (const Value& element : array()) bytes += element.HeapBytes();
      break;
    case Kind::kObject:
      bytes = sizeof(Shared<Object>) + object().capacity() * sizeof(Member);
      for (const Member& member : object()) {
        bytes += member.key.capacity() + member.value.HeapBytes();
      }
      break;
    default:
      break;
  }
  return bytes;
}

}  // namespace weir
