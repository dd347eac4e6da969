#include "tests/support/remote_cluster.h"

#include <algorithm>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace weir::test {

namespace {

// "/api/v1/configmaps" or "/apis/apps/v1/deployments".
bool IsWide(const std::string& path) {
  const ptrdiff_t depth = std::count(path.begin(), path.end(), '/');
  return depth == (absl::StartsWith(path, "/apis/") ? 4 : 3);
}

}  // namespace

RemoteCluster::RemoteCluster()
    : server_(cluster_, {}, [this](const http::ServerRequest& request) {
        return Filter(request);
      }) {}

std::optional<http::ServerResponse> RemoteCluster::Filter(
    const http::ServerRequest& request) {
  const std::string user(request.headers.Get("Impersonate-User"));
  const std::string caller = absl::StrCat(
      absl::StripPrefix(request.headers.Get("Authorization"), "Bearer "),
      " as ", user);
  MutexLock lock(mu_);
  if (std::find(callers_.begin(), callers_.end(), caller) == callers_.end()) {
    callers_.push_back(caller);
  }
  const bool is_denied = (!denied_.empty() && user == denied_) ||
                         (denies_wide_ && IsWide(request.path));
  if (!is_denied) return std::nullopt;
  http::ServerResponse answer;
  answer.code = 403;
  answer.headers.Set("Content-Type", "application/json");
  answer.body = absl::StrCat(
      R"({"kind": "Status", "apiVersion": "v1", "status": "Failure",)",
      R"( "reason": "Forbidden", "code": 403, "message": "User \")", user,
      R"(\" may not"})");
  return answer;
}

std::string RemoteCluster::Kubeconfig(const std::string& user) const {
  return absl::StrCat(
      "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
      "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
      "clusters: [{name: k, cluster: {server: '",
      server_.url(), "'}}]\nusers: [{name: u, user: {token: ", user, "}}]\n");
}

std::string RemoteCluster::KubeconfigSecret(const std::string& user,
                                            const std::string& key) const {
  return absl::StrCat(
      "{apiVersion: v1, kind: Secret, metadata: {name: remote}, data: {", key,
      ": ", absl::Base64Escape(Kubeconfig(user)), "}}");
}

void RemoteCluster::Deny(const std::string& user) {
  MutexLock lock(mu_);
  denied_ = user;
}

void RemoteCluster::DenyWide() {
  MutexLock lock(mu_);
  denies_wide_ = true;
}

std::vector<std::string> RemoteCluster::callers() const {
  MutexLock lock(mu_);
  return callers_;
}

}  // namespace weir::test
