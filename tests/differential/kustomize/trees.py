"""Random trees of kustomizations."""
import json
import random

from objects import KEYS, NAMES, NAMESPACES, SCALARS, Objects
from patches import Patches, pointers
from yaml_text import dump

GENERATED = ["gen", "gen2", "gen3", "gen4", "gen5", "gen6"]
CONFIGURATIONS = [
    {"images": [{"path": "spec/image", "kind": "Widget"},
                {"path": "list[]/v", "kind": "Widget"}]},
    {"namePrefix": [{"path": "spec/name", "kind": "Widget"},
                    {"path": "metadata/name"}]},
    {"nameReference": [{"kind": "ConfigMap", "version": "v1", "fieldSpecs": [
        {"path": "list/name", "kind": "Widget"}]}]},
    {"nameReference": [{"kind": "Widget", "group": "example.com",
                        "fieldSpecs": [{"path": "spec/app", "kind": "Widget"},
                                       {"path": "metadata/annotations/app",
                                        "kind": "Deployment"}]}]},
    {"commonLabels": [{"path": "spec/labels", "create": True,
                       "kind": "Widget"}]},
    {"commonAnnotations": [{"path": "spec/notes", "create": True,
                            "group": "example.com", "version": "v1"}]},
    {"varReference": [{"path": "spec", "kind": "Widget"},
                      {"path": "data", "kind": "ConfigMap"}]},
    {"namespace": [{"path": "spec/namespace", "create": True,
                    "kind": "Widget"}]},
    {"replicas": [{"path": "spec/count", "kind": "Widget", "create": True}]},
    {"nameSuffix": [{"path": "metadata/name"},
                    {"path": "spec/app", "kind": "Widget"}]},
    {"labels": [{"path": "spec/marks", "kind": "Widget", "create": True}],
     "templateLabels": [{"path": "spec/template/marks", "create": True,
                         "kind": "Deployment"}]},
    {"images": [{"path": "spec/containers[]/image", "create": True}],
     "nameReference": [{"kind": "Service", "fieldSpecs": [
         {"path": "spec", "kind": "Widget"},
         {"path": "metadata/labels/app", "kind": "Deployment"}]}]}]
CRD_SCHEMA = {"example.com/v1.Widget": {"Schema": {"properties": {
    "kind": {"type": "string"}, "apiVersion": {"type": "string"},
    "metadata": {"type": "object"},
    "list": {"x-kubernetes-object-ref-api-version": "v1",
             "x-kubernetes-object-ref-kind": "ConfigMap"}}}}}
SWAGGER = {"paths": {}, "definitions": {"com.example.v1.Widget": {
    "type": "object", "properties": {
        "list": {"type": "array", "x-kubernetes-patch-strategy": "merge",
                 "x-kubernetes-patch-merge-key": "name", "items": {
                     "type": "object"}}},
    "x-kubernetes-group-version-kind": [
        {"group": "example.com", "kind": "Widget", "version": "v1"}]}}}


class Gen:
    """The tree of a seed: `tree()` fills `files` and returns the top."""
    OBJECTS = Objects
    PATCHES = Patches

    def __init__(self, seed, features):
        self.seed = seed
        self.r = random.Random(seed)
        self.r.has_comments = self.r.random() < 0.3
        self.o = self.OBJECTS(self.r)
        self.p = self.PATCHES(self.o)
        self.pick = self.o.pick
        self.chance = self.o.chance
        self.files = {}
        self.features = features
        self.generated = set()  # Whether it is of a Secret, and its name.

    def has(self, feature, p=0.3):
        if self.features is not None and feature not in self.features:
            return False
        return self.chance(p)

    def file(self, directory, name, text):
        """Adds a file; its name is made unique."""
        name = name % len(self.files) if "%" in name else name
        self.files[directory + "/" + name] = text
        return name

    # ---- generators ----
    def generator(self, secret, directory, known):
        free = [n for n in GENERATED if (secret, n) not in self.generated]
        g = {"name": self.pick(free if free and self.chance(0.95)
                               else GENERATED)}
        self.generated.add((secret, g["name"]))
        if self.chance(0.2):
            g["namespace"] = self.pick(NAMESPACES)
        if known and self.chance(0.4):
            g = dict(self.pick(known))
            g["behavior"] = self.pick(["merge", "replace"])
        elif self.chance(0.04):
            g["behavior"] = self.pick(["create", "merge", "replace"])
        if self.chance(0.7):
            g["literals"] = [
                "%s=%s" % (k, self.pick(SCALARS)) for k in
                self.r.sample(["a", "b", "c.d", "e_f"], self.r.randint(1, 3))]
        if self.chance(0.4):
            name = self.file(directory, "data-%d.txt", self.pick(
                [self.pick(SCALARS), "x" * self.r.randint(45, 60),
                 "line\n" * self.r.randint(1, 4), b"\xff\xfe\x00bin",
                 "{\"a\": {\"b\": 1}}", "a: 1 # x\nb:\n  - c\n", "\r\n"]))
            g["files"] = [self.pick([name, "key=" + name])]
        if self.chance(0.3):
            name = self.file(directory, "env-%d", self.pick(
                ["E1=v\n# c\n\n E2= x \nE3\n", "\ufeffE4=1\nE5='q'",
                 "E6=a=b\r\nE7=\n", "E8=\"x y\"\n"]))
            g["envs"] = [name]
        if self.chance(0.3):
            g["options"] = self.generator_options()
        if secret and self.chance(0.3):
            g["type"] = "kubernetes.io/tls"
        return g

    def generator_options(self):
        o = {}
        if self.chance(0.4):
            o["labels"] = self.o.labels()
        if self.chance(0.4):
            o["annotations"] = self.o.labels()
        if self.chance(0.4):
            o["disableNameSuffixHash"] = self.pick([True, False])
        if self.chance(0.3):
            o["immutable"] = True
        return o

    # ---- transformers ----
    def image(self):
        i = {"name": self.pick(["nginx", "redis", "reg.example:5000/app",
                                "busybox", "ghcr.io/a/b", "app", "n.*x",
                                "docker.io/library/redis"])}
        if self.chance(0.5):
            i["newName"] = self.pick(["other/nginx", "r:1/x", "redis"])
        x = self.r.random()
        if x < 0.5:
            i["newTag"] = self.pick(["v2", "1.0", "latest"])
        elif x < 0.7:
            i["digest"] = "sha256:fff"
        elif x < 0.8:
            i["tagSuffix"] = "-s"
        return i

    def field_paths(self, node):
        odd = ["metadata.labels.app", "spec.new.field", "data.k",
               "spec.template.spec.containers.*.image",
               "spec.template.spec.containers.[name=main].image",
               "spec.template.spec.containers.[name=main].env.[name=A].value",
               "spec.template.spec.new",
               "spec.template.spec.containers.-.image",
               "data.[config.yaml].b.c", "spec.rules.*.host"]
        good = [p[1:].replace(".", "\\.").replace("~1", "\0").replace(
            "/", ".").replace("\0", "/") for p, leaf in pointers(node)
                if (leaf or self.chance(0.1)) and (
                    p not in ("/apiVersion", "/kind", "/metadata") or
                    self.chance(0.1))] or ["metadata.name"]
        return self.r.sample(good, min(2, len(good))) + (
            [self.pick(odd)] if self.chance(0.1) else [])

    def replacement(self, objects, directory):
        source, target = self.pick(objects), self.pick(objects)
        rep = {"source": {"kind": source["kind"],
                          "name": source["metadata"]["name"],
                          "namespace": source["metadata"].get(
                              "namespace", "")},
               "targets": [{"select": self.p.exactly(target),
                            "fieldPaths": self.field_paths(target)}]}
        if self.chance(0.6):
            rep["source"]["fieldPath"] = self.pick(self.field_paths(source))
        if self.chance(0.3):
            rep["source"]["options"] = {
                "delimiter": self.pick([":", "-", "/"]),
                "index": self.pick([0, 0, 0, 1, -1])}
        if self.chance(0.1):
            rep["source"]["version"] = source["apiVersion"].split("/")[-1]
        if not rep["source"]["namespace"]:
            del rep["source"]["namespace"]
        one = rep["targets"][0]
        self.vary_target(one, target, objects, rep)
        if self.chance(0.5):
            one["options"] = {"create": True}
        elif self.chance(0.4):
            one["options"] = {"delimiter": self.pick([":", "/", "-"]),
                              "index": self.pick([0, 1, -1, 5])}
        if self.chance(0.2):
            one["reject"] = [{"name": self.pick(NAMES)}]
        if self.chance(0.2):
            del rep["source"]
            rep["sourceValue"] = self.pick(
                ["v", "w-x", "", "123", "true", "null", "1.10", "a\nb",
                 "0x1F", "- x", "a: b", "2020-01-02"])
        if self.chance(0.1):
            return {"path": self.file(directory, "replace-%d.yaml",
                                      dump(self.r, self.pick([rep, [rep]])))}
        return rep

    def vary_target(self, one, target, objects, rep):
        inside = ["data.[config.yaml].a", "data.[config.yaml].b.c",
                  "data.[config.yaml].z", "data.[config.yaml].d.0",
                  "data.[config.yaml].list.[name=main].v",
                  "data.[config.yaml].list.[name=side].v",
                  "data.[config.yaml].list.*.v", "data.[config.yaml].new.k",
                  "data.[f.txt].a.b", "data.[f.txt].c.0", "data.on.a"]
        if target["kind"] == "ConfigMap" and self.chance(0.5):
            held = [k for k in target.get("data", {}) if k in (
                "config.yaml", "f.txt", "on")]
            one["fieldPaths"] = [p for p in inside if any(
                k in p for k in held)][:self.r.randint(1, 3)] or inside[:1]
        if self.chance(0.15):
            one["select"] = self.p.selector(target)
        if self.chance(0.1):
            del one["fieldPaths"]
        if self.chance(0.15):
            other = self.pick(objects)
            rep["targets"].append({
                "select": {"kind": other["kind"]},
                "fieldPaths": self.field_paths(other),
                "options": {"create": self.chance(0.5)}})
        if self.chance(0.1):
            one["reject"] = [self.pick([
                {"kind": "Deployment", "name": "web"}, {"namespace": "dev"},
                {"labelSelector": "app=web"}, {"annotationSelector": "team"},
                {"name": "w.*"}])]

    def label_entry(self):
        e = {"pairs": self.o.labels()}
        if self.chance(0.4):
            e["includeSelectors"] = True
        elif self.chance(0.4):
            e["includeTemplates"] = True
        if self.chance(0.15):
            e["fields"] = [{"path": "spec/extra/labels", "kind": "Widget",
                            "create": True}]
        return e

    def variable(self, name, objects):
        target = self.pick(objects)
        v = {"name": name, "objref": {
            "apiVersion": target["apiVersion"], "kind": target["kind"],
            "name": target["metadata"]["name"]}}
        if self.chance(0.3) and "namespace" in target["metadata"]:
            v["objref"]["namespace"] = target["metadata"]["namespace"]
        if self.chance(0.5):
            v["fieldref"] = {"fieldPath": self.pick(self.field_paths(target))}
        return v

    def plugin(self):
        meta = {"name": "plug"}
        return dump(self.r, {"apiVersion": "builtin", "metadata": meta,
                             **self.pick([
            {"kind": "LabelTransformer", "labels": self.o.labels(),
             "fieldSpecs": [{"path": "metadata/labels", "create": True}]},
            {"kind": "AnnotationsTransformer", "annotations": self.o.labels(),
             "fieldSpecs": [{"path": "metadata/annotations",
                             "create": True}]},
            {"kind": "NamespaceTransformer",
             "metadata": {"name": "plug", "namespace": "plugged"},
             "setRoleBindingSubjects": self.pick(
                 ["none", "allServiceAccounts", "defaultOnly"]),
             "unsetOnly": self.pick([True, False])},
            {"kind": "PrefixTransformer", "prefix": "pp-",
             "fieldSpecs": [{"path": "metadata/name"}]},
            {"kind": "SuffixTransformer", "suffix": "-ss",
             "fieldSpecs": [{"path": "metadata/name"}]},
            {"kind": "ImageTagTransformer", "imageTag": self.image()},
            {"kind": "PatchTransformer",
             "patch": dump(self.r, self.p.json_patch(None)),
             "target": {"kind": ".*"}},
            {"kind": "PatchTransformer",
             "patch": dump(self.r, {"kind": "x", "metadata": {
                 "name": "x", "labels": self.o.labels()}}),
             "target": {"kind": ".*"}},
            {"kind": "PatchStrategicMergeTransformer",
             "patches": dump(self.r, {
                 "apiVersion": "apps/v1", "kind": "Deployment",
                 "metadata": {"name": self.pick(NAMES),
                              "labels": self.o.labels()}})},
            {"kind": "PatchJson6902Transformer",
             "target": {"kind": "Deployment", "name": self.pick(NAMES)},
             "jsonOp": self.pick([
                 "- {op: add, path: /metadata/x, value: y}\n",
                 "[{\"op\": \"add\", \"path\": \"/spec/x\", \"value\": 1}]"])},
            {"kind": "ReplacementTransformer", "replacements": [{
                "sourceValue": self.pick(["v", "1", "a: b"]),
                "targets": [{"select": {"kind": "Deployment"}, "fieldPaths": [
                    "metadata.annotations.set"], "options": {"create": True}}]
            }]},
            {"kind": "SortOrderTransformer",
             "sortOptions": self.pick([
                 {"order": "fifo"}, {"order": "legacy"},
                 {"order": "legacy", "legacySortOptions": {
                     "orderFirst": ["Secret"], "orderLast": []}}])},
            {"kind": "HashTransformer"},
            {"kind": "PrefixSuffixTransformer", "prefix": "x-",
             "suffix": "-y", "fieldSpecs": [{"path": "metadata/name"}]},
            {"kind": "NamespaceTransformer",
             "metadata": {"name": "plug", "namespace": "plugged"},
             "fieldSpecs": [{"path": "metadata/namespace", "create": True},
                            {"path": "spec/ns", "kind": "Widget",
                             "create": True}]},
            {"kind": "ImageTagTransformer", "imageTag": self.image(),
             "fieldSpecs": [{"path": "list/v", "kind": "Widget"}]},
            {"kind": "PatchTransformer",
             "patch": dump(self.r, {
                 "apiVersion": "v1", "kind": "Service",
                 "metadata": {"name": self.pick(NAMES)},
                 "$patch": "delete"})},
            {"kind": "ReplicaCountTransformer",
             "replica": {"name": "web", "count": 3},
             "fieldSpecs": [{"path": "spec/replicas", "create": True,
                             "kind": "Deployment"}]},
            {"kind": "ValueAddTransformer", "value": "added", "targets": [
                {"fieldPath": "metadata/labels/added"}]},
            {"kind": "ValueAddTransformer", "value": "added", "targets": [
                {"fieldPath": "metadata/name", "filePathPosition": 1}]}])})

    def generator_plugin(self):
        if self.chance(0.2):
            return dump(self.r, {
                "apiVersion": "builtin", "kind": "IAMPolicyGenerator",
                "metadata": {"name": "made"}, "cloud": "gke",
                "kubernetesService": {"namespace": "ns", "name": "sa"},
                "serviceAccount": {"name": "gsa", "projectId": "p"}})
        return dump(self.r, {
            "apiVersion": "builtin",
            "kind": self.pick(["ConfigMapGenerator", "SecretGenerator"]),
            "metadata": {"name": "made"}, "literals": ["a=b"]})

    # ---- kustomizations ----
    def own_objects(self, directory):
        own, seen = [], set()
        for _ in range(self.r.randint(0, 4)):
            o = self.o.object()
            i = (o["apiVersion"], o["kind"], o["metadata"]["name"],
                 o["metadata"].get("namespace", "default"))
            if i not in seen or self.chance(0.02):
                seen.add(i)
                own.append(o)
        if not own:
            return [], []
        if self.chance(0.1):
            kind = self.pick(["List"] if self.r.has_comments else [
                "List", "List", "ResourceList", "WidgetList"])
            text = dump(self.r, {"apiVersion": "v1", "kind": kind,
                                 "items": own})
        else:
            text = self.pick(["---\n", "---\n", "--- # x\n", "---   \n"]).join(
                dump(self.r, o) for o in own)
        if self.chance(0.1):
            text = self.pick(["# comment\n---\n", "---\n", "\n\n",
                              "---\n---\n"]) + text
        if self.chance(0.03):
            text = text.replace("\n", "\r\n")
        if self.chance(0.05):
            text = text.rstrip("\n")
        name = self.pick(["own.yaml", "own.yaml", "sub/own.yaml"])
        return [self.pick(["", "", "./"]) + self.file(directory, name, text)
                ], own

    def layer(self, directory, resources, below, component=False, known=()):
        """Writes a kustomization; returns its objects and generators."""
        k = {}
        if component:
            k["apiVersion"] = "kustomize.config.k8s.io/v1alpha1"
            k["kind"] = "Component"
        paths, own = self.own_objects(directory)
        resources = resources + paths
        self.r.shuffle(resources)
        if resources:
            folders = [r for r in resources if r.startswith("../")]
            if folders and self.chance(0.05):
                k["bases"] = folders
                resources = [r for r in resources if r not in folders]
            k["resources"] = resources
        if not component and self.chance(0.1):
            k["apiVersion"] = "kustomize.config.k8s.io/v1beta1"
            k["kind"] = "Kustomization"
        objects = below + own
        known = list(known)
        self.names(k)
        self.generators(k, directory, known)
        if objects:
            self.patching(k, directory, objects)
        self.values(k, directory, objects)
        self.configuration(k, directory)
        text = dump(self.r, k, False) if k else "{}\n"
        if self.chance(0.03):
            text = text.replace("\n", "\r\n")
        self.file(directory, self.pick(
            ["kustomization.yaml"] * 8 + ["kustomization.yml",
                                          "Kustomization"]), text)
        return objects, known

    def names(self, k):
        if self.has("namespace"):
            k["namespace"] = self.pick(NAMESPACES + ["123"] * self.chance(0.02))
        if self.has("prefix"):
            k["namePrefix"] = self.pick(["p-", "q-"] + ["1"] * self.chance(0.05))
        if self.has("suffix", 0.2):
            k["nameSuffix"] = self.pick(["-s", "-v1"] + ["2"] * self.chance(0.05))
        if self.has("labels"):
            k["labels"] = [self.label_entry()
                           for _ in range(self.r.randint(1, 2))]
        if self.has("commonLabels", 0.15):
            k["commonLabels"] = self.o.labels()
        if self.has("commonAnnotations", 0.2):
            k["commonAnnotations"] = {self.pick(KEYS): self.o.text()}

    def generators(self, k, directory, known):
        for field, p in (("configMapGenerator", 0.35),
                         ("secretGenerator", 0.25)):
            if not self.has(field, p):
                continue
            secret = field[0] == "s"
            mine = [g for s, g in known if s == secret]
            k[field] = [self.generator(secret, directory, mine)
                        for _ in range(self.r.randint(1, 2))]
            for g in k[field]:
                known.append((secret, {x: g[x] for x in ("name", "namespace")
                                       if x in g}))
        if self.has("generatorOptions", 0.15):
            k["generatorOptions"] = self.generator_options()
        if self.has("generators", 0.03):
            k["generators"] = [self.generator_plugin()]

    def patching(self, k, directory, objects):
        if self.has("patches", 0.4):
            k["patches"] = [self.p.entry(objects, self.files, directory)
                            for _ in range(self.r.randint(1, 2))]
        if self.has("patchesStrategicMerge", 0.1):
            text = dump(self.r, self.p.merge_patch(self.pick(objects), True))
            k["patchesStrategicMerge"] = [
                self.file(directory, "merge-%d.yaml", text)
                if self.chance(0.5) else text]
        if self.has("patchesJson6902", 0.1):
            target = self.pick(objects)
            one = {"target": {"kind": target["kind"],
                              "version": target["apiVersion"].split("/")[-1],
                              "name": target["metadata"]["name"]}}
            text = dump(self.r, self.p.json_patch(target))
            if self.chance(0.3):
                one["path"] = self.file(directory, "ops-%d.yaml", text)
            else:
                one["patch"] = text
            k["patchesJson6902"] = [one]
        if self.has("replacements", 0.2):
            k["replacements"] = [self.replacement(objects, directory)
                                 for _ in range(self.r.randint(1, 2))]
        if self.has("vars", 0.1):
            k["vars"] = [self.variable("VAR", objects)]
            if self.chance(0.3):
                k["vars"].append(self.variable("VAR2", objects))

    def values(self, k, directory, objects):
        if self.has("images"):
            k[self.pick(["images"] * 15 + ["imageTags"])] = [
                self.image() for _ in range(self.r.randint(1, 2))]
        if self.has("replicas", 0.1):
            named = [o["metadata"]["name"] for o in objects
                     if o["kind"] in ("Deployment", "StatefulSet")]
            if named:
                k["replicas"] = [{"name": self.pick(named), "count": 7}]
        if self.has("transformers", 0.06):
            text = self.plugin()
            k["transformers"] = [self.file(directory, "plug-%d.yaml", text)
                                 if self.chance(0.3) else text]
        if self.has("validators", 0.02):
            k["validators"] = [self.plugin()]

    def configuration(self, k, directory):
        if self.has("buildMetadata", 0.06):
            k["buildMetadata"] = self.r.sample(
                ["originAnnotations", "transformerAnnotations",
                 "managedByLabel"], self.r.randint(1, 3))
        if self.has("sortOptions", 0.08):
            k["sortOptions"] = self.pick([
                {"order": "fifo"}, {"order": "legacy"},
                {"order": "legacy", "legacySortOptions": {
                    "orderFirst": ["Service"], "orderLast": ["Secret"]}}])
        if self.has("configurations", 0.08):
            k["configurations"] = [self.file(
                directory, "config.yaml",
                dump(self.r, self.pick(CONFIGURATIONS)))]
        if self.has("crds", 0.03):
            k["crds"] = [self.file(directory, "crds.json",
                                   json.dumps(CRD_SCHEMA))]
        if self.has("openapi", 0.03):
            k["openapi"] = self.pick([
                {"version": "v1.21.2"},
                {"path": self.file(directory, "swagger.json",
                                   json.dumps(SWAGGER))}])
        if self.chance(0.02):
            k["metadata"] = {"name": "x", "annotations": {"a": "b"}}

    def diamond(self):
        """Two overlays of one base, and a top over both."""
        objects, known = self.layer("base", [], [])
        every = []
        for i, name in enumerate(["left", "right"]):
            below, more = self.layer(name, ["../base"], objects,
                                     known=known)
            every += below[len(objects):]
            self.patch_text(name, {self.pick(["namePrefix", "nameSuffix",
                                              "namespace"]): "v%d" % i})
        self.layer("top", ["../left", "../right"], every)
        return "top"

    def patch_text(self, directory, fields):
        """Adds fields to a kustomization that does not have them."""
        for name, text in self.files.items():
            if name.startswith(directory + "/") and name.split("/")[-1] in (
                    "kustomization.yaml", "kustomization.yml",
                    "Kustomization") and text[0] not in "{\n%\ufeff" and (
                        not text.endswith("...\n")):
                for field, value in fields.items():
                    if field + ":" not in text:
                        text += "%s: %s\n" % (field, json.dumps(value))
                self.files[name] = text

    def tree(self):
        if self.chance(0.1):
            return self.diamond()
        objects, known = self.layer("base", [], [])
        top = "base"
        resources = ["../base"]
        if self.chance(0.35):
            more, _ = self.layer("other", [], [])
            if self.chance(0.7):
                resources.append(self.pick(["../other", "../other/"]))
                objects = objects + more
        if self.chance(0.7):
            components = []
            if self.has("components"):
                objects, known = self.layer("comp", [], objects, True, known)
                components = ["../comp"]
                if self.chance(0.2):
                    self.layer("comp2", [], objects, True, known)
                    components.append("../comp2")
                elif self.chance(0.2):
                    self.layer("comp2", [], objects, True, known)
                    self.patch_text("comp", {"components": ["../comp2"]})
                if self.chance(0.05):
                    components.append("../comp")
            objects, known = self.layer("over", resources, objects,
                                        known=known)
            if components:
                self.patch_text("over", {"components": components})
            top = "over"
            if self.chance(0.3):
                self.layer("top", ["../over"], objects, known=known)
                top = "top"
        return top
