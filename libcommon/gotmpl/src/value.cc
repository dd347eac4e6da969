#include "weir/gotmpl/value.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <new>

#include "memory.h"

namespace weir::gotmpl {
namespace {

// What an allocator adds to each part, and the part itself.
constexpr int64_t kStringOverhead = 40;
constexpr int64_t kListOverhead = 64;
constexpr int64_t kMemberBytes = 48;

thread_local int64_t live_bytes = 0;

}  // namespace

int64_t LiveBytes() { return live_bytes; }

// Frees what a release left without holders. Long chains are freed one by
// one: a destructor that is reached from a destructor leaves its object here.
struct Reaper {
  static void Free(const Counted* counted) {
    thread_local std::vector<const Counted*> waiting;
    thread_local bool is_busy = false;
    waiting.push_back(counted);
    if (is_busy) return;
    is_busy = true;
    while (!waiting.empty()) {
      const Counted* next = waiting.back();
      waiting.pop_back();
      next->Destroy();
    }
    is_busy = false;
  }
};

void Counted::Free() const { Reaper::Free(this); }

SharedString* SharedString::NewUninitialized(size_t size) {
  void* memory = ::operator new(sizeof(SharedString) + size);
  live_bytes += static_cast<int64_t>(size) + kStringOverhead;
  return new (memory) SharedString(size);
}

SharedString* SharedString::NewView(absl::string_view text) {
  live_bytes += kStringOverhead;
  return new SharedString(text);
}

SharedString* SharedString::New(absl::string_view text) {
  SharedString* string = NewUninitialized(text.size());
  if (!text.empty()) std::memcpy(string->data(), text.data(), text.size());
  return string;
}

void SharedString::Destroy() const {
  live_bytes -= kStringOverhead;
  if (!is_view()) live_bytes -= static_cast<int64_t>(size_);
  this->~SharedString();
  ::operator delete(const_cast<SharedString*>(this));
}

Any Object::GetField(size_t) const { return Any(); }

namespace {

class SharedList final : public Counted {
 public:
  explicit SharedList(std::vector<Any> list) : items(std::move(list)) {
    live_bytes += bytes();
  }
  ~SharedList() override { live_bytes -= bytes(); }
  const std::vector<Any> items;

 private:
  int64_t bytes() const {
    return static_cast<int64_t>(items.capacity() * sizeof(Any)) + kListOverhead;
  }
};

class SharedComplex final : public Counted {
 public:
  explicit SharedComplex(std::complex<double> v) : value(v) {}
  const std::complex<double> value;
};

bool IsBytes(const Type* type) {
  return type->kind == Kind::kSlice && type->elem == types::Uint8();
}

}  // namespace

Any Any::BoxedNil() {
  Any nil;
  nil.type_ = kBoxed;
  return nil;
}

Any Any::Bool(bool value) { return Any(types::Bool(), int64_t{value}); }

Any Any::Float64(double value) {
  Any number(types::Float64(), int64_t{0});
  number.payload_.number = value;
  return number;
}

Any Any::Complex128(std::complex<double> value) {
  return Any(types::Complex128(), new SharedComplex(value));
}

Any Any::String(absl::string_view text) {
  return Any(types::String(), SharedString::New(text));
}

Any Any::String(const Type* type, absl::string_view text) {
  return Any(type, SharedString::New(text));
}

Any Any::StringView(absl::string_view text) {
  return Any(types::String(), SharedString::NewView(text));
}

Any Any::Adopt(SharedString* text) { return Any(types::String(), text); }

Any Any::Bytes(absl::string_view bytes) {
  return Any(types::Bytes(), SharedString::New(bytes));
}

Any Any::BytesView(absl::string_view bytes) {
  return Any(types::Bytes(), SharedString::NewView(bytes));
}

Any Any::List(std::vector<Any> items, const Type* type) {
  for (Any& item : items) item.Unbox();
  return Any(type, new SharedList(std::move(items)));
}

Any Any::Strings(const std::vector<std::string>& items) {
  std::vector<Any> list;
  list.reserve(items.size());
  for (const std::string& item : items) list.push_back(String(item));
  return List(std::move(list), types::StringList());
}

Any Any::NewDict(const Type* type) { return Any(type, new class Dict); }

Any Any::OfDict(class Dict* dict, const Type* type) { return Any(type, dict); }

Any Any::OfObject(const Type* type, Object* object) {
  return Any(type, object);
}

absl::string_view Any::type_name() const {
  return is_nothing() ? absl::string_view("<nil>") : type()->name;
}

Any Any::WithType(const Type* type) const {
  Any copy(*this);
  copy.type_ = reinterpret_cast<uintptr_t>(type) | (type_ & kFlags);
  return copy;
}

bool Any::is_signed() const {
  const Kind k = kind();
  return k == Kind::kInt || k == Kind::kInt32 || k == Kind::kInt64;
}

bool Any::is_unsigned() const {
  const Kind k = kind();
  return k == Kind::kUint || k == Kind::kUint8 || k == Kind::kUint32 ||
         k == Kind::kUint64;
}

bool Any::is_nil() const {
  switch (kind()) {
    case Kind::kInvalid:
      return true;
    case Kind::kMap:
    case Kind::kSlice:
    case Kind::kPtr:
    case Kind::kFunc:
      return !is_counted();
    default:
      return false;
  }
}

std::complex<double> Any::AsComplex() const {
  return static_cast<const SharedComplex*>(payload_.counted)->value;
}

absl::string_view Any::AsString() const {
  if (!is_counted()) return absl::string_view();
  return static_cast<const SharedString*>(payload_.counted)->view();
}

Dict* Any::AsDict() const {
  if (!is_counted()) return nullptr;
  return const_cast<class Dict*>(
      static_cast<const class Dict*>(payload_.counted));
}

const Object* Any::AsObject() const {
  if (!is_counted()) return nullptr;
  return static_cast<const Object*>(payload_.counted);
}

size_t Any::size() const {
  if (!is_counted()) return 0;
  switch (kind()) {
    case Kind::kString:
      return AsString().size();
    case Kind::kSlice:
      if (IsBytes(type())) return AsString().size();
      return static_cast<const SharedList*>(payload_.counted)->items.size();
    case Kind::kMap:
      return AsDict()->size();
    default:
      return 0;
  }
}

Any Any::At(size_t index) const {
  if (kind() == Kind::kString || IsBytes(type())) {
    return Integer(types::Uint8(), static_cast<uint8_t>(AsString()[index]));
  }
  Any item = static_cast<const SharedList*>(payload_.counted)->items[index];
  if (type()->elem->kind == Kind::kInterface) item.Box();
  return item;
}

namespace {

uint64_t FourBytes(const char* at) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(at);
  return uint64_t{bytes[0]} << 24 | uint64_t{bytes[1]} << 16 |
         uint64_t{bytes[2]} << 8 | bytes[3];
}

// A shorter text ends with zeros, before which it sorts anyway.
uint64_t StartOf(absl::string_view key) {
  const char* const at = key.data();
  const size_t size = key.size();
  if (size >= 8) return FourBytes(at) << 32 | FourBytes(at + 4);
  if (size >= 4) {
    return FourBytes(at) << 32 | FourBytes(at + size - 4) << (8 * (8 - size));
  }
  uint64_t start = 0;
  for (size_t i = 0; i < size; ++i) {
    start |= uint64_t{static_cast<unsigned char>(at[i])} << (56 - 8 * i);
  }
  return start;
}

// What is searched for.
struct Probe {
  explicit Probe(absl::string_view key) : text(key), start(StartOf(key)) {}
  absl::string_view view() const { return text; }
  absl::string_view text;
  uint64_t start;
};

}  // namespace

Any Dict::Key::ToAny() const {
  text->Retain();
  return Any::Adopt(text);
}

Dict::~Dict() {
  live_bytes -= static_cast<int64_t>(members_.size()) * kMemberBytes;
  if (watched_link_ == nullptr) return;
  *watched_link_ = watched_next_;
  if (watched_next_ != nullptr) watched_next_->watched_link_ = watched_link_;
}

const Any* Dict::Find(absl::string_view key) const {
  const auto found = members_.find(Probe(key));
  return found == members_.end() ? nullptr : &found->second;
}

void Dict::Set(absl::string_view key, Any value) {
  value.Unbox();
  const Probe probe(key);
  // What is filled in order, as most is, needs no search.
  const bool is_last =
      members_.empty() || Order()(std::prev(members_.end())->first, probe) < 0;
  const auto found = is_last ? members_.end() : members_.lower_bound(probe);
  if (found != members_.end() && found->first.start == probe.start &&
      found->first.view() == key) {
    found->second = std::move(value);
  } else {
    members_.emplace_hint(found, Key(key, probe.start), std::move(value));
    live_bytes += kMemberBytes;
  }
}

bool Dict::Erase(absl::string_view key) {
  const auto found = members_.find(Probe(key));
  if (found == members_.end()) return false;
  members_.erase(found);
  live_bytes -= kMemberBytes;
  return true;
}

bool IsTrue(const Any& value) {
  switch (value.kind()) {
    case Kind::kInvalid:
      return false;
    case Kind::kFloat64:
      return value.AsFloat() != 0;
    case Kind::kComplex128:
      return value.AsComplex() != std::complex<double>();
    case Kind::kString:
    case Kind::kSlice:
    case Kind::kMap:
      return value.size() > 0;
    case Kind::kPtr:
    case Kind::kFunc:
      return !value.is_nil();
    case Kind::kStruct:
      return true;
    default:
      return value.AsInt() != 0;
  }
}

namespace {

constexpr int kMaxCompareDepth = 1000;
// Shared parts are compared as often as they are held; what exceeds this
// counts as different.
constexpr uint64_t kMostComparisons = 4'000'000;

class Comparer {
 public:
  bool Equal(const Any& a, const Any& b, int depth);
  uint64_t comparisons() const { return comparisons_; }

 private:
  bool DictsEqual(const Any& a, const Any& b, int depth);
  bool ListsEqual(const Any& a, const Any& b, int depth);
  bool StructsEqual(const Any& a, const Any& b, int depth);

  uint64_t comparisons_ = 0;
};

bool Comparer::DictsEqual(const Any& a, const Any& b, int depth) {
  auto left = a.AsDict()->begin();
  auto right = b.AsDict()->begin();
  for (; left != a.AsDict()->end(); ++left, ++right) {
    if (left->first.view() != right->first.view() ||
        !Equal(left->second, right->second, depth)) {
      return false;
    }
  }
  return true;
}

bool Comparer::ListsEqual(const Any& a, const Any& b, int depth) {
  if (IsBytes(a.type())) return a.AsString() == b.AsString();
  for (size_t i = 0; i < a.size(); ++i) {
    if (!Equal(a.At(i), b.At(i), depth)) return false;
  }
  return true;
}

bool Comparer::StructsEqual(const Any& a, const Any& b, int depth) {
  const size_t fields = a.type()->fields.size();
  for (size_t i = 0; i < fields; ++i) {
    if (!Equal(a.AsObject()->GetField(i), b.AsObject()->GetField(i), depth)) {
      return false;
    }
  }
  if (fields > 0) return true;
  return a.AsObject() != nullptr && b.AsObject() != nullptr &&
         a.AsObject()->IsEqual(*b.AsObject());
}

bool Comparer::Equal(const Any& a, const Any& b, int depth) {
  ++comparisons_;
  if (a.type() != b.type()) return false;
  if (a.is_nil() || b.is_nil()) return a.is_nil() == b.is_nil();
  switch (a.kind()) {
    case Kind::kFloat64:
      return a.AsFloat() == b.AsFloat();
    case Kind::kComplex128:
      return a.AsComplex() == b.AsComplex();
    case Kind::kString:
      comparisons_ += std::min(a.size(), b.size()) / 256;
      return a.AsString() == b.AsString();
    case Kind::kFunc:
      return false;
    case Kind::kSlice:
    case Kind::kMap:
    case Kind::kStruct:
    case Kind::kPtr:
      break;
    default:
      return a.AsInt() == b.AsInt();
  }
  if (a.identity() == b.identity() && !a.is_list()) return true;
  if (a.size() != b.size() || depth > kMaxCompareDepth ||
      comparisons_ > kMostComparisons) {
    return false;
  }
  if (a.kind() == Kind::kMap) return DictsEqual(a, b, depth + 1);
  if (a.kind() == Kind::kSlice) return ListsEqual(a, b, depth + 1);
  return StructsEqual(a, b, depth + 1);
}

}  // namespace

bool DeepEqual(const Any& a, const Any& b) { return Comparer().Equal(a, b, 0); }

bool DeepEqual(const Any& a, const Any& b, uint64_t* comparisons) {
  Comparer comparer;
  const bool equal = comparer.Equal(a, b, 0);
  *comparisons += comparer.comparisons();
  return equal;
}

}  // namespace weir::gotmpl
