"""What a recording says of each step, and how our run compares with it."""

import base64
import gzip
import hashlib
import io
import json
import re
import tarfile
import time

from deliveries import await_deliveries, delivery_differences
from harness.kube import ApiError
from matcher import TIME
from player import BUILTIN, KINDS, field

FLUX_KINDS = tuple(KINDS)
REQUESTED_AT = "reconcile.fluxcd.io/requestedAt"


class Expectation:
    """The state that the recorded objects are in after each step."""

    def __init__(self, kinds):
        self.kinds = kinds
        self.objects = {}  # "Kind/name" -> {field: value, "conditions": {}}

    def advance(self, step):
        for change in step.get("states", []):
            name = change["object"]
            if name.partition("/")[0] not in self.kinds:
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


def entry(member):
    """One entry of an archive, as recordings say it."""
    owner = f"{member.uid}:{member.gid}" if member.uid or member.gid else ""
    owner = " ".join(filter(None, (owner, member.uname, member.gname)))
    return (f"{member.name} {member.type.decode()} {oct(member.mode)} "
            f"size={member.size} mtime={int(member.mtime)}" +
            (f" owner={owner}" if owner else ""))


def without_empty(value):
    """Without what is null or empty, at any depth."""
    if isinstance(value, list):
        return [without_empty(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {k: without_empty(v) for k, v in value.items()}
    return {k: v for k, v in kept.items()
            if k == "phase" or v not in (None, "", [], {})}


def release_of(obj):
    """The release in a Secret, as recordings say it; None of others."""
    if obj.get("type") != "helm.sh/release.v1":
        return None
    packed = base64.b64decode(obj["data"]["release"])
    release = json.loads(gzip.decompress(base64.b64decode(packed)))
    chart = release.get("chart") or {}
    for key in ("templates", "files"):
        chart[key] = [file["name"] for file in chart.get(key) or []]
    for key in ("schema", "schemamodtime", "modtime"):
        chart.pop(key, None)
    return without_empty(release)


def mask(value):
    """The recorder numbers its commits' messages in a way of its own; and
    Helm's log at the end of Events tells of objects that were applied at once
    in any order."""
    if isinstance(value, list):
        return [mask(item) for item in value]
    if not isinstance(value, str):
        return value
    text, mark, log = value.partition("\n\nLast Helm logs:\n\n")
    if mark:
        lines = sorted(line.partition(": ")[2] for line in log.split("\n"))
        value = text + mark + "\n".join(lines)
    return re.sub(r"\bchange \d+\b", "change N", value)


def collapse(events, key):
    """Without repetitions: how often a failure is retried is not compared."""
    out = []
    for event in events:
        if not out or key(out[-1]) != key(event):
            out.append(event)
    return out


# Events, never posted, of passes that found nothing new (upstream passes again
# after writes of its own), and of deletions that depend on the time of day.
TRACES = ("ArtifactUpToDate", "GarbageCollectionSucceeded")


def without_traces(mine, theirs):
    """Without the traces that only one of the two lists has."""
    def texts(events):
        return {(e["reason"], mask(e["message"])) for e in events}
    both = texts(mine) & texts(theirs)
    return tuple(
        collapse([e for e in events if e["reason"] not in TRACES or
                  (e["reason"], mask(e["message"])) in both],
                 lambda e: (e["reason"], mask(e["message"])))
        for events in (mine, theirs))


def without_order(events):
    """Each kind of event once, sorted."""
    once = {(e["reason"], mask(e["message"])): e for e in events}
    return [once[key] for key in sorted(once)]


class Comparison:
    """One scenario's differences, as lines.

    listed: deliberate differences, [{why, at: {path: what ours is}}]. What
    is there must then be exactly that, or one of several: {any: [...]}.
    `<step>/events/<object>` gives the Events, and posts, of a step as a
    whole: [[reason, message]].
    """

    def __init__(self, world, scenario, matcher, listed):
        self.world, self.kube = world, world.kube
        self.namespace = scenario["namespace"]
        self.matcher = matcher
        # Recordings leave out what other controllers asked for.
        self.who = (scenario["scenario"].partition("/")[0],)
        self.ours = {}
        for entry in listed:
            self.ours.update(entry["at"])
        self.differences, self.raw = [], []
        self.last = {}  # object -> its last event: [reason, message].

    def is_ours(self, path, got):
        if path not in self.ours:
            return False
        ours = self.ours[path]
        several = (ours["any"] if isinstance(ours, dict) and "any" in ours
                   else [ours])
        return any(self.matcher.matches(one, mask(got)) for one in several)

    def awaits_events(self, step, recorded):
        """Whether there are Events to wait for."""
        return bool(recorded.get("events")) or any(
            path.startswith(f"{step}/events/") for path in self.ours)

    def abstract(self, value):
        """With placeholders for what differs in each run."""
        if isinstance(value, list):
            return [self.abstract(item) for item in value]
        if isinstance(value, dict):
            return {k: self.abstract(v) for k, v in value.items()}
        if not isinstance(value, str):
            return value
        for name, text in self.matcher.known.items():
            if len(text) > 9:
                value = value.replace(text, name)
        value = re.sub(TIME, "<time>", value)
        value = re.sub(r"(?<= in )\d[\d.hmsµ]*(?=,|$)", "<duration>", value)
        return re.sub(r"^[\d.]+(ms|µs|s)$", "<duration>", value)

    def differ(self, path, wanted, got):
        if not self.is_ours(path, got):
            self.differences.append(
                f"{path}: recorded {wanted!r}, got {got!r}"[:1500])
            self.raw.append((path, self.abstract(mask(got))))

    def find(self, name, version=None):
        kind, _, name = name.rpartition("/")
        namespace = self.namespace
        if "/" in kind:
            kind, _, namespace = kind.partition("/")
        version = version or KINDS.get(kind) or BUILTIN.get(kind)
        return self.kube.find(kind, name, namespace, version)

    # ------------------------------------------------------------ states

    def compare_states(self, step, expected, patience=20):
        """Compares until all agree, or for `patience` seconds."""
        deadline = time.monotonic() + patience
        while True:
            found = []
            for name, wanted in expected.objects.items():
                found += self.object_differences(name, wanted)
            found = [d for d in found
                     if not self.is_ours(f"{step}/{d[0]}", d[2])]
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
                got = obj["metadata"].get("finalizers") or []
                if (value or []) != got:
                    yield f"{name}/finalizers", value, got

    # ------------------------------------------------------------ events

    def compare_events(self, step, recorded, events, posted):
        for path, wanted, got in self.event_differences(
                step, recorded, events, posted):
            self.differ(path, wanted, got)
        for name, mine in events.items():
            self.last[name] = [mine[-1]["reason"], mask(mine[-1]["message"])]

    def event_differences(self, step, recorded, events, posted):
        """Events, by object and in order, and what was posted."""
        wanted = {}
        for event in recorded.get("events", []):
            if event["object"].partition("/")[0] in FLUX_KINDS:
                wanted.setdefault(event["object"], []).append(event)
        posts = list(self.recorded_posts(recorded))
        names = {*wanted, *events, *(p[0] for p in posts),
                 *(p[0] for p in posted)}
        names.update(path[len(step) + 8:] for path in self.ours
                     if path.startswith(f"{step}/events/"))
        for name in sorted(names):
            if name.partition("/")[0] not in FLUX_KINDS:
                continue
            mine, theirs = (
                collapse(e.get(name, []), lambda v: (
                    v["reason"], mask(v["message"])))
                for e in (events, wanted))
            mine = self.without_retries(name, mine, theirs)
            mine, theirs = without_traces(mine, theirs)
            got, want = (
                collapse([[*e[1:3], mask(e[3])] for e in all_ if e[0] == name],
                         lambda v: v) for all_ in (posted, posts))
            if got and self.last.get(name) == got[0][1:] and not (
                    want and self.matcher.matches(want[0], got[0])):
                got = got[1:]
            whole = f"{step}/events/{name}"
            if whole in self.ours:
                for texts in ([[e["reason"], e["message"]] for e in mine],
                              [e[1:] for e in got]):
                    if not self.is_ours(whole, texts):
                        yield whole, self.ours[whole], texts
                continue
            if any(e.get("count", 1) > 1 for e in mine):
                # Counted up, they have lost their order; posts have it.
                mine, theirs = without_order(mine), without_order(theirs)
            for index in range(max(len(mine), len(theirs))):
                yield from self.one_event(
                    f"{step}/event/{name}/{index}",
                    theirs[index] if index < len(theirs) else None,
                    mine[index] if index < len(mine) else None)
            if not self.matcher.matches(want, got):
                yield f"{step}/posted/{name}", want, got

    def one_event(self, path, want, got):
        """Type, reason, message, annotations and controller."""
        if want is None or got is None:
            yield (path, want and [want["reason"], want["message"]],
                   got and [got["reason"], got["message"]])
            return
        for key, default in (("type", "Normal"), ("reason", None),
                             ("message", None), ("annotations", {}),
                             ("controller", None)):
            if not self.matcher.matches(mask(want.get(key, default)),
                                        mask(got[key])):
                yield f"{path}/{key}", want.get(key, default), got[key]

    def without_retries(self, name, mine, theirs):
        """Without what only repeats the last Event of the step before."""
        def what(event):
            return [event["reason"], mask(event["message"])]
        before = self.last.get(name)
        if mine and what(mine[0]) == before and not (
                theirs and self.matcher.matches(what(theirs[0]), before)):
            return mine[1:]
        return mine

    @staticmethod
    def recorded_posts(recorded):
        """What was posted, in order, Events counted up among them."""
        alone = list(recorded.get("posted_only", []))
        for event in recorded.get("events", []):
            severity = event.get("posted")
            if not severity:
                same = next((p for p in alone if all(
                    p[k] == event[k] for k in ("object", "reason",
                                               "message"))), None)
                if same is None:
                    continue
                alone.remove(same)
                severity = same["severity"]
            yield [event["object"], severity, event["reason"],
                   event["message"]]
        for event in alone:
            yield [event[k] for k in ("object", "severity", "reason",
                                      "message")]

    # ------------------------------------------------------------ objects

    def compare_objects(self, step, recorded, patience=20):
        """Compares until all agree, or for `patience` seconds."""
        deadline = time.monotonic() + patience
        while True:
            found = [d for d in self.applied_differences(recorded)
                     if not self.is_ours(f"{step}/object/{d[0]}", d[2])]
            if not found or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        for path, wanted, got in found:
            self.differ(f"{step}/object/{path}", wanted, got)

    def applied_differences(self, recorded):
        for name, wanted in recorded.get("objects", {}).items():
            if name.partition("/")[0] in FLUX_KINDS:
                continue
            try:
                obj = self.find(name)
            except (KeyError, ApiError):
                continue  # A kind that the scenario itself brought.
            if wanted is None or obj is None:
                if (wanted is None) != (obj is None):
                    yield (name, "gone" if wanted is None else "there",
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
                "release": release_of(obj),
            }
            if "modifiedAt" in got["labels"]:  # Helm's, in Unix seconds.
                got["labels"] = {**got["labels"], "modifiedAt":
                                 "2020-01-01T00:00:00Z"}
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
            for key in ("uid", "labels", "annotations", "managers", "data",
                        "type", "release"):
                if key in wanted and not self.matcher.matches(wanted[key],
                                                              got[key]):
                    yield f"{name}/{key}", wanted[key], got[key]

    # ------------------------------------------------------------ artifacts

    def compare_artifacts(self, step, recorded):
        for name, wanted in recorded.get("artifacts", {}).items():
            if name.partition("/")[0] not in FLUX_KINDS:
                continue
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
            if "text" in wanted:
                text = data.decode()
                if not self.matcher.matches(wanted["text"], text):
                    self.differ(f"{step}/artifact/{name}/text",
                                wanted["text"], text)
                continue
            with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
                names = [entry(m) for m in tar]
                for path, text in wanted.get("files", {}).items():
                    got = tar.extractfile(path).read().decode()
                    if not self.matcher.matches(text, got):
                        self.differ(f"{step}/artifact/{name}/{path}", text,
                                    got)
            plain = gzip.decompress(data)
            got = {"size": len(plain),
                   "sha256": hashlib.sha256(plain).hexdigest()}
            entries = wanted.get("entries", [])
            # The time of packaging: ours is the same each time.
            if any(e.endswith("mtime=now") for e in entries):
                names = [e.replace("mtime=0", "mtime=now") for e in names]
            if entries and entries != names:
                self.differ(f"{step}/artifact/{name}/entries", entries, names)
            elif "tar" in wanted and wanted["tar"] != got:
                self.differ(f"{step}/artifact/{name}/tar", wanted["tar"], got)

    # ------------------------------------------------------------ requests

    def compare_requests(self, step, recorded, got):
        """There must not be more than upstream made: [(who, resource)]."""
        for who in self.who:
            wanted = 0
            for line in recorded.get("requests", []):
                times = re.search(r" x(\d+)$", line)
                line = re.sub(r"^\(\+\d+s\) ", "", line)
                if line.startswith((f"{who}: ", f"{who} as ")):
                    wanted += int(times.group(1)) if times else 1
            mine = [r[1] for r in got if r[0] == who]
            if len(mine) > wanted:
                path = f"{step}/requests/{who}"
                if len(mine) > self.ours.get(path, 0):
                    self.differ(path, wanted, [len(mine), *mine])

    # ------------------------------------------------------------ the rest

    def compare_end(self, recorded):
        """Finalizers and managers of the toolkit's objects."""
        for name, wanted in recorded.get("objects", {}).items():
            obj = self.find(name) if name.partition(
                "/")[0] in FLUX_KINDS else None
            if obj is None or wanted is None:
                continue
            meta = obj["metadata"]
            got = {"finalizers": meta.get("finalizers"),
                   "generation": meta["generation"],
                   "managers": sorted(
                       " ".join(filter(None, (
                           m["manager"], m["operation"],
                           m.get("subresource"))))
                       for m in meta.get("managedFields", []))}
            for key in got:
                want = wanted.get(key)
                if key == "managers":
                    want = sorted(w.partition(":")[0] for w in want)
                if want is not None and want != (got[key] or []):
                    self.differ(f"end/{name}/{key}", want, got[key])

    def compare_deliveries(self, step, recorded, sink, in_order):
        wanted = recorded.get("deliveries", [])
        got = await_deliveries(sink, len(wanted))
        for index, (want, have) in enumerate(delivery_differences(
                wanted, got, self.matcher.matches, in_order)):
            self.differ(f"{step}/delivery/{index}", want, have)

    def compare_replies(self, step, recorded, notes):
        """Codes, and of headers and bodies those that were recorded."""
        wanted, got = ([n for n in some if "http" in n]
                       for some in (recorded.get("notes", []), notes))
        for index in range(max(len(wanted), len(got))):
            want, have = (some[index] if index < len(some) else None
                          for some in (wanted, got))
            if want and have:
                headers = {k.lower(): v for k, v in
                           want.get("headers", {}).items()}
                have = {**{k: have[k] for k in want},
                        "headers": {k: have["headers"].get(k)
                                    for k in headers}}
                want = {**want, "headers": headers}
            if not self.matcher.matches(want, have):
                self.differ(f"{step}/reply/{index}", want, have)

    def woken(self, targets):
        """{object: requestedAt} of what Receivers may wake."""
        found = {}
        for name in targets:
            obj = self.find(name)
            found[name] = obj and field(obj, "metadata.annotations") and (
                obj["metadata"]["annotations"].get(REQUESTED_AT))
        return found

    def compare_woken(self, step, recorded, before, patience=5):
        """Who was asked for a pass; with what words is nobody's matter."""
        wanted = {change["object"] for change in recorded.get("states", [])
                  if REQUESTED_AT in change.get("annotations", {})}
        wanted &= set(before)
        deadline = time.monotonic() + patience
        while True:
            after = self.woken(before)
            got = {name for name in before if after[name] and
                   after[name] != before[name]}
            if got >= wanted or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        if got != wanted:
            self.differ(f"{step}/woken", sorted(wanted), sorted(got))

    def compare_notes(self, step, recorded, notes):
        wanted, got = ([n for n in some if "refused" in n or "pushed" in n]
                       for some in (recorded.get("notes", []), notes))
        if not self.matcher.matches(wanted, got):
            self.differ(f"{step}/notes", wanted, got)
        in_vain = [n["waited_in_vain"] for n in recorded.get("notes", [])
                   if "waited_in_vain" in n]
        for note in notes:
            if note.get("waited in vain") in in_vain:
                continue
            if "waited in vain" in note:
                self.differ(f"{step}/wait", "met", note["waited in vain"])
