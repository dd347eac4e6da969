#include "src/merge/json6902.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "src/model/field_path.h"
#include "src/model/resource.h"
#include "src/model/scalar.h"
#include "weir/base/status.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

constexpr absl::string_view kMissing = "missing value";

// The container that holds a path's last step.
struct Place {
  Value* container = nullptr;  // Null: there is no such place.
  std::string key;
};

std::string Unescape(absl::string_view part) {
  return absl::StrReplaceAll(absl::StrReplaceAll(part, {{"~1", "/"}}),
                             {{"~0", "~"}});
}

// The element's index, which may be the list's size when `adding`.
absl::StatusOr<size_t> Index(const Value& list, const std::string& key,
                             bool adding) {
  int64_t index = 0;
  if (!absl::SimpleAtoi(key, &index)) {
    if (adding) {
      return BuildError(absl::StrCat("value was not a proper array index: '",
                                     key, "': strconv.Atoi: parsing \"", key,
                                     "\": invalid syntax"));
    }
    return BuildError(
        absl::StrCat("strconv.Atoi: parsing \"", key, "\": invalid syntax"));
  }
  const int64_t size = static_cast<int64_t>(list.size()) + (adding ? 1 : 0);
  if (index >= size || index < -size) {
    return BuildError(absl::StrCat("Unable to access invalid index: ", index,
                                   ": invalid index referenced"));
  }
  return static_cast<size_t>(index < 0 ? index + size : index);
}

Place FindPlace(Value* document, absl::string_view path) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  if (parts.size() < 2) return {};
  Value* at = document;
  for (size_t i = 1; i + 1 < parts.size(); ++i) {
    const std::string key = Unescape(parts[i]);
    if (at->is_array()) {
      const absl::StatusOr<size_t> index = Index(*at, key, false);
      if (!index.ok()) return {};
      at = &at->MutableAt(*index);
    } else {
      at = at->FindMutable(key);
    }
    if (at == nullptr || (!at->is_object() && !at->is_array())) return {};
  }
  return {at, Unescape(parts.back())};
}

// The value at a place; nothing when a map lacks it.
absl::StatusOr<std::optional<Value>> Get(const Place& place) {
  if (place.container->is_array()) {
    WEIR_ASSIGN_OR_RETURN(const size_t index,
                          Index(*place.container, place.key, false));
    return std::optional<Value>((*place.container)[index]);
  }
  const Value* found = place.container->Find(place.key);
  if (found == nullptr) return std::optional<Value>();
  return std::optional<Value>(*found);
}

absl::Status Add(const Place& place, Value value) {
  if (!place.container->is_array()) {
    place.container->Set(place.key, std::move(value));
    return absl::OkStatus();
  }
  if (place.key == "-") {
    place.container->Append(std::move(value));
    return absl::OkStatus();
  }
  WEIR_ASSIGN_OR_RETURN(const size_t index,
                        Index(*place.container, place.key, true));
  Value::Array& list = place.container->MutableArray();
  list.insert(list.begin() + index, std::move(value));
  return absl::OkStatus();
}

absl::Status Remove(const Place& place) {
  if (!place.container->is_array()) {
    if (place.container->Erase(place.key)) return absl::OkStatus();
    return BuildError(absl::StrCat(
        "Unable to remove nonexistent key: ", place.key, ": ", kMissing));
  }
  WEIR_ASSIGN_OR_RETURN(const size_t index,
                        Index(*place.container, place.key, false));
  Value::Array& list = place.container->MutableArray();
  list.erase(list.begin() + index);
  return absl::OkStatus();
}

bool SameJson(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return a.AsDouble() == b.AsDouble();
  if (a.is_array() && b.is_array() && a.size() == b.size()) {
    for (size_t i = 0; i < a.size(); ++i) {
      if (!SameJson(a[i], b[i])) return false;
    }
    return true;
  }
  if (a.is_object() && b.is_object() && a.size() == b.size()) {
    for (const Value::Member& member : a.object()) {
      const Value* other = b.Find(member.key);
      if (other == nullptr || !SameJson(member.value, *other)) return false;
    }
    return true;
  }
  return a == b;
}

// One operation of a patch on one document.
class Operation {
 public:
  Operation(const Value& operation, Budget* budget, Value* document)
      : operation_(operation), budget_(*budget), document_(document) {}

  absl::Status Run() {
    const Value& op = operation_["op"];
    const std::string kind = op.is_string() ? op.AsString() : "unknown";
    static constexpr absl::string_view kKinds[] = {"add",  "remove", "replace",
                                                   "move", "test",   "copy"};
    if (std::find(std::begin(kKinds), std::end(kKinds), kind) ==
        std::end(kKinds)) {
      return BuildError(absl::StrCat("Unexpected kind: ", kind));
    }
    const Value* path = operation_.Find("path");
    if (path == nullptr || !path->is_string()) {
      return BuildError(
          absl::StrCat(kind, " operation failed to decode path: ", kMissing));
    }
    path_ = path->AsString();
    WEIR_RETURN_IF_ERROR(CheckPathLength(path_));
    const Value& from = operation_["from"];
    if ((kind == "move" || kind == "copy") && !from.is_string()) {
      return BuildError(absl::StrCat(
          kind,
          " operation failed to decode from: operation, missing from "
          "field: ",
          kMissing));
    }
    from_ = ScalarText(from);
    WEIR_RETURN_IF_ERROR(CheckPathLength(from_));
    if (kind == "add") return RunAdd();
    if (kind == "remove") return RunRemove();
    if (kind == "replace") return RunReplace();
    if (kind == "move") return RunMove();
    if (kind == "test") return RunTest();
    return RunCopy();
  }

 private:
  const Value& value() const { return operation_["value"]; }

  static absl::Status CheckPathLength(absl::string_view path) {
    return kustomize::CheckPathLength(
        static_cast<size_t>(std::count(path.begin(), path.end(), '/')));
  }

  // Elements of a list, or members of a map, move when one comes or goes.
  absl::Status SpendOnMoves(const Place& place) {
    return budget_.SpendOnBytes(place.container->size() * 4);
  }

  absl::Status RunAdd() {
    const Place place = FindPlace(document_, path_);
    if (place.container == nullptr) {
      return BuildError(
          absl::StrCat("add operation does not apply: doc is missing path: \"",
                       path_, "\": ", kMissing));
    }
    WEIR_RETURN_IF_ERROR(SpendOnMoves(place));
    WEIR_RETURN_IF_ERROR(budget_.Hold(value()));
    WEIR_RETURN_IF_ERROR(Add(place, value()), "error in add for path: '", path_,
                         "'");
    return absl::OkStatus();
  }

  absl::Status RunRemove() {
    const Place place = FindPlace(document_, path_);
    if (place.container == nullptr) {
      return BuildError(absl::StrCat(
          "remove operation does not apply: doc is missing path: \"", path_,
          "\": ", kMissing));
    }
    WEIR_RETURN_IF_ERROR(SpendOnMoves(place));
    WEIR_RETURN_IF_ERROR(Remove(place), "error in remove for path: '", path_,
                         "'");
    return absl::OkStatus();
  }

  absl::Status RunReplace() {
    WEIR_RETURN_IF_ERROR(budget_.Hold(value()));
    if (path_.empty()) {
      if (!value().is_object() && !value().is_array()) {
        return BuildError(
            "replace operation value must be object or array: %!w(<nil>)");
      }
      *document_ = value();
      return absl::OkStatus();
    }
    const Place place = FindPlace(document_, path_);
    if (place.container == nullptr) {
      return BuildError(absl::StrCat(
          "replace operation does not apply: doc is missing path: ", path_,
          ": ", kMissing));
    }
    if (!place.container->is_array()) {
      place.container->Set(place.key, value());
      return absl::OkStatus();
    }
    const absl::StatusOr<size_t> index =
        Index(*place.container, place.key, false);
    if (!index.ok()) {
      return BuildError(absl::StrCat(
          "replace operation does not apply: doc is missing key: ", path_, ": ",
          kMissing));
    }
    place.container->MutableAt(*index) = value();
    return absl::OkStatus();
  }

  absl::Status RunMove() {
    const Place source = FindPlace(document_, from_);
    if (source.container == nullptr) {
      return BuildError(absl::StrCat(
          "move operation does not apply: doc is missing from path: ", from_,
          ": ", kMissing));
    }
    WEIR_ASSIGN_OR_RETURN(const std::optional<Value> moved, Get(source),
                          "error in move for path: '", source.key, "'");
    WEIR_RETURN_IF_ERROR(SpendOnMoves(source));
    // It may come to be deeper down.
    const size_t held = budget_.bytes();
    WEIR_RETURN_IF_ERROR(budget_.Hold(moved.value_or(Value())));
    WEIR_RETURN_IF_ERROR(budget_.SpendOnBytes(budget_.bytes() - held));
    budget_.ReleaseTo(held);
    WEIR_RETURN_IF_ERROR(Remove(source), "error in move for path: '",
                         source.key, "'");
    const Place place = FindPlace(document_, path_);
    if (place.container == nullptr) {
      return BuildError(absl::StrCat(
          "move operation does not apply: doc is missing destination path: ",
          path_, ": ", kMissing));
    }
    WEIR_RETURN_IF_ERROR(Add(place, moved.value_or(Value())),
                         "error in move for path: '", path_, "'");
    return absl::OkStatus();
  }

  absl::Status RunTest() {
    const absl::Status failed = BuildError(
        absl::StrCat("testing value ", path_, " failed: test failed"));
    if (path_.empty()) {
      return SameJson(*document_, value()) ? absl::OkStatus() : failed;
    }
    const Place place = FindPlace(document_, path_);
    if (place.container == nullptr) {
      return BuildError(absl::StrCat(
          "test operation does not apply: is missing path: ", path_, ": ",
          kMissing));
    }
    WEIR_ASSIGN_OR_RETURN(const std::optional<Value> have, Get(place),
                          "error in test for path: '", path_, "'");
    const bool same = SameJson(have.value_or(Value()), value());
    return same ? absl::OkStatus() : failed;
  }

  absl::Status RunCopy() {
    const Place source = FindPlace(document_, from_);
    if (source.container == nullptr) {
      return BuildError(absl::StrCat(
          "copy operation does not apply: doc is missing from path: ", from_,
          ": ", kMissing));
    }
    WEIR_ASSIGN_OR_RETURN(const std::optional<Value> copied, Get(source),
                          "error in copy for from: '", from_, "'");
    const Place place = FindPlace(document_, path_);
    if (place.container == nullptr) {
      return BuildError(absl::StrCat(
          "copy operation does not apply: doc is missing destination path: ",
          path_, ": ", kMissing));
    }
    WEIR_RETURN_IF_ERROR(SpendOnMoves(place));
    WEIR_RETURN_IF_ERROR(budget_.Hold(copied.value_or(Value())));
    WEIR_RETURN_IF_ERROR(Add(place, copied.value_or(Value())),
                         "error while adding value during copy");
    return absl::OkStatus();
  }

  const Value& operation_;
  Budget& budget_;
  Value* const document_;
  std::string path_;
  std::string from_;
};

// All numbers become floats on the way; large ones are written with an
// exponent then, and are none but floats again.
Value NumberThroughJson(const Value& value) {
  const double number = value.AsDouble();
  constexpr double kExponentFrom = 1e6;
  if (value.kind() != Value::Kind::kDouble &&
      std::abs(number) < kExponentFrom) {
    return value.written() == nullptr ? value : Value(value.AsInt());
  }
  return PlainYamlScalar(FormatYamlFloat(number),
                         YamlParseOptions::Schema::kYaml12);
}

// Of collections, only what is empty is in brackets.
void SetJsonStyle(Value* collection) {
  collection->set_style(collection->empty() ? Value::Style::kFlow
                                            : Value::Style::kPlain);
}

bool IsUntouched(const Value& before, const Value& after) {
  return before.IsSame(after) && before.style() == after.style();
}

// What becomes of a value that upstream writes as JSON, decodes, and writes as
// YAML to read it again: all numbers are float64.
void PassThroughJson(Value* value) {
  if (value->is_array()) {
    for (size_t i = 0; i < value->size(); ++i) {
      Value item = (*value)[i];
      PassThroughJson(&item);
      if (!IsUntouched((*value)[i], item)) {
        value->MutableAt(i) = std::move(item);
      }
    }
    SetJsonStyle(value);
  } else if (value->is_object()) {
    for (size_t i = 0; i < value->size(); ++i) {
      const Value& old = value->object()[i].value;
      Value member = old;
      PassThroughJson(&member);
      if (!IsUntouched(old, member)) {
        value->MutableObject()[i].value = std::move(member);
      }
    }
    SetJsonStyle(value);
  } else if (value->is_string()) {
    *value = StringFromJson(*value);
  } else if (value->is_bool()) {
    *value = Value(value->AsBool());
  } else {
    *value = value->is_null() ? Value() : NumberThroughJson(*value);
  }
}

// Lets a document pass through JSON, and writes and reads it.
class Renewal {
 public:
  explicit Renewal(Budget* budget) : budget_(*budget) {}

  // `before`: what was there, of which another renewal would change nothing.
  // So what still is there is left alone.
  absl::Status Run(const Value& before, Value* value) {
    if (IsUntouched(before, *value)) return absl::OkStatus();
    const bool is_map = before.is_object() && value->is_object();
    if (!is_map && !(before.is_array() && value->is_array())) return Run(value);
    WEIR_RETURN_IF_ERROR(budget_.Spend(value->size() / 2));
    size_t at = 0;
    for (size_t i = 0; i < value->size(); ++i) {
      const Value& old =
          is_map ? MemberAt(before.object(), value->object()[i].key, &at)
                 : before[i];
      const Value& now = is_map ? value->object()[i].value : (*value)[i];
      if (IsUntouched(old, now)) continue;
      WEIR_RETURN_IF_ERROR(Run(old, is_map ? &value->MutableObject()[i].value
                                           : &value->MutableAt(i)));
    }
    SetJsonStyle(value);
    return absl::OkStatus();
  }

  absl::Status Run(Value* value) {
    WEIR_RETURN_IF_ERROR(budget_.SpendOnBytes(SizeOf(*value) / 2));
    PassThroughJson(value);
    const Value written = *value;
    WEIR_RETURN_IF_ERROR(WriteAndRead(value));
    is_steady_ = is_steady_ && IsUntouched(written, *value);
    return absl::OkStatus();
  }

  // Whether all of it would be the same after another one.
  bool is_steady() const { return is_steady_; }

 private:
  // The member of a key, or a null. Keys are asked for in order, and `at` is
  // what the last one has left.
  static const Value& MemberAt(const Value::Object& members,
                               const std::string& key, size_t* at) {
    static const Value& null = *new Value();
    while (*at < members.size() && members[*at].key < key) ++*at;
    const bool is_there = *at < members.size() && members[*at].key == key;
    return is_there ? members[*at].value : null;
  }

  Budget& budget_;
  bool is_steady_ = true;
};

absl::string_view JsonKindName(const Value& value) {
  if (value.is_object()) return "object";
  if (value.is_array()) return "array";
  if (value.is_number()) return "number";
  return value.is_bool() ? "bool" : "string";
}

}  // namespace

absl::StatusOr<std::vector<Value>> ParseJson6902(absl::string_view text) {
  if (text.empty()) return BuildError("empty json patch operations");
  absl::StatusOr<Value> parsed = BuildError("");
  if (text[0] == '[') {
    parsed = ParseJson(text);
    if (!parsed.ok()) return BuildError(GoError(parsed.status()));
  } else {
    YamlParseOptions options;
    options.schema = YamlParseOptions::Schema::kYaml11;
    parsed = ParseYaml(text, options);
  }
  if (!parsed.ok()) {
    return BuildError(absl::StrCat("yaml: ", GoYamlError(parsed.status())));
  }
  std::vector<Value> operations;
  if (parsed->is_null()) return operations;
  if (!parsed->is_array()) {
    return BuildError(absl::StrCat("json: cannot unmarshal ",
                                   JsonKindName(*parsed),
                                   " into Go value of type jsonpatch.Patch"));
  }
  for (const Value& operation : parsed->array()) {
    if (operation.is_null()) {
      operations.push_back(Value::MakeObject());
      continue;
    }
    if (!operation.is_object()) {
      return BuildError(
          absl::StrCat("json: cannot unmarshal ", JsonKindName(operation),
                       " into Go value of type jsonpatch.Operation"));
    }
    operations.push_back(operation);
  }
  return operations;
}

absl::Status ApplyJson6902(const std::vector<Value>& operations, Budget* budget,
                           bool* is_steady, Value* document) {
  if (!*is_steady) WEIR_RETURN_IF_ERROR(WriteAndRead(document));
  const Value before = *is_steady ? *document : Value();
  for (const Value& operation : operations) {
    WEIR_RETURN_IF_ERROR(Operation(operation, budget, document).Run());
  }
  if (document->is_array()) {
    return BuildError(
        "json: cannot unmarshal array into Go value of type "
        "map[string]interface {}");
  }
  Renewal renewal(budget);
  WEIR_RETURN_IF_ERROR(*is_steady ? renewal.Run(before, document)
                                  : renewal.Run(document));
  *is_steady = renewal.is_steady();
  return absl::OkStatus();
}

}  // namespace weir::kustomize
