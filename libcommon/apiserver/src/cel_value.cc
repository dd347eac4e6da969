// Values of CEL: how they are read, told apart and ordered.
#include <algorithm>
#include <string>
#include <utility>

#include "cel_node.h"
#include "ssa_fields.h"

namespace weir::apiserver {

namespace {

// Strings with these formats are times and durations to CEL.
std::optional<absl::Time> TimeOf(const Value& json, const Schema* schema) {
  if (schema == nullptr || !json.is_string() || !schema->is_date_time) {
    return std::nullopt;
  }
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, json.AsString(), &time, nullptr)) {
    return std::nullopt;
  }
  return time;
}

std::optional<absl::Duration> DurationOf(const Value& json,
                                         const Schema* schema) {
  if (schema == nullptr || !json.is_string() ||
      schema->constraints == nullptr ||
      schema->constraints->format != "duration") {
    return std::nullopt;
  }
  absl::Duration duration;
  if (!absl::ParseDuration(json.AsString(), &duration)) return std::nullopt;
  return duration;
}

}  // namespace

CelValue::CelValue(Value value, const Schema* schema) : schema_(schema) {
  if (auto time = TimeOf(value, schema); time.has_value()) {
    kind_ = Kind::kTimestamp;
    time_ = *time;
  } else if (auto d = DurationOf(value, schema); d.has_value()) {
    kind_ = Kind::kDuration;
    duration_ = *d;
  } else {
    json_ = std::move(value);
  }
}

CelValue::CelValue(CelList list)
    : kind_(Kind::kList),
      list_(std::make_shared<const CelList>(std::move(list))) {}

CelValue CelValue::Optional(std::optional<CelValue> value) {
  CelValue out;
  out.kind_ = Kind::kOptional;
  CelList held;
  if (value.has_value()) held.push_back(*std::move(value));
  out.list_ = std::make_shared<const CelList>(std::move(held));
  return out;
}

CelValue CelValue::Type(absl::string_view name) {
  CelValue out;
  out.kind_ = Kind::kType;
  out.json_ = Value(name);
  return out;
}

size_t CelValue::size() const {
  return kind_ == Kind::kList ? list_->size() : json_.size();
}

CelValue CelValue::At(size_t index) const {
  if (kind_ == Kind::kList) return (*list_)[index];
  return CelValue(json_[index], schema_ == nullptr ? nullptr : schema_->items);
}

std::optional<CelValue> CelValue::Member(absl::string_view key) const {
  const Value* member = json_.Find(key);
  if (member == nullptr) return std::nullopt;
  return CelValue(*member, schema_ == nullptr ? nullptr : schema_->Member(key));
}

std::optional<CelValue> CelValue::Unwrap() const {
  if (kind_ != Kind::kOptional || list_->empty()) return std::nullopt;
  return list_->front();
}

absl::string_view CelValue::TypeName() const {
  switch (kind_) {
    case Kind::kList:
      return "list";
    case Kind::kDuration:
      return "google.protobuf.Duration";
    case Kind::kTimestamp:
      return "google.protobuf.Timestamp";
    case Kind::kOptional:
      return "optional_type";
    case Kind::kType:
      return "type";
    case Kind::kJson:
      break;
  }
  switch (json_.kind()) {
    case Value::Kind::kNull:
      return "null_type";
    case Value::Kind::kBool:
      return "bool";
    case Value::Kind::kInt:
      return "int";
    case Value::Kind::kUint:
      return "uint";
    case Value::Kind::kDouble:
      return "double";
    case Value::Kind::kString:
      return "string";
    case Value::Kind::kArray:
      return "list";
    case Value::Kind::kObject:
      return "map";
  }
  return "";
}

namespace {

// Sets and maps of Kubernetes do not know an order.
bool IsUnordered(const CelValue& a, const CelValue& b) {
  return a.is_json() && b.is_json() && a.schema() != nullptr &&
         a.schema()->type == SchemaType::kArray &&
         a.schema()->list_type != ListType::kAtomic;
}

}  // namespace

bool CelEquals(const CelValue& a, const CelValue& b) {
  if (a.is_list() && b.is_list()) {
    if (a.size() != b.size()) return false;
    if (IsUnordered(a, b)) {
      for (size_t i = 0; i < a.size(); ++i) {
        bool found = false;
        for (size_t j = 0; j < b.size() && !found; ++j) {
          found = CelEquals(a.At(i), b.At(j));
        }
        if (!found) return false;
      }
      return true;
    }
    for (size_t i = 0; i < a.size(); ++i) {
      if (!CelEquals(a.At(i), b.At(i))) return false;
    }
    return true;
  }
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case CelValue::Kind::kDuration:
      return a.duration() == b.duration();
    case CelValue::Kind::kTimestamp:
      return a.time() == b.time();
    case CelValue::Kind::kOptional: {
      auto x = a.Unwrap(), y = b.Unwrap();
      if (!x.has_value() || !y.has_value()) {
        return x.has_value() == y.has_value();
      }
      return CelEquals(*x, *y);
    }
    default:
      break;
  }
  if (a.is_map() && b.is_map()) {
    if (a.size() != b.size()) return false;
    for (const Value::Member& member : a.json().object()) {
      auto other = b.Member(member.key);
      if (!other.has_value() || !CelEquals(*a.Member(member.key), *other)) {
        return false;
      }
    }
    return true;
  }
  return SameValue(a.json(), b.json());
}

std::optional<int> CelCompare(const CelValue& a, const CelValue& b) {
  auto order = [](const auto& x, const auto& y) {
    return x < y ? -1 : y < x ? 1 : 0;
  };
  if (a.kind() != b.kind()) return std::nullopt;
  if (a.kind() == CelValue::Kind::kDuration) {
    return order(a.duration(), b.duration());
  }
  if (a.kind() == CelValue::Kind::kTimestamp) return order(a.time(), b.time());
  bool comparable = (a.is_number() && b.is_number()) ||
                    (a.is_string() && b.is_string()) ||
                    (a.is_bool() && b.is_bool());
  if (!comparable) return std::nullopt;
  return CompareValues(a.json(), b.json());
}

}  // namespace weir::apiserver
