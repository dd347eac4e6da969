// The CEL of our API server as a filter, with the requests and answers of
// kubernetes/main.go.
#include <iostream>
#include <string>

#include "tests/libcommon/apiserver/rules_support.h"
#include "weir/value/json.h"

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto request = weir::ParseJson(line);
    const weir::Value answer =
        request.ok()
            ? weir::apiserver::AnswerRule(*request)
            : weir::Value::MakeObject(
                  {{"error", std::string(request.status().message())}});
    std::cout << weir::FormatJson(answer) << std::endl;
  }
  return 0;
}
