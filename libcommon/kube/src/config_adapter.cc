// An adapter file because yaml-cpp throws.
#include <yaml-cpp/yaml.h>

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "src/kubeconfig.h"
#include "weir/base/status.h"

namespace weir::kube {
namespace {

constexpr size_t kMaxBytes = 16u << 20;
constexpr int kMaxDepth = 64;
// Aliases are written out, so they are what this bounds.
constexpr int kMaxNodes = 50'000;

Value ScalarOf(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return Value(text);  // Quoted.
  if (text == "true" || text == "True" || text == "TRUE") return Value(true);
  if (text == "false" || text == "False" || text == "FALSE") {
    return Value(false);
  }
  int64_t integer;
  if (absl::SimpleAtoi(text, &integer)) return Value(integer);
  double number;
  const bool may_be_number =
      text.find_first_of("0123456789") != std::string::npos &&
      text.find_first_not_of("+-.0123456789eE") == std::string::npos;
  if (may_be_number && absl::SimpleAtod(text, &number)) return Value(number);
  return Value(text);
}

absl::StatusOr<Value> Convert(const YAML::Node& node, int depth, int* nodes) {
  if (depth > kMaxDepth) {
    return absl::ResourceExhaustedError("nested too deeply");
  }
  if (++*nodes > kMaxNodes) {
    return absl::ResourceExhaustedError("too many nodes");
  }
  if (node.IsScalar()) return ScalarOf(node);
  if (node.IsSequence()) {
    Value::Array array;
    for (const YAML::Node& item : node) {
      WEIR_ASSIGN_OR_RETURN(Value value, Convert(item, depth + 1, nodes));
      array.push_back(std::move(value));
    }
    return Value(std::move(array));
  }
  if (!node.IsMap()) return Value();
  Value::Object members;
  for (const auto& member : node) {
    const YAML::Node& key = member.first;
    if (!key.IsScalar()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "line ", key.Mark().line + 1, ": a key must be a string"));
    }
    WEIR_ASSIGN_OR_RETURN(Value value,
                          Convert(member.second, depth + 1, nodes));
    members.emplace_back(key.Scalar(), std::move(value));
  }
  return Value::FromMembers(std::move(members));
}

}  // namespace

absl::StatusOr<Value> ReadConfigYaml(absl::string_view text) {
  if (text.size() > kMaxBytes) {
    return absl::ResourceExhaustedError("the file is too large");
  }
  try {
    int nodes = 0;
    return Convert(YAML::Load(std::string(text)), 0, &nodes);
  } catch (const YAML::Exception& e) {
    return absl::InvalidArgumentError(
        absl::StrCat("line ", e.mark.line + 1, ": ", e.msg));
  } catch (const std::exception& e) {
    return absl::InvalidArgumentError(e.what());
  }
}

}  // namespace weir::kube
