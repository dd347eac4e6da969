"""Random patches of objects."""
from objects import KEYS, NAMES, NAMESPACES
from yaml_text import Raw, dump

MERGE_KEYS = ["name", "mountPath", "containerPort", "port", "topologyKey"]


def pointers(node, at="", found=None):
    """All JSON pointers into an object, and whether each is to a leaf."""
    found = [] if found is None else found
    if at:
        found.append((at, not isinstance(node, (dict, list)) or not node))
    if isinstance(node, dict):
        for k, v in node.items():
            pointers(v, at + "/" + k.replace("~", "~0").replace("/", "~1"),
                     found)
    elif isinstance(node, list):
        for i, v in enumerate(node):
            pointers(v, "%s/%d" % (at, i), found)
    return found


class Patches:
    def __init__(self, objects):
        self.o = objects
        self.r = objects.r
        self.pick = objects.pick
        self.chance = objects.chance

    def merge_patch(self, target, by_id):
        p = {"apiVersion": target["apiVersion"], "kind": target["kind"],
             "metadata": {"name": target["metadata"]["name"]}}
        if "namespace" in target["metadata"] and by_id:
            p["metadata"]["namespace"] = target["metadata"]["namespace"]
        if self.chance(0.02):
            del p["apiVersion"]
        if self.chance(0.08):
            p["$patch"] = self.pick(["delete", "delete", "replace", "merge"])
            if p["$patch"] == "replace":
                p.update(self.o.body(target["kind"]))
            return p
        if self.chance(0.4):
            p["metadata"]["labels"] = {
                self.pick(KEYS): self.pick([self.pick(NAMES), Raw("null")])}
        if self.chance(0.3):
            p["metadata"]["annotations"] = {
                self.pick(KEYS): self.pick([self.o.text(), Raw("null"),
                                            Raw("1.10")])}
        if self.chance(0.05):
            p["metadata"]["finalizers"] = self.r.sample(["a/b", "e/f"], 1)
        if self.chance(0.8):
            body = self.o.body(target["kind"])
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
                    node[k] = Raw(self.pick(["null", "null", "~", ""]))
                elif x < 0.19 and k not in MERGE_KEYS:
                    node[k] = self.pick([self.o.scalar(), {}, []])
                else:
                    self.mutate(node[k])
            if self.chance(0.04):
                node["$patch"] = self.pick(["delete", "replace", "merge"])
            if self.chance(0.01):
                node["$retainKeys"] = ["name"]
        elif isinstance(node, list):
            for x in node:
                self.mutate(x)
            if self.chance(0.05):
                node.append({"$patch": self.pick(["replace", "delete"])})

    def json_patch(self, target):
        ops = []
        all_of = pointers(target) if target else [("/metadata/name", True)]
        good = [p for p, leaf in all_of if (leaf or self.chance(0.1)) and
                p not in ("/apiVersion", "/kind", "/metadata")]
        odd = ["/metadata/labels/new", "/metadata/annotations/x",
               "/spec/template/spec/containers/-", "/data/k",
               "/spec/template/spec/containers/-1/name",
               "/spec/template/spec/containers/5", "/new/one", ""]
        for _ in range(self.r.randint(1, 3)):
            op = self.pick(["add", "add", "add", "replace", "remove", "remove",
                            "copy", "move", "test"])
            if op == "test" and self.chance(0.7):
                op = "add"
            path = self.pick(good)
            if op in ("add", "copy", "move"):
                path = self.pick([path, "/new", "/metadata/new", "/x~1y"])
            if self.chance(0.05):
                path = self.pick(odd)
            o = {"op": op, "path": path}
            if op in ("add", "replace", "test"):
                is_name = path.endswith("/name") and self.chance(0.95)
                o["value"] = (self.o.text() if self.chance(0.7) or is_name
                              else self.o.free(2))
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
        if self.chance(0.7):
            s["kind"] = self.pick([target["kind"], ".*", "Deploy.*",
                                   "Deployment|Service"])
        if self.chance(0.5):
            s["name"] = self.pick([target["metadata"]["name"], "w.*", ".*",
                                   "web|api", "^web$"])
        if self.chance(0.2):
            s["namespace"] = self.pick(NAMESPACES)
        if self.chance(0.2):
            s["labelSelector"] = self.pick(
                ["app=web", "app in (web, api)", "!tier", "team",
                 "app!=web", "tier notin (db)", "app=web,tier"])
        if self.chance(0.1):
            s["annotationSelector"] = self.pick(["app", "team=web", "!z2"])
        if self.chance(0.1):
            s["version"] = "v1"
        if self.chance(0.05):
            s["group"] = self.pick(["apps", "batch|apps"])
        return s or {"kind": target["kind"]}

    def entry(self, objects, files, directory):
        """An entry of `patches`."""
        target = self.pick(objects) if objects else self.o.object()
        entry = {}
        if self.chance(0.7):
            by_id = self.chance(0.5) and target in objects
            text = dump(self.r, self.merge_patch(target, by_id))
            if by_id and self.chance(0.1):
                text += "---\n" + dump(self.r, self.merge_patch(
                    self.pick(objects), True))
            if not by_id:
                entry["target"] = self.selector(target)
        else:
            ops = self.json_patch(target)
            text = dump(self.r, ops)
            entry["target"] = self.exactly(target)
        if self.chance(0.3):
            name = "patch-%d.yaml" % len(files)
            files[directory + "/" + name] = text
            entry["path"] = name
        else:
            entry["patch"] = text
        if self.chance(0.1):
            entry["options"] = {self.pick(
                ["allowNameChange"] + ([] if "target" in entry else
                                       ["allowKindChange"])): True}
        return entry
