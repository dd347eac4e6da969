// FakeIssuer publishes keys as an issuer of tokens does.
//
// Touches: network (loopback).
// Threads: safe to share.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/jwt_signer.h"
#include "weir/base/mutex.h"
#include "weir/http/server.h"
#include "weir/value/json.h"

namespace weir::notification_controller {

class FakeIssuer {
 public:
  FakeIssuer() {
    auto server = http::Server::Start(
        {}, [this](const http::ServerRequest& request, auto responder) {
          responder->Send(Answer(request));
        });
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    name_ = server_->url();
    keys_url_ = server_->url() + "/keys";
  }
  ~FakeIssuer() { server_->Stop(absl::ZeroDuration()); }

  std::string url() const { return server_->url(); }
  void SetKeys(Value::Array keys) { Set(keys_, MakeJwks(keys)); }
  void set_code(int code) { Set(code_, code); }
  void set_name(std::string name) { Set(name_, std::move(name)); }
  void set_keys_url(std::string url) { Set(keys_url_, std::move(url)); }
  void set_padding(size_t bytes) { Set(padding_, bytes); }
  void set_algorithms(std::vector<std::string> names) {
    Set(algorithms_, std::move(names));
  }
  // Paths, in order.
  std::vector<std::string> TakeRequests() {
    MutexLock lock(mu_);
    return std::exchange(requests_, {});
  }

 private:
  template <typename T>
  void Set(T& member, T value) {
    MutexLock lock(mu_);
    member = std::move(value);
  }
  http::ServerResponse Answer(const http::ServerRequest& request) {
    MutexLock lock(mu_);
    requests_.push_back(request.path);
    if (code_ == 302) {
      return {302, {{"Location", server_->url() + request.path + "x"}}, ""};
    }
    if (code_ != 200) return {code_, {}, ""};
    if (request.path == "/keys") return {200, {}, keys_};
    Value::Array names;
    for (const std::string& name : algorithms_) names.emplace_back(name);
    return {200,
            {},
            FormatJson(Value::MakeObject(
                {{"issuer", name_},
                 {"jwks_uri", keys_url_},
                 {"padding", std::string(padding_, 'x')},
                 {"id_token_signing_alg_values_supported", Value(names)}}))};
  }

  Mutex mu_;
  std::string name_ ABSL_GUARDED_BY(mu_);
  std::string keys_url_ ABSL_GUARDED_BY(mu_);
  std::string keys_ ABSL_GUARDED_BY(mu_) = "{\"keys\":[]}";
  int code_ ABSL_GUARDED_BY(mu_) = 200;
  size_t padding_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::string> algorithms_ ABSL_GUARDED_BY(mu_) = {"ES256"};
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<http::Server> server_;
};

}  // namespace weir::notification_controller
