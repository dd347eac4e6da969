#!/usr/bin/env python3
"""Measures `weir up` on the example: start, latency, idle cost.

    tests/benchmarks/measure_up.py [--build build/release] [--idle SECONDS]

Prints one line a figure: start to first object applied and to Ready; commit
to Ready; a deleted object until it is back; a chain of ten Kustomizations
until the last is Ready; then resident memory, CPU and requests over an idle
time. Everything is measured from outside, by a watch on the API server.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "e2e"))

from harness.kube import Kube, is_ready  # noqa: E402

NAMESPACE = "flux-system"


def git(folder, *arguments):
    subprocess.run(["git", "-C", str(folder), "-c", "user.name=bench",
                    "-c", "user.email=bench@example.com", *arguments],
                   check=True, capture_output=True)


def say(what, value):
    print(f"{what:<58} {value}", flush=True)


def until(check, seconds=30):
    """Seconds until `check` holds."""
    started = time.monotonic()
    while not check():
        if time.monotonic() - started > seconds:
            raise SystemExit("measure_up: waited in vain")
        time.sleep(0.005)
    return time.monotonic() - started


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid, key="VmRSS"):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024
    return 0


class Up:
    def __init__(self, build, folder):
        self.folder = Path(folder)
        self.example = self.folder / "example"
        shutil.copytree(REPOSITORY / "examples" / "hello", self.example)
        git(self.folder, "init", "-q", "-b", "main", "example")
        git(self.example, "add", ".")
        git(self.example, "commit", "-qm", "hello")
        self.data = self.folder / "data"
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [str(Path(build) / "bin" / "weir"), "up", "--git",
             str(self.example), "--data", str(self.data)],
            stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        until((self.data / "kubeconfig").exists)
        until(lambda: yaml.safe_load(
            (self.data / "kubeconfig").read_text() or "{}"))
        self.kube = Kube(self.data / "kubeconfig", "weir-bench")

    def seconds(self):
        return time.monotonic() - self.started

    def ready_with(self, revision=""):
        obj = self.kube.find("Kustomization", "example", NAMESPACE)
        return bool(obj) and is_ready(obj) and revision in (
            obj["status"].get("lastAppliedRevision") or "")

    def exists(self, kind, name):
        return self.kube.find(kind, name, "hello") is not None

    def stop(self):
        self.process.terminate()
        self.process.wait(15)


def measure_start(up):
    until(lambda: up.kube.find("Namespace", "hello"))
    say("start to first object applied", f"{up.seconds():.3f} s")
    until(up.ready_with)
    say("start to Ready and healthy", f"{up.seconds():.3f} s")


def measure_commit(up, rounds=5):
    times = []
    for replicas in range(3, 3 + rounds):
        path = up.example / "web" / "deployment.yaml"
        text = path.read_text()
        path.write_text(text.replace(f"replicas: {replicas - 1}",
                                     f"replicas: {replicas}"))
        git(up.example, "commit", "-qam", f"{replicas} replicas")
        commit = subprocess.run(
            ["git", "-C", str(up.example), "rev-parse", "HEAD"], check=True,
            capture_output=True, text=True).stdout.strip()
        times.append(until(lambda: up.ready_with(commit)))
        time.sleep(0.3)
    times.sort()
    say("commit to Ready, median (max)",
        f"{times[len(times) // 2]:.3f} s ({times[-1]:.3f} s)")


def measure_drift(up, rounds=5):
    times = []
    for _ in range(rounds):
        uid = up.kube.get("Service", "web", "hello")["metadata"]["uid"]
        up.kube.delete("Service", "web", "hello")
        times.append(until(lambda: (up.kube.find("Service", "web", "hello") or
                                    {"metadata": {"uid": uid}})["metadata"]
                           ["uid"] != uid))
        time.sleep(0.3)
    times.sort()
    say("deleted object back, median (max)",
        f"{times[len(times) // 2]:.3f} s ({times[-1]:.3f} s)")


def measure_chain(up, depth=10):
    started = time.monotonic()
    for index in range(depth):
        spec = {"interval": "10m", "path": "./web", "prune": True,
                "targetNamespace": "default", "namePrefix": f"c{index}-",
                "sourceRef": {"kind": "GitRepository", "name": "example"}}
        if index:
            spec["dependsOn"] = [{"name": f"chain{index - 1}"}]
        up.kube.apply({"kind": "Kustomization",
                       "metadata": {"name": f"chain{index}"}, "spec": spec},
                      NAMESPACE)
    last = f"chain{depth - 1}"
    until(lambda: is_ready(
        up.kube.find("Kustomization", last, NAMESPACE) or {}))
    say(f"chain of {depth}, first object made to last one Ready",
        f"{time.monotonic() - started:.3f} s")


def measure_idle(up, seconds):
    time.sleep(3)
    pid = up.process.pid
    before = cpu_seconds(pid)
    started = time.monotonic()
    time.sleep(seconds)
    cpu = (cpu_seconds(pid) - before) / (time.monotonic() - started) * 100
    say("idle: resident memory", f"{memory_mib(pid):.1f} MiB")
    say("peak resident memory", f"{memory_mib(pid, 'VmHWM'):.1f} MiB")
    say(f"idle: CPU over {seconds} s", f"{cpu:.3f} %")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--idle", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder:
        up = Up(options.build, folder)
        try:
            measure_start(up)
            measure_commit(up)
            measure_drift(up)
            measure_idle(up, options.idle)
            measure_chain(up)
        finally:
            up.stop()


if __name__ == "__main__":
    main()
