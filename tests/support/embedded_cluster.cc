#include "tests/support/embedded_cluster.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "weir/codec/crd.h"

namespace weir::test {
namespace {

[[noreturn]] void Die(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  std::abort();
}

kube::WriteOptions AsUser() { return {.field_manager = "user", .force = true}; }

bool IsEstablished(const Value& crd) {
  for (const Value& condition : crd["status"]["conditions"].array()) {
    if (condition.GetString("type") == "Established") {
      return condition.GetString("status") == "True";
    }
  }
  return false;
}

// Whether the path ends with an object, or a subresource of one.
bool NamesAnObject(const std::string& path) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    if (parts[i] == "namespaces") return parts.size() > i + 3;
  }
  return false;
}

}  // namespace

EmbeddedCluster::EmbeddedCluster() {
  apiserver::ServerOptions options;
  options.simulation = apiserver::Simulation::kOff;
  auto server = apiserver::Server::Create(std::move(options));
  if (!server.ok()) Die(server.status());
  server_ = *std::move(server);
  inner_ = server_->transport();
  user_ = std::make_unique<kube::Client>(inner_);
  for (const Value& crd : codec::AllCrds()) {
    Put(crd);
    while (!IsEstablished(*Find(kube::RefOf(crd)))) {
      absl::SleepFor(absl::Milliseconds(1));
    }
  }
  user_->InvalidateDiscovery();
  Value name_space =
      Value::MakeObject({{"apiVersion", "v1"}, {"kind", "Namespace"}});
  name_space.Mutable("metadata").Set("name", "ns");
  Put(name_space);
}

void EmbeddedCluster::Send(const Context& ctx, kube::Request request,
                           Done done) {
  const bool is_noted =
      request.method != kube::Method::kGet || NamesAnObject(request.path);
  if (is_noted) {
    MutexLock lock(mu_);
    requests_.push_back(
        absl::StrCat(kube::MethodName(request.method), " ", request.path));
  }
  inner_->Send(ctx, std::move(request), std::move(done));
}

std::unique_ptr<kube::WatchStream> EmbeddedCluster::Watch(
    kube::Request request, kube::WatchHandler handler) {
  return inner_->Watch(std::move(request), std::move(handler));
}

Value EmbeddedCluster::Put(const Value& object) {
  absl::StatusOr<Value> out = user_->Apply(Context(), object, AsUser());
  if (!out.ok()) Die(out.status());
  return *std::move(out);
}

void EmbeddedCluster::Delete(const kube::ObjectRef& ref) {
  const absl::Status status = user_->Delete(Context(), ref);
  if (!status.ok()) Die(status);
}

Value EmbeddedCluster::Patch(const kube::ObjectRef& ref,
                             const Value& merge_patch,
                             const std::string& subresource) {
  absl::StatusOr<Value> out =
      user_->Patch(Context(), ref, kube::PatchType::kMerge, merge_patch,
                   AsUser(), subresource);
  if (!out.ok()) Die(out.status());
  return *std::move(out);
}

std::optional<Value> EmbeddedCluster::Find(const kube::ObjectRef& ref) const {
  absl::StatusOr<Value> out = user_->Get(Context(), ref);
  if (absl::IsNotFound(out.status())) return std::nullopt;
  if (!out.ok()) Die(out.status());
  return *std::move(out);
}

std::vector<std::string> EmbeddedCluster::requests() const {
  MutexLock lock(mu_);
  return requests_;
}

}  // namespace weir::test
