"""Random trees with what repositories hold more seldom: old fields, odd files,
settings in their more special forms."""
import json

from more_objects import MoreObjects
from objects import KEYS, NAMES, NAMESPACES, SCALARS
from patches import Patches
from trees import Gen
from yaml_text import Raw, dump

ENV_FILES = [
    "A=\"quoted\"\nB='single'\nC=\n", "export A=b\n", "A B=c\n", "=x\n",
    "\tA=b\n  B=c\n", "A=b\r\n\r\n# c\r\nB=c\r\n", "", "\n\n", "# only\n",
    "A=" + "x" * 65 + "\n", "A=" + "y" * 70000 + "\nB=c\n", b"A=\xff\n",
    "A==b\n", "A=b #c\n", "A=b\nA=c\n", "\u00e4=\u00f6\n", "A:b\n", "A=b\x00c\n",
    "\ufeff# c\nA=b\n", "a.b-c_d=1\n", "A=\\n\n", " # c\nA=b", "A=\u2028\n"]
LITERALS = ["a=\"x\"", "b='y'", "c=\"z'", "d=", "e==", "f=a=b", "g=\nx\n",
            "h= x ", "i=\"\"", "j=\"", "k='\"q\"'", " l=m",
            "m =n", "o=\t", "a/b=c", "p=" + "q" * 120,
            "u=\u00fc\u2028", "v=$(VAR)", "w=a\r\nb"]
CONTROLS = ["\x7f", "\x80", "\x9f", "\ufffe", "\ufeff", "\x01"]
DATA_FILES = [b"", b"\x00", b"a\x00b", "\ufeffa: b\n", "a\r\nb\r\n", " a\n",
              "\ta\n", "a\n\n\n", "\u2028", "x" * 51, "x" * 52, "x" * 53,
              b"\x80" * 52, "trail \n", "a\tb\n", "- a\n- b\n", "\n", "\u0085",
              b"\xef\xbf\xbe", "\x7f", "\ud7ff", "key: |\n  x\n"]
FILE_NAMES = ["plain.txt", "a b.txt", ".hidden", "dir/deep.conf", "UPPER.CFG",
              "123", "x.y.z", "true", "a-b_c"]
CONFIGURATIONS = [
    {"commonLabels": [{"path": "spec/selector/matchLabels", "create": True,
                       "kind": "ServiceMonitor",
                       "group": "monitoring.coreos.com"}]},
    {"commonLabels": [{"path": "metadata/labels", "create": True}]},
    {"commonAnnotations": [{"path": "spec/template/metadata/annotations",
                            "create": True, "kind": "Rollout"}]},
    {"namePrefix": [{"path": "metadata/name", "kind": "Deployment"}]},
    {"namePrefix": [{"path": "spec/secretName", "kind": "Certificate"}]},
    {"nameSuffix": [{"path": "metadata/name", "group": "apps",
                     "version": "v1"}]},
    {"namespace": [{"path": "metadata/namespace", "create": True},
                   {"path": "subjects/namespace", "kind": "RoleBinding"}]},
    {"namespace": [{"path": "subjects", "kind": "ClusterRoleBinding"}]},
    {"namespace": [{"path": "webhooks/clientConfig/service/namespace",
                    "kind": "MutatingWebhookConfiguration"}]},
    {"nameReference": [{"kind": "Secret", "version": "v1", "fieldSpecs": [
        {"path": "spec/secretName", "kind": "Certificate"},
        {"path": "spec/issuerRef/name", "kind": "Certificate"}]}]},
    {"nameReference": [{"kind": "Service", "version": "v1", "fieldSpecs": [
        {"path": "spec/rules/backendRefs/name", "kind": "HTTPRoute"}]}]},
    {"nameReference": [{"kind": "ConfigMap", "fieldSpecs": [
        {"path": "metadata/annotations/a\\/b"},
        {"path": "spec/template/metadata/annotations/n"}]}]},
    {"nameReference": [{"kind": "Deployment", "group": "apps", "fieldSpecs": [
        {"path": "spec/app", "kind": "Widget"},
        {"path": "spec/sourceRef", "kind": "Kustomization"}]}]},
    {"nameReference": [{"kind": "Namespace", "fieldSpecs": [
        {"path": "metadata/namespace"}, {"path": "spec/ns"}]}]},
    {"varReference": [{"path": "metadata/name"}, {"path": "spec/dnsNames"},
                      {"path": "spec/template/spec/containers/image"}]},
    {"varReference": [{"path": "spec/ports/port"}, {"path": "subjects/name"},
                      {"path": "spec/replicas"}, {"path": "data"}]},
    {"images": [{"path": "spec/images[]/name", "kind": "Kustomization"}]},
    {"images": [{"path": "data/image", "kind": "ConfigMap"}]},
    {"replicas": [{"path": "spec/minReplicas",
                   "kind": "HorizontalPodAutoscaler"}]},
    {"templateLabels": [{"path": "spec/template/metadata/labels",
                         "create": True, "kind": "Rollout"}]},
    {"labels": [{"path": "metadata/annotations", "create": True}]}, {},
    {"namePrefix": [{"path": "metadata/labels/app"}],
     "nameSuffix": [{"path": "metadata/annotations/app"}]}]
SWAGGERS = [
    {"definitions": {"W": {
        "properties": {"list": {
            "type": "array", "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name", "v"],
            "x-kubernetes-patch-strategy": "merge",
            "x-kubernetes-patch-merge-key": "name",
            "items": {"$ref": "#/definitions/E"}}},
        "x-kubernetes-group-version-kind": [
            {"group": "example.com", "kind": "Widget", "version": "v1"}]},
        "E": {"properties": {"name": {"type": "string"}}}}},
    {"definitions": {"C": {"x-kubernetes-group-version-kind": [
        {"group": "example.com", "kind": "ClusterWidget", "version": "v1"}]}},
     "paths": {"/apis/example.com/v1/clusterwidgets/{name}": {"get": {
         "x-kubernetes-action": "get", "x-kubernetes-group-version-kind": {
             "group": "example.com", "kind": "ClusterWidget",
             "version": "v1"}}}}},
    {"definitions": {"R": {
        "properties": {"spec": {"properties": {"template": {"properties": {
            "spec": {"properties": {"containers": {
                "type": "array", "x-kubernetes-patch-strategy": "merge",
                "x-kubernetes-patch-merge-key": "name",
                "items": {"type": "object"}}}}}}}}},
        "x-kubernetes-group-version-kind": [
            {"group": "argoproj.io", "kind": "Rollout",
             "version": "v1alpha1"}]}}},
    {"definitions": {}}, {}]
SORT_KINDS = ["Service", "Secret", "Namespace", "Deployment", "ConfigMap",
              "CustomResourceDefinition", "Widget", "", "Service",
              "MutatingWebhookConfiguration"]


class MorePatches(Patches):
    def selector(self, target):
        s = super().selector(target)
        if self.chance(0.15):
            s["version"] = self.pick(["v1", "v1beta.*", "v[12]", "v2"])
        if self.chance(0.15):
            s["group"] = self.pick(["apps", "", "app", ".*example.*", "^$"])
        if self.chance(0.1):
            s["labelSelector"] = self.pick(
                ["app notin (web),tier", "app==web", "a/b=x", "app in (web)",
                 " app = web ", "app,!tier", "app>1", "app in ()", "=", "x!="])
        if self.chance(0.1):
            s["annotationSelector"] = self.pick(
                ["app=web,team", "z2 in (web)", "!a/b", "z10"])
        if self.chance(0.05):
            s["namespace"] = self.pick(["", "pro.*", "default", "dev|prod"])
        return s

    def entry(self, objects, files, directory):
        entry = super().entry(objects, files, directory)
        x = self.r.random()
        key = directory + "/" + entry["path"] if "path" in entry else None
        text = files[key] if key else entry["patch"]
        if x < 0.05:
            text = "---\n" + text
        elif x < 0.08:
            text = text.replace("\n", "\r\n")
        elif x < 0.1:
            text = "# comment\n" + text + "---\n"
        elif x < 0.11 and key:
            text = self.pick(["", "\n", "# only\n", "---\n", "{}", "[]"])
        elif x < 0.14 and "target" in entry and not text.startswith("["):
            text = json.dumps(self.json_patch(
                self.pick(objects) if objects else None))
        if key:
            files[key] = text
        else:
            entry["patch"] = text
        if "options" in entry and self.chance(0.3):
            entry["options"] = {"allowNameChange": self.chance(0.5),
                                "allowKindChange": self.chance(0.5)}
        return entry


class MoreGen(Gen):
    OBJECTS = MoreObjects
    PATCHES = MorePatches

    def has(self, feature, p=0.3):
        # Less of each, as there is more of all: most trees are to build.
        return super().has(feature, p * 0.5)

    # ---- files ----
    def file(self, directory, name, text):
        is_top = name in ("kustomization.yaml", "kustomization.yml",
                          "Kustomization")
        if is_top and self.chance(0.12):
            text = self.odd_kustomization(text)
        return super().file(directory, name, text)

    def odd_kustomization(self, text):
        x = self.r.random()
        if x < 0.15:
            return "---\n" + text
        if x < 0.3:
            return "# head\n\n" + text
        if x < 0.4:
            return "\ufeff" + text
        if x < 0.5 and text[0] not in "{%":
            field = self.pick(["patches", "images", "vars", "components",
                               "commonLabels", "transformers", "replicas",
                               "generatorOptions", "metadata", "openapi"])
            empty = self.pick(["", " []", " null", " {}", " ~"])
            return text if field + ":" in text else "%s%s:%s\n" % (
                text, field, empty)
        if x < 0.6:
            old, new = self.pick([
                ("namePrefix:", "nameprefix:"), ("resources:", "Resources:"),
                ("configMapGenerator:", "ConfigMapGenerator:"),
                ("newTag:", "newtag:"), ("literals:", "Literals:"),
                ("commonLabels:", "commonlabels:"),
                ("includeSelectors:", "IncludeSelectors:")])
            return text.replace(old, new)
        if x < 0.7:
            return text + "---\n"
        if x < 0.75:
            return text + "# foot"
        if x < 0.8:
            return text.replace("\n", "\n\n")
        if x < 0.83 and text[0] not in "{%":
            return text + "unknown: field\n"
        return text

    def own_objects(self, directory):
        paths, own = super().own_objects(directory)
        if self.chance(0.06):
            paths = paths + [self.file(directory, "odd-%d.yaml", self.pick([
                "", "\n", "# only a comment\n", "---\n", "---\n---\n", "null\n",
                "{}\n", "apiVersion: v1\nkind: List\nitems:\n",
                "apiVersion: v1\nkind: List\nitems: []\n",
                "apiVersion: v1\nkind: ConfigMapList\n", "--- # x\n# y\n"]))]
        if self.chance(0.05):
            objects = [self.o.object() for _ in range(2)]
            kind = self.pick(["List", "ConfigMapList", "RoleList"])
            inner = {"apiVersion": "v1", "kind": "List", "items": objects[:1]}
            items = self.pick([objects, [inner, objects[1]]])
            text = json.dumps(json.loads(json.dumps(
                {"apiVersion": "v1", "kind": kind, "items": items})),
                indent=self.pick([None, 2, 4]))
            paths = paths + [self.file(directory, "list-%d.json", text)]
        return paths, own

    # ---- generators ----
    def generator(self, secret, directory, known):
        g = super().generator(secret, directory, known)
        if self.chance(0.15):
            g["literals"] = [self.pick(LITERALS)
                             for _ in range(self.r.randint(1, 3))]
            if self.chance(0.08):
                g["literals"].append(self.pick(
                    ["noequals", "=x", "x=" + self.pick(CONTROLS)]))
        if self.chance(0.12):
            name = self.file(directory, self.pick(["odd-%d.env", ".env-%d"]),
                             self.pick(ENV_FILES))
            if self.chance(0.3):
                g["env"] = name
            else:
                g["envs"] = g.get("envs", []) + [name]
        if self.chance(0.12):
            name = self.file(directory, self.pick(FILE_NAMES),
                             self.pick(DATA_FILES))
            g["files"] = g.get("files", []) + [self.pick(
                [name, name, "./" + name, "k=" + name, "a.b=" + name] * 4 + [
                    "=" + name, name + "=", "a=b=" + name])]
        if secret and self.chance(0.1):
            g["type"] = self.pick(["", "Opaque", "kubernetes.io/basic-auth",
                                   "123", "true"])
        return g

    # ---- transformers ----
    def image(self):
        i = super().image()
        if self.chance(0.3):
            i["newTag"] = self.pick(["v3", "", "1.10", "a_b", "{x}"])
        if self.chance(0.2):
            i["digest"] = self.pick(["sha256:0123", "sha512:ff", "x"])
        if self.chance(0.2):
            i["tagSuffix"] = self.pick(["-alpine", ".1"])
        if self.chance(0.1):
            i["name"] = self.pick(["a/nginx", "nginx:1.25", ".*", "(nginx)", "",
                                   "nginx|redis", "reg.example:5000/app:1.2",
                                   "[a-z]+", "busybox@sha256:abc", "c"])
        return i

    def label_entry(self):
        e = super().label_entry()
        if self.chance(0.2):
            e["fields"] = [self.pick([
                {"path": "spec/labels", "create": True},
                {"path": "spec/template/metadata/labels", "create": True,
                 "kind": "Rollout"},
                {"path": "spec/selector/matchLabels", "group": "apps",
                 "version": "v1"},
                {"path": "spec/versions[]/schema/labels", "create": True,
                 "kind": "CustomResourceDefinition"},
                {"path": "list/labels", "kind": "Widget", "create": True},
                {"path": "metadata/annotations", "create": True},
                {"path": "metadata/labels", "create": False},
                {"path": "data", "kind": "ConfigMap", "create": True}])
                for _ in range(self.r.randint(1, 2))]
        if self.chance(0.1):
            e["pairs"] = self.pick([{}, {"n1": "1"}, {"a.b/c": ""},
                                    {"app": "$(VAR)"}])
        return e

    def replacement(self, objects, directory):
        rep = super().replacement(objects, directory)
        if "targets" not in rep:
            return rep
        one = rep["targets"][0]
        if self.chance(0.2):
            one["fieldPaths"] = [self.pick([
                "spec.template.spec.containers.0.image",
                "spec.template.spec.containers.1.image",
                "spec.template.spec.containers.-1.image",
                "spec.template.spec.containers.[image=nginx.*].image",
                "spec.template.spec.containers.*.env.*.value",
                "spec.template.spec.containers.*.env.[name=NEW].value",
                "spec.template.spec.containers.[name=new].image",
                "spec.template.spec.volumes.[name=v].configMap.name",
                "metadata.annotations.[a/b]", "metadata.labels.a/b",
                "metadata.annotations.app\\.kubernetes\\.io/name",
                "metadata.finalizers.[=a/b]", "metadata.finalizers.-",
                "metadata.finalizers.0", "spec.rules.0.host", "spec.rules.1",
                "spec.tls.*.hosts.0", "spec.tls.0.hosts.-", "spec.ports.*.port",
                "subjects.0.name", "subjects.*.namespace", "roleRef.name",
                "webhooks.*.clientConfig.service.namespace", "rules.0.verbs.0",
                "list.*.v", "list.[name=web].v", "spec.a.b.c.0", "spec.new.0",
                "spec.new.-", "spec.new.[name=x].v", "*", "", "spec.*",
                "metadata.name.x", "kind", "apiVersion", "metadata.namespace"])
                for _ in range(self.r.randint(1, 2))]
        if self.chance(0.08):
            one["select"] = self.pick([
                {"group": "apps"}, {"version": "v1"}, {"namespace": "default"},
                {"labelSelector": "app in (web,api)"}, {"kind": ".*"},
                {"annotationSelector": "app"}, {"kind": "Deploy", "name": "w"},
                {"group": "example.*", "version": "v[12]"}, {}])
        if self.chance(0.05):
            one["options"] = dict(one.get("options", {}), encoding="base64")
        if self.chance(0.05) and "source" in rep:
            rep["source"]["options"] = self.pick([
                {}, {"delimiter": ""}, {"index": 1}, {"delimiter": "e"},
                {"delimiter": ":", "index": 9}, {"encoding": "base64"}])
        if self.chance(0.05) and "source" in rep:
            rep["source"]["fieldPath"] = self.pick([
                "spec.template.spec.containers.[name=main].image",
                "spec.template.spec.containers.0", "metadata.labels", "spec",
                "metadata.namespace", "spec.ports.0.port", "data.[f.txt]",
                "metadata.annotations.[a/b]", "list.*.v", "kind"])
        return rep

    def variable(self, name, objects):
        v = super().variable(name, objects)
        if self.chance(0.3):
            v["fieldref"] = {self.pick(["fieldPath", "fieldpath"]): self.pick([
                "metadata.namespace", "spec.ports[0].port", "kind",
                "spec.template.spec.containers[0].image", "metadata.labels.app",
                "metadata.labels['app.kubernetes.io/name']", "data[f.txt]",
                "spec.template.spec.containers[0]", "metadata.annotations.team",
                "spec.rules[0].host", "apiVersion", "metadata"])}
        if self.chance(0.15):
            version = v["objref"].pop("apiVersion").split("/")
            v["objref"]["version"] = version[-1]
            if len(version) > 1:
                v["objref"]["group"] = version[0]
        return v

    # ---- kustomizations ----
    def names(self, k):
        super().names(k)
        if self.chance(0.03):
            k["commonLabels"] = self.pick([
                {"app": "all"}, {}, {"a/b": "c", "app": "all"}, {"app": ""},
                {"z10": "x"}])
        if self.chance(0.03):
            k["commonAnnotations"] = self.pick([
                {"note": "multi\nline"}, {"n": "$(VAR)"}, {}, {"a": ""},
                {"on-x": "x"}, {"long": "word " * 40}, {"z2": "1", "z10": "2"}])
        if self.chance(0.02):
            k["namespace"] = self.pick(["", "a.b", "UPPER", "$(VAR)"])
        if self.chance(0.02):
            k["namePrefix"] = self.pick(["", "a.b-", "x_", "$(VAR)"])

    def patching(self, k, directory, objects):
        super().patching(k, directory, objects)
        if self.chance(0.06):
            texts = [dump(self.r, self.p.merge_patch(self.pick(objects), True))
                     for _ in range(2)]
            text = "---\n".join(texts)
            k["patchesStrategicMerge"] = self.pick([texts, [text], [
                self.file(directory, "many-%d.yaml", text), texts[0]]])
        if self.chance(0.05):
            target = self.pick(objects)
            version = target["apiVersion"].split("/")
            one = {"target": {"kind": target["kind"], "version": version[-1],
                              "name": target["metadata"]["name"]},
                   "patch": json.dumps(self.p.json_patch(target))}
            if len(version) > 1:
                one["target"]["group"] = version[0]
            if self.chance(0.3):
                one["target"]["namespace"] = self.pick(NAMESPACES)
            if self.chance(0.2):
                one["target"]["annotationSelector"] = "app"
            if self.chance(0.2):
                one["target"]["name"] = self.pick([".*", "w.*", "web|api"])
            k["patchesJson6902"] = k.get("patchesJson6902", []) + [one]
        if self.chance(0.03) and "patches" in k:
            k["patches"] = k["patches"] + k["patches"][:1]

    def values(self, k, directory, objects):
        super().values(k, directory, objects)
        if self.chance(0.05):
            named = [o["metadata"]["name"] for o in objects if o["kind"] in (
                "Deployment", "StatefulSet", "ReplicaSet", "Widget",
                "ReplicationController", "Rollout")]
            if named:
                k["replicas"] = [{"name": self.pick(named), "count": c}
                                 for c in self.r.sample([0, 1, 5, 1000000], 2)]
        if self.chance(0.04):
            k["transformers"] = k.get("transformers", []) + [
                self.plugin() + "---\n" + self.plugin()]
        if self.chance(0.03):
            plugins = [self.file("plugins-%s" % directory, "plug-%d.yaml",
                                 self.plugin()) for _ in range(2)]
            super().file("plugins-%s" % directory, "kustomization.yaml",
                         "resources: %s\n" % json.dumps(plugins[:1]))
            k["transformers"] = k.get("transformers", []) + [
                "../plugins-%s" % directory]
        if self.chance(0.03):
            k["generators"] = [self.own_generator(directory)]

    def own_generator(self, directory):
        g = self.generator(self.chance(0.5), directory, [])
        kind = "SecretGenerator" if self.chance(0.5) else "ConfigMapGenerator"
        meta = {"name": g.pop("name")}
        if "namespace" in g:
            meta["namespace"] = g.pop("namespace")
        return dump(self.r, {"apiVersion": "builtin", "kind": kind,
                             "metadata": meta, **g}, False)

    def configuration(self, k, directory):
        super().configuration(k, directory)
        if self.chance(0.12):
            k["configurations"] = k.get("configurations", []) + [self.file(
                directory, "config-%d.yaml",
                dump(self.r, self.pick(CONFIGURATIONS)))
                for _ in range(self.r.randint(1, 2))]
        if self.chance(0.04):
            swagger = self.pick(SWAGGERS)
            k["openapi"] = {"path": self.file(
                directory, self.pick(["schema-%d.json", "schema-%d.yaml"]),
                json.dumps(swagger, indent=self.pick([None, 1])))}
        if self.chance(0.06):
            k["sortOptions"] = {"order": "legacy", "legacySortOptions": {
                "orderFirst": self.r.sample(SORT_KINDS, self.r.randint(0, 4)),
                "orderLast": self.r.sample(SORT_KINDS, self.r.randint(0, 3))}}
        if self.chance(0.05):
            k["buildMetadata"] = self.r.sample(
                ["originAnnotations", "transformerAnnotations",
                 "managedByLabel"], self.r.randint(0, 3))

    # ---- trees ----
    def tree(self):
        if self.chance(0.75):
            return super().tree()
        return self.pick([self.nested_components, self.chain])()

    def nested_components(self):
        """Components with resources of their own, in components, and twice."""
        objects, known = self.layer("base", [], [])
        below, _ = self.layer("comp", [], objects, True, known)
        self.layer("comp2", self.pick([[], ["../more"]]), below, True, known)
        self.layer("more", [], [])
        self.patch_text("comp", {"components": ["../comp2"]})
        if self.chance(0.3):
            self.patch_text("base", {"components": ["../comp3"]})
            self.layer("comp3", [], objects, True, known)
        self.layer("over", ["../base"], below, known=known)
        self.patch_text("over", {"components": self.pick([
            ["../comp"], ["../comp/"], ["../comp", "../comp"],
            ["../comp2", "../comp"]])})
        if self.chance(0.4):
            self.layer("top", ["../over"], below, known=known)
            if self.chance(0.5):
                self.patch_text("top", {"components": ["../comp2"]})
            return "top"
        return "over"

    def chain(self):
        """Many layers, each of which may change what the last one made."""
        objects, known = self.layer("base", [], [])
        last = "base"
        for i in range(self.r.randint(2, 3)):
            name = "layer%d" % i
            path = self.pick(["../%s", "../%s", "../%s/", "./../%s",
                              "../%s/../%s" % (name, last)])
            objects, known = self.layer(
                name, [path % last if "%s" in path else path], objects,
                known=known)
            last = name
        return last
