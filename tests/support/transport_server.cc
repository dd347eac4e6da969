#include "tests/support/transport_server.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"
#include "weir/kube/types.h"
#include "weir/value/json.h"

namespace weir::test {
namespace {

using http::ServerRequest;
using http::ServerResponse;

kube::Method MethodOf(absl::string_view name) {
  using kube::Method;
  for (Method method : {Method::kHead, Method::kPost, Method::kPut,
                        Method::kPatch, Method::kDelete}) {
    if (name == kube::MethodName(method)) return method;
  }
  return Method::kGet;
}

kube::Request ToKube(const ServerRequest& request) {
  kube::Request out;
  out.method = MethodOf(request.method);
  out.path = request.path;
  out.query = request.query;
  out.accept = std::string(request.headers.Get("Accept"));
  out.content_type = std::string(request.headers.Get("Content-Type"));
  for (const auto& [name, value] : request.headers) {
    out.headers.emplace_back(name, value);
  }
  if (!request.body.empty()) {
    if (auto body = ParseJson(request.body); body.ok()) out.body = *body;
  }
  return out;
}

ServerResponse FromKube(const kube::Response& response) {
  ServerResponse out;
  out.code = response.code;
  if (!response.body.is_null()) {
    out.headers.Set("Content-Type", "application/json");
    out.body = FormatJson(response.body);
  } else {
    out.headers.Set("Content-Type", "text/plain");
    out.body = response.text;
  }
  if (!response.etag.empty()) out.headers.Set("ETag", response.etag);
  if (response.retry_after.has_value()) {
    out.headers.Set("Retry-After",
                    absl::StrCat(absl::ToInt64Seconds(*response.retry_after)));
  }
  for (const std::string& text : response.warnings) {
    out.headers.Add("Warning", absl::StrCat("299 - \"", text, "\""));
  }
  if (response.has_flow_control) {
    out.headers.Set("X-Kubernetes-Pf-Flowschema-Uid", "u");
  }
  return out;
}

// One watch on its way from the transport to a client.
struct Relay {
  Mutex mu;
  std::unique_ptr<http::Responder> responder ABSL_GUARDED_BY(mu);
  std::unique_ptr<http::ResponseStream> stream ABSL_GUARDED_BY(mu);

  http::ResponseStream& Open() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    if (stream == nullptr) {
      http::StreamOptions options;
      options.headers.Set("Content-Type", "application/json");
      stream = responder->Stream(std::move(options));
      responder = nullptr;
    }
    return *stream;
  }

  void OnEvent(const Value& event) {
    MutexLock lock(mu);
    Open().Write(FormatJson(event) + "\n").IgnoreError();
  }

  void OnEnd(const absl::Status& status) {
    MutexLock lock(mu);
    const int code = kube::ApiCodeOf(status);
    if (code != 0 && responder != nullptr) {
      kube::Response response;
      response.code = code;
      response.body = kube::ApiStatusOf(status);
      responder->Send(FromKube(response));
      responder = nullptr;
    } else if (status.ok()) {
      Open().Close();
    } else {
      Open().Abort();
    }
  }
};

}  // namespace

// Until the server ends; none of the tests counts them.
struct TransportServer::Watches {
  Mutex mu;
  std::vector<std::unique_ptr<kube::WatchStream>> streams ABSL_GUARDED_BY(mu);
};

TransportServer::TransportServer(kube::Transport& transport,
                                 http::ServerOptions options, Filter filter)
    : watches_(std::make_shared<Watches>()) {
  auto handler = [&transport, filter = std::move(filter), watches = watches_](
                     const ServerRequest& request,
                     std::unique_ptr<http::Responder> responder) {
    if (filter != nullptr) {
      if (auto answer = filter(request)) return responder->Send(*answer);
    }
    if (request.QueryValue("watch") == "true") {
      auto relay = std::make_shared<Relay>();
      {
        MutexLock lock(relay->mu);
        relay->responder = std::move(responder);
      }
      auto stream = transport.Watch(
          ToKube(request),
          {[relay](const Value& event) { relay->OnEvent(event); },
           [relay](const absl::Status& status) { relay->OnEnd(status); }});
      MutexLock lock(watches->mu);
      watches->streams.push_back(std::move(stream));
      return;
    }
    std::shared_ptr<http::Responder> shared = std::move(responder);
    transport.Send(request.context, ToKube(request),
                   [shared](const absl::StatusOr<kube::Response>& answer) {
                     if (answer.ok()) {
                       shared->Send(FromKube(*answer));
                     } else {
                       // As a server that dies before it answers.
                       http::StreamOptions broken;
                       shared->Stream(broken)->Abort();
                     }
                   });
  };
  auto server = http::Server::Start(std::move(options), std::move(handler));
  WEIR_CHECK(server.ok());
  server_ = *std::move(server);
}

TransportServer::~TransportServer() {
  server_->Stop(absl::ZeroDuration());
  std::vector<std::unique_ptr<kube::WatchStream>> streams;
  MutexLock lock(watches_->mu);
  streams.swap(watches_->streams);
}

}  // namespace weir::test
