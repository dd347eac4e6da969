#!/usr/bin/env python3
"""kill -9 of `weir apiserver` at random moments, under writes.

    tests/e2e/apiserver_kills.py --build build/dev [--kills N] [--program PATH]

Nothing that was acknowledged may be lost, no object may be half written, and
no resourceVersion may be handed out twice. Exits 0 when all holds.
"""

import argparse
import http.client
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness.kube import ApiError, Kube  # noqa: E402

MAPS = "/api/v1/namespaces/default/configmaps"
WRITERS = 4
NAMES = 20


def start(program, folder):
    process = subprocess.Popen(
        [program, "apiserver", "--data", folder / "data", "--listen",
         "127.0.0.1:0", "--kubeconfig-out", folder / "kubeconfig"],
        stdout=subprocess.PIPE, text=True)
    if not process.stdout.readline():
        raise RuntimeError("weir apiserver did not start")
    return process


class Ledger:
    """What the server has acknowledged."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {}     # The last count acknowledged, by name.
        self.attempts = {}   # The last count sent.
        self.versions = {}   # What each resourceVersion was given to.
        self.problems = []

    def acknowledge(self, name, count, version):
        with self.lock:
            self.counts[name] = count
            owner = self.versions.setdefault(version, (name, count))
            if owner != (name, count):
                self.problems.append(
                    f"version {version} is {owner} and {(name, count)}")


def write(kube, ledger, writer, stop):
    """Counts up in this writer's own objects until the server is gone."""
    while not stop.is_set():
        name = f"w{writer}-{random.randrange(NAMES)}"
        count = ledger.attempts.get(name, 0) + 1
        ledger.attempts[name] = count
        body = {"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": name},
                "data": {"a": str(count), "pad": "x" * 2000,
                         "z": str(count)}}
        try:
            answer = kube.call(
                "PATCH", f"{MAPS}/{name}?fieldManager=kills&force=true", body,
                "application/apply-patch+yaml", timeout=10)
        except (ApiError, OSError, http.client.HTTPException):
            return
        ledger.acknowledge(name, count,
                           answer["metadata"]["resourceVersion"])


def verify(kube, ledger):
    found = {item["metadata"]["name"]: item
             for item in kube.call("GET", MAPS)["items"]}
    for name, count in ledger.counts.items():
        data = found.get(name, {}).get("data", {})
        have = int(data.get("a", 0))
        if have < count:
            ledger.problems.append(f"{name}: {count} was acknowledged, "
                                   f"{have} is there")
        if data.get("a") != data.get("z"):
            ledger.problems.append(f"{name} is half written: {data}")
        # What was sent but not answered may be there.
        if have > ledger.attempts[name]:
            ledger.problems.append(f"{name}: {have} was never sent")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default="build/dev", type=Path)
    parser.add_argument("--program", help="instead of <build>/bin/weir")
    parser.add_argument("--kills", default=10, type=int)
    arguments = parser.parse_args()
    program = arguments.program or arguments.build / "bin" / "weir"
    ledger = Ledger()
    with tempfile.TemporaryDirectory(prefix="weir-kills-") as name:
        folder = Path(name)
        for _ in range(arguments.kills):
            server = start(program, folder)
            try:
                kube = Kube(folder / "kubeconfig")
                verify(kube, ledger)
                stop = threading.Event()
                threads = [threading.Thread(
                    target=write, args=(kube, ledger, i, stop))
                    for i in range(WRITERS)]
                for thread in threads:
                    thread.start()
                time.sleep(random.uniform(0.05, 0.6))
            finally:
                server.kill()
                server.wait()
            stop.set()
            for thread in threads:
                thread.join()
        server = start(program, folder)
        try:
            verify(Kube(folder / "kubeconfig"), ledger)
        finally:
            server.terminate()
            server.wait()
    for problem in ledger.problems:
        print(problem)
    print(f"{arguments.kills} kills, {len(ledger.versions)} writes "
          f"acknowledged, {len(ledger.problems)} problems")
    return 1 if ledger.problems or not ledger.versions else 0


if __name__ == "__main__":
    sys.exit(main())
