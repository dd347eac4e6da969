"""Random kustomization trees."""
import json
import random

NAMES = ["web", "api", "db", "cache", "cfg", "sec", "job-1", "x", "gen", "gen2",
         "gen3"]
MERGE_KEYS = ["name", "mountPath", "containerPort", "port", "topologyKey"]
GENERATED = ["gen", "gen2", "gen3", "gen4", "gen5", "gen6"]
NAMESPACES = ["prod", "dev", "default"]
IMAGES = ["nginx", "redis:7", "reg.example:5000/app:1.2", "busybox@sha256:abc",
          "ghcr.io/a/b:v1@sha256:0123", "nginx:1.25", "app"]
KEYS = ["app", "tier", "app.kubernetes.io/name", "team", "a/b", "z2", "z10"]
SCALARS = ["a", "b c", "yes", "y", "on", "0644", "1e3", "2020-01-02",
           "10:20:30", "~x", "", " lead", "trail ", "a: b", "- x", "#no",
           "multi\nline", "multi\nline\n", "  ind\nx", "null", "true", "1.0",
           "1_000", "0x1F", "*a", "&b", "!c", "%d", "@e", "`f", "{}", "[]",
           "long " * 30, "x" * 100, "tab\there", "caf\u00e9", "\u2028",
           "quote'd", 'dq"d', "back\\slash", "a #b", "a:", ":a", "?", "-",
           "=", "<<", "$(VAR)", "${var}", "trail \nx", "cr\r\nlf"]
PLAIN = ["1", "0", "80", "-5", "1.5", "1e3", "0644", "0o17", "0x1F", "true",
         "false", "null", "~", "12345678901", "9007199254740993",
         "18446744073709551615", "1.0", ".5", "1e25", "no", "on",
         "2020-01-02"]


class Raw(str):
    """A scalar written as it is."""


class Gen:
    def __init__(self, seed, features):
        self.r = random.Random(seed)
        self.files = {}
        self.features = features

    def has(self, feature, p=0.3):
        if self.features is not None and feature not in self.features:
            return False
        return self.r.random() < p

    def pick(self, values):
        return self.r.choice(values)

    def scalar(self):
        x = self.r.random()
        if x < 0.5:
            return self.pick(NAMES)
        if x < 0.8:
            return self.pick(SCALARS)
        return Raw(self.pick(PLAIN))

    def text(self):
        return self.pick(NAMES if self.r.random() < 0.6 else SCALARS)

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

    # ---- objects ----
    def env(self):
        kind = self.r.randint(0, 3)
        name = self.pick(["A", "B", "C", "D"])
        if kind == 0:
            return {"name": name, "valueFrom": {
                "configMapKeyRef": {"name": self.pick(NAMES), "key": "k"}}}
        if kind == 1:
            return {"name": name, "valueFrom": {
                "secretKeyRef": {"name": self.pick(NAMES), "key": "k"}}}
        return {"name": name, "value": self.text()}

    def container(self, name=None):
        c = {"name": name or self.pick(["main", "side", "web"]),
             "image": self.pick(IMAGES)}
        if self.r.random() < 0.6:
            c["env"] = self.unique("name", [self.env() for _ in range(
                self.r.randint(1, 3))])
        if self.r.random() < 0.4:
            c["ports"] = []
            for port in self.r.sample([80, 443, 8080, 53], 2):
                p = {"containerPort": Raw(port)}
                if self.r.random() < 0.4:
                    p["protocol"] = self.pick(["TCP", "UDP"])
                if self.r.random() < 0.4:
                    p["name"] = "p%d" % port
                c["ports"].append(p)
        if self.r.random() < 0.3:
            c["envFrom"] = [self.pick([
                {"configMapRef": {"name": self.pick(NAMES)}},
                {"secretRef": {"name": self.pick(NAMES)}}])]
        if self.r.random() < 0.3:
            c["volumeMounts"] = [{"name": "v", "mountPath": "/" + n}
                                 for n in self.r.sample(NAMES, 2)]
        if self.r.random() < 0.3:
            c["args"] = [self.text() for _ in range(2)]
        if self.r.random() < 0.2:
            c["resources"] = {"limits": {"cpu": self.pick([Raw("1"), "500m"])}}
        return c

    @staticmethod
    def unique(key, items):
        seen = {}
        for item in items:
            seen[item[key]] = item
        return list(seen.values())

    def pod_spec(self):
        spec = {"containers": self.unique(
            "name", [self.container() for _ in range(self.r.randint(1, 2))])}
        if self.r.random() < 0.2:
            spec["initContainers"] = [self.container("init")]
        if self.r.random() < 0.3:
            spec["serviceAccountName"] = self.pick(NAMES)
        if self.r.random() < 0.4:
            spec["volumes"] = self.r.sample([
                {"name": "v", "configMap": {"name": self.pick(NAMES)}},
                {"name": "s", "secret": {"secretName": self.pick(NAMES)}},
                {"name": "p", "persistentVolumeClaim": {
                    "claimName": self.pick(NAMES)}},
                {"name": "pr", "projected": {"sources": [
                    {"configMap": {"name": self.pick(NAMES)}},
                    {"secret": {"name": self.pick(NAMES)}}]}},
                {"name": "e", "emptyDir": {}}], self.r.randint(1, 3))
        if self.r.random() < 0.2:
            spec["imagePullSecrets"] = [{"name": self.pick(NAMES)}]
        if self.r.random() < 0.1:
            spec["priorityClassName"] = self.pick(NAMES)
        if self.r.random() < 0.15:
            spec["tolerations"] = [{"key": self.pick(KEYS)}]
        if self.r.random() < 0.15:
            spec["affinity"] = {"podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {"labelSelector": {"matchLabels": self.labels()},
                     "topologyKey": "zone"}]}}
        if self.r.random() < 0.15:
            spec["topologySpreadConstraints"] = [
                {"maxSkew": Raw("1"), "topologyKey": "zone",
                 "whenUnsatisfiable": "ScheduleAnyway",
                 "labelSelector": {"matchLabels": self.labels()}}]
        return spec

    def template(self):
        t = {"spec": self.pod_spec()}
        if self.r.random() < 0.8:
            t["metadata"] = {"labels": self.labels()}
            if self.r.random() < 0.3:
                t["metadata"]["annotations"] = {"n": self.text()}
        return t

    def body(self, kind):
        r = self.r
        if kind in ("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"):
            spec = {"selector": {"matchLabels": self.labels()},
                    "template": self.template()}
            if r.random() < 0.5:
                spec["replicas"] = Raw(r.randint(0, 5))
            if kind == "StatefulSet":
                spec["serviceName"] = self.pick(NAMES)
                if r.random() < 0.5:
                    spec["volumeClaimTemplates"] = [{
                        "metadata": {"name": "data"},
                        "spec": {"storageClassName": self.pick(NAMES)}}]
            return {"spec": spec}
        if kind == "Job":
            return {"spec": {"template": self.template()}}
        if kind == "CronJob":
            return {"spec": {"schedule": "* * * * *", "jobTemplate": {
                "spec": {"template": self.template()}}}}
        if kind == "Pod":
            return {"spec": self.pod_spec()}
        if kind == "Service":
            ports = []
            for port in r.sample([80, 443, 53], 2):
                p = {"port": Raw(port)}
                if r.random() < 0.5:
                    p["protocol"] = self.pick(["TCP", "UDP"])
                if r.random() < 0.5:
                    p["targetPort"] = self.pick([Raw("8080"), "http"])
                ports.append(p)
            spec = {"ports": ports}
            if r.random() < 0.8:
                spec["selector"] = self.labels()
            return {"spec": spec}
        if kind == "ConfigMap":
            return {"data": {self.pick(KEYS + ["f.txt"]).replace("/", "."):
                             self.pick(SCALARS) for _ in range(3)}}
        if kind == "Secret":
            return {"type": "Opaque", "stringData": {"k": self.text()}}
        if kind == "Role" or kind == "ClusterRole":
            return {"rules": [{"apiGroups": [""], "resources": ["secrets"],
                               "verbs": ["get"],
                               "resourceNames": r.sample(NAMES, 2)}]}
        if kind in ("RoleBinding", "ClusterRoleBinding"):
            subjects = []
            for _ in range(r.randint(1, 3)):
                s = {"kind": self.pick(["ServiceAccount", "User"]),
                     "name": self.pick(NAMES + ["default"])}
                if r.random() < 0.6:
                    s["namespace"] = self.pick(NAMESPACES)
                subjects.append(s)
            return {"roleRef": {"apiGroup": "rbac.authorization.k8s.io",
                                "kind": self.pick(["Role", "ClusterRole"]),
                                "name": self.pick(NAMES)},
                    "subjects": subjects}
        if kind == "Ingress":
            return {"spec": {
                "ingressClassName": "nginx",
                "tls": [{"hosts": ["a.example"],
                         "secretName": self.pick(NAMES)}],
                "rules": [{"host": "a.example", "http": {"paths": [
                    {"path": "/", "pathType": "Prefix", "backend": {
                        "service": {"name": self.pick(NAMES),
                                    "port": {"number": Raw("80")}}}}]}}]}}
        if kind == "HorizontalPodAutoscaler":
            return {"spec": {"scaleTargetRef": {
                "apiVersion": "apps/v1", "kind": "Deployment",
                "name": self.pick(NAMES)}, "maxReplicas": Raw("3")}}
        if kind == "PodDisruptionBudget":
            return {"spec": {"selector": {"matchLabels": self.labels()},
                             "minAvailable": Raw("1")}}
        if kind == "NetworkPolicy":
            return {"spec": {"podSelector": {"matchLabels": self.labels()},
                             "ingress": [{"from": [{"podSelector": {
                                 "matchLabels": self.labels()}}]}]}}
        if kind == "PersistentVolumeClaim":
            return {"spec": {"accessModes": ["ReadWriteOnce"],
                             "storageClassName": self.pick(NAMES),
                             "volumeName": self.pick(NAMES)}}
        if kind == "CustomResourceDefinition":
            body = {"spec": {"group": "example.com", "scope": "Namespaced"}}
            if r.random() < 0.5:
                body["spec"]["conversion"] = {
                    "strategy": "Webhook", "webhook": {"clientConfig": {
                        "service": {"name": self.pick(NAMES),
                                    "namespace": "old"}}}}
            return body
        if kind == "APIService":
            return {"spec": {"service": {"name": self.pick(NAMES),
                                         "namespace": "old"}}}
        if kind in ("ValidatingWebhookConfiguration",
                    "MutatingWebhookConfiguration"):
            return {"webhooks": [{"name": "a.example", "clientConfig": {
                "service": {"name": self.pick(NAMES),
                            "namespace": self.pick(NAMESPACES)}}}]}
        if kind == "ServiceAccount":
            return {"imagePullSecrets": [{"name": self.pick(NAMES)}]}
        if kind == "Widget":
            return {"spec": self.free(), "list": [
                {"name": n, "v": self.scalar()} for n in r.sample(NAMES, 2)],
                "template": {"containers": [{"image": self.pick(IMAGES)}]}}
        return {}

    KINDS = [("apps/v1", "Deployment"), ("apps/v1", "Deployment"),
             ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"),
             ("apps/v1", "ReplicaSet"), ("batch/v1", "Job"),
             ("batch/v1", "CronJob"), ("v1", "Pod"), ("v1", "Service"),
             ("v1", "Service"), ("v1", "ConfigMap"), ("v1", "ConfigMap"),
             ("v1", "Secret"), ("v1", "ServiceAccount"), ("v1", "Namespace"),
             ("rbac.authorization.k8s.io/v1", "Role"),
             ("rbac.authorization.k8s.io/v1", "ClusterRole"),
             ("rbac.authorization.k8s.io/v1", "RoleBinding"),
             ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
             ("networking.k8s.io/v1", "Ingress"),
             ("networking.k8s.io/v1", "NetworkPolicy"),
             ("autoscaling/v2", "HorizontalPodAutoscaler"),
             ("policy/v1", "PodDisruptionBudget"),
             ("v1", "PersistentVolumeClaim"), ("v1", "PersistentVolume"),
             ("storage.k8s.io/v1", "StorageClass"),
             ("scheduling.k8s.io/v1", "PriorityClass"),
             ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
             ("apiregistration.k8s.io/v1", "APIService"),
             ("admissionregistration.k8s.io/v1",
              "ValidatingWebhookConfiguration"),
             ("example.com/v1", "Widget")]

    def object(self):
        version, kind = self.pick(self.KINDS)
        meta = {"name": self.pick(NAMES)}
        if self.r.random() < 0.3:
            meta["namespace"] = self.pick(NAMESPACES)
        if self.r.random() < 0.4:
            meta["labels"] = self.labels()
        if self.r.random() < 0.3:
            meta["annotations"] = {k: self.pick([self.text(), self.text(), Raw(
                self.pick(["1", "true", "null"]))]) for k in
                                   self.r.sample(KEYS, 2)}
        if self.r.random() < 0.03:
            meta["annotations"] = {
                "config.kubernetes.io/local-config":
                self.pick(["true", "false"])}
        if self.r.random() < 0.05:
            meta["finalizers"] = ["a/b"]
        return {"apiVersion": version, "kind": kind, "metadata": meta,
                **self.body(kind)}

    # ---- YAML ----
    def dump(self, value):
        if self.r.random() < 0.15:
            return self.flow(value) + "\n"
        return self.block(value, 0)

    def flow(self, v):
        if isinstance(v, dict):
            return "{" + ", ".join(json.dumps(k) + ": " + self.flow(x)
                                   for k, x in v.items()) + "}"
        if isinstance(v, list):
            return "[" + ", ".join(self.flow(x) for x in v) + "]"
        if isinstance(v, Raw):
            return str(v)
        if isinstance(v, bool):
            return "true" if v else "false"
        if isinstance(v, int):
            return str(v)
        return json.dumps(v)

    def key(self, k):
        return k if k.replace("-", "").replace(".", "").replace(
            "/", "").isalnum() and not k[0].isdigit() else json.dumps(k)

    def one(self, v, indent):
        if isinstance(v, str) and not isinstance(v, Raw):
            simple = v and all(c.isalnum() or c in "-./" for c in v)
            if simple and v[0].isalpha() and v not in (
                    "true", "false", "null", "yes", "no", "on", "off", "y",
                    "n"):
                return v
            if "\n" in v and not v.startswith(" ") and "\r" not in v and (
                    self.r.random() < 0.7) and not v.startswith("\n"):
                pad = " " * (indent + 2)
                chomp = "" if v.endswith("\n") else "-"
                lines = v.rstrip("\n") if chomp == "" else v
                if not (chomp == "" and v.endswith("\n\n")):
                    return "|" + chomp + "\n" + "\n".join(
                        pad + line if line else "" for line in
                        lines.split("\n"))
            if self.r.random() < 0.3 and "\n" not in v and "\t" not in v and (
                    v.isprintable() and "\u2028" not in v):
                return "'" + v.replace("'", "''") + "'"
        return self.flow(v)

    def block(self, v, indent):
        pad = " " * indent
        if isinstance(v, dict) and v:
            out = ""
            for k, x in v.items():
                if isinstance(x, dict) and x:
                    out += pad + self.key(k) + ":\n" + self.block(x, indent + 2)
                elif isinstance(x, list) and x:
                    out += pad + self.key(k) + ":\n" + self.block(x, indent)
                else:
                    out += pad + self.key(k) + ": " + self.one(
                        x, indent) + "\n"
            return out
        if isinstance(v, list) and v:
            out = ""
            for x in v:
                if isinstance(x, (dict, list)) and x:
                    inner = self.block(x, indent + 2)
                    out += pad + "- " + inner[indent + 2:]
                else:
                    out += pad + "- " + self.one(x, indent) + "\n"
            return out
        return pad + self.one(v, indent) + "\n"

    # ---- patches ----
    def merge_patch(self, target, by_id):
        p = {"apiVersion": target["apiVersion"], "kind": target["kind"],
             "metadata": {"name": target["metadata"]["name"]}}
        if "namespace" in target["metadata"] and by_id:
            p["metadata"]["namespace"] = target["metadata"]["namespace"]
        x = self.r.random()
        if x < 0.08:
            p["$patch"] = self.pick(["delete", "replace"])
            if p["$patch"] == "replace":
                p.update(self.body(target["kind"]))
            return p
        if self.r.random() < 0.4:
            p["metadata"]["labels"] = {
                self.pick(KEYS): self.pick([self.pick(NAMES), Raw("null")])}
        if self.r.random() < 0.3:
            p["metadata"]["annotations"] = {
                self.pick(KEYS): self.pick([self.text(), Raw("null")])}
        if self.r.random() < 0.8:
            body = self.body(target["kind"])
            self.mutate(body)
            p.update(body)
        return p

    def mutate(self, node):
        if isinstance(node, dict):
            for k in list(node):
                x = self.r.random()
                if x < 0.12 and k not in MERGE_KEYS:
                    del node[k]
                elif x < 0.17 and k not in MERGE_KEYS:
                    node[k] = Raw("null")
                else:
                    self.mutate(node[k])
            if self.r.random() < 0.04:
                node["$patch"] = self.pick(["delete", "replace", "merge"])
        elif isinstance(node, list):
            for x in node:
                self.mutate(x)
            if self.r.random() < 0.05:
                node.append({"$patch": self.pick(["replace", "delete"])})

    @staticmethod
    def paths(node, at=""):
        """All pointers into an object."""
        found = [at] if at else []
        if isinstance(node, dict):
            for k, v in node.items():
                found += Gen.paths(v, at + "/" + k.replace(
                    "~", "~0").replace("/", "~1"))
        elif isinstance(node, list):
            for i, v in enumerate(node):
                found += Gen.paths(v, "%s/%d" % (at, i))
        return found

    def json_patch(self, target):
        ops = []
        good = self.paths(target) if target else ["/metadata/name"]
        leaves = [p for p in good if not any(
            q.startswith(p + "/") for q in good)]
        good = [p for p in good if p not in (
            "/apiVersion", "/kind", "/metadata") and (
                p in leaves or self.r.random() < 0.1)]
        odd = ["/metadata/labels/new", "/metadata/annotations/x",
               "/spec/template/spec/containers/-", "/data/k",
               "/spec/template/spec/containers/-1/name",
               "/spec/template/spec/containers/5", "/new/one", ""]
        for _ in range(self.r.randint(1, 3)):
            op = self.pick(["add", "add", "add", "replace", "remove", "remove",
                            "copy", "move", "test"])
            if op == "test" and self.r.random() < 0.7:
                op = "add"
            path = self.pick(good)
            if op in ("add", "copy", "move"):
                path = self.pick([path, "/new", "/metadata/new", "/x~1y"])
            if self.r.random() < 0.08:
                path = self.pick(odd)
            o = {"op": op, "path": path}
            if op in ("add", "replace", "test"):
                o["value"] = (self.text() if self.r.random() < 0.8 else
                              self.free(2))
            if op in ("copy", "move"):
                o["from"] = self.pick(good)
            ops.append(o)
            if op in ("remove", "move"):
                break
        return ops

    def exactly(self, target):
        return {"kind": target["kind"], "name": target["metadata"]["name"],
                "namespace": target["metadata"].get("namespace", "default")}

    def selector(self, target):
        s = {}
        r = self.r
        if r.random() < 0.7:
            s["kind"] = self.pick([target["kind"], ".*", "Deploy.*"])
        if r.random() < 0.5:
            s["name"] = self.pick([target["metadata"]["name"], "w.*", ".*"])
        if r.random() < 0.2:
            s["namespace"] = self.pick(NAMESPACES)
        if r.random() < 0.2:
            s["labelSelector"] = self.pick(
                ["app=web", "app in (web, api)", "!tier", "team",
                 "app!=web", "tier notin (db)"])
        if r.random() < 0.1:
            s["annotationSelector"] = "app"
        if r.random() < 0.1:
            s["version"] = "v1"
        if not s:
            s["kind"] = target["kind"]
        return s

    def patch(self, objects, directory):
        target = self.pick(objects) if objects else self.object()
        entry = {}
        if self.r.random() < 0.7:
            by_id = self.r.random() < 0.5 and target in objects
            text = self.dump(self.merge_patch(target, by_id))
            if not by_id:
                entry["target"] = self.selector(target)
        else:
            ops = self.json_patch(target)
            text = self.pick([self.block(ops, 0), self.flow(ops)])
            entry["target"] = self.exactly(target)
        if self.r.random() < 0.3:
            name = "patch-%d.yaml" % len(self.files)
            self.files[directory + "/" + name] = text
            entry["path"] = name
        else:
            entry["patch"] = text
        if self.r.random() < 0.1:
            entry["options"] = {self.pick(
                ["allowNameChange"] + ([] if "target" in entry else
                                       ["allowKindChange"])): True}
        return entry

    # ---- kustomization ----
    def generator(self, secret, directory, names):
        g = {"name": self.pick(names)}
        r = self.r
        if r.random() < 0.2:
            g["namespace"] = self.pick(NAMESPACES)
        if r.random() < 0.04:
            g["behavior"] = self.pick(["create", "merge", "replace"])
        if r.random() < 0.7:
            g["literals"] = [
                "%s=%s" % (k, self.pick(SCALARS)) for k in
                r.sample(["a", "b", "c.d", "e_f"], r.randint(1, 3))]
        if r.random() < 0.4:
            name = "data-%d.txt" % len(self.files)
            self.files[directory + "/" + name] = self.pick(
                [self.pick(SCALARS), "x" * r.randint(45, 60),
                 "line\n" * r.randint(1, 4), b"\xff\xfe\x00bin"])
            g["files"] = [self.pick([name, "key=" + name])]
        if r.random() < 0.3:
            name = "env-%d" % len(self.files)
            self.files[directory + "/" + name] = self.pick(
                ["E1=v\n# c\n\n E2= x \nE3\n", "\ufeffE4=1\nE5='q'",
                 "E6=a=b\r\nE7=\n"])
            g[self.pick(["envs"])] = [name]
        if r.random() < 0.3:
            g["options"] = self.generator_options()
        if secret and r.random() < 0.3:
            g["type"] = "kubernetes.io/tls"
        return g

    def generator_options(self):
        o = {}
        if self.r.random() < 0.4:
            o["labels"] = self.labels()
        if self.r.random() < 0.4:
            o["annotations"] = self.labels()
        if self.r.random() < 0.4:
            o["disableNameSuffixHash"] = self.pick([True, False])
        if self.r.random() < 0.3:
            o["immutable"] = True
        return o

    def image(self):
        i = {"name": self.pick(["nginx", "redis", "reg.example:5000/app",
                                "busybox", "ghcr.io/a/b", "app", "n.*x"])}
        if self.r.random() < 0.5:
            i["newName"] = self.pick(["other/nginx", "r:1/x"])
        x = self.r.random()
        if x < 0.5:
            i["newTag"] = self.pick(["v2", "1.0", "latest"])
        elif x < 0.7:
            i["digest"] = "sha256:fff"
        elif x < 0.8:
            i["tagSuffix"] = "-s"
        return i

    def replacement(self, objects):
        source = self.pick(objects) if objects else self.object()
        target = self.pick(objects) if objects else self.object()
        odd = ["metadata.labels.app", "spec.new.field", "data.k",
               "spec.template.spec.containers.*.image",
               "spec.template.spec.containers.[name=main].image",
               "metadata.annotations.[a/b]", "spec.template.spec.new"]

        def paths(node):
            found = [p[1:].replace(".", "\\.").replace("~1", "\0").replace(
                "/", ".").replace("\0", "/") for p in self.paths(node)]
            good = [p for p in found if p.count(".") < 12 and p not in (
                "apiVersion", "kind") and (
                    not any(q.startswith(p + ".") for q in found)
                    or self.r.random() < 0.1)] or ["metadata.name"]
            return self.r.sample(good, min(2, len(good))) + (
                [self.pick(odd)] if self.r.random() < 0.1 else [])
        rep = {"source": {"kind": source["kind"],
                          "name": source["metadata"]["name"],
                          "namespace": source["metadata"].get(
                              "namespace", "")},
               "targets": [{"select": self.exactly(target),
                            "fieldPaths": paths(target)}]}
        if self.r.random() < 0.6:
            rep["source"]["fieldPath"] = self.pick(paths(source))
        if self.r.random() < 0.3:
            rep["source"]["options"] = {"delimiter": self.pick([":", "-"]),
                                        "index": 0}
        if self.r.random() < 0.5:
            rep["targets"][0]["options"] = {"create": True}
        elif self.r.random() < 0.4:
            rep["targets"][0]["options"] = {
                "delimiter": self.pick([":", "/", "-"]),
                "index": self.pick([0, 1, -1, 5])}
        if self.r.random() < 0.2:
            rep["targets"][0]["reject"] = [{"name": self.pick(NAMES)}]
        if self.r.random() < 0.15:
            del rep["source"]
            rep["sourceValue"] = self.pick(["v", "w-x"])
        return rep

    def label_entry(self):
        e = {"pairs": self.labels()}
        if self.r.random() < 0.4:
            e["includeSelectors"] = True
        elif self.r.random() < 0.4:
            e["includeTemplates"] = True
        if self.r.random() < 0.15:
            e["fields"] = [{"path": "spec/extra/labels", "kind": "Widget",
                            "create": True}]
        return e

    def layer(self, directory, resources, objects, component=False):
        k = {}
        if component:
            k["apiVersion"] = "kustomize.config.k8s.io/v1alpha1"
            k["kind"] = "Component"
        r = self.r
        own = [self.object() for _ in range(r.randint(0, 4))]
        seen = set()
        kept = []
        for o in own:
            i = (o["apiVersion"], o["kind"], o["metadata"]["name"],
                 o["metadata"].get("namespace", "default"))
            if i not in seen or r.random() < 0.02:
                seen.add(i)
                kept.append(o)
        own = kept
        if own:
            if r.random() < 0.1:
                text = self.dump({"apiVersion": "v1", "kind": "List",
                                  "items": own})
            else:
                text = "---\n".join(self.dump(o) for o in own)
            if r.random() < 0.1:
                text = "# comment\n---\n" + text
            self.files[directory + "/own.yaml"] = text
            resources = resources + ["own.yaml"]
            r.shuffle(resources)
        if resources:
            k["resources"] = resources
        objects = objects + own
        if self.has("namespace", 0.3):
            k["namespace"] = self.pick(NAMESPACES)
        if self.has("prefix", 0.3):
            k["namePrefix"] = self.pick(["p-", "q-"])
        if self.has("suffix", 0.2):
            k["nameSuffix"] = self.pick(["-s", "-v1"])
        if self.has("labels", 0.3):
            k["labels"] = [self.label_entry() for _ in range(r.randint(1, 2))]
        if self.has("commonLabels", 0.15):
            k["commonLabels"] = self.labels()
        if self.has("commonAnnotations", 0.2):
            k["commonAnnotations"] = {self.pick(KEYS): self.text()}
        if self.has("configMapGenerator", 0.35):
            k["configMapGenerator"] = [
                self.generator(False, directory, GENERATED)]
        if self.has("secretGenerator", 0.25):
            k["secretGenerator"] = [
                self.generator(True, directory, GENERATED)]
        if self.has("generatorOptions", 0.15):
            k["generatorOptions"] = self.generator_options()
        if self.has("images", 0.3):
            k["images"] = [self.image() for _ in range(r.randint(1, 2))]
        if self.has("replicas", 0.1):
            named = [o["metadata"]["name"] for o in objects
                     if o["kind"] in ("Deployment", "StatefulSet")]
            if named:
                k["replicas"] = [{"name": self.pick(named), "count": 7}]
        if self.has("patches", 0.4):
            k["patches"] = [self.patch(objects, directory)
                            for _ in range(r.randint(1, 2))]
        if self.has("patchesStrategicMerge", 0.1) and objects:
            k["patchesStrategicMerge"] = [self.dump(
                self.merge_patch(self.pick(objects), True))]
        if self.has("patchesJson6902", 0.1) and objects:
            target = self.pick(objects)
            k["patchesJson6902"] = [{
                "target": {"kind": target["kind"],
                           "version": target["apiVersion"].split("/")[-1],
                           "name": target["metadata"]["name"]},
                "patch": self.block(self.json_patch(target), 0)}]
        if self.has("replacements", 0.15) and objects:
            k["replacements"] = [self.replacement(objects)]
        if self.has("vars", 0.08) and objects:
            target = self.pick(objects)
            k["vars"] = [{"name": "VAR", "objref": {
                "apiVersion": target["apiVersion"], "kind": target["kind"],
                "name": target["metadata"]["name"]}}]
        if self.has("buildMetadata", 0.06):
            k["buildMetadata"] = r.sample(
                ["originAnnotations", "transformerAnnotations",
                 "managedByLabel"], r.randint(1, 3))
        if self.has("sortOptions", 0.08):
            k["sortOptions"] = self.pick([
                {"order": "fifo"}, {"order": "legacy"},
                {"order": "legacy", "legacySortOptions": {
                    "orderFirst": ["Service"], "orderLast": ["Secret"]}}])
        if self.has("transformers", 0.06):
            k["transformers"] = [self.plugin(objects)]
        if self.has("configurations", 0.06):
            self.files[directory + "/config.yaml"] = self.configuration()
            k["configurations"] = ["config.yaml"]
        self.files[directory + "/kustomization.yaml"] = self.block(k, 0) or (
            "{}\n")
        return objects

    def configuration(self):
        return self.block(self.pick([
            {"images": [{"path": "spec/image", "kind": "Widget"}]},
            {"namePrefix": [{"path": "spec/name", "kind": "Widget"},
                            {"path": "metadata/name"}]},
            {"nameReference": [{"kind": "ConfigMap", "version": "v1",
                                "fieldSpecs": [{"path": "list/name",
                                                "kind": "Widget"}]}]},
            {"commonLabels": [{"path": "spec/labels", "create": True,
                               "kind": "Widget"}]},
            {"varReference": [{"path": "spec", "kind": "Widget"}]},
            {"replicas": [{"path": "spec/count", "kind": "Widget",
                           "create": True}]}]), 0)

    def plugin(self, objects):
        meta = {"name": "plug"}
        return self.block(self.pick([
            {"apiVersion": "builtin", "kind": "LabelTransformer",
             "metadata": meta, "labels": self.labels(),
             "fieldSpecs": [{"path": "metadata/labels", "create": True}]},
            {"apiVersion": "builtin", "kind": "AnnotationsTransformer",
             "metadata": meta, "annotations": self.labels(),
             "fieldSpecs": [{"path": "metadata/annotations",
                             "create": True}]},
            {"apiVersion": "builtin", "kind": "NamespaceTransformer",
             "metadata": {"name": "plug", "namespace": "plugged"},
             "setRoleBindingSubjects": self.pick(
                 ["none", "allServiceAccounts", "defaultOnly"]),
             "unsetOnly": self.pick([True, False])},
            {"apiVersion": "builtin", "kind": "PrefixTransformer",
             "metadata": meta, "prefix": "pp-",
             "fieldSpecs": [{"path": "metadata/name"}]},
            {"apiVersion": "builtin", "kind": "ImageTagTransformer",
             "metadata": meta, "imageTag": self.image()},
            {"apiVersion": "builtin", "kind": "PatchTransformer",
             "metadata": meta, "patch": self.block(
                 self.json_patch(None), 0), "target": {"kind": ".*"}},
            {"apiVersion": "builtin", "kind": "ReplicaCountTransformer",
             "metadata": meta, "replica": {"name": "web", "count": 3},
             "fieldSpecs": [{"path": "spec/replicas", "create": True,
                             "kind": "Deployment"}]},
            {"apiVersion": "builtin", "kind": "ValueAddTransformer",
             "metadata": meta, "value": "added", "targets": [
                 {"fieldPath": "metadata/labels/added"}]}]), 0)

    def tree(self):
        objects = self.layer("base", [], [])
        top = "base"
        if self.r.random() < 0.35:
            self.layer("other", [], [])
        resources = ["../base"] + (
            ["../other"] if "other/kustomization.yaml" in self.files and
            self.r.random() < 0.7 else [])
        if self.r.random() < 0.7:
            component = self.has("components", 0.3)
            if component:
                self.layer("comp", [], objects, component=True)
            self.layer("over", resources, objects)
            if component:
                with_component = self.files["over/kustomization.yaml"]
                self.files["over/kustomization.yaml"] = (
                    with_component + "components:\n- ../comp\n")
            top = "over"
            if self.r.random() < 0.3:
                self.layer("top", ["../over"], objects)
                top = "top"
        return top
