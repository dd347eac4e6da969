#!/usr/bin/env python3
"""Measures the controllers with many Kustomizations on a real API server.

    tests/benchmarks/measure_scale.py [--build build/release] [--count 1000]
        [--backend real|embedded] [--controllers DIR]

One GitRepository with a folder of four objects (ConfigMap, Secret, Service,
ServiceAccount) for each Kustomization; all Kustomizations are applied at once,
then one commit changes one object of each. Prints wall times, requests and
status writes a Kustomization of kustomize-controller (from its own metric or
the audit log), and resident memory. --controllers: a folder with upstream's
programs, to measure them in the same way.
"""

import argparse
import sys
import time
import urllib.request
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "e2e"))

from harness.kube import is_ready  # noqa: E402
from harness.world import Programs, World  # noqa: E402

NAMESPACE = "scale"


def objects(index, color):
    name = f"app-{index:04}"
    return "\n---\n".join([
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n"
        f"data: {{color: {color}}}",
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\n"
        "stringData: {password: hunter2}",
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n"
        # Headless: a range of addresses would run out.
        f"spec: {{clusterIP: None, selector: {{app: {name}}}, "
        "ports: [{port: 80}]}",
        "apiVersion: v1\nkind: ServiceAccount\n"
        f"metadata: {{name: {name}}}\n"])


def say(what, value):
    print(f"{what:<58} {value}", flush=True)


def requests_by_method(controller):
    """{(code, method): count} from rest_client_requests_total."""
    text = urllib.request.urlopen(
        f"http://{controller.metrics}/metrics", timeout=10).read().decode()
    found = {}
    for line in text.splitlines():
        if line.startswith("rest_client_requests_total{"):
            labels, value = line.rsplit(" ", 1)
            method = labels.split('method="')[1].split('"')[0]
            found[method] = found.get(method, 0) + float(value)
    return found


def wait_all(world, kind, count, is_done, seconds=900):
    """Until all objects of the kind are ready and, besides, `is_done`."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        ready = sum(1 for obj in world.kube.list(kind, NAMESPACE)
                    if is_ready(obj) and is_done(obj))
        if ready == count:
            return time.monotonic() - started
        print(f"{ready} of {count} are ready", file=sys.stderr, flush=True)
        # A list of all is dear: not more often than the figure needs.
        time.sleep(count / 500)
    raise SystemExit(f"measure_scale: {ready} of {count} were ready")


def settled(controller, seconds=300):
    """Requests once the last Events are out: none for ten seconds."""
    before, after = None, requests_by_method(controller)
    deadline = time.monotonic() + seconds
    while before != after and time.monotonic() < deadline:
        time.sleep(10)
        before, after = after, requests_by_method(controller)
    return after


def phase(world, controller, name, count, before, seconds):
    """Prints a phase's figures; returns the requests so far."""
    after = requests_by_method(controller)
    by_method = {m: after.get(m, 0) - before.get(m, 0)
                 for m in sorted(set(after) | set(before))}
    total = sum(by_method.values())
    say(f"{name}: wall time", f"{seconds:.1f} s")
    say(f"{name}: requests each",
        f"{total / count:.1f}  (" + ", ".join(
            f"{m} {v / count:.1f}" for m, v in by_method.items()) + ")")
    for program in (controller, world.source):
        say(f"{name}: {program.name} resident now (peak)",
            f"{program.memory() / 1024:.1f} MiB "
            f"({program.memory('VmHWM') / 1024:.1f} MiB)")
    return after


def is_at(revision):
    return lambda obj: revision in (
        obj["status"].get("lastAppliedRevision") or "")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--backend", default="real")
    parser.add_argument("--controllers")
    parser.add_argument("--concurrent", type=int, default=4)
    options = parser.parse_args()
    programs = Programs(options.build, options.controllers)
    missing = programs.missing(options.backend)
    if missing:
        raise SystemExit("measure_scale: not built: " + ", ".join(missing))
    world = World(programs, options.backend, simulate="off",
                  kustomize_flags=[f"--concurrent={options.concurrent}"])
    count = options.count
    world.start()
    try:
        world.kube.create({"kind": "Namespace",
                           "metadata": {"name": NAMESPACE}})
        repo = world.git.repo(NAMESPACE)
        commit = repo.commit({f"{i:04}/objects.yaml": objects(i, "blue")
                              for i in range(count)})
        world.kube.apply({
            "kind": "GitRepository", "metadata": {"name": "app"},
            "spec": {"interval": "1h", "url": world.git.url(NAMESPACE),
                     "ref": {"branch": "main"}}}, NAMESPACE)
        world.kube.wait("GitRepository", "app", NAMESPACE, "ready",
                        lambda o: o and is_ready(o))
        before = requests_by_method(world.kustomize)
        started = time.monotonic()
        for i in range(count):
            world.kube.apply({
                "kind": "Kustomization", "metadata": {"name": f"app-{i:04}"},
                "spec": {"interval": "1h", "path": f"./{i:04}", "prune": True,
                         "targetNamespace": NAMESPACE,
                         "sourceRef": {"kind": "GitRepository",
                                       "name": "app"}}}, NAMESPACE)
        created = time.monotonic() - started
        wait_all(world, "Kustomization", count, is_at(commit))
        say("making the Kustomizations", f"{created:.1f} s")
        before = phase(world, world.kustomize, "install", count, before,
                       time.monotonic() - started)
        commit = repo.commit({f"{i:04}/objects.yaml": objects(i, "red")
                              for i in range(count)})
        started = time.monotonic()
        world.kube.request_reconcile("GitRepository", "app", NAMESPACE, "u1")
        wait_all(world, "Kustomization", count, is_at(commit))
        before = phase(world, world.kustomize, "update", count, before,
                       time.monotonic() - started)
        idle = settled(world.kustomize)
        time.sleep(20)
        later = requests_by_method(world.kustomize)
        say("idle 20 s: requests",
            f"{sum(later.values()) - sum(idle.values()):.0f}")
    finally:
        for problem in world.stop():
            print(problem)


if __name__ == "__main__":
    main()
