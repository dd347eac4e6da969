"""What a recording says of each step, and how our run compares with it."""

import base64
import gzip
import hashlib
import io
import re
import tarfile
import time

from harness.kube import ApiError
from player import BUILTIN, KINDS, field

FLUX_KINDS = tuple(KINDS)


class Expectation:
    """The state that the recorded objects are in after each step."""

    def __init__(self):
        self.objects = {}  # "Kind/name" -> {field: value, "conditions": {}}

    def advance(self, step):
        for change in step.get("states", []):
            name = change["object"]
            if name.partition("/")[0] not in FLUX_KINDS:
                continue
            if change.get("watch") == "DELETED":
                self.objects[name] = None
                continue
            known = self.objects.get(name) or {"conditions": {}}
            self.objects[name] = known
            conditions = known["conditions"]
            for entry in change.get("conditions", []):
                conditions[entry[0]] = entry
            order = change.get("condition_order")
            if order is None and change.get("conditions"):
                order = ",".join(e[0] for e in change["conditions"])
            if order is not None:
                known["order"] = order
                kept = order.split(",") if order else []
                for kind in list(conditions):
                    if kind not in kept:
                        del conditions[kind]
            for key, value in change.items():
                if key.startswith("status.") or key == "finalizers":
                    known[key] = value
            for key in change.get("unset", []):
                known[key] = None
                if key in ("conditions", "status.conditions"):
                    known["conditions"] = {}


def without_sizes(value):
    """Artifacts without their sizes: those depend on the compressor."""
    if isinstance(value, list):
        return [without_sizes(item) for item in value]
    if isinstance(value, dict) and "digest" in value and "url" in value:
        return {k: v for k, v in value.items() if k != "size"}
    return value


def mask(text):
    """The recorder numbers its commits' messages in a way of its own."""
    return re.sub(r"\bchange \d+\b", "change N", text) if isinstance(
        text, str) else text


def collapse(events, key):
    """Without repetitions: how often a failure is retried is not compared."""
    out = []
    for event in events:
        if not out or key(out[-1]) != key(event):
            out.append(event)
    return out


def is_waived(waivers, path):
    return any(path.startswith(waiver) for waiver in waivers)


class Comparison:
    """One scenario's differences, as lines."""

    def __init__(self, world, scenario, matcher, waivers):
        self.world, self.kube = world, world.kube
        self.namespace = scenario["namespace"]
        self.matcher, self.waivers = matcher, waivers
        self.differences = []

    def differ(self, path, wanted, got):
        if not is_waived(self.waivers, path):
            self.differences.append(
                f"{path}: recorded {wanted!r}, got {got!r}"[:1500])

    def find(self, name, version=None):
        kind, _, name = name.rpartition("/")
        namespace = self.namespace
        if "/" in kind:
            kind, _, namespace = kind.partition("/")
        version = version or KINDS.get(kind) or BUILTIN.get(kind)
        return self.kube.find(kind, name, namespace, version)

    # ------------------------------------------------------------ states

    def compare_states(self, step, expected, patience=4):
        """Compares until all agree, or for `patience` seconds."""
        deadline = time.monotonic() + patience
        while True:
            found = []
            for name, wanted in expected.objects.items():
                found += self.object_differences(name, wanted)
            found = [d for d in found if not is_waived(self.waivers, d[0])]
            if not found or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        for path, wanted, got in found:
            self.differ(f"{step}/{path}", wanted, got)

    def object_differences(self, name, wanted):
        obj = self.find(name)
        if wanted is None or obj is None:
            if (wanted is None) != (obj is None):
                yield name, "gone" if wanted is None else "there", \
                    "there" if obj else "gone"
            return
        status = obj.get("status", {})
        got = {c["type"]: [c["type"], c["status"], c["reason"],
                           c.get("observedGeneration"), c["message"]]
               for c in status.get("conditions", [])}
        conditions = wanted["conditions"]
        for kind in sorted(set(conditions) | set(got)):
            if not self.matcher.matches(conditions.get(kind), got.get(kind)):
                yield (f"{name}/{kind}", conditions.get(kind), got.get(kind))
        for key, value in wanted.items():
            if key.startswith("status."):
                value = without_sizes(value)
                if not self.matcher.matches(value,
                                            without_sizes(field(obj, key))):
                    yield f"{name}/{key}", value, field(obj, key)
            elif key == "finalizers":
                if value != obj["metadata"].get("finalizers"):
                    yield (f"{name}/finalizers", value,
                           obj["metadata"].get("finalizers"))

    # ------------------------------------------------------------ events

    def compare_events(self, step, recorded, events):
        """Per object and in order: type, reason, message, annotations."""
        wanted = {}
        for event in recorded.get("events", []):
            if event["object"].partition("/")[0] in FLUX_KINDS:
                wanted.setdefault(event["object"], []).append(event)
        for name in sorted(set(wanted) | set(events)):
            mine, theirs = (
                collapse(e.get(name, []), lambda v: (
                    v["reason"], mask(v["message"])))
                for e in (events, wanted))
            for index in range(max(len(mine), len(theirs))):
                want = theirs[index] if index < len(theirs) else None
                got = mine[index] if index < len(mine) else None
                path = f"{step}/event/{name}/{index}"
                if want is None or got is None:
                    self.differ(path, want and [want["reason"],
                                                want["message"]],
                                got and [got["reason"], got["message"]])
                    continue
                for key, default in (("type", "Normal"), ("reason", None),
                                     ("message", None), ("annotations", {}),
                                     ("controller", None)):
                    if not self.matcher.matches(
                            mask(want.get(key, default)), mask(got[key])):
                        self.differ(f"{path}/{key}", want.get(key, default),
                                    got[key])

    def compare_posted(self, step, recorded, posted):
        wanted = [[e["object"], e["posted"], e["reason"], e["message"]]
                  for e in recorded.get("events", []) if e.get("posted") and
                  e["object"].partition("/")[0] in FLUX_KINDS]
        names = {w[0] for w in wanted}
        for name in sorted(names | {p[0] for p in posted}):
            want, got = (
                collapse([[*e[:3], mask(e[3])] for e in all_ if e[0] == name],
                         lambda v: v) for all_ in (wanted, posted))
            if not self.matcher.matches(want, got):
                self.differ(f"{step}/posted/{name}", want, got)

    # ------------------------------------------------------------ objects

    def compare_objects(self, step, recorded):
        for name, wanted in recorded.get("objects", {}).items():
            if name.partition("/")[0] in FLUX_KINDS:
                continue
            try:
                obj = self.find(name)
            except (KeyError, ApiError):
                continue  # A kind that the scenario itself brought.
            if wanted is None or obj is None:
                if (wanted is None) != (obj is None):
                    self.differ(f"{step}/object/{name}",
                                "gone" if wanted is None else "there",
                                "there" if obj else "gone")
                continue
            meta = obj["metadata"]
            got = {
                "uid": meta["uid"], "labels": meta.get("labels", {}),
                "annotations": {
                    k: v for k, v in meta.get("annotations", {}).items()
                    if k != "kubectl.kubernetes.io/"
                            "last-applied-configuration"},
                "managers": [
                    " ".join(filter(None, (m["manager"], m["operation"],
                                           m.get("subresource"))))
                    for m in meta.get("managedFields", [])],
                "data": obj.get("data"), "type": obj.get("type"),
            }
            if obj["kind"] == "Secret" and got["data"]:
                got["data"] = {k: base64.b64decode(v).decode(errors="replace")
                               for k, v in got["data"].items()}
            wanted = dict(wanted)
            if "annotations" in wanted:
                wanted["annotations"] = {
                    k: v for k, v in wanted["annotations"].items()
                    if k != "kubectl.kubernetes.io/"
                            "last-applied-configuration"}
            if "managers" in wanted:
                got["managers"].sort()
                wanted["managers"] = sorted(wanted["managers"])
            for key in ("uid", "labels", "annotations", "managers", "data"):
                if key in wanted and not self.matcher.matches(wanted[key],
                                                              got[key]):
                    self.differ(f"{step}/object/{name}/{key}", wanted[key],
                                got[key])

    # ------------------------------------------------------------ artifacts

    def compare_artifacts(self, step, recorded):
        for name, wanted in recorded.get("artifacts", {}).items():
            obj = self.find(name)
            artifact = ((obj or {}).get("status") or {}).get("artifact")
            if wanted is not None and not wanted.get("folder"):
                wanted = None
            if wanted is None or artifact is None:
                if (wanted is None) != (artifact is None):
                    self.differ(f"{step}/artifact/{name}", wanted, artifact)
                continue
            file = self.world.storage / artifact["path"]
            data = file.read_bytes()
            with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
                names = [f"{m.name} {m.type.decode()}" for m in tar]

            plain = gzip.decompress(data)
            got = {"size": len(plain),
                   "sha256": hashlib.sha256(plain).hexdigest()}
            entries = [" ".join(e.split(" ")[:2])
                       for e in wanted.get("entries", [])]
            if entries and entries != names:
                self.differ(f"{step}/artifact/{name}/entries", entries, names)
            elif "tar" in wanted and wanted["tar"] != got:
                self.differ(f"{step}/artifact/{name}/tar", wanted["tar"], got)

    # ------------------------------------------------------------ the rest

    def compare_notes(self, step, recorded, notes):
        wanted = [n for n in recorded.get("notes", []) if "refused" in n]
        got = [n for n in notes if "refused" in n]
        if not self.matcher.matches(wanted, got):
            self.differ(f"{step}/notes", wanted, got)
        for note in notes:
            if "waited in vain" in note:
                self.differ(f"{step}/wait", "met", note["waited in vain"])
