"""Random Kubernetes objects, mostly of the kinds that the engine knows."""
from yaml_text import Block, Raw, random_block

NAMES = ["web", "api", "db", "cache", "cfg", "sec", "job-1", "x", "gen", "gen2",
         "gen3"]
ODD_NAMES = ["123", "1.10", "0x1f", "true", "null", "a.b.c", "web,api", "A-b"]
NAMESPACES = ["prod", "dev", "default"]
IMAGES = ["nginx", "redis:7", "reg.example:5000/app:1.2", "busybox@sha256:abc",
          "ghcr.io/a/b:v1@sha256:0123", "nginx:1.25", "app", "a/nginx",
          "nginx:$(TAG)", "nginx:{{tag}}", "docker.io/library/redis"]
KEYS = ["app", "tier", "app.kubernetes.io/name", "team", "a/b", "z2", "z10"]
SCALARS = ["a", "b c", "yes", "y", "on", "0644", "1e3", "2020-01-02",
           "10:20:30", "~x", "", " lead", "trail ", "a: b", "- x", "#no",
           "multi\nline", "multi\nline\n", "  ind\nx", "null", "true", "1.0",
           "1_000", "0x1F", "*a", "&b", "!c", "%d", "@e", "`f", "{}", "[]",
           "long " * 30, "x" * 100, "tab\there", "caf\u00e9", "\u2028",
           "quote'd", 'dq"d', "back\\slash", "a #b", "a:", ":a", "?", "-",
           "=", "<<", "$(VAR)", "${var}", "trail \nx", "cr\r\nlf", "\u00a0x",
           "$(VAR)-$(VAR2)", "$$(VAR)", "a\n\n\nb\n\n", "\n", "\U0001f600",
           "--- x", "..."]
PLAIN = ["1", "0", "80", "-5", "1.5", "1e3", "0644", "0o17", "0x1F", "true",
         "false", "null", "~", "12345678901", "9007199254740993",
         "18446744073709551615", "1.0", ".5", "1e25", "no", "on", "1.10",
         "2020-01-02", "1_000", "0b11", "+1", "", "True", "NULL", "1000000",
         "2001-12-14t21:59:43.10-05:00", "08", "1.2.3", "12e03"]
TAGGED = ["!!int 5", "!!int \"5\"", "!!float 1", "!!bool true", "!!null null",
          "!!str 5", "!!binary YQ==", "!!timestamp 2020-01-02", "!own text",
          "!own 5", "!own \"quoted\"", "! plain"]
ODD_CONTAINERS = ["1", "true", "null", "1.0", "\"1\""]


class Objects:
    """Makes objects with the random numbers of `r`."""

    def __init__(self, r):
        self.r = r

    def pick(self, values):
        return self.r.choice(values)

    def chance(self, p):
        return self.r.random() < p

    def name(self):
        return self.pick(ODD_NAMES if self.chance(0.01) else NAMES)

    def scalar(self):
        x = self.r.random()
        if x < 0.5:
            return self.pick(NAMES)
        if x < 0.75:
            return self.pick(SCALARS)
        if x < 0.85:
            return random_block(self.r)
        if x < 0.86:
            return Raw(self.pick(TAGGED))
        return Raw(self.pick(PLAIN))

    def text(self):
        if self.chance(0.1):
            return random_block(self.r)
        return self.pick(NAMES if self.chance(0.6) else SCALARS)

    def labels(self):
        return {self.pick(KEYS): self.pick(NAMES)
                for _ in range(self.r.randint(1, 3))}

    def free(self, depth=0):
        x = self.r.random()
        if depth > 3 or x < 0.5:
            return self.scalar()
        if x < 0.75:
            return {self.pick(KEYS + NAMES): self.free(depth + 1)
                    for _ in range(self.r.randint(0, 3))}
        return [self.free(depth + 1) for _ in range(self.r.randint(0, 3))]

    @staticmethod
    def unique(key, items):
        return list({item[key]: item for item in items}.values())

    # ---- pods ----
    def env(self):
        kind = self.r.randint(0, 4)
        name = self.pick(["A", "B", "C", "D"])
        if kind == 0:
            return {"name": name, "valueFrom": {
                "configMapKeyRef": {"name": self.pick(NAMES), "key": "k"}}}
        if kind == 1:
            return {"name": name, "valueFrom": {
                "secretKeyRef": {"name": self.pick(NAMES), "key": "k"}}}
        return {"name": name, "value": self.text()}

    def ports(self, key, numbers):
        ports = []
        for port in self.r.sample(numbers, self.r.randint(1, 2)):
            p = {key: Raw(port)}
            if self.chance(0.4):
                p["protocol"] = self.pick(["TCP", "UDP"])
            if self.chance(0.4):
                p["name"] = "p%d" % port
            ports.append(p)
        return ports

    def container(self, name=None):
        if not name and self.chance(0.02):
            name = Raw(self.pick(ODD_CONTAINERS))
        c = {"name": name or self.pick(["main", "side", "web"]),
             "image": self.pick(IMAGES)}
        if self.chance(0.6):
            c["env"] = self.unique("name", [
                self.env() for _ in range(self.r.randint(1, 3))])
        if self.chance(0.4):
            c["ports"] = self.ports("containerPort", [80, 443, 8080, 53])
        if self.chance(0.3):
            c["envFrom"] = [self.pick([
                {"configMapRef": {"name": self.pick(NAMES)}},
                {"secretRef": {"name": self.pick(NAMES)}}])]
        if self.chance(0.3):
            c["volumeMounts"] = [{"name": "v", "mountPath": "/" + n}
                                 for n in self.r.sample(NAMES, 2)]
        if self.chance(0.3):
            c["args"] = [self.text() for _ in range(2)]
        if self.chance(0.1):
            c["command"] = ["sh", "-c", random_block(self.r)]
        if self.chance(0.2):
            c["resources"] = {"limits": {"cpu": self.pick([
                Raw("1"), "500m", Raw("0.5")]), "memory": "1Gi"}}
        if self.chance(0.1):
            c["volumeDevices"] = [{"name": "d", "devicePath": "/dev/x"}]
        if self.chance(0.1):
            c["securityContext"] = {"runAsUser": Raw("1000650000")}
        return c

    def volumes(self):
        return self.r.sample([
            {"name": "v", "configMap": {"name": self.pick(NAMES)}},
            {"name": "s", "secret": {"secretName": self.pick(NAMES)}},
            {"name": "p", "persistentVolumeClaim": {
                "claimName": self.pick(NAMES)}},
            {"name": "pr", "projected": {"sources": [
                {"configMap": {"name": self.pick(NAMES)}},
                {"secret": {"name": self.pick(NAMES)}}]}},
            {"name": "i", "image": {"reference": self.pick(IMAGES)}},
            {"name": "c", "csi": {"driver": "x", "nodePublishSecretRef": {
                "name": self.pick(NAMES)}}},
            {"name": "n", "nfs": {"server": "$(VAR)", "path": "/"}},
            {"name": "e", "emptyDir": {}}], self.r.randint(1, 3))

    def pod_spec(self):
        spec = {"containers": self.unique("name", [
            self.container() for _ in range(self.r.randint(1, 2))])}
        if self.chance(0.2):
            spec["initContainers"] = [self.container("init")]
        if self.chance(0.05):
            spec["ephemeralContainers"] = [self.container("debug")]
        if self.chance(0.3):
            spec["serviceAccountName"] = self.pick(NAMES)
        if self.chance(0.4):
            spec["volumes"] = self.volumes()
        if self.chance(0.2):
            spec["imagePullSecrets"] = [{"name": self.pick(NAMES)}]
        if self.chance(0.1):
            spec["priorityClassName"] = self.pick(NAMES)
        if self.chance(0.15):
            spec["tolerations"] = [{"key": self.pick(KEYS)}]
        if self.chance(0.05):
            spec["hostAliases"] = [{"ip": "10.0.0.%d" % i, "hostnames": ["a"]}
                                   for i in range(2)]
        if self.chance(0.15):
            spec["affinity"] = {self.pick(["podAffinity", "podAntiAffinity"]): {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {"labelSelector": {"matchLabels": self.labels()},
                     "topologyKey": "zone"}],
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {"weight": Raw("1"), "podAffinityTerm": {
                        "labelSelector": {"matchLabels": self.labels()},
                        "topologyKey": "zone"}}]}}
        if self.chance(0.15):
            spec["topologySpreadConstraints"] = [
                {"maxSkew": Raw("1"), "topologyKey": self.pick(["zone", "host"]),
                 "whenUnsatisfiable": "ScheduleAnyway",
                 "labelSelector": {"matchLabels": self.labels()}}]
        return spec

    def template(self):
        t = {"spec": self.pod_spec()}
        if self.chance(0.8):
            t["metadata"] = {"labels": self.labels()}
            if self.chance(0.3):
                t["metadata"]["annotations"] = {"n": self.text()}
        return t

    # ---- bodies, by kind ----
    def workload(self, kind):
        spec = {"selector": {"matchLabels": self.labels()},
                "template": self.template()}
        if kind == "ReplicationController":
            spec["selector"] = self.labels()
        if self.chance(0.5):
            spec["replicas"] = self.pick([
                Raw(self.r.randint(0, 5)), Raw("3"), "3", Raw("03")])
        if kind == "Deployment" and self.chance(0.2):
            spec["strategy"] = {"type": "RollingUpdate", "rollingUpdate": {
                "maxSurge": self.pick([Raw("1"), "25%"])}}
        if kind == "StatefulSet":
            spec["serviceName"] = self.pick(NAMES)
            if self.chance(0.5):
                spec["volumeClaimTemplates"] = [{
                    "metadata": {"name": "data", "labels": self.labels()},
                    "spec": {"storageClassName": self.pick(NAMES)}}]
        return {"spec": spec}

    def job(self, kind):
        spec = {"template": self.template()}
        if self.chance(0.2):
            spec["selector"] = {"matchLabels": self.labels()}
        if kind == "Job":
            return {"spec": spec}
        inner = {"spec": spec}
        if self.chance(0.5):
            inner["metadata"] = {"labels": self.labels()}
        return {"spec": {"schedule": self.pick(["* * * * *", "@daily"]),
                         "jobTemplate": inner}}

    def service(self):
        ports = self.ports("port", [80, 443, 53])
        for p in ports:
            if self.chance(0.5):
                p["targetPort"] = self.pick([Raw("8080"), "http", "8080"])
        spec = {"ports": ports}
        if self.chance(0.8):
            spec["selector"] = self.labels()
        if self.chance(0.1):
            spec["externalName"] = self.pick(NAMES) + ".svc"
        return {"spec": spec}

    def data(self, kind):
        if kind == "Secret":
            return {"type": "Opaque",
                    self.pick(["stringData", "data"]): {"k": self.text()}}
        body = {"data": {
            self.pick(KEYS + ["f.txt", "config.yaml", "on", "1"]).replace(
                "/", "."): self.pick([
                    self.pick(SCALARS), random_block(self.r),
                    "a: 1\nb: {c: x} # note\nd:\n- e\n",
                    "# head\nz: 'q'\nb:\n    c: \"x\"   # c\n\n# foot\na: |\n  t\n"
                    "list:\n  - name: main\n    v: 1\n  - {name: \"side\", v: 2}\n",
                    "{\n  \"a\": {\"b\": 1},\n  \"c\": [1, 2]\n}\n",
                    "{\"a\": {\"b\": 1}, \"c\": [1, 2]}"])
            for _ in range(3)}}
        if self.chance(0.1):
            body["binaryData"] = {"b": "AAEC"}
        if self.chance(0.05):
            body["immutable"] = True
        return body

    def binding(self):
        subjects = []
        for _ in range(self.r.randint(1, 3)):
            s = {"kind": self.pick(["ServiceAccount", "ServiceAccount", "User"]),
                 "name": self.pick(NAMES + ["default"])}
            if self.chance(0.6):
                s["namespace"] = self.pick(NAMESPACES)
            subjects.append(s)
        return {"roleRef": {"apiGroup": "rbac.authorization.k8s.io",
                            "kind": self.pick(["Role", "ClusterRole"]),
                            "name": self.pick(NAMES)},
                "subjects": subjects}

    def ingress(self):
        backend = self.pick([
            {"service": {"name": self.pick(NAMES),
                         "port": {"number": Raw("80")}}},
            {"serviceName": self.pick(NAMES), "servicePort": Raw("80")}])
        spec = {"rules": [{"host": self.pick(["a.example", "$(VAR)"]), "http": {
            "paths": [{"path": "/", "pathType": "Prefix",
                       "backend": backend}]}}]}
        if self.chance(0.5):
            spec["tls"] = [{"hosts": ["a.example"],
                            "secretName": self.pick(NAMES)}]
        if self.chance(0.3):
            spec["defaultBackend"] = {"service": {"name": self.pick(NAMES)}}
        if self.chance(0.5):
            spec["ingressClassName"] = self.pick(NAMES)
        return {"spec": spec}

    def webhooks(self):
        return {"webhooks": [
            {"name": n, "clientConfig": {"service": {
                "name": self.pick(NAMES), "namespace": self.pick(NAMESPACES)}}}
            for n in self.r.sample(["a.example", "b.example"],
                                   self.r.randint(1, 2))]}

    def crd(self):
        spec = {"group": "example.com", "scope": "Namespaced", "versions": [
            {"name": "v1", "schema": {"openAPIV3Schema": {
                "description": random_block(self.r), "type": "object",
                "properties": {"spec": {
                    "description": "a: b, \"c\" " * self.r.randint(1, 9),
                    "type": "string"}}}}}]}
        if self.chance(0.4):
            spec["conversion"] = {"strategy": "Webhook", "webhook": {
                "clientConfig": {"service": {"name": self.pick(NAMES),
                                             "namespace": "old"}}}}
        return {"spec": spec}

    def widget(self):
        return {"spec": self.free(), "list": [
            {"name": n, "v": self.scalar()} for n in self.r.sample(NAMES, 2)],
            "template": {"containers": [{"name": "c",
                                         "image": self.pick(IMAGES)}]}}

    def storage(self, kind):
        if kind == "PersistentVolumeClaim":
            return {"spec": {"accessModes": ["ReadWriteOnce"],
                             "storageClassName": self.pick(NAMES),
                             "volumeName": self.pick(NAMES)}}
        if kind == "PersistentVolume":
            return {"spec": {"storageClassName": self.pick(NAMES), "azureFile": {
                "secretName": self.pick(NAMES)}}}
        return {"parameters": {self.pick(["secretName", "secretRef"]):
                               self.pick(NAMES)}}

    def policy(self, kind):
        match = {"matchLabels": self.labels()}
        if kind == "PodDisruptionBudget":
            return {"spec": {"selector": match, "minAvailable": Raw("1")}}
        return {"spec": {"podSelector": match, "ingress": [
            {"from": [{"podSelector": {"matchLabels": self.labels()}}]}],
            "egress": [{"to": [{"podSelector": {
                "matchLabels": self.labels()}}]}]}}

    def autoscaler(self):
        return {"spec": {"scaleTargetRef": {
            "apiVersion": "apps/v1",
            "kind": self.pick(["Deployment", "StatefulSet"]),
            "name": self.pick(NAMES)}, "maxReplicas": Raw("3")}}

    def body(self, kind):
        if kind in ("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet",
                    "ReplicationController", "Rollout"):
            return self.workload(kind)
        if kind in ("Job", "CronJob"):
            return self.job(kind)
        if kind in ("ConfigMap", "Secret"):
            return self.data(kind)
        if kind in ("Role", "ClusterRole"):
            return {"rules": [{"apiGroups": [""], "resources": ["secrets"],
                               "verbs": ["get"],
                               "resourceNames": self.r.sample(NAMES, 2)}]}
        if kind in ("RoleBinding", "ClusterRoleBinding"):
            return self.binding()
        if kind in ("PersistentVolumeClaim", "PersistentVolume",
                    "StorageClass"):
            return self.storage(kind)
        if kind in ("ValidatingWebhookConfiguration",
                    "MutatingWebhookConfiguration"):
            return self.webhooks()
        if kind in ("PodDisruptionBudget", "NetworkPolicy"):
            return self.policy(kind)
        make = {"Pod": lambda: {"spec": self.pod_spec()},
                "PodTemplate": lambda: {"template": self.template()},
                "Service": self.service, "Ingress": self.ingress,
                "HorizontalPodAutoscaler": self.autoscaler,
                "CustomResourceDefinition": self.crd, "Widget": self.widget,
                "APIService": lambda: {"spec": {"service": {
                    "name": self.pick(NAMES), "namespace": "old"}}},
                "ServiceAccount": lambda: {
                    "imagePullSecrets": [{"name": self.pick(NAMES)}],
                    "secrets": [{"name": self.pick(NAMES)}]}}.get(kind)
        return make() if make else {}

    KINDS = [("apps/v1", "Deployment"), ("apps/v1", "Deployment"),
             ("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"),
             ("apps/v1", "DaemonSet"), ("apps/v1", "ReplicaSet"),
             ("v1", "ReplicationController"), ("batch/v1", "Job"),
             ("batch/v1", "CronJob"), ("batch/v1beta1", "CronJob"),
             ("v1", "Pod"), ("v1", "PodTemplate"), ("v1", "Service"),
             ("v1", "Service"), ("v1", "ConfigMap"), ("v1", "ConfigMap"),
             ("v1", "ConfigMap"), ("v1", "Secret"), ("v1", "ServiceAccount"),
             ("v1", "Namespace"), ("rbac.authorization.k8s.io/v1", "Role"),
             ("rbac.authorization.k8s.io/v1", "ClusterRole"),
             ("rbac.authorization.k8s.io/v1", "RoleBinding"),
             ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
             ("networking.k8s.io/v1", "Ingress"),
             ("extensions/v1beta1", "Ingress"),
             ("networking.k8s.io/v1", "NetworkPolicy"),
             ("networking.k8s.io/v1", "IngressClass"),
             ("autoscaling/v2", "HorizontalPodAutoscaler"),
             ("autoscaling/v1", "HorizontalPodAutoscaler"),
             ("policy/v1", "PodDisruptionBudget"),
             ("v1", "PersistentVolumeClaim"), ("v1", "PersistentVolume"),
             ("storage.k8s.io/v1", "StorageClass"),
             ("scheduling.k8s.io/v1", "PriorityClass"),
             ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
             ("apiregistration.k8s.io/v1", "APIService"),
             ("admissionregistration.k8s.io/v1",
              "ValidatingWebhookConfiguration"),
             ("admissionregistration.k8s.io/v1",
              "MutatingWebhookConfiguration"),
             ("argoproj.io/v1alpha1", "Rollout"), ("example.com/v1", "Widget"),
             ("example.com/v1", "Widget"), ("example.com/v1", "WidgetList")]

    def metadata(self):
        meta = {"name": self.name()}
        if self.chance(0.3):
            meta["namespace"] = self.pick(NAMESPACES)
        if self.chance(0.4):
            meta["labels"] = self.labels()
            if self.chance(0.03):
                meta["labels"][self.pick(KEYS)] = Raw(self.pick(PLAIN))
        if self.chance(0.3):
            meta["annotations"] = {
                k: self.pick([self.text(), self.text(), Raw(self.pick(
                    ["1", "true", "null", "1.10", "~", ""]))])
                for k in self.r.sample(KEYS, 2)}
        if self.chance(0.03):
            meta["annotations"] = {"config.kubernetes.io/local-config":
                                   self.pick(["true", "false"])}
        if self.chance(0.05):
            meta["finalizers"] = ["a/b", "c/d"]
        if self.chance(0.03):
            meta["ownerReferences"] = [{"uid": "1", "name": "x"}]
        return meta

    def object(self):
        version, kind = self.pick(self.KINDS)
        return {"apiVersion": version, "kind": kind,
                "metadata": self.metadata(), **self.body(kind)}
