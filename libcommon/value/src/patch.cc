#include "weir/value/patch.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "weir/base/status.h"

namespace weir {
namespace {

using Tokens = std::vector<std::string>;

// An array index by RFC 6901: digits without leading zeros.
std::optional<size_t> ParseIndex(absl::string_view token) {
  uint64_t index = 0;
  if (token.empty() || (token.size() > 1 && token[0] == '0') ||
      token.find_first_not_of("0123456789") != absl::string_view::npos ||
      !absl::SimpleAtoi(token, &index)) {
    return std::nullopt;
  }
  return static_cast<size_t>(index);
}

// The child that is there already, for writing.
Value* Step(Value& value, const std::string& token) {
  if (value.is_object()) return value.FindMutable(token);
  if (!value.is_array()) return nullptr;
  const std::optional<size_t> index = ParseIndex(token);
  if (!index || *index >= value.size()) return nullptr;
  return &value.MutableAt(*index);
}

Value* FindForWriting(Value& root, const Tokens& tokens, size_t count) {
  const Tokens prefix(tokens.begin(),
                      tokens.begin() + static_cast<ptrdiff_t>(count));
  // Looking first keeps shared trees shared when there is nothing to write.
  if (FindByPointer(root, prefix) == nullptr) return nullptr;
  Value* at = &root;
  for (const std::string& token : prefix) at = Step(*at, token);
  return at;
}

absl::Status Absent(absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat(what, " does not exist"));
}

// The "add" of RFC 6902.
absl::Status Add(Value& root, const Tokens& tokens, Value value) {
  if (tokens.empty()) {
    root = std::move(value);
    return absl::OkStatus();
  }
  Value* parent = FindForWriting(root, tokens, tokens.size() - 1);
  if (parent == nullptr) return Absent("parent of the path");
  const std::string& last = tokens.back();
  if (parent->is_object()) {
    parent->Set(last, std::move(value));
    return absl::OkStatus();
  }
  if (!parent->is_array()) {
    return absl::FailedPreconditionError(
        "parent of the path is neither object nor array");
  }
  const std::optional<size_t> index =
      last == "-" ? std::optional<size_t>(parent->size()) : ParseIndex(last);
  if (!index || *index > parent->size()) {
    return absl::FailedPreconditionError("array index is out of range");
  }
  Value::Array& array = parent->MutableArray();
  array.insert(array.begin() + static_cast<ptrdiff_t>(*index),
               std::move(value));
  return absl::OkStatus();
}

bool IsPrefix(const Tokens& prefix, const Tokens& tokens) {
  return prefix.size() <= tokens.size() &&
         std::equal(prefix.begin(), prefix.end(), tokens.begin());
}

absl::StatusOr<Tokens> PointerMember(const Value& operation,
                                     absl::string_view name) {
  const Value* member = operation.Find(name);
  if (member == nullptr || !member->is_string()) {
    return absl::InvalidArgumentError(absl::StrCat("missing \"", name, "\""));
  }
  return ParseJsonPointer(member->AsString());
}

absl::Status MoveOrCopy(Value& root, const Value& operation, bool move,
                        const Tokens& path) {
  WEIR_ASSIGN_OR_RETURN(const Tokens from, PointerMember(operation, "from"));
  const Value* found = FindByPointer(root, from);
  if (found == nullptr) return Absent("from");
  Value value = *found;
  if (move) {
    if (from == path) return absl::OkStatus();
    if (IsPrefix(from, path)) {
      return absl::InvalidArgumentError("cannot move a value into itself");
    }
    EraseByPointer(root, from);
  }
  return Add(root, path, std::move(value));
}

absl::Status ApplyOperation(Value& root, const Value& operation) {
  if (!operation.is_object()) {
    return absl::InvalidArgumentError("operation is not an object");
  }
  const absl::string_view op = operation.GetString("op");
  WEIR_ASSIGN_OR_RETURN(const Tokens path, PointerMember(operation, "path"));
  if (op == "move" || op == "copy") {
    return MoveOrCopy(root, operation, op == "move", path);
  }
  if (op == "remove") {
    if (path.empty()) {
      root = Value();
      return absl::OkStatus();
    }
    return EraseByPointer(root, path) ? absl::OkStatus() : Absent("path");
  }
  if (op != "add" && op != "replace" && op != "test") {
    return absl::InvalidArgumentError(
        absl::StrCat("unknown operation \"", op, "\""));
  }
  const Value* value = operation.Find("value");
  if (value == nullptr) {
    return absl::InvalidArgumentError("missing \"value\"");
  }
  if (op == "add") return Add(root, path, *value);
  if (op == "replace") {
    Value* target = FindForWriting(root, path, path.size());
    if (target == nullptr) return Absent("path");
    *target = *value;
    return absl::OkStatus();
  }
  const Value* actual = FindByPointer(root, path);
  if (actual == nullptr) return Absent("path");
  if (!(*actual == *value)) {
    return absl::FailedPreconditionError("test failed");
  }
  return absl::OkStatus();
}

void Compare(const Value& before, const Value& after, Tokens& path,
             std::vector<Difference>& out) {
  using Kind = Difference::Kind;
  if (before.IsSame(after)) return;
  const auto report = [&path, &out](Kind kind, const std::string& token,
                                    Value old_value, Value new_value) {
    path.push_back(token);
    out.push_back({kind, FormatJsonPointer(path), std::move(old_value),
                   std::move(new_value)});
    path.pop_back();
  };
  const auto descend = [&path, &out](const std::string& token, const Value& a,
                                     const Value& b) {
    path.push_back(token);
    Compare(a, b, path, out);
    path.pop_back();
  };
  if (before.is_object() && after.is_object()) {
    auto a = before.object().begin();
    auto b = after.object().begin();
    const auto a_end = before.object().end();
    const auto b_end = after.object().end();
    while (a != a_end || b != b_end) {
      if (b == b_end || (a != a_end && a->key < b->key)) {
        report(Kind::kRemoved, a->key, a->value, Value());
        ++a;
      } else if (a == a_end || b->key < a->key) {
        report(Kind::kAdded, b->key, Value(), b->value);
        ++b;
      } else {
        descend(a->key, a->value, b->value);
        ++a;
        ++b;
      }
    }
  } else if (before.is_array() && after.is_array()) {
    for (size_t i = 0; i < std::max(before.size(), after.size()); ++i) {
      const std::string token = absl::StrCat(i);
      if (i >= after.size()) {
        report(Kind::kRemoved, token, before[i], Value());
      } else if (i >= before.size()) {
        report(Kind::kAdded, token, Value(), after[i]);
      } else {
        descend(token, before[i], after[i]);
      }
    }
  } else if (!(before == after)) {
    out.push_back({Kind::kChanged, FormatJsonPointer(path), before, after});
  }
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ParseJsonPointer(
    absl::string_view pointer) {
  Tokens tokens;
  if (pointer.empty()) return tokens;
  if (pointer[0] != '/') {
    return absl::InvalidArgumentError(absl::StrCat(
        "JSON pointer \"", pointer, "\" does not start with \"/\""));
  }
  for (const absl::string_view part : absl::StrSplit(pointer.substr(1), '/')) {
    for (size_t i = part.find('~'); i != absl::string_view::npos;
         i = part.find('~', i + 1)) {
      if (i + 1 == part.size() || (part[i + 1] != '0' && part[i + 1] != '1')) {
        return absl::InvalidArgumentError(absl::StrCat(
            "JSON pointer \"", pointer, "\" has a \"~\" without 0 or 1"));
      }
    }
    tokens.push_back(absl::StrReplaceAll(part, {{"~1", "/"}, {"~0", "~"}}));
  }
  return tokens;
}

std::string FormatJsonPointer(const std::vector<std::string>& tokens) {
  std::string out;
  for (const std::string& token : tokens) {
    absl::StrAppend(&out, "/",
                    absl::StrReplaceAll(token, {{"~", "~0"}, {"/", "~1"}}));
  }
  return out;
}

const Value* FindByPointer(const Value& root,
                           const std::vector<std::string>& tokens) {
  const Value* at = &root;
  for (const std::string& token : tokens) {
    if (at->is_array()) {
      const std::optional<size_t> index = ParseIndex(token);
      if (!index || *index >= at->size()) return nullptr;
      at = &at->array()[*index];
    } else {
      at = at->Find(token);
      if (at == nullptr) return nullptr;
    }
  }
  return at;
}

absl::Status SetByPointer(Value& root, const std::vector<std::string>& tokens,
                          Value value) {
  Value copy = root;
  Value* at = &copy;
  for (const std::string& token : tokens) {
    if (at->is_null() || at->is_object()) {
      at = &at->Mutable(token);
    } else if (at->is_array() && token == "-") {
      at = &at->Append(Value());
    } else if (at->is_array()) {
      at = Step(*at, token);
      if (at == nullptr) {
        return absl::FailedPreconditionError(
            absl::StrCat("array index \"", token, "\" does not exist"));
      }
    } else {
      return absl::FailedPreconditionError(
          absl::StrCat("\"", token, "\" is below a scalar"));
    }
  }
  *at = std::move(value);
  root = std::move(copy);
  return absl::OkStatus();
}

bool EraseByPointer(Value& root, const std::vector<std::string>& tokens) {
  if (tokens.empty() || FindByPointer(root, tokens) == nullptr) return false;
  Value* parent = FindForWriting(root, tokens, tokens.size() - 1);
  if (parent->is_object()) return parent->Erase(tokens.back());
  Value::Array& array = parent->MutableArray();
  array.erase(array.begin() +
              static_cast<ptrdiff_t>(*ParseIndex(tokens.back())));
  return true;
}

absl::StatusOr<Value> ApplyJsonPatch(const Value& document, const Value& patch,
                                     const JsonPatchOptions& options) {
  if (!patch.is_array()) {
    return absl::InvalidArgumentError("JSON patch is not an array");
  }
  if (patch.size() > options.max_operations) {
    return absl::InvalidArgumentError(absl::StrCat(
        "JSON patch has more than ", options.max_operations, " operations"));
  }
  Value result = document;
  for (size_t i = 0; i < patch.size(); ++i) {
    WEIR_RETURN_IF_ERROR(ApplyOperation(result, patch[i]), "operation ", i,
                         " (", patch[i].GetString("op"), " \"",
                         patch[i].GetString("path"), "\")");
  }
  return result;
}

Value ApplyMergePatch(const Value& document, const Value& patch) {
  if (!patch.is_object()) return patch;
  Value result = document.is_object() ? document : Value::MakeObject();
  for (const Value::Member& member : patch.object()) {
    if (member.value.is_null()) {
      if (result.Has(member.key)) result.Erase(member.key);
    } else {
      result.Set(member.key, ApplyMergePatch(result[member.key], member.value));
    }
  }
  return result;
}

std::optional<Value> ComputeMergePatch(const Value& from, const Value& to) {
  if (from == to) return std::nullopt;
  if (!to.is_object()) return to;
  if (!from.is_object()) return ApplyMergePatch(Value(), to);
  Value patch = Value::MakeObject();
  for (const Value::Member& member : from.object()) {
    if (!to.Has(member.key)) patch.Set(member.key, Value());
  }
  for (const Value::Member& member : to.object()) {
    if (member.value.is_null()) continue;
    const Value* old_value = from.Find(member.key);
    if (old_value == nullptr) {
      patch.Set(member.key, ApplyMergePatch(Value(), member.value));
      continue;
    }
    std::optional<Value> change = ComputeMergePatch(*old_value, member.value);
    if (change) patch.Set(member.key, *std::move(change));
  }
  if (patch.empty()) return std::nullopt;
  return patch;
}

std::vector<Difference> ComputeDifferences(const Value& before,
                                           const Value& after) {
  std::vector<Difference> out;
  Tokens path;
  Compare(before, after, path, out);
  return out;
}

}  // namespace weir
