#!/usr/bin/env python3
"""Measures helm-controller with many HelmReleases.

    tests/benchmarks/measure_releases.py [--build build/release] [--count 300]
        [--charts 1] [--backend real|embedded] [--controllers DIR]

Charts of four objects (ConfigMap, Secret, Service, ServiceAccount) in a
GitRepository, a HelmChart for each, and the HelmReleases spread over them; all
are applied at once, then one commit makes new versions of all charts. Prints
wall times, requests and memory as measure_scale.py does. --controllers: a
folder with upstream's programs, to measure them in the same way.
"""

import argparse
import time

from measure_scale import (NAMESPACE, Programs, World, is_ready, phase,
                           requests_by_method, say, settled, wait_all)

TEMPLATE = """apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data: {color: {{ .Values.color }}, version: {{ .Chart.Version | quote }}}
---
apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}}
stringData: {password: hunter2}
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec:
  clusterIP: None
  selector: {app: {{ .Release.Name }}}
  ports: [{port: 80}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: {{ .Release.Name }}}
"""


def chart(name, version):
    return {f"{name}/Chart.yaml": f"apiVersion: v2\nname: {name}\n"
                                  f"version: {version}\n",
            f"{name}/values.yaml": "color: blue\n",
            f"{name}/templates/all.yaml": TEMPLATE}


def commit_charts(repo, names, version):
    files = {}
    for name in names:
        files.update(chart(name, version))
    return repo.commit(files)


def make_sources(world, names):
    world.kube.apply({
        "kind": "GitRepository", "metadata": {"name": "charts"},
        "spec": {"interval": "1h", "url": world.git.url(NAMESPACE),
                 "ref": {"branch": "main"}}}, NAMESPACE)
    for name in names:
        world.kube.apply({
            "kind": "HelmChart", "metadata": {"name": name},
            "spec": {"interval": "1h", "chart": f"./{name}", "sourceRef": {
                "kind": "GitRepository", "name": "charts"}}}, NAMESPACE)
    for name in names:
        world.kube.wait("HelmChart", name, NAMESPACE, "ready",
                        lambda o: o and is_ready(o), 120)


def is_at(version):
    return lambda obj: obj["status"].get("lastAttemptedRevision") == version


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--charts", type=int, default=1)
    parser.add_argument("--backend", default="real")
    parser.add_argument("--controllers")
    parser.add_argument("--concurrent", type=int, default=4)
    options = parser.parse_args()
    programs = Programs(options.build, options.controllers)
    missing = programs.missing(options.backend)
    if missing:
        raise SystemExit("measure_releases: not built: " + ", ".join(missing))
    world = World(programs, options.backend, simulate="off",
                  helm_flags=[f"--concurrent={options.concurrent}"])
    count = options.count
    names = [f"chart-{i}" for i in range(options.charts)]
    world.start()
    try:
        say("idle: helm-controller resident",
            f"{world.helm.memory() / 1024:.1f} MiB")
        world.kube.create({"kind": "Namespace",
                           "metadata": {"name": NAMESPACE}})
        repo = world.git.repo(NAMESPACE)
        commit_charts(repo, names, "1.0.0")
        make_sources(world, names)
        before = requests_by_method(world.helm)
        started = time.monotonic()
        for i in range(count):
            world.kube.apply({
                "kind": "HelmRelease", "metadata": {"name": f"app-{i:04}"},
                "spec": {"interval": "1h", "chartRef": {
                    "kind": "HelmChart",
                    "name": names[i % len(names)]}}}, NAMESPACE)
        say("making the HelmReleases", f"{time.monotonic() - started:.1f} s")
        wait_all(world, "HelmRelease", count, is_at("1.0.0"))
        before = phase(world, world.helm, "install", count, before,
                       time.monotonic() - started)
        commit_charts(repo, names, "1.1.0")
        started = time.monotonic()
        world.kube.request_reconcile("GitRepository", "charts", NAMESPACE,
                                     "u1")
        wait_all(world, "HelmRelease", count, is_at("1.1.0"))
        phase(world, world.helm, "upgrade", count, before,
              time.monotonic() - started)
        idle = settled(world.helm)
        time.sleep(20)
        later = requests_by_method(world.helm)
        say("idle 20 s: requests",
            f"{sum(later.values()) - sum(idle.values()):.0f}")
    finally:
        for problem in world.stop():
            print(problem)


if __name__ == "__main__":
    main()
