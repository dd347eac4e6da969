// Answers requests on standard input with an embedded API server in memory:
// one JSON object a line in, one out. For comparisons with a real server. With
// an argument it listens too, and writes a kubeconfig there.
#include <iostream>
#include <string>

#include "weir/apiserver/server.h"
#include "weir/base/context.h"
#include "weir/kube/transport.h"
#include "weir/value/json.h"

namespace {

weir::kube::Method MethodOf(absl::string_view name) {
  using weir::kube::Method;
  for (Method method : {Method::kGet, Method::kHead, Method::kPost,
                        Method::kPut, Method::kPatch}) {
    if (name == weir::kube::MethodName(method)) return method;
  }
  return Method::kDelete;
}

weir::Value Answer(weir::kube::Transport& transport, const weir::Value& asked) {
  weir::kube::Request request;
  request.method = MethodOf(asked.GetString("method"));
  request.path = std::string(asked.GetString("path"));
  for (const weir::Value& pair : asked["query"].array()) {
    request.query.emplace_back(pair[size_t{0}].AsString(),
                               pair[size_t{1}].AsString());
  }
  request.accept = std::string(asked.GetString("accept", "application/json"));
  request.content_type = std::string(asked.GetString("contentType"));
  if (asked.Has("body")) request.body = asked["body"];
  auto got = weir::kube::SendAndWait(
      transport, weir::Context().WithTimeout(absl::Seconds(30)), request);
  if (!got.ok()) {
    return weir::Value::MakeObject(
        {{"code", 0}, {"text", got.status().ToString()}});
  }
  weir::Value warnings = weir::Value::MakeArray();
  for (const std::string& warning : got->warnings) warnings.Append(warning);
  return weir::Value::MakeObject({{"code", got->code},
                                  {"body", got->body},
                                  {"text", got->text},
                                  {"warnings", std::move(warnings)}});
}

}  // namespace

int main(int argc, char** argv) {
  weir::apiserver::ServerOptions options;
  options.simulation = weir::apiserver::Simulation::kOff;
  auto server = weir::apiserver::Server::Create(options);
  if (!server.ok()) {
    std::cerr << server.status() << "\n";
    return 1;
  }
  if (argc > 1) {
    weir::apiserver::ListenOptions listen;
    listen.kubeconfig_out = argv[1];
    if (auto url = (*server)->Listen(listen); !url.ok()) {
      std::cerr << url.status() << "\n";
      return 1;
    }
  }
  auto transport = (*server)->transport();
  std::string line;
  while (std::getline(std::cin, line)) {
    auto asked = weir::ParseJson(line);
    if (!asked.ok()) return 1;
    std::cout << weir::FormatJson(Answer(*transport, *asked)) << std::endl;
  }
  return 0;
}
