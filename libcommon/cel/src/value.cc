#include "weir/cel/value.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "numbers.h"

namespace weir::cel {
namespace {

class ElementList : public List {
 public:
  explicit ElementList(std::vector<Value> elements)
      : elements_(std::move(elements)) {}
  size_t size() const override { return elements_.size(); }
  Value At(size_t index) const override { return elements_[index]; }

 private:
  const std::vector<Value> elements_;
};

class JsonList : public List {
 public:
  explicit JsonList(const weir::Value& array) : array_(array) {}
  size_t size() const override { return array_.size(); }
  Value At(size_t index) const override {
    return Value::FromJson(array_.array()[index]);
  }
  bool is_document() const override { return true; }

 private:
  const weir::Value array_;
};

class JsonMap : public Map {
 public:
  explicit JsonMap(const weir::Value& object) : object_(object) {}
  size_t size() const override { return object_.size(); }
  Value KeyAt(size_t index) const override {
    return Value::String(object_.object()[index].key);
  }
  Value ValueAt(size_t index) const override {
    return Value::FromJson(object_.object()[index].value);
  }
  std::optional<Value> Find(const Value& key) const override {
    if (!key.Is(Kind::kString)) return std::nullopt;
    const weir::Value* member = object_.Find(key.AsString());
    if (member == nullptr) return std::nullopt;
    return Value::FromJson(*member);
  }
  bool is_document() const override { return true; }

 private:
  const weir::Value object_;
};

int OrderOfKind(const Value& key) { return static_cast<int>(key.kind()); }

// A strict order of keys of one map, in which 1 and 1u are two keys.
bool KeyLess(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return OrderOfKind(a) < OrderOfKind(b);
  switch (a.kind()) {
    case Kind::kBool:
      return a.AsBool() < b.AsBool();
    case Kind::kInt:
      return a.AsInt() < b.AsInt();
    case Kind::kUint:
      return a.AsUint() < b.AsUint();
    case Kind::kDouble:
      return a.AsDouble() < b.AsDouble();
    case Kind::kString:
    case Kind::kType:
      return a.AsString() < b.AsString();
    case Kind::kDuration:
      return a.AsNanoseconds() < b.AsNanoseconds();
    case Kind::kTimestamp: {
      const auto parts = [](const Timestamp& time) {
        return std::tuple(time.seconds, time.nanoseconds, time.offset_seconds);
      };
      return parts(a.AsTime()) < parts(b.AsTime());
    }
    default:
      return false;
  }
}

// Keys that are no other's equal, as cel-go's pointers are.
bool IsUnique(const Value& key) {
  return key.Is(Kind::kList) || key.Is(Kind::kMap) || key.Is(Kind::kOptional) ||
         key.Is(Kind::kOpaque) ||
         (key.Is(Kind::kDouble) && key.AsDouble() != key.AsDouble());
}

class EntryMap : public Map {
 public:
  using Entry = std::pair<Value, Value>;
  // Sorted and unique.
  explicit EntryMap(std::vector<Entry> entries)
      : entries_(std::move(entries)) {}
  size_t size() const override { return entries_.size(); }
  Value KeyAt(size_t index) const override { return entries_[index].first; }
  Value ValueAt(size_t index) const override { return entries_[index].second; }
  std::optional<Value> Find(const Value& key) const override {
    if (IsUnique(key)) return std::nullopt;
    if (const Value* found = FindSame(key)) return *found;
    if (const auto number = LosslessInt(key)) {
      if (const Value* found = FindSame(Value::Int(*number))) return *found;
    }
    if (const auto number = LosslessUint(key)) {
      if (const Value* found = FindSame(Value::Uint(*number))) return *found;
    }
    return std::nullopt;
  }

 private:
  const Value* FindSame(const Value& key) const {
    const auto place = std::lower_bound(
        entries_.begin(), entries_.end(), key,
        [](const Entry& e, const Value& k) { return KeyLess(e.first, k); });
    if (place == entries_.end() || place->first.kind() != key.kind() ||
        KeyLess(key, place->first)) {
      return nullptr;
    }
    return &place->second;
  }

  const std::vector<Entry> entries_;
};

}  // namespace

Value Value::Bool(bool value) {
  Value result(Kind::kBool, nullptr);
  result.scalar_.boolean = value;
  return result;
}

Value Value::Int(int64_t value) {
  Value result(Kind::kInt, nullptr);
  result.scalar_.integer = value;
  return result;
}

Value Value::Uint(uint64_t value) {
  Value result(Kind::kUint, nullptr);
  result.scalar_.unsigned_integer = value;
  return result;
}

Value Value::Double(double value) {
  Value result(Kind::kDouble, nullptr);
  result.scalar_.number = value;
  return result;
}

Value Value::String(std::string value) {
  return Value(Kind::kString,
               std::make_shared<const std::string>(std::move(value)));
}

Value Value::Bytes(std::string value) {
  return Value(Kind::kBytes,
               std::make_shared<const std::string>(std::move(value)));
}

Value Value::Time(Timestamp value) {
  Value result(Kind::kTimestamp, nullptr);
  result.scalar_.time = value;
  return result;
}

Value Value::Duration(int64_t nanoseconds) {
  Value result(Kind::kDuration, nullptr);
  result.scalar_.integer = nanoseconds;
  return result;
}

Value Value::Of(std::shared_ptr<const List> list) {
  return Value(Kind::kList, std::move(list));
}

Value Value::Of(std::shared_ptr<const Map> map) {
  return Value(Kind::kMap, std::move(map));
}

Value Value::Of(std::shared_ptr<const Opaque> opaque) {
  return Value(Kind::kOpaque, std::move(opaque));
}

Value Value::OfElements(std::vector<Value> elements) {
  return Of(std::shared_ptr<const List>(
      std::make_shared<ElementList>(std::move(elements))));
}

Value Value::Type(std::string name) {
  return Value(Kind::kType,
               std::make_shared<const std::string>(std::move(name)));
}

Value Value::None() { return Value(Kind::kOptional, nullptr); }

Value Value::Some(Value value) {
  return Value(Kind::kOptional,
               std::make_shared<const Value>(std::move(value)));
}

Value Value::Error(std::string message) {
  return Value(Kind::kError,
               std::make_shared<const std::string>(std::move(message)));
}

Value Value::MissingVariable(absl::string_view name) {
  Value error = Error(absl::StrCat("no such attribute(s): ", name));
  error.scalar_.boolean = true;
  return error;
}

Value Value::WithoutMark() const {
  Value result = *this;
  if (is_error()) result.scalar_.boolean = false;
  return result;
}

Value Value::FromJson(const weir::Value& json) {
  switch (json.kind()) {
    case weir::Value::Kind::kNull:
      return Value();
    case weir::Value::Kind::kBool:
      return Bool(json.AsBool());
    case weir::Value::Kind::kInt:
      return Int(json.AsInt());
    case weir::Value::Kind::kUint:
    case weir::Value::Kind::kDouble:
      return Double(json.AsDouble());
    case weir::Value::Kind::kString:
      return String(json.AsString());
    case weir::Value::Kind::kArray:
      return Of(std::shared_ptr<const List>(std::make_shared<JsonList>(json)));
    case weir::Value::Kind::kObject:
      break;
  }
  return Of(std::shared_ptr<const Map>(std::make_shared<JsonMap>(json)));
}

const std::string& Value::AsString() const {
  return *static_cast<const std::string*>(object_.get());
}

const List& Value::AsList() const {
  return *static_cast<const List*>(object_.get());
}

const Map& Value::AsMap() const {
  return *static_cast<const Map*>(object_.get());
}

const Opaque& Value::AsOpaque() const {
  return *static_cast<const Opaque*>(object_.get());
}

const Value* Value::AsOptional() const {
  return static_cast<const Value*>(object_.get());
}

std::string Value::TypeName() const {
  switch (kind_) {
    case Kind::kError:
      return "error";
    case Kind::kNull:
      return "null_type";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kUint:
      return "uint";
    case Kind::kDouble:
      return "double";
    case Kind::kString:
      return "string";
    case Kind::kBytes:
      return "bytes";
    case Kind::kTimestamp:
      return "google.protobuf.Timestamp";
    case Kind::kDuration:
      return "google.protobuf.Duration";
    case Kind::kList:
      return "list";
    case Kind::kMap:
      return "map";
    case Kind::kType:
      return "type";
    case Kind::kOptional:
      return "optional_type";
    case Kind::kOpaque:
      break;
  }
  return AsOpaque().type_name();
}

Value MakeMap(std::vector<std::pair<Value, Value>> entries) {
  for (const auto& entry : entries) {
    if (entry.first.Is(Kind::kBytes)) {
      return Value::Error(
          absl::StrCat("unsupported key type: ", entry.first.TypeName()));
    }
  }
  std::stable_sort(
      entries.begin(), entries.end(),
      [](const auto& a, const auto& b) { return KeyLess(a.first, b.first); });
  std::vector<std::pair<Value, Value>> unique;
  unique.reserve(entries.size());
  for (auto& entry : entries) {
    if (!unique.empty() && !IsUnique(entry.first) &&
        !KeyLess(unique.back().first, entry.first)) {
      unique.back() = std::move(entry);
    } else {
      unique.push_back(std::move(entry));
    }
  }
  return Value::Of(std::shared_ptr<const Map>(
      std::make_shared<EntryMap>(std::move(unique))));
}

}  // namespace weir::cel
