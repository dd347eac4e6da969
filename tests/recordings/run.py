#!/usr/bin/env python3
"""Holds our controllers against what the upstream ones were seen to do.

Each recording's inputs are played against our controllers on the embedded API
server, with real git servers and an event sink behind the placeholders. What
is compared: refusals, the status of the toolkit's objects after each step,
Events and posted events in order, applied objects with labels and field
managers, artifact contents, notifications sent and replies to webhooks.
Requests are counted: there must not be more.

    tests/recordings/run.py --build build/dev [--filter SUBSTR] [--list]
                            [--recordings DIR] [--jobs N] [-v]

Recordings are found in $WEIR_RECORDINGS, else beside the checkout; where there
are none the run says so and exits 77. `differences.yaml` names the scenarios
that are out of reach with the missing feature, and deliberate differences
with their reasons. Exits 0 when nothing differed, 1 otherwise.
"""

import argparse
import concurrent.futures
import json
import os
import re
import sys
import threading
import time
import traceback
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

from deliveries import Sink  # noqa: E402
from expectation import Comparison, Expectation, FLUX_KINDS  # noqa: E402
from harness.kube import ApiError  # noqa: E402
from harness.world import Programs, Skip, World  # noqa: E402
from matcher import Matcher  # noqa: E402
from player import Player  # noqa: E402
from servers import Registry, WebServer  # noqa: E402

GATES = ("StrictPostBuildSubstitutions=false,GroupChangeLog=true,"
         "AdditiveCELDependencyCheck=true,CancelHealthCheckOnNewRevision=true,"
         "ExternalArtifact=true,DisableFailFastBehavior=true")
SOURCES = ("git-*", "oci-*", "helmrepo-*", "chart-*", "restart")
# Whose statuses and Events the recordings of a controller have.
KINDS_OF = {"kustomize": ("Kustomization",), "helm": ("HelmRelease",),
            "notification": ("Alert", "Provider", "Receiver")}
PATIENCE = 20  # Seconds that late events are waited for.
PROFILES = {
    None: [],
    "restart": [],
    "lockdown": ["--no-cross-namespace-refs=true"],
    "tenancy": ["--default-service-account=default",
                "--no-remote-bases=true", "--requeue-dependency=5s"],
    "gates": ["--requeue-dependency=5s", f"--feature-gates={GATES}"],
}


def recordings_dir(option):
    for path in (option, os.environ.get("WEIR_RECORDINGS"),
                 HERE.parents[2] / "shared" / "recordings"):
        if path and Path(path).is_dir():
            return Path(path)
    return None


def load(folder, text):
    files = []
    for start in SOURCES:
        files += sorted(folder.glob(f"source/{start}.yaml"))
    for controller in ("kustomize", "helm", "notification"):
        files += sorted(folder.glob(f"{controller}/*.yaml"))
    scenarios = []
    for path in files:
        name = f"{path.parent.name}/{path.stem}"
        if any(part in name for part in text.split(",")):
            scenarios.append(parse(path.read_text(encoding="utf-8")))
    return scenarios


def parse(text):
    """A recording, with placeholders for what versions of charts end in.

    That are commits, and digests where the recording does not number them.
    """
    scenario = yaml.load(text, Loader=yaml.CSafeLoader)
    ids = scenario.get("ids") or {}
    for name, value in ids.items():
        if name.startswith("<commit:"):
            text = text.replace("+" + value[:12], name.replace(
                "<commit", "+<short"))
    if scenario["scenario"].startswith("helm/"):
        found = dict.fromkeys(re.findall(r"\d\+([0-9a-f]{12})\b", text))
        for number, short in enumerate(found, 1):
            text = text.replace("+" + short, f"+<short:{number}>")
            text = re.sub(rf"sha256:{short}[0-9a-f]+",
                          "<digest>", text)
    return {**yaml.load(text, Loader=yaml.CSafeLoader), "ids": ids}


class Collector:
    """Events and posted events of one namespace, step by step.

    kinds: whose; recordings of one controller leave out the others.
    """

    def __init__(self, world, namespace, kinds):
        self.world, self.namespace, self.kinds = world, namespace, kinds
        self.seen, self.posted = {}, 0

    def take_events(self):
        """New Events, or older ones counted up, by involved object."""
        found = []
        for event in self.world.kube.list("Event", self.namespace):
            uid = event["metadata"]["uid"]
            count = event.get("count", 1) or 1
            for _ in range(count - self.seen.get(uid, 0)):
                found.append(event)
            self.seen[uid] = count
        found.sort(key=lambda e: (e.get("lastTimestamp") or "",
                                  int(e["metadata"]["resourceVersion"])))
        by_object = {}
        for event in found:
            involved = event["involvedObject"]
            if involved["kind"] not in self.kinds:
                continue
            by_object.setdefault(
                f"{involved['kind']}/{involved['name']}", []).append({
                    "type": event["type"], "reason": event["reason"],
                    "message": event["message"],
                    "count": event.get("count", 1) or 1,
                    "annotations": event["metadata"].get("annotations", {}),
                    "controller": event.get("source", {}).get("component") or
                    event.get("reportingComponent")})
        return by_object

    def of_kinds(self, recorded):
        """The step with Events of these kinds only."""
        return {key: [e for e in recorded.get(key, []) if e["object"].
                      partition("/")[0] in self.kinds]
                for key in ("events", "posted_only")}

    def take_posted(self):
        events = self.world.files.events(self.namespace)
        new, self.posted = events[self.posted:], len(events)
        return [[f"{e['involvedObject']['kind']}/"
                 f"{e['involvedObject']['name']}", e["severity"], e["reason"],
                 e["message"]] for e in new
                if e["involvedObject"]["kind"] in self.kinds]


class Requests:
    """The controllers' requests about one scenario's objects.

    From the beginning of a step until its outcome is there: retries that
    come after it are upstream's matter of timing. Watches, leases and Events
    are left out, as in the recordings; what is in no namespace counts where
    the recording names it.
    """

    WHO = {"source-controller": "source",
           "kustomize-controller": "kustomize",
           "helm-controller": "helm",
           "notification-controller": "notification"}

    def __init__(self, world, scenario):
        self.world, self.offset = world, 0
        self.namespaces = {scenario["namespace"],
                           *scenario.get("namespaces", [])}
        self.named = set()
        for step in scenario["steps"]:
            for line in step.get("requests", []):
                words = re.sub(r"^\(\+\d+s\) ", "", line).split(" ")
                self.named.add((words[2].partition("/")[0],
                                words[3].rpartition("/")[2]))

    def skip(self):
        self.offset = self.world.backend.audit_log.stat().st_size

    def take(self):
        """[(who, "VERB path code")] since `skip`."""
        found, _ = self.world.backend.requests(self.offset)
        out = []
        for entry in found:
            who = self.WHO.get(entry["userAgent"].partition("/")[0])
            if who and self.counts(entry):
                out.append((who, f"{entry['method']} {entry['path']}"
                            f"?{entry['query'][:60]} {entry['code']}"))
        return out

    def counts(self, entry):
        if "watch=" in entry["query"]:
            return False
        parts = entry["path"].strip("/").split("/")
        parts = parts[2:] if parts[0] == "api" else parts[3:]
        if len(parts) > 2 and parts[0] == "namespaces":
            return (parts[1] in self.namespaces and
                    parts[2] not in ("events", "leases"))
        return len(parts) > 1 and tuple(parts[:2]) in self.named


def settle(collector, recorded, compare, step):
    """Collects Events and posts until they are those that were recorded.

    What comes late on a busy machine must not count for the next step, so
    the wait is long where Events are missing.
    """
    events, posted = {}, []
    started = time.monotonic()
    seconds = PATIENCE if compare.awaits_events(step, recorded) else 0.7
    while True:
        for name, more in collector.take_events().items():
            events.setdefault(name, []).extend(more)
        posted += collector.take_posted()
        elapsed = time.monotonic() - started
        if elapsed > seconds or (elapsed > 0.4 and not any(
                True for path, _, got in compare.event_differences(
                    step, collector.of_kinds(recorded), events, posted)
                if not compare.is_ours(path, got))):
            return events, posted
        time.sleep(0.2)


def make_namespaces(world, scenario):
    for name in [scenario["namespace"], *scenario.get("namespaces", [])]:
        if not world.kube.find("Namespace", name):
            world.kube.create({"kind": "Namespace",
                               "metadata": {"name": name}})


def play(world, scenario, entry):
    """Returns the differences of one scenario."""
    sink = Sink()
    try:
        return play_with(world, scenario, entry, sink)
    finally:
        sink.stop()


def applied(scenario, kinds=None):
    """"Kind/name" of the objects that the scenario itself brings."""
    return [f"{o['kind']}/{o['metadata']['name']}"
            for step in scenario["steps"] for action in step["do"]
            for o in action.get("apply", [])
            if kinds is None or o["kind"] in kinds]


def play_with(world, scenario, entry, sink):
    prefix = scenario["scenario"].partition("/")[0]
    notifies = prefix == "notification"
    if notifies and world.notification is None:
        raise Skip("notification-controller is not built")
    known = dict(scenario.get("ids") or {})
    # Commits are bound as they are made; digests of compressed files are ours.
    known = {k: v for k, v in known.items()
             if not k.startswith(("<digest", "<commit", "<tag"))}
    known.update({"<ns>": scenario["namespace"], "<git>": world.git.address,
                  "<http>": world.web.address,
                  "<registry>": world.registry.address,
                  "<storage>": world.storage_address,
                  "<sink>": sink.address,
                  "<notification>": world.events_address,
                  "<receiver>": world.receiver_address,
                  "<key:kubeconfig>": world.backend.kubeconfig.read_text(
                      encoding="utf-8"),
                  "<closed>": "127.0.0.1:1"})
    matcher = Matcher(known)
    make_namespaces(world, scenario)
    compare = Comparison(world, scenario, matcher, entry.get("differs", []))
    player = Player(world, scenario, matcher, sink)
    kinds = KINDS_OF.get(prefix, FLUX_KINDS)
    targets = applied(scenario, set(FLUX_KINDS) - set(kinds))
    in_order = len(set(applied(scenario, ("Alert",)))) == 1
    expected = Expectation(kinds)
    collector = Collector(world, scenario["namespace"], kinds)
    requests = Requests(world, scenario)
    for step in scenario["steps"]:
        player.notes = []
        player.in_vain = f"{step['step']}/wait" in compare.ours or any(
            "waited_in_vain" in note for note in step.get("notes", []))
        requests.skip()
        before = compare.woken(targets) if notifies else {}
        for action in step["do"]:
            player.play(action)
        name = step["step"]
        expected.advance(step)
        compare.compare_states(name, expected)
        compare.compare_requests(name, step, requests.take())
        compare.compare_notes(name, step, player.notes)
        events, posted = settle(collector, step, compare, name)
        compare.compare_events(name, collector.of_kinds(step), events, posted)
        compare.compare_objects(name, step)
        compare.compare_artifacts(name, step)
        if notifies:
            compare.compare_deliveries(name, step, sink, in_order)
            compare.compare_replies(name, step, player.notes)
            compare.compare_woken(name, step, before)
    compare.compare_end(scenario.get("end", {}))
    return compare


def tidy(world, scenario):
    """Deletes the scenario's objects, so that nothing goes on in the dark."""
    for kind in FLUX_KINDS:
        try:
            for obj in world.kube.list(kind, scenario["namespace"]):
                world.kube.merge(kind, obj["metadata"]["name"],
                                 {"spec": {"suspend": True}},
                                 scenario["namespace"])
        except ApiError:
            pass


def run_profile(programs, profile, scenarios, listed, jobs, report,
                is_last=False):
    """Plays the scenarios in one world, and once more, alone and in a new
    one, those that differed: a busy machine changes what happens first."""
    flags = PROFILES[profile]
    again = []
    world = World(programs, "embedded", simulate="labels",
                  kustomize_flags=["--concurrent=16", *flags],
                  helm_flags=["--concurrent=16", *(f for f in flags if
                                                   "base" not in f and
                                                   "gates" not in f)],
                  source_flags=["--concurrent=16"],
                  notification_flags=[f for f in flags if "cross" in f])
    world.web, world.registry = WebServer(), Registry()
    world.start()
    try:
        def one(scenario):
            started = time.monotonic()
            name = scenario["scenario"]
            try:
                compare = play(world, scenario, listed.get(name, {}))
                found = compare.differences
                verdict = "differs" if found else "ok"
                report.keep(name, compare)
            except Skip as skip:
                found, verdict = [str(skip)], "skip"
            except Exception:  # pylint: disable=broad-except
                found, verdict = [traceback.format_exc(limit=4)], "error"
            try:
                tidy(world, scenario)
            except (ApiError, OSError):
                pass
            if verdict in ("differs", "error") and not is_last:
                again.append(scenario)
                verdict = "again"
            report(verdict, name, time.monotonic() - started, found)
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            list(pool.map(one, scenarios))
    finally:
        world.web.stop()
        world.registry.stop()
        for problem in world.stop():
            report("error", f"world {profile}", 0, [problem])
    if again:
        run_profile(programs, profile, again, listed, 1, report, True)


class Report:
    def __init__(self, verbose):
        self.counts = {"ok": 0, "differs": 0, "skip": 0, "error": 0,
                       "again": 0}
        self.verbose = verbose
        self.raw = {}
        self._lock = threading.Lock()

    def keep(self, name, compare):
        with self._lock:
            if compare.raw:
                self.raw[name] = dict(compare.raw)

    def __call__(self, verdict, name, seconds, lines):
        with self._lock:
            self.counts[verdict] += 1
            if verdict != "ok" or self.verbose:
                print(f"{verdict:<8}{seconds:6.1f} s  {name}", flush=True)
            for line in lines:
                print(f"          {line}", flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default="build/dev")
    parser.add_argument("--recordings")
    parser.add_argument("--filter", default="")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--json", help="write what differs to this file")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    folder = recordings_dir(options.recordings)
    if folder is None:
        print("no recordings here: skipped (set WEIR_RECORDINGS)")
        return 77
    listed = yaml.safe_load((HERE / "differences.yaml").read_text(
        encoding="utf-8")) or {}
    scenarios = load(folder, options.filter)
    skipped = [s for s in scenarios
               if listed.get(s["scenario"], {}).get("missing")]
    scenarios = [s for s in scenarios if s not in skipped]
    for scenario in skipped:
        print(f"skip     {scenario['scenario']}: not built yet: "
              f"{listed[scenario['scenario']]['missing']}")
    if options.list:
        print("\n".join(s["scenario"] for s in scenarios))
        return 0
    programs = Programs(options.build)
    lost = programs.missing("embedded")
    if lost:
        print(f"not built: {', '.join(lost)}")
        return 1
    report = Report(options.verbose)
    for profile in PROFILES:
        chosen = [s for s in scenarios if s.get("profile") == profile]
        if chosen:
            run_profile(programs, profile, chosen, listed, options.jobs,
                        report)
    counts = report.counts
    if options.json:
        Path(options.json).write_text(json.dumps(report.raw, indent=1),
                                      encoding="utf-8")
    print(f"recordings: {counts['ok']} passed, "
          f"{counts['differs'] + counts['error']} failed, "
          f"{counts['skip'] + len(skipped)} skipped")
    return 1 if counts["differs"] or counts["error"] else 0


if __name__ == "__main__":
    sys.exit(main())
