"""Random objects of kinds, and with fields, that repositories hold more seldom."""
from objects import KEYS, NAMES, NAMESPACES, Objects
from yaml_text import Raw

VARIABLES = ["$(VAR)", "$(VAR2)", "$$(VAR)", "x-$(VAR)-$(VAR2)", "$(NONE)",
             "$(VAR", "$VAR", "$()", "$(VAR)$(VAR)", "$$$(VAR)", "$(VAR))"]
KINDS = [("extensions/v1beta1", "Deployment"), ("apps/v1beta1", "Deployment"),
         ("apps/v1beta2", "StatefulSet"), ("extensions/v1beta1", "ReplicaSet"),
         ("autoscaling/v2beta2", "HorizontalPodAutoscaler"),
         ("policy/v1beta1", "PodDisruptionBudget"),
         ("policy/v1beta1", "PodSecurityPolicy"),
         ("extensions/v1beta1", "NetworkPolicy"),
         ("networking.k8s.io/v1beta1", "Ingress"),
         ("networking.k8s.io/v1beta1", "IngressClass"),
         ("rbac.authorization.k8s.io/v1beta1", "RoleBinding"),
         ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding"),
         ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"),
         ("apiregistration.k8s.io/v1beta1", "APIService"),
         ("admissionregistration.k8s.io/v1",
          "ValidatingAdmissionPolicyBinding"),
         ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"),
         ("serving.knative.dev/v1", "Service"), ("v1", "Endpoints"),
         ("v1", "LimitRange"), ("v1", "ResourceQuota"), ("v1", "Node"),
         ("v1", "Event"), ("storage.k8s.io/v1", "CSINode"),
         ("storage.k8s.io/v1", "CSIDriver"),
         ("storage.k8s.io/v1", "VolumeAttachment"),
         ("node.k8s.io/v1", "RuntimeClass"),
         ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema"),
         ("flowcontrol.apiserver.k8s.io/v1", "FlowSchema"),
         ("snapshot.storage.k8s.io/v1", "VolumeSnapshotClass"),
         ("gateway.networking.k8s.io/v1", "HTTPRoute"),
         ("cert-manager.io/v1", "Certificate"),
         ("monitoring.coreos.com/v1", "ServiceMonitor"),
         ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
         ("example.com/v1", "ClusterWidget"), ("example.com/v2", "Widget"),
         ("other.example/v1", "ConfigMap"), ("other.example/v1", "Namespace"),
         ("other.example/v1", "Deployment")]


class MoreObjects(Objects):
    KINDS = Objects.KINDS + KINDS

    def text(self):
        if self.chance(0.06):
            return self.pick(VARIABLES)
        return super().text()

    def metadata(self):
        meta = super().metadata()
        if self.chance(0.03):
            meta["annotations"] = self.pick([
                Raw("null"), {}, {"config.kubernetes.io/local-config": "x"},
                {"kustomize.config.k8s.io/needs-hash": "true"},
                {"nginx.ingress.kubernetes.io/auth-secret": self.pick(NAMES),
                 "ingress.kubernetes.io/auth-secret": self.pick(NAMES)}])
        if self.chance(0.03):
            meta["labels"] = self.pick([Raw("null"), {}, {"a": Raw("")}])
        if self.chance(0.02):
            meta["namespace"] = self.pick([Raw("null"), "", "other"])
        if self.chance(0.02):
            meta["creationTimestamp"] = Raw("null")
        if self.chance(0.02):
            meta["generateName"] = "x-"
        return meta

    def pod_spec(self):
        spec = super().pod_spec()
        if self.chance(0.1):
            spec["readinessGates"] = [{"conditionType": self.pick(NAMES)}]
        if self.chance(0.1):
            spec["nodeSelector"] = self.labels()
        if self.chance(0.05):
            spec["runtimeClassName"] = self.pick(NAMES)
        if self.chance(0.05):
            spec["serviceAccount"] = self.pick(NAMES)
        if self.chance(0.05):
            spec["dnsConfig"] = {"options": [{"name": "ndots", "value": "2"}]}
        return spec

    def status(self):
        return self.pick([
            {"conditions": [{"type": t, "status": "True"} for t in
                            self.r.sample(["A", "B", "C"], 2)]},
            {"addresses": [{"type": "IP", "address": "1"}]},
            {"podIPs": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]},
            {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}, {}])

    def reference(self):
        return {"kind": self.pick(["ConfigMap", "Secret", "Service",
                                   "Deployment"]), "name": self.pick(NAMES)}

    def seldom(self, kind):
        """The body of a kind that only this class knows."""
        return {
            "PodSecurityPolicy": lambda: {"spec": {"volumes": ["*"]}},
            "Endpoints": lambda: {"subsets": [
                {"addresses": [{"ip": "10.0.0.1"}],
                 "ports": [{"port": Raw("80")}]}]},
            "LimitRange": lambda: {"spec": {"limits": [{"type": "Pod"}]}},
            "ResourceQuota": lambda: {"spec": {"hard": {"pods": Raw("4")}}},
            "Node": lambda: {"spec": {
                "podCIDRs": self.r.sample(["a", "b", "c"], 2),
                "configSource": {"configMap": {"name": self.pick(NAMES)}}}},
            "CSINode": lambda: {"spec": {"drivers": [
                {"name": n, "nodeID": "x"}
                for n in self.r.sample(NAMES, 2)]}},
            "FlowSchema": lambda: {"spec": {
                "priorityLevelConfiguration": {"name": self.pick(NAMES)}}},
            "ValidatingAdmissionPolicyBinding": lambda: {"spec": {
                "policyName": self.pick(NAMES)}},
            "HTTPRoute": lambda: {"spec": {"rules": [{"backendRefs": [
                {"name": self.pick(NAMES), "port": Raw("80")}]}]}},
            "Certificate": lambda: {"spec": {
                "secretName": self.pick(NAMES), "dnsNames": ["$(VAR)"],
                "issuerRef": self.reference()}},
            "ServiceMonitor": lambda: {"spec": {
                "selector": {"matchLabels": self.labels()}}},
            "Kustomization": lambda: {"spec": {
                "sourceRef": self.reference(), "patches": [
                    {"patch": self.text(), "target": {"kind": "Deployment"}}],
                "images": [{"name": "nginx", "newTag": "1.0"}]}},
            "ClusterWidget": self.widget,
        }.get(kind)

    def body(self, kind):
        make = self.seldom(kind)
        body = make() if make else super().body(kind)
        if self.chance(0.06):
            body["status"] = self.status()
        return body

    def object(self):
        o = super().object()
        if o["apiVersion"] == "serving.knative.dev/v1":
            o["spec"] = {"template": {"spec": self.pod_spec()}}
        if o["kind"] in ("RoleBinding", "ClusterRoleBinding"):
            self.vary_subjects(o)
        return o

    def vary_subjects(self, o):
        if self.chance(0.3):
            o["subjects"].append({
                "kind": "ServiceAccount", "name": "default",
                "namespace": self.pick(NAMESPACES + ["old"])})
        if self.chance(0.05):
            o["subjects"] = self.pick([[], Raw("null"), [
                {"kind": "Group", "name": "g", "apiGroup": "x"}]])

    def labels(self):
        labels = super().labels()
        if self.chance(0.03):
            labels[self.pick(KEYS)] = self.pick(VARIABLES + ["", "x" * 64])
        return labels
