#include "subresources.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api_errors.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"

namespace weir::apiserver {
namespace {

ApiResponse NotImplemented(absl::string_view what) {
  return MakeResponse(
      MakeFailure(501, "NotImplemented",
                  absl::StrCat(what,
                               " needs a running container; this API server "
                               "simulates workloads and runs none")));
}

Value SuccessStatus(int code) {
  return Value::MakeObject({{"kind", "Status"},
                            {"apiVersion", "v1"},
                            {"metadata", Value::MakeObject()},
                            {"status", "Success"},
                            {"code", code}});
}

}  // namespace

void Subresources::Write(WriteCallPtr call, Decide decide, Done done) {
  WriteRequest write;
  write.resource = call->served->storage;
  write.key = {call->path.name_space, call->path.name};
  write.decide = std::move(decide);
  store_.Write(std::move(write),
               [call, done = std::move(done)](absl::StatusOr<Value> stored) {
                 if (!stored.ok()) return done(MakeResponse(stored.status()));
                 ApiResponse response =
                     MakeResponse(200, ToServed(*call->served, *stored));
                 response.warnings = call->warnings;
                 done(std::move(response));
               });
}

void Subresources::Handle(const ApiRequest& request, const std::string& verb,
                          WriteCallPtr call, Done done) {
  const KindInfo& kind = call->kind();
  const std::string& name = kind.resource.gvk.kind;
  const std::string& sub = call->path.subresource;
  const bool is_core = kind.resource.gvk.group.empty() && !kind.is_custom;
  if (is_core && name == "ServiceAccount" && sub == "token") {
    if (verb != "create") return done(MakeResponse(MethodNotAllowed()));
    return IssueToken(request, *call, std::move(done));
  }
  const bool is_pod = is_core && name == "Pod";
  if (is_pod && sub == "log") return done(Log(request, *call));
  if (is_pod && sub == "eviction" && verb == "create") {
    return Evict(request, std::move(call), std::move(done));
  }
  if (is_pod && sub == "binding" && verb == "create") {
    return Bind(request, std::move(call), std::move(done));
  }
  const bool is_part =
      (is_core && name == "Namespace" && sub == "finalize") ||
      (is_pod && (sub == "ephemeralcontainers" || sub == "resize")) ||
      (!kind.is_custom && name == "CertificateSigningRequest" &&
       sub == "approval");
  if (is_part && (verb == "update" || verb == "patch" || verb == "get")) {
    const Value stored = store_.Get(call->served->storage,
                                    {call->path.name_space, call->path.name});
    if (stored.is_null()) {
      return done(MakeResponse(ObjectNotFound(kind, call->path.name)));
    }
    if (verb == "get") return done(MakeResponse(200, stored));
    const std::string type = MediaTypeOf(request.content_type);
    absl::StatusOr<WriteParameters> parameters =
        ParseWriteParameters(request, type == "application/apply-patch+yaml");
    if (!parameters.ok()) return done(MakeResponse(parameters.status()));
    call->parameters = *std::move(parameters);
    if (verb == "update") {
      return Write(
          call,
          [this, call](const Value& old) { return writes_.Update(*call, old); },
          std::move(done));
    }
    call->patch_kind = type == "application/json-patch+json" ? PatchKind::kJson
                       : type == "application/strategic-merge-patch+json"
                           ? PatchKind::kStrategic
                       : type == "application/apply-patch+yaml"
                           ? PatchKind::kApply
                           : PatchKind::kMerge;
    return Write(
        call,
        [this, call](const Value& old) { return writes_.Patch(*call, old); },
        std::move(done));
  }
  if (is_core && (is_pod || name == "Service" || name == "Node")) {
    const std::string first = sub.substr(0, sub.find('/'));
    if (first == "exec" || first == "attach" || first == "portforward" ||
        first == "proxy") {
      return done(NotImplemented(first));
    }
  }
  if (kind.is_custom) {
    return done(MakeResponse(ObjectNotFound(kind, call->path.name)));
  }
  done(MakeResponse(UnknownResource()));
}

ApiResponse Subresources::Log(const ApiRequest& request,
                              const WriteCall& call) const {
  const Value pod = store_.Get("pods", {call.path.name_space, call.path.name});
  if (pod.is_null()) {
    return MakeResponse(ObjectNotFound(call.kind(), call.path.name));
  }
  std::string container(request.Query("container"));
  if (container.empty()) {
    container =
        std::string(pod["spec"]["containers"][size_t{0}].GetString("name"));
  }
  return MakeText(200, absl::StrCat("container ", container, " of pod ",
                                    call.path.name_space, "/", call.path.name,
                                    " is simulated: nothing runs, nothing is "
                                    "logged\n"));
}

void Subresources::IssueToken(const ApiRequest& request, const WriteCall& call,
                              Done done) const {
  const Value account =
      store_.Get("serviceaccounts", {call.path.name_space, call.path.name});
  if (account.is_null()) {
    return done(MakeResponse(ObjectNotFound(call.kind(), call.path.name)));
  }
  Value answer = request.body.has_value() ? *request.body : Value();
  if (!answer.is_object()) answer = Value::MakeObject();
  absl::StatusOr<Value> status = tokens_.Issue(account, answer["spec"]);
  if (!status.ok()) return done(MakeResponse(status.status()));
  answer.Set("kind", "TokenRequest");
  answer.Set("apiVersion", "authentication.k8s.io/v1");
  answer.Mutable("metadata").Set("name", call.path.name);
  answer.Mutable("metadata").Set("namespace", call.path.name_space);
  answer.Mutable("metadata")
      .Set("creationTimestamp", FormatKubeTime(clock_.Now()));
  answer.Set("status", *std::move(status));
  done(MakeResponse(201, std::move(answer)));
}

void Subresources::Evict(const ApiRequest& request, WriteCallPtr call,
                         Done done) {
  if (request.body.has_value()) call->body = (*request.body)["deleteOptions"];
  if (!call->body.is_object()) call->body = Value::MakeObject();
  call->path.subresource.clear();
  Write(
      call,
      [this, call](const Value& stored) {
        return writes_.Delete(*call, stored);
      },
      [done = std::move(done)](ApiResponse response) {
        if (response.code < 400) {
          response = MakeResponse(201, SuccessStatus(201));
        }
        done(std::move(response));
      });
}

void Subresources::Bind(const ApiRequest& request, WriteCallPtr call,
                        Done done) {
  const Value body = request.body.has_value() ? *request.body : Value();
  const std::string node(body["target"].GetString("name"));
  if (node.empty()) {
    return done(MakeResponse(BadRequest("target.name is empty")));
  }
  call->parameters.field_manager =
      request.user_agent.substr(0, request.user_agent.find('/'));
  Write(
      call,
      [this, call, node](const Value& stored) {
        return writes_.Edit(*call, stored, [&](Value& pod) {
          if (!pod["spec"].GetString("nodeName").empty()) {
            return Conflict(
                call->kind(), call->path.name,
                absl::StrCat("pod ", call->path.name,
                             " is already assigned to node \"",
                             pod["spec"].GetString("nodeName"), "\""));
          }
          pod.Mutable("spec").Set("nodeName", node);
          return absl::OkStatus();
        });
      },
      [done = std::move(done)](ApiResponse response) {
        if (response.code < 400) {
          response = MakeResponse(201, SuccessStatus(201));
        }
        done(std::move(response));
      });
}

// ------------------------------------------------------------------ reviews

bool Subresources::IsReview(const KindInfo& kind) {
  const std::string& group = kind.resource.gvk.group;
  return !kind.is_custom &&
         (group == "authentication.k8s.io" || group == "authorization.k8s.io");
}

ApiResponse Subresources::Review(const ApiRequest& request,
                                 const WriteCall& call) const {
  const kube::GroupVersionKind& gvk = call.kind().resource.gvk;
  Value answer = call.body;
  if (!answer.is_object()) {
    return MakeResponse(BadRequest("the body of the request is no object"));
  }
  answer.Set("kind", gvk.kind);
  answer.Set("apiVersion", gvk.ApiVersion());
  Value& metadata = answer.Mutable("metadata");
  if (!metadata.is_object()) metadata = Value::MakeObject();
  metadata.Set("creationTimestamp", Value());
  Value status = Value::MakeObject();
  if (gvk.kind == "SelfSubjectReview") {
    status.Set("userInfo", request.user.ToValue());
    metadata.Set("creationTimestamp", FormatKubeTime(clock_.Now()));
  } else if (gvk.kind == "TokenReview") {
    std::vector<std::string> audiences;
    std::optional<UserInfo> user =
        tokens_.Authenticate(answer["spec"].GetString("token"), &audiences);
    if (user.has_value()) {
      status.Set("authenticated", true);
      status.Set("user", user->ToValue());
      Value list = Value::MakeArray();
      for (const std::string& one : audiences) list.Append(one);
      if (!list.empty()) status.Set("audiences", std::move(list));
    } else {
      status.Set("user", Value::MakeObject());
      status.Set("error", "invalid bearer token");
    }
  } else if (gvk.kind == "SelfSubjectRulesReview") {
    const Value all(Value::Array{"*"});
    status.Set("resourceRules",
               Value(Value::Array{Value::MakeObject(
                   {{"verbs", all}, {"apiGroups", all}, {"resources", all}})}));
    status.Set("nonResourceRules",
               Value(Value::Array{Value::MakeObject(
                   {{"verbs", all}, {"nonResourceURLs", all}})}));
    status.Set("incomplete", false);
  } else {
    // Everybody who is let in may do everything.
    status.Set("allowed", true);
  }
  answer.Set("status", std::move(status));
  return MakeResponse(201, std::move(answer));
}

}  // namespace weir::apiserver
