// Our CEL library as a filter, with the requests and answers of oracle/main.go.
#include <algorithm>
#include <iostream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/cel/cel.h"
#include "weir/value/json.h"
#include "weir/value/value.h"

namespace weir::cel {
namespace {

// The part of a message that cel-go makes.
weir::Value Failure(const std::string& message, const std::string& expression) {
  std::string at = "create";
  std::string text = message;
  const std::string parse =
      absl::StrCat("failed to parse the CEL expression '", expression, "': ");
  const std::string evaluate = absl::StrCat(
      "failed to evaluate the CEL expression '", expression, "': ");
  const std::string program = "failed to create CEL program: ";
  if (absl::StartsWith(message, parse)) {
    text = message.substr(parse.size());
  } else if (absl::StartsWith(message, evaluate)) {
    at = "evaluate";
    text = message.substr(evaluate.size());
  } else if (absl::StartsWith(message, program)) {
    at = "program";
    text = message.substr(program.size());
  }
  return weir::Value::MakeObject({{"error", text}, {"at", at}});
}

weir::Value Answer(const weir::Value& request) {
  Options options;
  options.is_checked = request.GetBool("checked");
  options.output_type = std::string(request.GetString("output"));
  options.environment =
      MakeEnvironment({.has_regex = request.GetBool("regex")});
  for (const weir::Value& name : request["vars"].array()) {
    options.variables.push_back({name.AsString()});
  }
  const std::string expression(request.GetString("expr"));
  const auto program = Program::Compile(expression, options);
  if (!program.ok()) {
    return Failure(std::string(program.status().message()), expression);
  }
  const auto value = (*program)->Evaluate(request["data"]);
  if (!value.ok()) {
    return Failure(std::string(value.status().message()), expression);
  }
  return weir::Value::MakeObject({{"value", DebugText(*value)}});
}

}  // namespace
}  // namespace weir::cel

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto request = weir::ParseJson(line);
    weir::Value answer =
        request.ok()
            ? weir::cel::Answer(*request)
            : weir::Value::MakeObject(
                  {{"error", std::string(request.status().message())}});
    std::cout << weir::FormatJson(answer) << std::endl;
  }
  return 0;
}
