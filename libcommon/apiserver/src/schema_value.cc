#include "schema_value.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "ssa_fields.h"
#include "weir/base/duration.h"

namespace weir::apiserver {
namespace {

constexpr char kSelfType[] = "selfType";

constexpr absl::string_view kReserved[] = {
    "true",     "false",   "null",      "in",       "as",  "break",  "const",
    "continue", "else",    "for",       "function", "if",  "import", "let",
    "loop",     "package", "namespace", "return",   "var", "void",   "while"};

struct Escape {
  absl::string_view plain, name;
};
constexpr Escape kEscapes[] = {
    {"__", "underscores"}, {".", "dot"}, {"-", "dash"}, {"/", "slash"}};

bool IsReserved(absl::string_view name) {
  return std::find(std::begin(kReserved), std::end(kReserved), name) !=
         std::end(kReserved);
}

// Of an object's metadata, rules see only what names it.
const Schema& SeenMetadata() {
  static const Schema& schema = *[] {
    auto* text = new Schema;
    text->type = SchemaType::kString;
    auto* metadata = new Schema;
    metadata->type = SchemaType::kObject;
    metadata->fields.push_back({"generateName", text});
    metadata->fields.push_back({"name", text});
    return metadata;
  }();
  return schema;
}

const Schema& Seen(const Schema& schema) {
  return &schema == &ObjectMetaSchema() ? SeenMetadata() : schema;
}

absl::string_view FormatOf(const Schema& schema) {
  return schema.constraints == nullptr
             ? absl::string_view()
             : absl::string_view(schema.constraints->format);
}

// An object of properties, not one whose members are all alike.
bool HasAlikeMembers(const Schema& schema) {
  return schema.items != nullptr && schema.items != &Schema::Any();
}

std::optional<std::string> TypeOf(const Schema& schema,
                                  const std::string& name) {
  switch (schema.type) {
    case SchemaType::kIntOrString:
      return "dyn";
    case SchemaType::kBoolean:
      return "bool";
    case SchemaType::kNumber:
      return "double";
    case SchemaType::kInteger:
      return "int";
    case SchemaType::kString: {
      const absl::string_view format = FormatOf(schema);
      if (format == "byte") return "bytes";
      if (format == "duration") return "duration";
      if (format == "date" || format == "date-time") return "timestamp";
      return "string";
    }
    case SchemaType::kArray: {
      if (schema.items == nullptr) return std::nullopt;
      auto items = TypeOf(*schema.items, name + ".@idx");
      if (!items) return std::nullopt;
      return absl::StrCat("list(", *items, ")");
    }
    case SchemaType::kObject: {
      if (!HasAlikeMembers(schema)) return absl::StrCat("object(", name, ")");
      auto values = TypeOf(*schema.items, name + ".@elem");
      if (!values) return std::nullopt;
      return absl::StrCat("map(string, ", *values, ")");
    }
    default:
      return std::nullopt;
  }
}

// ------------------------------------------------------------------- scalars

cel::Value Wrong(absl::string_view why) {
  return cel::Value::Error(std::string(why));
}

cel::Value TimeValue(const std::string& text, bool is_date) {
  absl::Time time;
  const std::string upper =
      is_date ? absl::StrCat(text, "T00:00:00Z") : absl::AsciiStrToUpper(text);
  if (!absl::ParseTime(absl::RFC3339_full, upper, &time, nullptr)) {
    return Wrong(absl::StrCat(is_date ? "Invalid date formatted string "
                                      : "Invalid date-time formatted string ",
                              text));
  }
  cel::Timestamp out;
  out.seconds = absl::ToUnixSeconds(time);
  out.nanoseconds = static_cast<int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(out.seconds)));
  int hours = 0, minutes = 0;
  const size_t zone = upper.size() < 6 ? 0 : upper.size() - 6;
  if ((upper[zone] == '+' || upper[zone] == '-') &&
      absl::SimpleAtoi(upper.substr(zone + 1, 2), &hours) &&
      absl::SimpleAtoi(upper.substr(zone + 4, 2), &minutes)) {
    out.offset_seconds =
        (hours * 3600 + minutes * 60) * (upper[zone] == '-' ? -1 : 1);
  }
  return cel::Value::Time(out);
}

// Go's, or a number and a word: "3 days".
cel::Value DurationValue(const std::string& text) {
  if (const auto duration = ParseGoDuration(text); duration.ok()) {
    return cel::Value::Duration(absl::ToInt64Nanoseconds(*duration));
  }
  struct Unit {
    const char* prefix;
    int64_t nanoseconds;
  };
  // The longest first.
  static constexpr Unit kUnits[] = {{"nano", 1},
                                    {"ns", 1},
                                    {"micro", 1'000},
                                    {"us", 1'000},
                                    {"milli", 1'000'000},
                                    {"ms", 1'000'000},
                                    {"min", 60'000'000'000},
                                    {"m", 60'000'000'000},
                                    {"s", 1'000'000'000},
                                    {"h", 3'600'000'000'000},
                                    {"d", 86'400'000'000'000},
                                    {"w", 604'800'000'000'000}};
  const size_t end =
      std::min(text.find_first_not_of("0123456789"), text.size());
  const absl::string_view word =
      absl::StripAsciiWhitespace(absl::string_view(text).substr(end));
  int64_t count = 0;
  if (absl::SimpleAtoi(text.substr(0, end), &count)) {
    for (const Unit& unit : kUnits) {
      if (!absl::StartsWith(word, unit.prefix)) continue;
      int64_t nanoseconds = 0;
      if (__builtin_mul_overflow(count, unit.nanoseconds, &nanoseconds)) break;
      return cel::Value::Duration(nanoseconds);
    }
  }
  return Wrong(absl::StrCat("Invalid duration ", text));
}

cel::Value StringValue(const Value& json, const Schema& schema) {
  if (!json.is_string()) return Wrong("invalid data, expected string");
  const std::string& text = json.AsString();
  const absl::string_view format = FormatOf(schema);
  if (format == "date-time" || format == "date") {
    return TimeValue(text, format == "date");
  }
  if (format == "duration") return DurationValue(text);
  if (format != "byte") return cel::Value::String(text);
  std::string bytes;
  return absl::Base64Unescape(text, &bytes)
             ? cel::Value::Bytes(std::move(bytes))
             : Wrong(absl::StrCat("Invalid byte formatted string ", text));
}

// --------------------------------------------------------------------- lists

// An array, or what became of one when something was added to it.
class SchemaList : public cel::List {
 public:
  SchemaList(const Value& array, const Schema& schema)
      : array_(array), schema_(schema) {}
  SchemaList(std::vector<cel::Value> elements, const Schema& schema)
      : elements_(std::move(elements)), schema_(schema) {}

  size_t size() const override {
    return elements_.empty() ? array_.size() : elements_.size();
  }
  cel::Value At(size_t index) const override {
    if (!elements_.empty()) return elements_[index];
    return SchemaValue(array_.array()[index], *schema_.items);
  }

  // Sets and maps have no order.
  std::optional<bool> Equals(const List& other,
                             cel::Meter& meter) const override {
    if (schema_.list_type == ListType::kAtomic) return std::nullopt;
    if (size() != other.size()) return false;
    const std::map<std::string, size_t> mine = Identities(meter);
    for (size_t i = 0; i < other.size(); ++i) {
      const cel::Value element = other.At(i);
      const auto found = mine.find(Identity(element, meter));
      if (found == mine.end()) return false;
      if (schema_.list_type == ListType::kMap &&
          !Equal(At(found->second), element, meter)) {
        return false;
      }
    }
    return true;
  }

  // Of sets, what is there already is not added; of maps, it takes the other's
  // place.
  std::optional<cel::Value> Plus(const List& other,
                                 cel::Meter& meter) const override {
    const size_t most = size() + other.size();
    if (!meter.Charge(most) || !meter.ChargeBytes(most * sizeof(cel::Value))) {
      return Wrong("evaluation makes too much data");
    }
    std::vector<cel::Value> all;
    for (size_t i = 0; i < size(); ++i) all.push_back(At(i));
    std::map<std::string, size_t> places;
    const bool is_atomic = schema_.list_type == ListType::kAtomic;
    if (!is_atomic) places = Identities(meter);
    for (size_t i = 0; i < other.size(); ++i) {
      cel::Value element = other.At(i);
      if (!is_atomic) {
        const auto [place, is_new] =
            places.emplace(Identity(element, meter), all.size());
        if (!is_new) {
          if (schema_.list_type == ListType::kMap) {
            all[place->second] = std::move(element);
          }
          continue;
        }
      }
      all.push_back(std::move(element));
    }
    return cel::Value::Of(std::shared_ptr<const cel::List>(
        std::make_shared<SchemaList>(std::move(all), schema_)));
  }

 private:
  // What makes an element the same as another: all of it, or its keys.
  std::string Identity(const cel::Value& element, cel::Meter& meter) const {
    meter.Charge(1);
    if (schema_.list_type == ListType::kSet) return DebugText(element);
    std::string out;
    for (const absl::string_view key : schema_.ListKeys()) {
      std::optional<cel::Value> part;
      if (element.Is(cel::Kind::kMap)) {
        const auto escaped = EscapeProperty(key);
        part = element.AsMap().Find(
            cel::Value::String(escaped ? *escaped : std::string(key)));
      }
      absl::StrAppend(&out, part ? DebugText(*part) : "", ",");
    }
    return out;
  }

  std::map<std::string, size_t> Identities(cel::Meter& meter) const {
    std::map<std::string, size_t> out;
    for (size_t i = 0; i < size() && !meter.is_exhausted(); ++i) {
      out[Identity(At(i), meter)] = i;
    }
    return out;
  }

  const Value array_;
  const std::vector<cel::Value> elements_;
  const Schema& schema_;
};

// ---------------------------------------------------------------------- maps

class SchemaMap : public cel::Map {
 public:
  SchemaMap(const Value& object, const Schema& schema)
      : object_(object),
        schema_(schema),
        has_properties_(!HasAlikeMembers(schema)) {}

  size_t size() const override {
    if (!has_properties_) return object_.size();
    size_t count = 0;
    for (const Value::Member& member : object_.object()) {
      if (IsSeen(member)) ++count;
    }
    return count;
  }

  cel::Value KeyAt(size_t index) const override {
    const Value::Member& member = MemberAt(index);
    if (!has_properties_) return cel::Value::String(member.key);
    auto escaped = EscapeProperty(member.key);
    return cel::Value::String(escaped ? *std::move(escaped) : member.key);
  }

  cel::Value ValueAt(size_t index) const override {
    const Value::Member& member = MemberAt(index);
    return SchemaValue(member.value, *SchemaOf(member.key));
  }

  std::optional<cel::Value> Find(const cel::Value& key) const override {
    if (!key.Is(cel::Kind::kString)) return std::nullopt;
    const auto name =
        has_properties_ ? UnescapeProperty(key.AsString()) : key.AsString();
    if (!name) return std::nullopt;
    const Value* member = object_.Find(*name);
    if (member == nullptr) return std::nullopt;
    const Schema* schema = SchemaOf(*name);
    // A property that is null is one that is not there.
    if (schema == nullptr || (has_properties_ && member->is_null())) {
      return std::nullopt;
    }
    return SchemaValue(*member, *schema);
  }

  // Also by what expressions do not see.
  std::optional<bool> Equals(const Map& other,
                             cel::Meter& meter) const override {
    const auto* same = dynamic_cast<const SchemaMap*>(&other);
    if (same == nullptr) return std::nullopt;
    if (object_.size() != same->object_.size()) return false;
    for (const Value::Member& member : object_.object()) {
      const Value* matching = same->object_.Find(member.key);
      if (matching == nullptr) return false;
      const Schema* schema = SchemaOf(member.key);
      const bool is_seen = schema != nullptr &&
                           schema->type != SchemaType::kAny &&
                           !member.value.is_null() && !matching->is_null();
      if (!is_seen) {
        meter.Charge(1);
        if (!SameValue(member.value, *matching)) return false;
      } else if (!Equal(SchemaValue(member.value, *schema),
                        SchemaValue(*matching, *schema), meter)) {
        return false;
      }
    }
    return true;
  }

 private:
  const Schema* SchemaOf(absl::string_view key) const {
    if (!has_properties_) return schema_.items;
    const Schema::Field* field = schema_.FindField(key);
    return field == nullptr ? nullptr : &Seen(*field->schema);
  }

  bool IsSeen(const Value::Member& member) const {
    return !member.value.is_null() && SchemaOf(member.key) != nullptr;
  }

  const Value::Member& MemberAt(size_t index) const {
    if (!has_properties_) return object_.object()[index];
    for (const Value::Member& member : object_.object()) {
      if (IsSeen(member) && index-- == 0) return member;
    }
    return object_.object().back();
  }

  const Value object_;
  const Schema& schema_;
  const bool has_properties_;
};

}  // namespace

std::optional<std::string> EscapeProperty(absl::string_view name) {
  if (name.empty() || absl::ascii_isdigit(name[0])) return std::nullopt;
  if (IsReserved(name)) return absl::StrCat("__", name, "__");
  std::string out;
  for (size_t i = 0; i < name.size();) {
    const absl::string_view rest = name.substr(i);
    const auto* escape = std::find_if(
        std::begin(kEscapes), std::end(kEscapes),
        [&](const Escape& e) { return absl::StartsWith(rest, e.plain); });
    if (escape != std::end(kEscapes)) {
      absl::StrAppend(&out, "__", escape->name, "__");
      i += escape->plain.size();
      continue;
    }
    if (!absl::ascii_isalnum(name[i]) && name[i] != '_') return std::nullopt;
    out += name[i++];
  }
  return out;
}

std::optional<std::string> UnescapeProperty(absl::string_view escaped) {
  std::string out;
  for (size_t i = 0; i < escaped.size();) {
    const absl::string_view rest = escaped.substr(i);
    const size_t end = absl::StartsWith(rest, "__") ? rest.find('_', 2)
                                                    : absl::string_view::npos;
    // "__name__", where a name has no underscores.
    if (end == absl::string_view::npos || end == 2 ||
        rest.substr(end, 2) != "__") {
      out += escaped[i++];
      continue;
    }
    const absl::string_view name = rest.substr(2, end - 2);
    const auto* escape =
        std::find_if(std::begin(kEscapes), std::end(kEscapes),
                     [&](const Escape& e) { return e.name == name; });
    if (escape != std::end(kEscapes)) {
      out.append(escape->plain.data(), escape->plain.size());
    } else if (IsReserved(name) && end + 2 == escaped.size()) {
      absl::StrAppend(&out, name);
    } else {
      return std::nullopt;
    }
    i += end + 2;
  }
  return out;
}

cel::Value SchemaValue(const Value& json, const Schema& schema) {
  if (json.is_null()) {
    return schema.is_nullable
               ? cel::Value()
               : Wrong("invalid data, got null for schema with nullable=false");
  }
  switch (schema.type) {
    case SchemaType::kIntOrString:
      if (json.is_int() || json.is_string()) return cel::Value::FromJson(json);
      return Wrong(
          "invalid data, expected XIntOrString value to be either a string or "
          "integer");
    case SchemaType::kObject:
      if (!json.is_object()) {
        return Wrong(
            "invalid data, expected a map for the provided schema with "
            "type=object");
      }
      return cel::Value::Of(std::shared_ptr<const cel::Map>(
          std::make_shared<SchemaMap>(json, schema)));
    case SchemaType::kArray:
      if (!json.is_array()) {
        return Wrong(
            "invalid data, expected an array for the provided schema with "
            "type=array");
      }
      if (schema.items == nullptr) {
        return Wrong(
            "invalid array type, expected Items with a non-empty Schema");
      }
      return cel::Value::Of(std::shared_ptr<const cel::List>(
          std::make_shared<SchemaList>(json, schema)));
    case SchemaType::kString:
      return StringValue(json, schema);
    case SchemaType::kNumber:
      if (!json.is_number()) return Wrong("invalid data, expected float");
      return cel::Value::Double(json.AsDouble());
    case SchemaType::kInteger:
      if (!json.is_int()) return Wrong("invalid data, expected int");
      return cel::Value::Int(json.AsInt());
    case SchemaType::kBoolean:
      if (!json.is_bool()) return Wrong("invalid data, expected bool");
      return cel::Value::Bool(json.AsBool());
    default:
      return cel::Value::FromJson(json);
  }
}

std::optional<std::string> SchemaTypes::SelfType() const {
  return TypeOf(self_, kSelfType);
}

const Schema* SchemaTypes::Find(absl::string_view object) const {
  if (!absl::ConsumePrefix(&object, kSelfType)) return nullptr;
  const Schema* at = &self_;
  while (at != nullptr && absl::ConsumePrefix(&object, ".")) {
    const absl::string_view step = object.substr(0, object.find('.'));
    object.remove_prefix(step.size());
    if (step == "@idx" || step == "@elem") {
      at = at->items;
      continue;
    }
    const auto name = UnescapeProperty(step);
    const Schema::Field* field = name ? at->FindField(*name) : nullptr;
    at = field == nullptr ? nullptr : &Seen(*field->schema);
  }
  return object.empty() ? at : nullptr;
}

bool SchemaTypes::Has(absl::string_view object) const {
  return Find(object) != nullptr;
}

std::optional<std::string> SchemaTypes::FieldType(
    absl::string_view object, absl::string_view field) const {
  const Schema* schema = Find(object);
  const auto name = UnescapeProperty(field);
  if (schema == nullptr || !name) return std::nullopt;
  // A reserved word needs no escape here.
  if (EscapeProperty(*name) != field && !IsReserved(field)) {
    return std::nullopt;
  }
  const Schema::Field* found = schema->FindField(*name);
  if (found == nullptr) return std::nullopt;
  return TypeOf(Seen(*found->schema), absl::StrCat(object, ".", field));
}

}  // namespace weir::apiserver
