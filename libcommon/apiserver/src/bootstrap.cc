#include "bootstrap.h"

#include "absl/strings/str_cat.h"
#include "api_errors.h"
#include "weir/base/duration.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"

namespace weir::apiserver {
namespace {

constexpr char kObjects[] = R"(
apiVersion: v1
kind: Namespace
metadata: {name: default}
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-system}
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-public}
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-node-lease}
---
apiVersion: v1
kind: Service
metadata:
  name: kubernetes
  namespace: default
  labels: {component: apiserver, provider: kubernetes}
spec:
  clusterIP: 10.96.0.1
  ports: [{name: https, port: 443, protocol: TCP, targetPort: 6443}]
---
apiVersion: v1
kind: Node
metadata:
  name: weir
  labels:
    kubernetes.io/arch: amd64
    kubernetes.io/hostname: weir
    kubernetes.io/os: linux
    node-role.kubernetes.io/control-plane: ""
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: standard
  annotations: {storageclass.kubernetes.io/is-default-class: "true"}
provisioner: weir.dev/simulated
reclaimPolicy: Delete
volumeBindingMode: Immediate
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: cluster-admin
  labels: {kubernetes.io/bootstrapping: rbac-defaults}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
- {nonResourceURLs: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: admin
  labels: {kubernetes.io/bootstrapping: rbac-defaults}
aggregationRule:
  clusterRoleSelectors:
  - matchLabels: {rbac.authorization.k8s.io/aggregate-to-admin: "true"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: edit
  labels:
    kubernetes.io/bootstrapping: rbac-defaults
    rbac.authorization.k8s.io/aggregate-to-admin: "true"
aggregationRule:
  clusterRoleSelectors:
  - matchLabels: {rbac.authorization.k8s.io/aggregate-to-edit: "true"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: view
  labels:
    kubernetes.io/bootstrapping: rbac-defaults
    rbac.authorization.k8s.io/aggregate-to-edit: "true"
aggregationRule:
  clusterRoleSelectors:
  - matchLabels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: cluster-admin
  labels: {kubernetes.io/bootstrapping: rbac-defaults}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:masters"}
)";

// What a request was answered with, once it was.
struct Answer {
  Mutex mu;
  CondVar arrived;
  std::optional<ApiResponse> response ABSL_GUARDED_BY(mu);
};

ApiResponse CallAndWait(ApiHandler& handler, ApiRequest request) {
  auto answer = std::make_shared<Answer>();
  handler.Handle(std::move(request), [answer](ApiResponse response) {
    MutexLock lock(answer->mu);
    answer->response = std::move(response);
    answer->arrived.NotifyAll();
  });
  MutexLock lock(answer->mu);
  while (!answer->response.has_value()) answer->arrived.Wait(answer->mu);
  return *std::move(answer->response);
}

ApiRequest MakeRequest(kube::Method method, std::string path, Value body) {
  ApiRequest request;
  request.method = method;
  request.path = std::move(path);
  request.query = {{"fieldManager", "kube-apiserver"}};
  request.body = std::move(body);
  request.user = AdminUser();
  return request;
}

Value NodeStatus(absl::Time now) {
  const std::string time = FormatKubeTime(now);
  Value resources = Value::MakeObject(
      {{"cpu", "64"}, {"memory", "256Gi"}, {"pods", "10000"}});
  return Value::MakeObject(
      {{"status",
        Value::MakeObject(
            {{"addresses",
              Value(Value::Array{Value::MakeObject({{"type", "InternalIP"},
                                                    {"address", "127.0.0.1"}}),
                                 Value::MakeObject({{"type", "Hostname"},
                                                    {"address", "weir"}})})},
             {"capacity", resources},
             {"allocatable", resources},
             {"conditions", Value(Value::Array{Value::MakeObject(
                                {{"type", "Ready"},
                                 {"status", "True"},
                                 {"reason", "KubeletReady"},
                                 {"message", "this node is simulated"},
                                 {"lastHeartbeatTime", time},
                                 {"lastTransitionTime", time}})})},
             {"nodeInfo",
              Value::MakeObject({{"architecture", "amd64"},
                                 {"bootID", ""},
                                 {"containerRuntimeVersion", "simulated://1"},
                                 {"kernelVersion", ""},
                                 {"kubeProxyVersion", ""},
                                 {"kubeletVersion", "v1.34.0"},
                                 {"machineID", ""},
                                 {"operatingSystem", "linux"},
                                 {"osImage", "simulated"},
                                 {"systemUUID", ""}})}})}});
}

}  // namespace

absl::Status Bootstrap(ApiHandler& handler, bool has_node) {
  const KindTablePtr table = handler.registry().table();
  WEIR_ASSIGN_OR_RETURN(std::vector<YamlDocument> documents,
                        ParseYamlDocuments(kObjects));
  for (const YamlDocument& document : documents) {
    const Value& object = document.value;
    const Served* served = table->FindKind(kube::GroupVersionKindOf(object));
    if (served == nullptr) continue;
    if (object.GetString("kind") == "Node" && !has_node) continue;
    const kube::ObjectKey key = kube::KeyOf(object);
    if (!handler.store().Get(served->storage, key).is_null()) continue;
    const ApiResponse response = CallAndWait(
        handler,
        MakeRequest(kube::Method::kPost,
                    served->kind->resource.Path(key.name_space), object));
    if (response.code != 201) {
      return absl::InternalError(
          absl::StrCat("making ", object.GetString("kind"), " ", key.ToString(),
                       ": ", response.body.GetString("message")));
    }
    if (object.GetString("kind") == "Node") {
      ApiRequest status =
          MakeRequest(kube::Method::kPatch,
                      served->kind->resource.Path("", key.name, "status"),
                      NodeStatus(handler.clock().Now()));
      status.content_type = "application/merge-patch+json";
      const ApiResponse answer = CallAndWait(handler, std::move(status));
      if (answer.code != 200) {
        return absl::InternalError(absl::StrCat(
            "making the node ready: ", answer.body.GetString("message")));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace weir::apiserver
