#include "weir/gotmpl/function.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"

namespace weir::gotmpl {
namespace {

const Type* FindType(absl::string_view name,
                     absl::Span<const Type* const> more) {
  for (const Type* type : more) {
    if (type->name == name) return type;
  }
  return types::Named(name);
}

// The end of the first type of a list: a comma or the end.
size_t TypeEnd(absl::string_view list) {
  int depth = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i] == '(' || list[i] == '[') ++depth;
    if (list[i] == ')' || list[i] == ']') --depth;
    if (list[i] == ',' && depth == 0) return i;
  }
  return list.size();
}

}  // namespace

absl::StatusOr<Signature> Signature::Parse(absl::string_view text,
                                           absl::Span<const Type* const> more) {
  const auto malformed = [&] {
    return absl::InvalidArgumentError(
        absl::StrCat("no signature of known types: ", text));
  };
  Signature signature;
  const size_t close = text.find(')');
  if (!absl::StartsWith(text, "func(") || close == absl::string_view::npos) {
    return malformed();
  }
  absl::string_view list = text.substr(5, close - 5);
  while (!list.empty()) {
    const size_t end = TypeEnd(list);
    absl::string_view name = absl::StripAsciiWhitespace(list.substr(0, end));
    list.remove_prefix(std::min(list.size(), end + 1));
    if (signature.is_variadic) return malformed();
    if (absl::StartsWith(name, "...")) {
      signature.is_variadic = true;
      name.remove_prefix(3);
    }
    const Type* type = FindType(name, more);
    if (type == nullptr) return malformed();
    signature.parameters.push_back(type);
  }
  absl::string_view result = absl::StripAsciiWhitespace(text.substr(close + 1));
  if (absl::StartsWith(result, "(")) {
    result = result.substr(1, TypeEnd(result.substr(1, result.size() - 2)));
  }
  signature.result = FindType(result, more);
  if (signature.result == nullptr) return malformed();
  return signature;
}

Function& FunctionTable::Add(absl::string_view name,
                             absl::string_view signature, Implementation call,
                             absl::Span<const Type* const> more) {
  absl::StatusOr<Signature> parsed = Signature::Parse(signature, more);
  WEIR_CHECK(parsed.ok());
  auto function = std::make_shared<Function>();
  function->name = std::string(name);
  function->signature = *std::move(parsed);
  function->call = std::move(call);
  if (name == "and") function->special = Function::Special::kAnd;
  if (name == "or") function->special = Function::Special::kOr;
  if (name == "call") function->special = Function::Special::kCall;
  functions_[name] = function;
  return *function;
}

void FunctionTable::Remove(absl::string_view name) { functions_.erase(name); }

const Function* FunctionTable::Find(absl::string_view name) const {
  const auto found = functions_.find(name);
  return found == functions_.end() ? nullptr : found->second.get();
}

std::vector<std::string> FunctionTable::names() const {
  std::vector<std::string> names;
  for (const auto& [name, function] : functions_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace weir::gotmpl
